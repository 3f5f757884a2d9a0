"""The one gate between a model's answer and GitHub.

`judge_answer`, and `judge_stored` (`stored.py`), say what policy thinks; `approve` (`approved.py`) alone makes what a
writer takes. Whatever no rule covers is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

from pydantic import ValidationError

from core.config import MAX_ANSWER_BYTES, MAX_COMMENT_CHARACTERS
from core.context.file_names import names_of
from core.context.labels import Labels
from core.context.team import Team
from core.policy import trust
from core.policy.classifier import classify, rank
from core.policy.found import as_finding, refusal
from core.policy.rules import ON_BYTES, TEXT_RULES, Field, Rule, RuleContext, examine, examine_all
from core.policy.secrets import unescaped
from core.policy.transitions import label_faults
from core.policy.version import OWN_SECRETS, version
from core.tasks.answer import Strict, texts
from core.tasks.drafted import CommentDraft, Drafting, action_of
from core.tasks.wire_schemas import field_names
from core.text import invisible
from core.text.document import Document
from core.text.markdown import size
from core.text.read_back import faults
from core.text.strict_json import Fault, path_of, read
from core.types import Action, Facts, Finding, Phase, TaskType, Verdict

COMMENT: Final = "comment"
"""The field of what is found in a finished comment."""
MOST_FINDINGS: Final = 50
"""Of one verdict, which is part of items that end at 400 KB. Its reason counts them all."""

NEW_LABEL: Final = "label.new"
_SECRETS: Final = ("secret.", "provenance.canary")


def prepare(draftings: Mapping[TaskType, Drafting]) -> None:
    """Makes what the first judgement would wait for: the answers' models, which pydantic puts off, and the tables."""
    for task_type, drafting in draftings.items():
        field_names(task_type)
        drafting.model.model_rebuild()
    examine(Field("", "Open the page."), RuleContext(""))


def judge_answer(
    raw: str | bytes,
    facts: Facts,
    drafting: Drafting | None,
    *,
    team: Team,
    run_id: str,
    action_ids: Callable[[int], str],
    phase: Phase,
    own_secrets: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = TEXT_RULES,
) -> Verdict:
    """What may become of a model's answer. Never raises on what the model wrote; never repairs it.

    `drafting` is its task's; without one nothing covers it. What is found in one part of an answer counts for all that
    it proposes.
    """
    answer = _read(raw, facts, drafting)
    context = RuleContext(facts.repository, facts.canary, own_secrets, rules)
    if isinstance(answer, Finding):
        return rejected([*_own_secrets(raw, context), answer], team)
    assert drafting is not None
    fields = [Field(*one) for one in texts(answer.model_dump(), frozenset(names_of(facts)))]
    findings = list(examine_all(fields, context))
    drafted = drafting.draft(answer, facts, partial(_unfit, context=context), team)
    findings += drafted.findings
    now = version(team)
    proposed = [
        action_of(part, drafted, facts, action_ids(index), run_id, now, team.taxonomy)
        for index, part in enumerate(drafted.parts)
    ]
    if not is_refused(findings):
        for part, action in zip(drafted.parts, proposed, strict=True):
            if isinstance(part, CommentDraft):
                findings += by_other_rules(findings, examine_body(action.payload["body"], part.document, context))
            else:
                findings += by_other_rules(findings, label_findings(action, team))
    actions = []
    for one in proposed:
        counting = [*findings, *own_findings(one, facts, team)]
        classification, why = classify(one.type, counting, phase, one.task_type)
        actions.append(replace(one, classification=classification, policy_reason=why))
    worst = max(actions, key=lambda one: rank(one.classification), default=None)
    # Each action is classified by now: what asks about one alone is shown with the verdict, and changes no class.
    findings += [*trust.findings(facts.trust), *chain(*(new_labels(one, facts) for one in proposed))]
    if is_refused(findings):
        return Verdict(*classify("add_comment", findings, phase, facts.task_type), shown(findings), (), now)
    if worst is None:
        return Verdict("auto_safe", "there is nothing to change", shown(findings), (), now)
    kept = () if worst.classification == "rejected" else tuple(actions)
    return Verdict(worst.classification, worst.policy_reason, shown(findings), kept, now)


