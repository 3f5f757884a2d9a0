"""The one gate between a model's answer and GitHub.

`judge_answer` and `judge_stored` say what policy thinks; `approve` (`approved.py`) alone makes the value that a writer
takes. Whatever no rule covers is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from core.config import MAX_ANSWER_BYTES, MAX_COMMENT_CHARACTERS
from core.context.team import Team
from core.policy import trust
from core.policy.approved import Approved, Refused, approve
from core.policy.body import examine_body
from core.policy.classifier import classify, is_worse, rank
from core.policy.digest import action_digest
from core.policy.found import Hit, as_finding
from core.policy.giveaway import unescaped
from core.policy.rules import TEXT_RULES, Context, Field, Rule, examine, examine_all
from core.policy.transitions import label_faults, label_state
from core.policy.version import OWN_SECRETS, is_older, version
from core.tasks.answer import Strict
from core.tasks.answers import DRAFTERS, MODELS, validate
from core.tasks.drafted import Comment, LabelChange
from core.tasks.wire_schemas import field_names
from core.text import invisible
from core.text.document import Block, as_json
from core.text.markdown import marker, size, write
from core.text.strict_json import Fault, read
from core.types import Action, ActionType, Classification, Facts, Finding, Json, Phase, Target, Trust, Verdict

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
    "judge_stored",
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


def _told(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is told of the findings: a secret before what else refuses, that before what asks; not too many.

    Beside a secret no finding shows what it found: the excerpt of a link may hold the secret as well.
    """
    told = list(findings)
    if len(told) > MOST_FINDINGS:
        told.sort(key=lambda finding: (finding.rule != OWN_SECRETS, finding.severity != "refuse"))
    if any(finding.rule.startswith(_SECRETS) for finding in told):
        told = [replace(one, excerpt=one.excerpt and "(not shown beside a secret)") for one in told]
    return tuple(told[:MOST_FINDINGS])


def _rejected(finding: Finding, team: Team) -> Verdict:
    return Verdict("rejected", f"{finding.rule}: {finding.why}", (finding,), (), version(team))


def _unread(raw: str | bytes, fault: Finding, context: Context, rules: Sequence[Rule], team: Team) -> Verdict:
    """The verdict on an answer that is none: of its text only our own secrets are looked for."""
    only = tuple(rule for rule in rules if rule.name == OWN_SECRETS)
    own: tuple[Finding, ...] = ()
    if only and len(raw) <= MAX_ANSWER_BYTES:
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
        own = examine(Field("answer", unescaped(text)), context, only)
    found = (*own, fault)
    return replace(_rejected(found[0], team), findings=_told(found))


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


def _context(facts: Facts, own_secrets: tuple[str, ...]) -> Context:
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
    context = _context(facts, own_secrets)
    if isinstance(answer, Finding):
        return _unread(raw, answer, context, rules, team)
    findings = list(examine_all(list(_fields(answer.model_dump(), frozenset(facts.changed_paths))), context, rules))
    drafted = DRAFTERS[facts.task_type](answer, facts, partial(_unfit, context=context, rules=rules), team)
    findings += drafted.findings
    proposals = [_proposal(part, facts, action_ids(index), team) for index, part in enumerate(drafted.parts)]
    if not any(finding.severity == "refuse" for finding in findings):
        told = {finding.rule for finding in findings}
        found = (
            finding
            for part, proposal in zip(drafted.parts, proposals, strict=True)
            for finding in _examine(part, proposal, context, rules, team)
        )
        findings += [finding for finding in found if finding.rule not in told]
    untrusted = trust.findings(facts.trust)
    classed = [
        classify(proposal.type, [*findings, *_held(proposal, untrusted, team)], phase, facts.task_type)
        for proposal in proposals
    ]
    if not proposals and any(finding.severity == "refuse" for finding in findings):
        classed = [classify("change_labels", findings, phase, facts.task_type)]
    findings += untrusted
    worst, reason = max(classed, key=lambda one: rank(one[0]), default=("auto_safe", "there is nothing to change"))
    if worst == "rejected":
        return Verdict(worst, reason, _told(findings), (), version(team))
    now = version(team)
    actions = tuple(
        Action(
            id=proposal.id,
            run_id=run_id,
            task_type=facts.task_type,
            type=proposal.type,
            repository=facts.repository,
            target=proposal.target,
            payload=proposal.payload,
            target_state=proposal.target_state,
            reason=proposal.why or drafted.reason,
            evidence=drafted.evidence,
            classification=classification,
            policy_reason=why,
            policy_version=now,
            document=proposal.document,
            digest=action_digest(
                action_type=proposal.type,
                repository=facts.repository,
                target=proposal.target,
                payload=proposal.payload,
                target_state=proposal.target_state,
                policy_version=now,
            ),
        )
        for proposal, (classification, why) in zip(proposals, classed, strict=True)
    )
    return Verdict(worst, reason, _told(findings), actions, now)


@dataclass(frozen=True)
class _Proposal:
    """A drafted part as the bytes and labels that would be sent."""

    id: str
    type: ActionType
    target: Target
    payload: Json
    target_state: str
    why: str
    document: list[Json] | None = None


