"""The gate again, for what was judged once and waits: today's policy on a stored action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.config import MAX_COMMENT_CHARACTERS
from core.context.team import Team
from core.policy import trust
from core.policy.classifier import classify
from core.policy.digest import digest_of
from core.policy.engine import judge_answer, label_findings, rejected, told_of
from core.policy.found import Hit, as_finding
from core.policy.rules import TEXT_RULES, Context, Field, Rule, examine
from core.policy.version import is_older, version
from core.tasks.drafted import Drafting
from core.text.markdown import marker, size
from core.types import Action, Facts, Finding, Phase, Verdict


def judge_stored(
    action: Action,
    raw: str | bytes,
    facts: Facts,
    drafting: Drafting | None,
    *,
    team: Team,
    phase: Phase,
    own_secrets: tuple[str, ...] = (),
    rules: Sequence[Rule] = TEXT_RULES,
) -> Verdict:
    """Today's policy on a stored action: on the answer it came from, and on the very bytes that would be sent."""
    refused = _unlike(action, facts)
    if refused:
        return rejected(refused, team)
    if is_older(action.policy_version):
        return _judge_older(action, Context(facts.repository, facts.canary, own_secrets), rules, team)
    again = judge_answer(
        raw,
        facts,
        drafting,
        team=team,
        run_id=action.run_id,
        action_ids=lambda _: action.id,
        phase=phase,
        own_secrets=own_secrets,
        rules=rules,
    )
    findings = list(again.findings)
    if not any(now.payload == action.payload for now in again.actions):
        # Of one policy, an answer has one comment.
        unlike = [as_finding(Hit("comment.bytes", "refuse", "", "is not what its answer comes to"), "comment")]
        wrong = unlike if action.type == "add_comment" else label_findings(action, team)
        told = {finding.rule for finding in findings}
        findings += [finding for finding in wrong if finding.rule not in told]
    untrusted = trust.findings(facts.trust)
    findings = [found for found in findings if found not in untrusted or trust.held(action, untrusted, team)]
    classification, reason = classify(action.type, findings, phase, action.task_type)
    kept = () if classification == "rejected" else (action,)
    return Verdict(classification, reason, told_of(findings), kept, version(team))


def _judge_older(action: Action, context: Context, rules: Sequence[Rule], team: Team) -> Verdict:
    """What was drafted under an older policy keeps its class; its bytes are held against what refuses today.

    Its answer may have another shape than answers have now, and nobody has said whose words it was drafted from.
    """
    refusing = [found for found in _examine_older(action, context, rules, team) if found.severity == "refuse"]
    if refusing:
        return replace(rejected(refusing[0], team), findings=told_of(refusing))
    return Verdict(action.classification, action.policy_reason, (), (action,), version(team))


def _examine_older(action: Action, context: Context, rules: Sequence[Rule], team: Team) -> Iterator[Finding]:
    """The payload by itself: the renderer that made it is gone."""
    if action.type != "add_comment":
        yield from label_findings(action, team)
    elif size(action.payload["body"]) > MAX_COMMENT_CHARACTERS:
        yield as_finding(Hit("comment.length", "refuse", "", "longer than GitHub takes"), "comment")
    else:
        words, _, _ = action.payload["body"].rpartition("\n")
        yield from examine(Field("comment", words), context, rules)


def _unlike(action: Action, facts: Facts) -> Finding | None:
    """Why no run with these facts can have proposed this action, or why it is not the one that was judged then."""
    if digest_of(action) != action.digest:
        return as_finding(Hit("action.digest", "refuse", action.digest, "is not the digest of this action"), "action")
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