def _read(raw: str | bytes, facts: Facts, drafting: Drafting | None) -> Strict | Finding:
    """The answer as its task's model, or its first fault."""
    if drafting is None:
        return refusal("task.no_rules", "task", "no rule covers this task", facts.task_type)
    names = field_names(facts.task_type)
    value = read(raw, names)
    if isinstance(value, Fault):
        return refusal("answer.unreadable", value.path or "answer", value.why)
    try:
        return drafting.model.model_validate(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return refusal("answer.schema", path_of(first["loc"], names) or "answer", first["msg"])


def _own_secrets(raw: str | bytes, context: RuleContext) -> Sequence[Finding]:
    """What is looked for in an answer that is none: our own secrets."""
    if len(raw) > MAX_ANSWER_BYTES:
        return ()
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    return examine(Field("answer", unescaped(text)), context.only({OWN_SECRETS}))


def _unfit(texts: Sequence[str], context: RuleContext) -> frozenset[str]:
    """Those of GitHub's own texts (file names, cuts) that may not be repeated in a comment: rules object, or ask."""
    if not texts:
        return frozenset()
    strange = (text for text in texts if text.strip() != text or "\t" in text or len(text.splitlines()) > 1)
    hiding = frozenset((*strange, *(text for text in texts if any(invisible.found(text)))))
    whole = examine(Field("files", "\n".join(texts)), context)
    return hiding | {text for text in texts if whole and examine(Field("files", text), context)}


def examine_body(body: str, document: Document, context: RuleContext) -> Iterator[Finding]:
    """Objections to a finished comment, as bytes: what is checked here is what is posted."""
    if size(body) > MAX_COMMENT_CHARACTERS:
        yield overlong(body)
        return
    for fault in faults(document, body):
        yield refusal("comment.tree", COMMENT, fault, body[:60])
    yield from examine(Field(COMMENT, body.rpartition("\n")[0]), context.only(ON_BYTES))


def overlong(body: str) -> Finding:
    """The finding of a comment that GitHub would not take."""
    why = f"longer than GitHub's {MAX_COMMENT_CHARACTERS} characters"
    return refusal("comment.length", COMMENT, why, f"{len(body)} characters")


def own_findings(action: Action, facts: Facts, team: Team) -> Iterator[Finding]:
    """What asks about this action alone, whatever else its answer proposes."""
    yield from trust.held(action, trust.findings(facts.trust), team)
    yield from new_labels(action, facts)


def new_labels(action: Action, facts: Facts) -> Iterator[Finding]:
    """GitHub makes a label that is added and that the repository does not have."""
    if action.type == "change_labels" and facts.labels is not None:
        missing = sorted(Labels(action.payload["add"]) - facts.labels)
        if missing:
            why = f"GitHub would create the label{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            yield Finding(NEW_LABEL, f"labels of {action.target.number}", "ask", "", why)


def label_findings(action: Action, team: Team) -> Iterator[Finding]:
    """What forbids a change of labels."""
    add, remove = tuple(action.payload["add"]), tuple(action.payload["remove"])
    for hit in label_faults(action.payload["before"], add, remove, team.taxonomy):
        yield as_finding(hit, f"labels of {action.target.number}")


def is_refused(findings: Sequence[Finding]) -> bool:
    """Whether one of them refuses."""
    return any(finding.severity == "refuse" for finding in findings)


def by_other_rules(findings: Sequence[Finding], more: Iterable[Finding]) -> list[Finding]:
    """Those of the later findings whose rule has found nothing before."""
    known = {finding.rule for finding in findings}
    return [finding for finding in more if finding.rule not in known]


def shown(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is told of the findings: a secret before what else refuses, that before what asks; not too many.

    Beside a secret no finding shows what it found: the excerpt of a link may hold the secret as well.
    """
    listed = list(findings)
    if len(listed) > MOST_FINDINGS:
        listed.sort(key=lambda finding: (finding.rule != OWN_SECRETS, finding.severity != "refuse"))
    if any(finding.rule.startswith(_SECRETS) for finding in listed):
        listed = [replace(one, excerpt=one.excerpt and "(not shown beside a secret)") for one in listed]
    return tuple(listed[:MOST_FINDINGS])


def rejected(findings: Sequence[Finding], team: Team) -> Verdict:
    """The verdict of findings of which the first refuses."""
    first = findings[0]
    return Verdict("rejected", f"{first.rule}: {first.why}", shown(findings), (), version(team))
