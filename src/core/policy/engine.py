"""The one gate between a model's answer and GitHub.

`judge_answer` and `judge_stored` say what policy thinks; `approve` alone makes the value that a
writer takes. Whatever no rule covers is refused.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, replace
from typing import Any, Final

from core.config import MAX_COMMENT_CHARACTERS
from core.policy.body import examine_body
from core.policy.classifier import classify, is_worse
from core.policy.data_files import fingerprint
from core.policy.digest import action_digest
from core.policy.found import Hit, as_finding
from core.policy.grounding import grounding_faults
from core.policy.rules import TEXT_RULES, Context, Rule, examine
from core.policy.schemas import MODELS, QaPlan, Strict, validate
from core.policy.strict_json import Fault, read
from core.prompts import qa_plan_comment
from core.prompts.markdown import Block, marker, outline, write
from core.types import Action, Classification, Facts, Finding, Phase, TaskType, Verdict

__all__ = [
    "POLICY_VERSION",
    "Approved",
    "Refused",
    "action_digest",
    "approve",
    "examine_comment",
    "is_worse",
    "judge_answer",
    "judge_stored",
]

_NUMBER: Final = 1
"""Raise when the engine, the renderer or a schema judges differently."""


def _version() -> str:
    rules = ";".join(f"{rule.name}={rule.version}" for rule in TEXT_RULES)
    return f"{_NUMBER}-{hashlib.sha256(f'{rules};{fingerprint()}'.encode()).hexdigest()[:16]}"


POLICY_VERSION: Final = _version()

MOST_FINDINGS: Final = 50
"""Of one verdict, which is part of items that end at 400 KB. Its reason counts them all."""

_SEAL: Final = object()


@dataclass(frozen=True)
class Approved:
    """An action that policy, and where needed the Captain, let pass. Only `approve` can make one."""

    action: Action
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only policy makes an Approved")


@dataclass(frozen=True)
class Refused:
    """Why an action may not run."""

    code: str
    reason: str


@dataclass(frozen=True)
class _Comment:
    """A comment to be judged, as the document it is built from."""

    document: tuple[Block, ...]
    reason: str
    evidence: str


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of an answer with its path, but for file names: those are compared, not read."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            if key not in ("covers", "files"):
                yield from _texts(child, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from _texts(child, f"{path}[{index}]")


def _examine_fields(fields: Sequence[tuple[str, str]], context: Context, rules: Sequence[Rule]) -> list[Finding]:
    """All fields at once; only when something is found, each by itself, to name the field."""
    whole = examine("answer", "\n\n".join(text for _, text in fields), context, rules)
    if not whole:
        return []
    single = [finding for path, text in fields for finding in examine(path, text, context, rules)]
    told = {finding.rule for finding in single}
    return [*single, *(finding for finding in whole if finding.rule not in told)]


def _unfit(texts: Sequence[str], context: Context, rules: Sequence[Rule]) -> frozenset[str]:
    """Those of GitHub's own texts (file names, cuts) that may not be repeated in a comment."""
    if not any(finding.severity == "refuse" for finding in examine("files", "\n".join(texts), context, rules)):
        return frozenset(text for text in texts if text.strip() != text or not text.isprintable())
    return frozenset(
        text
        for text in texts
        if text.strip() != text
        or not text.isprintable()
        or any(finding.severity == "refuse" for finding in examine("files", text, context, rules))
    )


def _qa_plan(answer: Strict, facts: Facts, context: Context, rules: Sequence[Rule]) -> tuple[_Comment, list[Finding]]:
    assert isinstance(answer, QaPlan)
    hidden = _unfit(facts.changed_paths, context, rules)
    unfit = _unfit(facts.cuts, context, rules)
    shown = replace(
        facts, cuts=tuple("A part that cannot be described here." if cut in unfit else cut for cut in facts.cuts)
    )
    document = qa_plan_comment.build(answer, shown, hidden)
    return _Comment(document, answer.reason, answer.evidence), list(grounding_faults(answer, facts))


_TASKS: Final[Mapping[TaskType, Callable[[Strict, Facts, Context, Sequence[Rule]], tuple[_Comment, list[Finding]]]]] = {
    "qa_plan": _qa_plan
}
"""A task without an entry has no rules and is refused."""