def _proposal(part: Comment | LabelChange, facts: Facts, action_id: str, team: Team) -> _Proposal:
    if isinstance(part, Comment):
        payload: Json = {"body": write(part.document, marker(action_id))}
        return _Proposal(
            action_id, "add_comment", facts.target, payload, facts.target_state, "", as_json(part.document)
        )
    payload = {"add": list(part.add), "remove": list(part.remove), "before": sorted(part.before)}
    state = label_state(part.before, (*part.add, *part.remove), team.taxonomy)
    return _Proposal(action_id, "change_labels", part.target, payload, state, part.why)


def _held(proposal: _Proposal, untrusted: Sequence[Finding], team: Team) -> Sequence[Finding]:
    """What trust has to say of one proposal: labels, whose words are closed, wait only where they call for haste."""
    rules = team.rules
    grave = {rules.ready, *(rules.priorities[name].label for name in ("P0", "P1") if name in rules.priorities)}
    if proposal.type == "change_labels" and grave.isdisjoint(proposal.payload["add"]):
        return ()
    return untrusted


def _examine(
    part: Comment | LabelChange, proposal: _Proposal, context: Context, rules: Sequence[Rule], team: Team
) -> Iterator[Finding]:
    if isinstance(part, Comment):
        yield from examine_body(proposal.payload["body"], part.document, context, rules)
    else:
        yield from _label_findings(proposal.target, proposal.payload, team)


def _label_findings(target: Target, payload: Json, team: Team) -> Iterator[Finding]:
    hits = label_faults(frozenset(payload["before"]), tuple(payload["add"]), tuple(payload["remove"]), team.taxonomy)
    for hit in hits:
        yield as_finding(hit, f"labels of {target.number}")


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
    if not any(finding.severity == "refuse" for finding in findings):
        told = {finding.rule for finding in findings}
        findings += [finding for finding in examine_body(body, document, context, rules) if finding.rule not in told]
    return classify("add_comment", findings, phase, "qa_plan")[0], _told(findings)


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
    team: Team,
    phase: Phase,
    own_secrets: tuple[str, ...] = (),
    rules: Sequence[Rule] = TEXT_RULES,
) -> Verdict:
    """Today's policy on a stored action: on the answer it came from, and on the very bytes that would be sent."""
    refused = _same_action(action) or _unlike(action, facts)
    if refused:
        return _rejected(refused, team)
    if is_older(action.policy_version):
        return _judge_older(action, _context(facts, own_secrets), rules, team)
    again = judge_answer(
        raw,
        facts,
        team=team,
        run_id=action.run_id,
        action_ids=lambda _: action.id,
        phase=phase,
        own_secrets=own_secrets,
        rules=rules,
    )
    findings = again.findings
    if not any(now.payload == action.payload for now in again.actions):
        told = {finding.rule for finding in findings}
        own = _unlike_its_answer(action, team)
        findings += tuple(finding for finding in own if finding.rule not in told)
    classification, reason = classify(action.type, findings, phase, action.task_type)
    kept = () if classification == "rejected" else (action,)
    return Verdict(classification, reason, _told(findings), kept, version(team))


def _judge_older(action: Action, context: Context, rules: Sequence[Rule], team: Team) -> Verdict:
    """What was drafted under an older policy keeps its class; its bytes are held against what refuses today.

    Its answer may have another shape than answers have now, and nobody has said whose words it was drafted from.
    """
    refusing = [found for found in _examine_older(action, context, rules, team) if found.severity == "refuse"]
    if refusing:
        return replace(_rejected(refusing[0], team), findings=_told(refusing))
    return Verdict(action.classification, action.policy_reason, (), (action,), version(team))


def _unlike_its_answer(action: Action, team: Team) -> Iterator[Finding]:
    """What is wrong with a payload to which today's code does not come: of one policy, an answer has one comment."""
    if action.type == "add_comment":
        yield as_finding(Hit("comment.bytes", "refuse", "", "is not what its answer comes to"), "comment")
    else:
        yield from _label_findings(action.target, action.payload, team)


def _examine_older(action: Action, context: Context, rules: Sequence[Rule], team: Team) -> Iterator[Finding]:
    """The payload by itself: the renderer that made it is gone."""
    if action.type != "add_comment":
        yield from _label_findings(action.target, action.payload, team)
    elif size(action.payload["body"]) > MAX_COMMENT_CHARACTERS:
        yield as_finding(Hit("comment.length", "refuse", "", "longer than GitHub takes"), "comment")
    else:
        words, _, _ = action.payload["body"].rpartition("\n")
        yield from examine(Field("comment", words), context, rules)


def _unlike(action: Action, facts: Facts) -> Finding | None:
    """Why no run with these facts can have proposed this action."""
    unknown = as_finding(Hit("action.unknown", "refuse", action.type, "no rule covers this action"), "action")
    if (action.repository, action.task_type) != (facts.repository, facts.task_type):
        return unknown
    if action.type == "change_labels":
        known = {facts.target.number, *(int(number) for number in facts.extra.get("issues", {}))}
        sets = [action.payload.get(name) for name in ("add", "remove", "before")]
        listed = all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in sets)
        return None if listed and action.target.type == "issue" and action.target.number in known else unknown
    body = action.payload.get("body")
    if action.type != "add_comment" or not isinstance(body, str) or action.target != facts.target:
        return unknown
    if not body.endswith("\n" + marker(action.id)):
        return as_finding(Hit("comment.marker", "refuse", "", "does not end with its own marker"), "comment")
    return None
