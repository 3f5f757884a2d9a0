"""The QA plan as a comment on its pull request, for a tester at work: built by us from the answer's fields."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from core.config import MAX_COMMENT_CHARACTERS
from core.context.file_names import names_of
from core.tasks.comment import fitting, listed, section
from core.tasks.drafted import CommentDraft
from core.tasks.qa_plan.schema import Observation, QaPlan, Scenario, Step
from core.text.document import (
    Block,
    Checks,
    Code,
    CodeBlock,
    Document,
    Emphasis,
    Folded,
    Heading,
    Inline,
    Items,
    Link,
    Own,
    Paragraph,
    Part,
    Strong,
    page,
)
from core.text.markdown import size
from core.text.prose import blocks, inline, labelled
from core.types import Facts

HEADING: Final = "🤖 QA Test Plan"
_KINDS: Final[Mapping[str, str]] = {"fault": "Looks wrong, ", "loosened": "Loosened, ", "changed": ""}
_UNNAMED: Final = "a file whose name is not shown"
_MOST_PATHS: Final = 100
"""Files named in one list; the rest are counted."""
_ROOMS: Final = (24_000, 12_000, 4_000, 0)
"""Characters that file names may take: the first with which the comment keeps GitHub's limit."""
_ANY_ID: Final = "0" * 36
"""As long as an action's id."""


class _Pages:
    """Addresses of the pull request's commit on GitHub. `hidden` are paths that are not fit to be posted."""

    def __init__(self, facts: Facts, hidden: frozenset[str]) -> None:
        self._site = str(facts.extra.get("site") or "https://github.com")
        self._repository, self.hidden = facts.repository, hidden
        self.head = str(facts.extra.get("head") or facts.target_state)
        self.names = names_of(facts)

    def commit(self) -> Link:
        return Link(Code(self.head[:12]), page(self._site, self._repository, "commit", self.head))

    def file(self, path: str) -> Part:
        if any(part in ("", ".", "..") for part in path.split("/")):
            return Code(path)
        return Link(Code(path), page(self._site, self._repository, "blob", self.head, path))


def build(plan: QaPlan, facts: Facts, hidden: frozenset[str]) -> CommentDraft:
    """The comment, at a length that GitHub takes. `hidden` are changed paths whose names are not fit to be posted."""
    pages = _Pages(facts, hidden)
    for room in _ROOMS:
        draft = CommentDraft(tuple(_comment(plan, facts, pages, room)))
        if size(draft.body(_ANY_ID)) <= MAX_COMMENT_CHARACTERS:
            break
    return draft


def located(observation: Observation, names: Iterable[str]) -> str:
    """The name of a changed file that an observation's `where` begins with; empty for none."""
    at = (name for name in names if observation.where.startswith(name))
    return max(at, key=len, default="")


def covered(plan: QaPlan, facts: Facts) -> tuple[str, ...]:
    """Changed files that the scenarios exercise, in the pull request's order: none of which nothing was read."""
    names = names_of(facts)
    named = {names.get(path) for scenario in plan.test_plan for path in scenario.covers} - set(facts.unread)
    return tuple(path for path in facts.changed_paths if path in named)


def _comment(plan: QaPlan, facts: Facts, pages: _Pages, room: int) -> Iterable[Block]:
    yield Heading(2, (Own(HEADING),))
    yield from blocks(plan.summary)
    yield Paragraph(_provenance(plan, pages))
    if facts.cuts:
        yield from labelled("Not read by the model:", " ".join(facts.cuts))
    if plan.nothing_to_test is not None:
        yield from labelled("Nothing to test:", plan.nothing_to_test)
        return
    if plan.before_merge is not None:
        yield from labelled("Before merging:", plan.before_merge)
    numbered = list(enumerate(plan.observations, 1))
    first = [_observation(number, one, pages) for number, one in numbered if one.kind != "changed"]
    yield from section("Look here first", first)
    changed = [_observation(number, one, pages) for number, one in numbered if one.kind == "changed"]
    yield from section("Also changed", changed)
    if plan.setup:
        yield Folded(
            f"Setup, once ({_count(len(plan.setup), 'step')})", (Items(tuple(map(_step, plan.setup)), ordered=True),)
        )
    for scenario in plan.test_plan:
        yield from _scenario(scenario)
    if plan.general_checks:
        yield from (Heading(3, (Own("Also check"),)), _boxes(plan.general_checks))
    omitted = (_line((*inline(one.what), Own(" – "), *inline(one.why))) for one in plan.not_tested)
    yield from section("Not tested", omitted)
    yield from listed("Open questions", plan.open_questions)
    yield from _files(plan, facts, pages, room)
    yield Folded("Why this plan", (*labelled("Reason:", plan.reason), *labelled("Evidence:", plan.evidence)))


