"""The one gate between a model's answer and GitHub.

`judge_answer`, and `judge_stored` (`stored.py`), say what policy thinks; `approve` (`approved.py`) alone makes what a
writer takes. Whatever no rule covers is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from core.config import MAX_ANSWER_BYTES, MAX_COMMENT_CHARACTERS
from core.context.team import Team
from core.policy import trust
from core.policy.approved import Approved, Refused, approve
from core.policy.body import examine_body
from core.policy.classifier import classify, is_worse, rank
from core.policy.digest import action_digest, digest_of
from core.policy.found import Hit, as_finding
from core.policy.giveaway import unescaped
from core.policy.rules import TEXT_RULES, Context, Field, Rule, examine, examine_all
from core.policy.transitions import label_faults, label_state
from core.policy.version import OWN_SECRETS, is_older, version
from core.tasks.answer import Strict
from core.tasks.answers import DRAFTERS, MODELS, validate
from core.tasks.drafted import Comment, Drafted, LabelChange
from core.tasks.wire_schemas import field_names
from core.text import invisible
from core.text.document import Block, as_json
from core.text.markdown import marker, size, write
from core.text.strict_json import Fault, read
from core.types import Action, ActionType, Classification, Facts, Finding, Json, Phase, Trust, Verdict

__all__ = [
    "OWN_SECRETS",
    "Approved",
    "Refused",
    "action_digest",
    "approve",
    "examine_comment",
    "is_older",
    "is_worse",
    "judge_answer",
    "version",
]

MOST_FINDINGS: Final = 50
"""Of one verdict, which is part of items that end at 400 KB. Its reason counts them all."""

_SECRETS: Final = ("secret.", "provenance.canary")


_LOCATES: Final = re.compile(r"^observations\[\d+\]\.where$").match
"""A field that begins with a file's name."""


def _fields(value: Any, known: frozenset[str], path: str = "") -> Iterator[Field]:
    """Every text of an answer with its path, but for the `known` file names: those are GitHub's, not the model's."""
    if isinstance(value, str):
        named = max((name for name in known if value.startswith(name)), key=len, default="") if _LOCATES(path) else ""
        yield Field(path, value[len(named) :])
    elif isinstance(value, Mapping):
        for key, child in value.items():
            names_files = key in ("covers", "files")
            for field in _fields(child, known, f"{path}.{key}" if path else str(key)):
                if not (names_files and field.text in known):
                    yield field
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from _fields(child, known, f"{path}[{index}]")


def _unfit(texts: Sequence[str], context: Context, rules: Sequence[Rule]) -> frozenset[str]:
    """Those of GitHub's own texts (file names, cuts) that may not be repeated in a comment: rules object, or ask."""
    hiding = frozenset(
        text
        for text in texts
        if text.strip() != text or "\t" in text or len(text.splitlines()) > 1 or any(invisible.found(text))
    )
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


def _read(raw: str | bytes, facts: Facts) -> Strict | Finding:
    if facts.task_type not in DRAFTERS or facts.task_type not in MODELS:
        return as_finding(Hit("task.no_rules", "refuse", facts.task_type, "no rule covers this task"), "task")
    value = read(raw, field_names(facts.task_type))
    if isinstance(value, Fault):
        return as_finding(Hit("answer.unreadable", "refuse", "", value.why), value.path or "answer")
    answer = validate(facts.task_type, value)
    if isinstance(answer, Fault):
        return as_finding(Hit("answer.schema", "refuse", "", answer.why), answer.path or "answer")
    return answer


def context_of(facts: Facts, own_secrets: tuple[str, ...]) -> Context:
    """What the rules may need of a run."""
    return Context(repository=facts.repository, canary=facts.canary, own_secrets=own_secrets)


