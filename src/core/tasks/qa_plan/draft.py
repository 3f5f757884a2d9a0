"""A QA plan's answer becomes one comment on the pull request, and is held against what that changes."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from core.context.file_names import names_of, one_form
from core.context.team import Team
from core.policy.found import Hit, as_finding
from core.tasks.answer import Strict
from core.tasks.drafted import Drafted, Unfit
from core.tasks.qa_plan import comment
from core.tasks.qa_plan.schema import QaPlan
from core.types import Facts, Finding, Severity

_UNTOLD: Final = "A part that cannot be described here."
SHARE: Final = 1 / 3
"""Above this share of names that nobody showed the model, the Captain is asked."""
_FEWEST: Final = 4
"""Fewer strange names than this say nothing: a library's or a shell's own may be among them."""
_NAME: Final = re.compile(
    r"(?<![\w/.-])(?:--[a-z][\w-]+"  # an option
    r"|[A-Za-z_][\w.]*\w(?=\(\))"  # a function
    r"|[A-Za-z]\w*_\w+(?:\.\w+)*"  # snake_case
    r"|[a-z]+[A-Z]\w*(?:\.\w+)*|[A-Z][a-z]+[A-Z]\w*(?:\.\w+)*)"  # camelCase
)
_PATH: Final = re.compile(r"(?<![\w/.:~$-])(?:[\w@.-]+/)+[\w@-]+\.[a-z][a-z0-9]{0,5}\b")
_STANDARD: Final = re.compile(r"(?:Error|Exception|Warning)\Z")
"""Names that languages give: no diff has to show them."""


def draft(answer: Strict, facts: Facts, unfit: Unfit, team: Team) -> Drafted:
    """The plan, and whether it is about this pull request."""
    assert isinstance(answer, QaPlan)
    strange = unfit(facts.cuts)
    shown = replace(facts, cuts=tuple(_UNTOLD if cut in strange else cut for cut in facts.cuts))
    plan = comment.build(answer, shown, unfit(facts.changed_paths))
    return Drafted((plan,), answer.reason, answer.evidence, tuple(_faults(answer, facts)))


def _faults(plan: QaPlan, facts: Facts) -> Iterator[Finding]:
    """Refuses files that the pull request does not change; asks where the plan speaks of something else."""
    changed = names_of(facts)
    for number, scenario in enumerate(plan.test_plan):
        for index, path in enumerate(scenario.covers):
            if path not in changed:
                hit = Hit("grounding.path", "refuse", path, "is not a file of this pull request")
                yield as_finding(hit, f"test_plan[{number}].covers[{index}]")
    for number, one in enumerate(plan.observations):
        if not comment.located(one, changed):
            hit = Hit("grounding.where", "ask", one.where, "does not begin with a file of this pull request")
            yield as_finding(hit, f"observations[{number}].where")
    risky = facts.extra.get("risky", ())
    if risky and not set(risky) & set(comment.covered(plan, facts)):
        why = f"none of the {len(risky)} files that can change behaviour is covered"
        yield as_finding(Hit("grounding.coverage", "ask", risky[0], why), "test_plan")
    if facts.material:
        yield from _strange_names(plan, facts.material)


def _strange_names(plan: QaPlan, material: str) -> Iterator[Finding]:
    """The paths and names in a plan's claims that are not in `material`: what the model was shown.

    What the plan's own code makes or uses is known as well.
    """
    steps = [*plan.setup, *(step for scenario in plan.test_plan for step in scenario.steps)]
    known = one_form(material + "\n".join(step.code for step in steps if step.code is not None))
    claims = one_form(" \n".join(_claims(plan)))
    instructions = one_form(" \n".join(text for step in steps for text in (step.do, step.expect or "")))
    names = {name for name in _NAME.findall(claims) if not _STANDARD.search(name)}
    named = names.union(_PATH.findall(f"{claims} \n{instructions}"))
    strange = [name for name in sorted(named) if not _held(name, known)]
    if strange:
        severity: Severity = "ask" if len(strange) >= _FEWEST and len(strange) > SHARE * len(named) else "note"
        why = f"{len(strange)} of {len(named)} names are not in what the model was shown"
        yield as_finding(Hit("grounding.names", severity, ", ".join(strange), why), "observations")


def _held(name: str, known: str) -> bool:
    if name in known:
        return True
    parts = [part for part in name.split(".") if part] if "/" not in name else [name.rpartition("/")[2]]
    return all(part in known for part in parts)


def _claims(plan: QaPlan) -> Iterator[str]:
    yield plan.summary
    for one in plan.observations:
        yield one.where
        yield one.what
    for scenario in plan.test_plan:
        yield scenario.ac_text