def _foremost(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is told of the findings: those that refuse before those that ask."""
    if len(findings) <= MOST_FINDINGS:
        return tuple(findings)
    return tuple(sorted(findings, key=lambda finding: finding.severity != "refuse")[:MOST_FINDINGS])


def _rejected(finding: Finding) -> Verdict:
    return Verdict("rejected", f"{finding.rule}: {finding.why}", (finding,), (), POLICY_VERSION)


def _read(raw: str | bytes, facts: Facts) -> Strict | Verdict:
    if facts.task_type not in _TASKS or facts.task_type not in MODELS:
        return _rejected(
            as_finding(Hit("task.no_rules", "refuse", facts.task_type, "no rule covers this task"), "task")
        )
    value = read(raw)
    if isinstance(value, Fault):
        return _rejected(as_finding(Hit("answer.unreadable", "refuse", "", value.why), value.path or "answer"))
    answer = validate(facts.task_type, value)
    if isinstance(answer, Fault):
        return _rejected(as_finding(Hit("answer.schema", "refuse", "", answer.why), answer.path or "answer"))
    return answer


def _context(facts: Facts, own_secrets: tuple[str, ...]) -> Context:
    return Context(repository=facts.repository, canary=facts.canary, own_secrets=own_secrets)


def judge_answer(
    raw: str | bytes,
    facts: Facts,
    *,
    run_id: str,
    action_ids: Callable[[int], str],
    phase: Phase,
    own_secrets: tuple[str, ...] = (),
    rules: Sequence[Rule] = TEXT_RULES,
) -> Verdict:
    """What may become of a model's answer. Never raises on what the model wrote; never repairs it."""
    answer = _read(raw, facts)
    if isinstance(answer, Verdict):
        return answer
    context = _context(facts, own_secrets)
    findings = _examine_fields(list(_texts(answer.model_dump())), context, rules)
    comment, faults = _TASKS[facts.task_type](answer, facts, context, rules)
    findings += faults
    action_id = action_ids(0)
    body = write(comment.document, marker(action_id))
    if not any(finding.severity == "refuse" for finding in findings):
        told = {finding.rule for finding in findings}
        findings += [
            finding
            for finding in examine_body(body, outline(comment.document), context, rules)
            if finding.rule not in told
        ]
    classification, reason = classify("add_comment", findings, phase)
    if classification == "rejected":
        return Verdict(classification, reason, _foremost(findings), (), POLICY_VERSION)
    payload = {"body": body}
    action = Action(
        id=action_id,
        run_id=run_id,
        task_type=facts.task_type,
        type="add_comment",
        repository=facts.repository,
        target=facts.target,
        payload=payload,
        target_state=facts.target_state,
        reason=comment.reason,
        evidence=comment.evidence,
        classification=classification,
        policy_reason=reason,
        policy_version=POLICY_VERSION,
        digest=action_digest(
            action_type="add_comment",
            repository=facts.repository,
            target=facts.target,
            payload=payload,
            target_state=facts.target_state,
            policy_version=POLICY_VERSION,
        ),
    )
    return Verdict(classification, reason, _foremost(findings), (action,), POLICY_VERSION)


def examine_comment(
    document: tuple[Block, ...],
    body: str,
    text: str,
    context: Context,
    phase: Phase,
    rules: Sequence[Rule] = TEXT_RULES,
) -> tuple[Classification, tuple[Finding, ...]]:
    """The same gate for a comment that is one free text: for trying the policy out."""
    if not text.strip():
        findings = [as_finding(Hit("comment.blank", "refuse", "", "says nothing"), "body")]
    elif max(len(text), len(unicodedata.normalize("NFKC", text))) > MAX_COMMENT_CHARACTERS:
        findings = [as_finding(Hit("comment.length", "refuse", "", "longer than GitHub takes"), "body")]
    else:
        findings = list(examine("body", text, context, rules))
    if not any(finding.severity == "refuse" for finding in findings):
        told = {finding.rule for finding in findings}
        findings += [
            finding for finding in examine_body(body, outline(document), context, rules) if finding.rule not in told
        ]
    return classify("add_comment", findings, phase)[0], tuple(findings)


def _same_action(action: Action) -> Finding | None:
    """The stored action must be what was judged then: its digest is recomputed from its own fields."""
    digest = action_digest(
        action_type=action.type,
        repository=action.repository,
        target=action.target,
        payload=action.payload,
        target_state=action.target_state,
        policy_version=action.policy_version,
    )
    if digest == action.digest:
        return None
    return as_finding(Hit("action.digest", "refuse", action.digest, "is not the digest of this action"), "action")


def judge_stored(
    action: Action,
    raw: str | bytes,
    facts: Facts,
    *,
    phase: Phase,
    own_secrets: tuple[str, ...] = (),
    rules: Sequence[Rule] = TEXT_RULES,
) -> Verdict:
    """Today's policy on a stored action: on the answer it came from, and on the very bytes that would be posted."""
    altered = _same_action(action)
    if altered:
        return _rejected(altered)
    body = action.payload.get("body")
    if (
        action.type != "add_comment"
        or not isinstance(body, str)
        or (action.repository, action.target, action.task_type) != (facts.repository, facts.target, facts.task_type)
    ):
        return _rejected(
            as_finding(Hit("action.unknown", "refuse", action.type, "no rule covers this action"), "action")
        )
    if not body.endswith("\n" + marker(action.id)):
        return _rejected(as_finding(Hit("comment.marker", "refuse", "", "does not end with its own marker"), "comment"))
    again = judge_answer(
        raw,
        facts,
        run_id=action.run_id,
        action_ids=lambda _: action.id,
        phase=phase,
        own_secrets=own_secrets,
        rules=rules,
    )
    told = {finding.rule for finding in again.findings}
    findings = again.findings + tuple(
        finding for finding in examine_body(body, None, _context(facts, own_secrets), rules) if finding.rule not in told
    )
    classification, reason = classify(action.type, findings, phase)
    kept = () if classification == "rejected" else (action,)
    return Verdict(classification, reason, _foremost(findings), kept, POLICY_VERSION)


def approve(action: Action, verdict: Verdict, *, by_captain: bool) -> Approved | Refused:
    """The only way to a writer. The Captain may approve what asks for it, never what is rejected."""
    if verdict.classification == "rejected":
        return Refused("rejected", verdict.reason)
    if action not in verdict.actions:
        return Refused("not_judged", "the verdict is about another action")
    if is_worse(verdict.classification, action.classification):
        return Refused("worse_than_recorded", verdict.reason)
    if verdict.classification != "auto_safe" and not by_captain:
        return Refused("needs_captain", verdict.reason)
    return Approved(action, _SEAL)
