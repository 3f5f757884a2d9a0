"""Following a run by its audit trail until it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dfg.exits import Exit
from dfg.session import Session
from dfg.words import safe

POLL_SECONDS: Final = (0.5, 1.0, 2.0)


def follow(session: Session, run_id: str, timeout: float, as_json: bool) -> dict[str, Any]:
    """The run's result. Tells each event on standard error as it comes; ends the command when time is over."""
    started = session.clock()
    told = 0
    polls = iter(POLL_SECONDS)
    delay = 0.0
    with session.err.status("waiting for the run"):
        while True:
            body = session.need(session.call(lambda: session.api.get(f"/audit/{run_id}")), as_json)
            events = body["events"]
            for event in events[told:]:
                session.note(safe(f"  {event['type'].replace('.', ' ').replace('_', ' ')}"))
            told = len(events)
            last = next((event for event in events if event["type"] == "run.finished"), None)
            if last is not None:
                return result(run_id, events, last["data"])
            delay = next(polls, delay)
            if session.clock() - started + delay > timeout:
                session.end(Exit.TIMED_OUT, f"not finished within {timeout:g} s; the run goes on: dfg audit {run_id}")
            session.sleep(delay)


def result(run_id: str, events: list[Mapping[str, Any]], ended: Mapping[str, Any]) -> dict[str, Any]:
    """A run's result out of its events, with the field names of the dispatch's own answer."""
    judged: Mapping[str, Any] = next((event["data"] for event in events if event["type"] == "policy.judged"), {})
    names = ("status", "reason", "classification", "state", "actionId")
    cost = int(ended.get("charged", 0))
    return {
        "runId": run_id,
        **{name: ended[name] for name in names if ended.get(name)},
        "executed": ended.get("state") == "executed",
        "cost": f"{cost // 1_000_000}.{cost % 1_000_000:06d}",
        "checks": judged.get("checks", []),
        "actions": _actions(events, ended),
    }


def _actions(events: list[Mapping[str, Any]], ended: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the run proposed, each in the state in which the run has left it."""
    told = [event["data"] for event in events if "actionType" in event["data"]]
    known = {data["actionId"]: {name: data[name] for name in ("actionId", "actionType", "target")} for data in told}
    return [{**known[action], "state": state} for action, state in ended.get("actions", {}).items()]
