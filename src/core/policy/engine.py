"""The one gate between a model's answer and GitHub.

`judge_answer`, and `judge_stored` (`stored.py`), say what policy thinks; `approve` (`approved.py`) alone makes what a
writer takes. Whatever no rule covers is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from pydantic import ValidationError

from core.config import MAX_ANSWER_BYTES
from core.context.team import Team
from core.policy import trust
from core.policy.body import examine_body
from core.policy.classifier import classify, rank
from core.policy.found import Hit, as_finding
from core.policy.rules import TEXT_RULES, Context, Field, Rule, examine, examine_all
from core.policy.secrets import unescaped
from core.policy.transitions import label_faults
from core.policy.version import OWN_SECRETS, version
from core.tasks.answer import Strict, texts
from core.tasks.drafted import Comment, Drafting, action_of
from core.tasks.wire_schemas import field_names
from core.text import invisible
from core.text.strict_json import Fault, path_of, read
from core.types import Action, Facts, Finding, Phase, Verdict

MOST_FINDINGS: Final = 50
"""Of one verdict, which is part of items that end at 400 KB. Its reason counts them all."""

_SECRETS: Final = ("secret.", "provenance.canary")


def _unfit(texts: Sequence[str], context: Context, rules: Sequence[Rule]) -> frozenset[str]:
    """Those of GitHub's own texts (file names, cuts) that may not be repeated in a comment: rules object, or ask."""
    strange = (text for text in texts if text.strip() != text or "\t" in text or len(text.splitlines()) > 1)
    hiding = frozenset((*strange, *(text for text in texts if any(invisible.found(text)))))
    whole = examine(Field("files", "\n".join(texts)), context, rules)
    return hiding | {text for text in texts if whole and examine(Field("files", text), context, rules)}


def told_of(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is told of the findings: a secret before what else refuses, that before what asks; not too many.

    Beside a secret no finding shows what it found: the excerpt of a link may hold the secret as well.
    """
    told = list(findings)
    if len(told) > MOST_FINDINGS:
        told.sort(key=lambda finding: (finding.rule != OWN_SECRETS, finding.severity != "refuse"))
    if any(finding.rule.startswith(_SECRETS) for finding in told):
        told = [replace(one, excerpt=one.excerpt and "(not shown beside a secret)") for one in told]
    return tuple(told[:MOST_FINDINGS])


def rejected(finding: Finding, team: Team) -> Verdict:
    """The verdict of one finding."""
    return Verdict("rejected", f"{finding.rule}: {finding.why}", (finding,), (), version(team))


def _unread(raw: str | bytes, fault: Finding, context: Context, rules: Sequence[Rule], team: Team) -> Verdict:
    """The verdict on an answer that is none: of its text only our own secrets are looked for."""
    only = tuple(rule for rule in rules if rule.name == OWN_SECRETS)
    own: tuple[Finding, ...] = ()
    if only and len(raw) <= MAX_ANSWER_BYTES:
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
        own = examine(Field("answer", unescaped(text)), context, only)
    found = (*own, fault)
    return replace(rejected(found[0], team), findings=told_of(found))


def _read(raw: str | bytes, facts: Facts, drafting: Drafting | None) -> Strict | Finding:
    """The answer as its task's model, or its first fault."""
    if drafting is None:
        return as_finding(Hit("task.no_rules", "refuse", facts.task_type, "no rule covers this task"), "task")
    names = field_names(facts.task_type)
    value = read(raw, names)
    if isinstance(value, Fault):
        return as_finding(Hit("answer.unreadable", "refuse", "", value.why), value.path or "answer")
    try:
        return drafting.model.model_validate(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return as_finding(Hit("answer.schema", "refuse", "", first["msg"]), path_of(first["loc"], names) or "answer")


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
    rules: Sequence[Rule] = TEXT_RULES,
) -> Verdict:
    """What may become of a model's answer. Never raises on what the model wrote; never repairs it.

    `drafting` is its task's; without one nothing covers it. What is found in one part of an answer counts for all that
    it proposes.
    """
    context = Context(facts.repository, facts.canary, own_secrets)
    answer = _read(raw, facts, drafting)
    if isinstance(answer, Finding):
        return _unread(raw, answer, context, rules, team)
    assert drafting is not None
    fields = [Field(*one) for one in texts(answer.model_dump(), frozenset(facts.changed_paths))]
    findings = list(examine_all(fields, context, rules))
    drafted = drafting.draft(answer, facts, partial(_unfit, context=context, rules=rules), team)
    findings += drafted.findings
    now = version(team)
    proposed = [
        action_of(part, drafted, facts, action_ids(index), run_id, now, team.taxonomy)
        for index, part in enumerate(drafted.parts)
    ]
    if not is_refused(findings):
        told = {finding.rule for finding in findings}
        for part, action in zip(drafted.parts, proposed, strict=True):
            found = label_findings(action, team)
            if isinstance(part, Comment):
                found = examine_body(action.payload["body"], part.document, context, rules)
            findings += [finding for finding in found if finding.rule not in told]
    untrusted = trust.findings(facts.trust)
    actions = []
    for one in proposed:
        counting = [*findings, *trust.held(one, untrusted, team)]
        classification, why = classify(one.type, counting, phase, one.task_type)
        actions.append(replace(one, classification=classification, policy_reason=why))
    worst = max(actions, key=lambda one: rank(one.classification), default=None)
    findings += untrusted
    if is_refused(findings):
        return Verdict(*classify("add_comment", findings, phase, facts.task_type), told_of(findings), (), now)
    if worst is None:
        return Verdict("auto_safe", "there is nothing to change", told_of(findings), (), now)
    kept = () if worst.classification == "rejected" else tuple(actions)
    return Verdict(worst.classification, worst.policy_reason, told_of(findings), kept, now)


def is_refused(findings: Sequence[Finding]) -> bool:
    """Whether one of them refuses."""
    return any(finding.severity == "refuse" for finding in findings)


def label_findings(action: Action, team: Team) -> Iterator[Finding]:
    """What forbids a change of labels."""
    add, remove = tuple(action.payload["add"]), tuple(action.payload["remove"])
    for hit in label_faults(action.payload["before"], add, remove, team.taxonomy):
        yield as_finding(hit, f"labels of {action.target.number}")
