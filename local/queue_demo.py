"""`make demo PHASE=phase3`: a triage of the stand-in's queue, by the schedule or, in phase 1, on request."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.audit import log
from core.context import team
from core.context.team import Team
from core.types import PHASES
from local.function import call
from local.model import Order
from local.repository import Repository
from local.run import END_SECONDS, POLL_SECONDS, Check, verdict
from local.stack import Stack

SAMPLE: Final = Path(__file__).parent / "sample" / "queue.json"
CONFIRMED: Final = {"PRE_006_CI_GATING": "confirmed", "CRIT_001_DEBUG_ENDPOINTS": "confirmed"}
"""For the stand-ins alone: in AWS a person confirms both."""
ROUTE: Final = "/dispatch/triage"
MOST: Final = 5
"""MAX_TASKS_PER_RUN."""
DOUBTED: Final = 102
ASKED: Final = 103
LATE: Final = 108
PLANNING: Final = 109
Labels = Mapping[int, frozenset[str]]


@dataclass
class QueueRun:
    """What a queue's issues came to."""

    result: Mapping[str, Any]
    runs: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """Issue → its run, whole (`/audit/{runId}`)."""

    @property
    def skipped(self) -> Mapping[int, str]:
        return {one["issue"]: one["why"] for one in self.result.get("skipped", ())}

    def ended(self, number: int) -> Mapping[str, Any]:
        """The last event of an issue's run."""
        data: Mapping[str, Any] = self.runs[number]["events"][-1]["data"]
        return data

    def actions(self, number: int) -> list[tuple[str, str, str]]:
        """Id and type of each action of the run, label changes first, and its state at the run's end."""
        states = self.ended(number).get("actions", {})
        events = [event["data"] for event in self.runs[number]["events"]]
        kinds = {data["actionId"]: data["actionType"] for data in events if "actionType" in data}
        return sorted(((action, kinds[action], state) for action, state in states.items()), key=lambda a: a[1])[::-1]

    def verdict(self, number: int) -> Mapping[str, Any]:
        judged: Mapping[str, Any] = next(
            event["data"] for event in self.runs[number]["events"] if event["type"] == "policy.judged"
        )
        return judged


def main(stack: Stack, phase: str) -> int:
    """0 only if all of it happened and agrees."""
    label, ready = _queue(stack.team), stack.team.rules.ready
    load_queue(stack.repository, stack.team)
    issues = {issue["number"]: issue for issue in reversed(stack.repository.issues([label]))}
    print(f"\nThe queue in {phase}: {label}, oldest first")
    for number, issue in issues.items():
        print(f"  #{number}  {issue['title']:<44} {_listed(_labels(stack, issues)[number])}")

    print("\nEarlier, somebody asked for two of them")
    if stack.model is not None:
        stack.model.order(Order(text=json.dumps(_sample()["doubtful"])))
    earlier = {number: stack.client.post(ROUTE, {"issueNumber": number}).body for number in (DOUBTED, ASKED)}
    for number, body in earlier.items():
        for action in body.get("actions", ()):
            print(f"  #{number}  {action['actionType']:<14} {action['state']:<9} {action['policyReason']}")

    before = _labels(stack, issues)
    if _scheduled(phase):
        event = {"taskType": "triage", "scheduledAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:00:00Z")}
        print(f"\nThe schedule, as EventBridge calls it: {json.dumps(event)}", flush=True)
        queued = _followed(stack, call("ScheduleFunction", event, stack.environment))
    else:
        asked = {"issueNumbers": [number for number in issues if number not in earlier][:MOST]}
        print(f"\nPOST {ROUTE} {json.dumps(asked)}", flush=True)
        queued = _followed(stack, stack.client.post(ROUTE, asked).body)
    after = _labels(stack, issues)
    _print(stack, queued, before, after)
    checks = [*_label_checks(stack, phase, queued, before, after), *_audit_checks(stack, queued)]
    if not _applied(phase):
        checks += _approve_one(stack)
    if phase == "phase4":
        checks += _briefs_and_plans(stack, [number for number in after if ready in after[number]])
    print()
    return verdict(checks)


def load_queue(repository: Repository, words: Team | None = None) -> None:
    """The sample's issues, on the stand-in for GitHub, labelled in the team's own words."""
    words = words or team.load()
    repository.put_labels(words.taxonomy.labels)
    rules = words.rules
    final = min((name for name, after in words.taxonomy.transitions.items() if not after), default=rules.untriaged)
    names = {"waits for triage": _queue(words), "is done": final}
    names |= {priority: rule.label for priority, rule in rules.priorities.items()}
    for issue in _sample()["issues"]:
        repository.permit(issue["user"]["login"], "write")
        labels = [{"name": names.get(label["name"], label["name"])} for label in issue["labels"]]
        repository.put_issue(**{**issue, "labels": labels})


def _sample() -> dict[str, Any]:
    """The issues; and the draft of a triage that asks outside of the repository, which policy leaves to the Captain."""
    sample: dict[str, Any] = json.loads(SAMPLE.read_text("utf-8"))
    return sample


def _queue(words: Team) -> str:
    return words.rules.queues.get("triage", words.rules.untriaged)


def _scheduled(phase: str) -> bool:
    return PHASES.index(phase) >= PHASES.index("phase2")


def _applied(phase: str) -> bool:
    return PHASES.index(phase) >= PHASES.index("phase3")


def _followed(stack: Stack, result: Mapping[str, Any]) -> QueueRun:
    """Waits until every task has ended."""
    queued = QueueRun(result)
    deadline = time.monotonic() + END_SECONDS
    for task in result.get("tasks", ()):
        while "runId" in task:
            run = stack.client.get(f"/audit/{task['runId']}").body
            queued.runs[task["target"]["number"]] = run
            if run["events"][-1]["type"] == "run.finished" or stack.gave_up or time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
    return queued