def judge_answer(
    raw: str | bytes,
    facts: Facts,
    *,
    team: Team,
    run_id: str,
    action_ids: Callable[[int], str],
    phase: Phase,
    own_secrets: tuple[str, ...] = (),
    rules: Sequence[Rule] = TEXT_RULES,
) -> Verdict:
    """What may become of a model's answer. Never raises on what the model wrote; never repairs it.

    What is found in one part of an answer counts for all that it proposes.
    """
    answer = _read(raw, facts)
    context = context_of(facts, own_secrets)
    if isinstance(answer, Finding):
        return _unread(raw, answer, context, rules, team)
    findings = list(examine_all(list(_fields(answer.model_dump(), frozenset(facts.changed_paths))), context, rules))
    drafted = DRAFTERS[facts.task_type](answer, facts, partial(_unfit, context=context, rules=rules), team)
    findings += drafted.findings
    now = version(team)
    proposed = [
        _action(part, drafted, facts, now, action_ids(index), run_id, team) for index, part in enumerate(drafted.parts)
    ]
    if not _refused(findings):
        told = {finding.rule for finding in findings}
        found = (
            finding
            for part, action in zip(drafted.parts, proposed, strict=True)
            for finding in _examine(part, action, context, rules, team)
        )
        findings += [finding for finding in found if finding.rule not in told]
    untrusted = trust.findings(facts.trust)
    actions = tuple(_classified(action, findings, untrusted, phase, team) for action in proposed)
    worst = max(actions, key=lambda one: rank(one.classification), default=None)
    findings += untrusted
    if _refused(findings):
        return Verdict(*classify("add_comment", findings, phase, facts.task_type), told_of(findings), (), now)
    if worst is None:
        return Verdict("auto_safe", "there is nothing to change", told_of(findings), (), now)
    kept = () if worst.classification == "rejected" else actions
    return Verdict(worst.classification, worst.policy_reason, told_of(findings), kept, now)


def _refused(findings: Sequence[Finding]) -> bool:
    return any(finding.severity == "refuse" for finding in findings)


def _action(
    part: Comment | LabelChange, drafted: Drafted, facts: Facts, policy: str, action_id: str, run_id: str, team: Team
) -> Action:
    """A drafted part as the bytes and labels that would be sent, not yet classified."""
    if isinstance(part, Comment):
        kind: ActionType = "add_comment"
        target, state, why, document = facts.target, facts.target_state, "", as_json(part.document)
        payload: Json = {"body": write(part.document, marker(action_id))}
    else:
        kind, target, why, document = "change_labels", part.target, part.why, None
        payload = {"add": list(part.add), "remove": list(part.remove), "before": sorted(part.before)}
        state = label_state(part.before, (*part.add, *part.remove), team.taxonomy)
    action = Action(
        id=action_id,
        run_id=run_id,
        task_type=facts.task_type,
        type=kind,
        repository=facts.repository,
        target=target,
        payload=payload,
        target_state=state,
        reason=why or drafted.reason,
        evidence=drafted.evidence,
        classification="rejected",
        policy_reason="",
        policy_version=policy,
        document=document,
        digest="",
    )
    return replace(action, digest=digest_of(action))


def _classified(
    action: Action, findings: Sequence[Finding], untrusted: Sequence[Finding], phase: Phase, team: Team
) -> Action:
    classification, why = classify(
        action.type, [*findings, *trust.held(action, untrusted, team)], phase, action.task_type
    )
    return replace(action, classification=classification, policy_reason=why)


def _examine(
    part: Comment | LabelChange, action: Action, context: Context, rules: Sequence[Rule], team: Team
) -> Iterator[Finding]:
    if isinstance(part, Comment):
        yield from examine_body(action.payload["body"], part.document, context, rules)
    else:
        yield from label_findings(action, team)


def label_findings(action: Action, team: Team) -> Iterator[Finding]:
    """What forbids a change of labels."""
    add, remove = tuple(action.payload["add"]), tuple(action.payload["remove"])
    for hit in label_faults(frozenset(action.payload["before"]), add, remove, team.taxonomy):
        yield as_finding(hit, f"labels of {action.target.number}")


def examine_comment(
    document: tuple[Block, ...],
    body: str,
    text: str,
    context: Context,
    phase: Phase,
    rules: Sequence[Rule] = TEXT_RULES,
    untrusted: Trust | None = None,
) -> tuple[Classification, tuple[Finding, ...]]:
    """The same gate for a comment that is one free text: for trying the policy out."""
    if not text.strip():
        findings = [as_finding(Hit("comment.blank", "refuse", "", "says nothing"), "body")]
    elif size(text) > MAX_COMMENT_CHARACTERS:
        findings = [as_finding(Hit("comment.length", "refuse", "", "longer than GitHub takes"), "body")]
    else:
        findings = [*examine(Field("body", text), context, rules), *trust.findings(untrusted)]
    if not _refused(findings):
        told = {finding.rule for finding in findings}
        findings += [finding for finding in examine_body(body, document, context, rules) if finding.rule not in told]
    return classify("add_comment", findings, phase, "qa_plan")[0], told_of(findings)