def _provenance(plan: QaPlan, pages: _Pages) -> tuple[Inline, ...]:
    minutes = sum(scenario.minutes for scenario in plan.test_plan)
    time: Inline = ()
    if minutes:
        time = (Strong(f"About {_count(minutes, 'minute')}"), Own("."))
        if plan.short_run:
            time = (*time[:1], Own("; with twenty minutes: "), *inline(", ".join(plan.short_run)), Own("."))
        time = (*time, Own(" "))
    return (
        (
            *time,
            Own("Drafted by a language model for commit "),
            pages.commit(),
            Own("; nobody has run it yet. Plans for other commits are out of date."),
        ),
    )


def _observation(number: int, one: Observation, pages: _Pages) -> Document:
    name = located(one, pages.names)
    path, place = pages.names.get(name, ""), one.where[len(name) :].strip(" ,:")
    lead: list[Part] = [Strong(f"O{number}"), Own(f" {_KINDS[one.kind]}"), Emphasis(one.certainty), Own(": ")]
    if path:
        lead += [
            Own(_UNNAMED) if path in pages.hidden else pages.file(path),
            *((Own(", "), *inline(place)) if place else ()),
            Own(". "),
        ]
    elif place:
        lead += [*inline(place), Own(". ")]
    proof: Inline = (Own(" → "), *inline(one.proof)) if one.proof else ()
    return _line((*lead, *inline(" ".join(one.what.split())), *proof))


def _step(step: Step) -> Document:
    result: list[Block] = [*blocks(step.do)]
    if step.code is not None:
        result.append(CodeBlock(step.code.replace("\r\n", "\n").strip("\r\n")))
    if step.expect is not None:
        result += labelled("Expect:", step.expect)
    return tuple(result)


def _scenario(scenario: Scenario) -> Iterable[Block]:
    about = f" ({scenario.risk} risk, {scenario.minutes} min)"
    yield Heading(3, (*inline(scenario.ac_id), Own(" · "), *inline(scenario.title), Own(about)))
    yield Paragraph(((*inline(scenario.ac_text), Own(" "), Emphasis(f"({scenario.basis})")),))
    yield Checks(tuple(map(_step, scenario.steps)))
    if scenario.edge_cases:
        yield Paragraph(((Strong("Also try"),),))
        yield _boxes(scenario.edge_cases)


def _boxes(texts: Sequence[str]) -> Checks:
    return Checks(tuple(map(blocks, texts)))


def _files(plan: QaPlan, facts: Facts, pages: _Pages, room: int) -> Iterable[Block]:
    """What the scenarios cover, what they do not, and what nobody has read: computed, never the model's words."""
    found = covered(plan, facts)
    groups = {
        "Covered": found,
        "Not covered": tuple(path for path in facts.changed_paths if path not in {*found, *facts.unread}),
        "Not read": facts.unread,
    }
    lines = [
        _line((Strong(f"{name}:"), Own(" "), *_paths(paths, pages, room // 3)))
        for name, paths in groups.items()
        if paths
    ]
    if lines:
        total = len(facts.changed_paths) + facts.unkept_paths
        yield Folded(f"Files: {len(found)} of {total} covered", (Items(tuple(lines)),))


def _paths(paths: Sequence[str], pages: _Pages, room: int) -> Inline:
    shown = fitting(paths, pages.hidden, room)[:_MOST_PATHS]
    parts: list[Part] = []
    for path in shown:
        parts += [Own(", "), pages.file(path)] if parts else [pages.file(path)]
    if rest := len(paths) - len(shown):
        count = f", and {rest} more" if shown else f"{rest}"
        parts.append(Own(f"{count} whose names are not shown"))
    return tuple(parts)


def _line(line: Inline) -> Document:
    return (Paragraph((line,)),)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
