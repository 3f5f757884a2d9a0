"""The gate again, for what was judged once and waits: today's policy on a stored action."""

from collections.abc import Iterable

from core.config import MAX_COMMENT_CHARACTERS
from core.context.team import Team
from core.policy import trust
from core.policy.approved import digest_of
from core.policy.classifier import classify
from core.policy.engine import (
    COMMENT,
    NEW_LABEL,
    by_other_rules,
    judge_answer,
    label_findings,
    overlong,
    own_findings,
    rejected,
    shown,
)
from core.policy.found import refusal
from core.policy.rules import TEXT_RULES, Field, Rule, RuleContext, examine
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
    rules: tuple[Rule, ...] = TEXT_RULES,
) -> Verdict:
    """Today's policy on a stored action: on the answer it came from, and on the very bytes that would be sent."""
    if unlike := _unlike(action, facts):
        return rejected([unlike], team)
    if is_older(action.policy_version):
        return _judge_older(action, RuleContext(facts.repository, facts.canary, own_secrets, rules), team)
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
        unlike = refusal("comment.bytes", COMMENT, "is not what its answer comes to")
        findings += by_other_rules(findings, [unlike] if action.type == "add_comment" else label_findings(action, team))
    others = trust.findings(facts.trust)
    findings = [found for found in findings if found not in others and found.rule != NEW_LABEL]
    findings += own_findings(action, facts, team)
    classification, reason = classify(action.type, findings, phase, action.task_type)
    kept = () if classification == "rejected" else (action,)
    return Verdict(classification, reason, shown(findings), kept, version(team))


def _judge_older(action: Action, context: RuleContext, team: Team) -> Verdict:
    """What was drafted under an older policy keeps its class; its bytes are held against what refuses today.

    Its answer may have another shape than answers have now, nobody has said whose words it was drafted from, and the
    renderer that made it is gone.
    """
    if action.type != "add_comment":
        found: Iterable[Finding] = label_findings(action, team)
    elif size(body := action.payload["body"]) > MAX_COMMENT_CHARACTERS:
        found = [overlong(body)]
    else:
        found = examine(Field(COMMENT, body.rpartition("\n")[0]), context)
    refusing = [finding for finding in found if finding.severity == "refuse"]
    if refusing:
        return rejected(refusing, team)
    return Verdict(action.classification, action.policy_reason, (), (action,), version(team))


def _unlike(action: Action, facts: Facts) -> Finding | None:
    """Why no run with these facts can have proposed this action, or why it is not the one that was judged then."""
    if digest_of(action) != action.digest:
        return refusal("action.digest", "action", "is not the digest of this action", action.digest)
    if (action.repository, action.task_type) != (facts.repository, facts.task_type) or not _is_possible(action, facts):
        return refusal("action.unknown", "action", "no rule covers this action", action.type)
    if action.type == "add_comment" and not action.payload["body"].endswith("\n" + marker(action.id)):
        return refusal("comment.marker", COMMENT, "does not end with its own marker")
    return None


def _is_possible(action: Action, facts: Facts) -> bool:
    match action.type:
        case "change_labels":
            known = {facts.target.number, *(int(number) for number in facts.extra.get("issues", {}))}
            sets = [action.payload.get(name) for name in ("add", "remove", "before")]
            listed = all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in sets)
            return listed and action.target.type == "issue" and action.target.number in known
        case "add_comment":
            return isinstance(action.payload.get("body"), str) and action.target == facts.target
        case _:
            return False
