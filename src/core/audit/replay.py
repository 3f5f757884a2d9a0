"""Judging a stored run again: same bytes, today's policy. Pure: no effect, no model call, no write."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.actions.states import facts_from_json
from core.audit.content import DIGESTS, WITHHELD, Content
from core.canonical import sha256
from core.context.team import Team
from core.dispatcher.reply import NORMAL_END, read_answer
from core.policy.engine import judge_answer
from core.policy.version import OWN_SECRETS, is_older
from core.runs import record
from core.tasks import registry
from core.types import Json, Phase, Verdict


@dataclass(frozen=True)
class Replayed:
    """What became of one run. `faults` say what does not fit; `appeared` and `gone` are checks that differ."""

    run_id: str
    result: str
    """`same`, `differs`, `erased`, `older`, or `not judged`: there was no verdict, or what is stored has been changed.

    `older`: an older policy judged it, by rules that are gone; the digests of its stored bytes were verified.
    """
    recorded: str
    now: str
    appeared: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    why: str = ""
    """Why there was nothing to judge."""


def replay(run_id: str, events: Sequence[Json], content: Mapping[str, Content], team: Team) -> Replayed:
    """Prove the request's bytes, and judge the stored answer under the policy that this process has loaded."""
    by_type = {event["type"]: event["data"] for event in events}
    judged = by_type.get("policy.judged")
    recorded = str(judged["classification"]) if judged else ""
    unchanged = Replayed(run_id, "not judged", recorded, "", faults=_faults(by_type, content))
    if judged is None or unchanged.faults:
        return unchanged
    if is_older(str(judged.get("policyVersion", ""))):
        why = f"judged by policy {judged['policyVersion']}: its bytes stand as recorded, their digests are verified"
        return replace(unchanged, result="older", why=why)
    withheld = "answer" in content and content["answer"].data == WITHHELD
    if withheld or any(check["rule"] == OWN_SECRETS for check in judged["checks"]):
        return replace(unchanged, why="its answer held a secret of the service's own, and is not kept")
    if "answer" not in content or "context" not in content:
        return replace(unchanged, result="erased")
    verdict = _judge(run_id, by_type["run.started"]["phase"], content, team)
    if verdict is None:
        return replace(unchanged, faults=("the stored answer is not a whole message",))
    before = {_name(check) for check in judged["checks"]}
    after = {_name(finding.as_json()) for finding in verdict.findings}
    same = recorded == verdict.classification and before == after
    return Replayed(
        run_id,
        "same" if same else "differs",
        recorded,
        verdict.classification,
        appeared=tuple(sorted(after - before)),
        gone=tuple(sorted(before - after)),
    )


def _judge(run_id: str, phase: Phase, content: Mapping[str, Content], team: Team) -> Verdict | None:
    answer = read_answer(content["answer"].data)
    if answer is None or answer.stop_reason != NORMAL_END:
        return None
    facts = facts_from_json(json.loads(content["context"].data)["facts"])
    return judge_answer(
        answer.text,
        replace(facts, material=content["prompt"].data.decode("utf-8", "replace")) if "prompt" in content else facts,
        registry.drafting(facts.task_type),
        team=team,
        run_id=run_id,
        action_ids=lambda index: record.action_id(run_id, index),
        phase=phase,
    )


def _faults(by_type: Mapping[str, Json], content: Mapping[str, Content]) -> tuple[str, ...]:
    """Bytes that do not hash to what the events say was sent and received, or are not made of what they name."""
    altered = tuple(
        f"the stored {name} is not what the event says"
        for name, event in DIGESTS.items()
        if event in by_type and name in content and content[name].digest != by_type[event][name]
    )
    stored = by_type.get("prompt.stored")
    return altered or (_strange_parts(stored, content["prompt"].data) if stored and "prompt" in content else ())


def _strange_parts(stored: Json, prompt: bytes) -> tuple[str, ...]:
    """What the event names and the request does not hold: model, template, packs."""
    body = json.loads(prompt)
    system = {sha256(part["text"].encode()) for part in body["system"]}
    found = [] if body["model"] == stored["model"] else [f"the request is for {body['model']}, not {stored['model']}"]
    if stored["templateHash"] not in system:
        found.append("the request does not hold the template that the event names")
    found += [
        f"the request does not hold the pack {name} that the event names"
        for name, pack in stored["packs"].items()
        if pack["sha256"] not in system
    ]
    return tuple(found)


def _name(check: Mapping[str, Any]) -> str:
    return f"{check['rule']} at {check['field']} ({check['severity']})"
