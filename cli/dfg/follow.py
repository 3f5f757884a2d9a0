"""Following a run by its audit trail until it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from dfg.exits import Exit
from dfg.session import Session
from dfg.words import dollars

POLL_SECONDS: Final = (0.5, 1.0, 2.0)


def follow(session: Session, run_id: str, timeout: float, as_json: bool) -> dict[str, Any] | None:
    """The run's result; None where the token may not read it. Ends the command when time is over.

    Each event is named on standard error as it comes.
    """
    started = session.clock()
    seen = 0
    polls = iter(POLL_SECONDS)
    delay = 0.0
    with session.err.status("waiting for the run"):
        while True:
            answer = session.call(partial(session.api.get, f"/audit/{run_id}"))
            if answer.status == 403:
                return None
            events = session.need(answer, as_json)["events"]
            for event in events[seen:]:
                session.note(f"  {event['type'].replace('.', ' ').replace('_', ' ')}")
            seen = len(events)
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
    urls = (event["data"].get("url") for event in events if event["type"] == "action.executed")
    names = ("status", "reason", "classification", "state", "actionId")
    return {
        "runId": run_id,
        **{name: ended[name] for name in names if ended.get(name)},
        "executed": ended.get("state") == "executed",
        **({"url": url} if (url := next(urls, "")) else {}),
        "cost": dollars(int(ended.get("charged", 0))),
        "checks": judged.get("checks", []),
        "actions": _actions(events, ended),
    }


def _actions(events: list[Mapping[str, Any]], ended: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the run proposed, each in the state in which the run has left it."""
    proposed = [event["data"] for event in events if "actionType" in event["data"]]
    known = {data["actionId"]: {name: data[name] for name in ("actionId", "actionType", "target")} for data in proposed}
    return [{**known[action], "state": state} for action, state in ended.get("actions", {}).items()]