def _print(stack: Stack, queued: QueueRun, before: Labels, after: Labels) -> None:
    waiting = {action["id"]: action for action in stack.client.get("/pending?limit=100").body["actions"]}
    for number in before:
        if number in queued.skipped:
            print(f"  #{number}  left alone: {queued.skipped[number]}")
        elif number not in queued.runs:
            print(f"  #{number}  not asked for")
        elif queued.ended(number)["status"] == "rejected":
            print(f"  #{number}  refused: {queued.verdict(number)['reason']}")
            print(f"        {_listed(before[number])}, as before")
        else:
            moved = f"  →  {_listed(after[number])}" if after[number] != before[number] else ""
            print(f"  #{number}  {_listed(before[number])}{moved}")
            for action_id, kind, state in queued.actions(number):
                print(f"        {kind:<14} {state:<9} {_change(waiting.get(action_id))}".rstrip())


def _label_checks(stack: Stack, phase: str, queued: QueueRun, before: Labels, after: Labels) -> Iterator[Check]:
    taxonomy, questions = stack.team.taxonomy, stack.team.rules.questions
    statuses = taxonomy.exclusive["status"]
    changed = [number for number in before if before[number] != after[number]]
    acted = [number for number in queued.runs if queued.ended(number)["status"] == "success"]
    refused = [number for number in queued.runs if queued.ended(number)["status"] == "rejected"]
    yield f"{len(acted)} of {len(queued.runs)} drafts were fit for the issue's labels", bool(acted)
    yield f"{len(refused)} was refused, and its labels are as before", len(refused) == 1 and not {*refused} & {*changed}
    if not _applied(phase):
        yield f"no label was changed: {phase} asks the Captain", not changed
        return
    yield "the labels of the others were changed", sorted(acted) == changed
    one = all(len(after[number] & group) <= 1 for number in changed for group in taxonomy.exclusive.values())
    yield "and have one status, one priority and one sprint each", one
    steps = [(next(iter(before[n] & statuses)), next(iter(after[n] & statuses))) for n in changed]
    allowed = all(here == there or taxonomy.may_move(here, there) for here, there in steps)
    yield "each status took a step that the workflow has", allowed
    asked = [n for n in acted if (questions in after[n] if questions else stack.repository.comments(n))]
    yield "what was unclear was asked in a comment", bool(asked) and all(stack.repository.comments(n) for n in asked)


def _audit_checks(stack: Stack, queued: QueueRun) -> Iterator[Check]:
    whole = stack.client.get(f"/audit/{queued.result['runId']}").body
    chains = [whole, *queued.runs.values()]
    intact = all(log.fault([log.Event(**event) for event in run["events"]]) is None for run in chains)
    yield f"all {len(chains)} chains of hashes are intact, computed again here", intact
    names = {task["runId"] for task in whole["events"][-1]["data"]["tasks"]}
    yield "the run's own chain names them all", names == {run["runId"] for run in queued.runs.values()}
    skipped = whole["events"][-1]["data"].get("skipped", [])
    yield "and says what was left alone, and why", {one["issue"]: one["why"] for one in skipped} == queued.skipped


def _approve_one(stack: Stack) -> Iterator[Check]:
    """The Captain's yes to the first label change that was proposed and not doubted."""
    waiting = [action for action in stack.client.get("/pending?limit=100").body["actions"] if not action["checks"]]
    changes = [action for action in waiting if action["actionType"] == "change_labels"]
    yield "the drafts wait for the Captain", bool(changes)
    if not changes:
        return
    chosen = min(changes, key=lambda action: int(action["targetId"]))
    number, payload = chosen["targetId"], chosen["payload"]
    before = _labels(stack, [number])[number]
    print(f"\nPOST /approve/{chosen['id']}: {_change(chosen)}")
    stack.client.post(f"/approve/{chosen['id']}", {})
    after = _labels(stack, [number])[number]
    print(f"  #{number}  {_listed(before)}  →  {_listed(after)}")
    yield "what was approved was carried out exactly", after == (before - {*payload["remove"]}) | {*payload["add"]}


def _briefs_and_plans(stack: Stack, ready: Sequence[int]) -> Iterator[Check]:
    """What phase 4 adds, for what is ready now."""
    for route, body in (
        ("/dispatch/agent-brief", {"issueNumber": ready[0]}),
        ("/dispatch/sprint-plan", {"planningIssue": PLANNING, "issueNumbers": [*ready, LATE], "capacity": 1}),
    ):
        print(f"\nPOST {route} {json.dumps(body)}", flush=True)
        actions = stack.client.post(route, body).body.get("actions", [])
        for action in actions:
            print(f"  #{action['target']['number']}  {action['actionType']:<14} {action['state']}")
        states = {(action["actionType"], action["state"]) for action in actions}
        yield (
            f"{route}: the comment is posted, label changes wait one by one",
            states
            in (
                {("add_comment", "executed")},
                {("add_comment", "executed"), ("change_labels", "pending")},
            ),
        )


def _labels(stack: Stack, issues: Iterable[int]) -> dict[int, frozenset[str]]:
    return {number: frozenset(label["name"] for label in stack.repository.labels(number)) for number in issues}


def _change(action: Mapping[str, Any] | None) -> str:
    """What a waiting label change would do."""
    if action is None or action["actionType"] != "change_labels":
        return ""
    payload = action["payload"]
    return " ".join([*(f"+{name}" for name in sorted(payload["add"])), *(f"-{n}" for n in sorted(payload["remove"]))])


def _listed(labels: frozenset[str]) -> str:
    """Status first."""
    return " ".join(sorted(labels, key=lambda name: (not name.startswith("status:"), name)))
