"""Dispatches a QA plan over HTTP and follows its audit trail while it runs; and what the commands share."""

from __future__ import annotations

import html
import json
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigurationError
from local.child import PartFailed
from local.client import Client, Reply
from local.stack import Stack

SAMPLE: Final = Path(__file__).parent / "sample" / "pull_request.json"
FROM_FORK: Final = SAMPLE.with_name("from_fork.json")
"""Another, of somebody who may not write: its plan waits for approval."""
POLL_SECONDS: Final = 0.1
END_SECONDS: Final = 900.0
"""A run has ended by then: the worker's own limit."""

TARGETS: Final = ("GITHUB_", "DFG_RELAY_", "COMMENT_AUTHOR", "ORCHESTRATOR_SECRET", "AWS_ENDPOINT_URL_DYNAMODB")
"""How variables begin that make this a change to a real repository or to kept tables."""

Event = Mapping[str, Any]
Check = tuple[str, bool]


@dataclass(frozen=True)
class DispatchedRun:
    """What the caller was told, and what the audit says (`/audit/{runId}`; empty when there was no run)."""

    reply: Reply
    audit: Mapping[str, Any]

    @property
    def events(self) -> Sequence[Event]:
        events: Sequence[Event] = self.audit.get("events", ())
        return events

    @property
    def covered(self) -> frozenset[str]:
        """The paths that the plan says it covers; none where it cannot be read."""
        try:
            blocks = json.loads(self.audit["content"]["answer"]["text"])["content"]
            plan = json.loads(next(block["text"] for block in blocks if block["type"] == "text"))
            return frozenset(path for test in plan["test_plan"] for path in test["covers"])
        except (ValueError, KeyError, TypeError, StopIteration):
            return frozenset()


def in_plain_words(main: Callable[[], int]) -> int:
    """The exit status of a command; what its user can set right is a sentence, and no traceback."""
    try:
        return main()
    except KeyboardInterrupt:
        return fail("stopped")
    except (ConfigurationError, PartFailed) as error:
        return fail(str(error))


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def verdict(checks: Sequence[Check]) -> int:
    """Prints what was checked; 0 only if all of it holds."""
    for what, holds in checks:
        print(f"{'ok    ' if holds else 'FAILED'} {what}")
    return 0 if all(holds for _, holds in checks) else 1


def read_sample(path: Path = SAMPLE) -> dict[str, Any]:
    """A pull request with its files and its issue, in the shape of GitHub's REST answers."""
    case: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return case


def spread(body: str, files: Collection[str], covered: Collection[str]) -> str:
    """How many of the changed files the comment names, and how many the plan covers."""
    shown, of = html.unescape(body), len(files)
    return f"{sum(name in shown for name in files)} of {of} files named, {len({*covered} & {*files})} of {of} covered"


def without_targets(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without those variables."""
    return {name: value for name, value in env.items() if not name.startswith(TARGETS)}


def asked_for(number: int, issue: int | None) -> dict[str, int]:
    """The body of a dispatch."""
    return {"prNumber": number, **({} if issue is None else {"linkedIssue": issue})}


def dispatch(stack: Stack, number: int, issue: int | None, progress: Callable[[str], None]) -> DispatchedRun:
    """Asks for a plan and waits for the run's end; `progress` gets a line for each thing that happened."""
    client = stack.client
    shown = 0
    with ThreadPoolExecutor(1) as pool:
        asked: Future[Reply] = pool.submit(client.post, "/dispatch/qa-plan", asked_for(number, issue))
        deadline = time.monotonic() + END_SECONDS
        while True:
            over = asked.done()
            audit = _newest_run(client)
            events = audit.get("events", [])
            for event in events[shown:]:
                progress(describe(event))
            shown = len(events)
            over_late = _finished(events) or stack.gave_up or time.monotonic() > deadline
            if over and (asked.result().status != 202 or over_late):
                return DispatchedRun(asked.result(), audit)
            time.sleep(POLL_SECONDS)


def _newest_run(client: Client) -> Mapping[str, Any]:
    runs = client.get("/audit?limit=1").body.get("runs", [])
    return client.get(f"/audit/{runs[0]['runId']}").body if runs else {}


def _finished(events: Sequence[Event]) -> bool:
    return any(event["type"] == "run.finished" for event in events)


def describe(event: Event) -> str:
    """One event of the audit as a line for people. GitHub is a stand-in wherever this is printed. Pure."""
    kind, data = event["type"], event["data"]
    known = _LINES.get(kind)
    return f"  {kind:<22} {known(data) if known else ''}".rstrip()


def _money(micro: int) -> str:
    return f"${micro / 1_000_000:.6f}"


_LINES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "request.refused": lambda d: d["message"],
    "run.started": lambda d: (
        f"{d['taskType']} for {d['target']['type']} {d['target']['number']}, asked by {d['principal']}"
    ),
    "prompt.stored": lambda d: f"about {d['inputEstimate']} tokens for {d['model']}, at most {d['inputBound']}",
    "charge.requested": lambda d: f"{_money(d['amount'])}, the most that attempt {d['attempt']} can cost",
    "charge.refused": lambda d: d["message"],
    "generation.attempt_failed": lambda d: f"attempt {d['attempt']}: {d['detail']}",
    "generation.answered": lambda d: (
        f"{d['usage']['input']} tokens in, {d['usage']['output']} out, {_money(d['cost'])} ({d['stopReason']})"
    ),
    "charge.settled": lambda d: f"{_money(d['charged'])} instead of {_money(d['reserved'])}",
    "policy.judged": lambda d: f"{d['classification']}: {d['reason']}",
    "action.proposed": lambda d: f"{d['actionType']} waits for the Captain: {d['policyReason']}",
    "action.intended": lambda d: f"{d['actionType']} on {d['target']['type']} {d['target']['number']} by {d['writer']}",
    "action.executed": lambda d: f"{d['detail']} to the stand-in for GitHub",
    "action.failed": lambda d: d["detail"],
    "action.outcome_unknown": lambda d: d["detail"],
    "run.finished": lambda d: d["status"],
}
