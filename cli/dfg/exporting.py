"""The audit as lines that anyone can check offline: what verifier and replay read. One answer in memory at a time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Json = Mapping[str, Any]
Get = Callable[[str, Mapping[str, str]], Json | None]
"""Answers a path of the API and its parameters with the body of a 200; None for a 404."""

PAGE: Final = 100


def export(get: Get, *, since: str | None = None, until: str | None = None, content: bool = True) -> Iterator[Json]:
    """The records of an export. `since` and `until` bound the start of runs and decisions.

    The checkpoints come first: whatever they cover was written before, so it is among the chains that follow.
    """
    yield {"type": "export", "since": since, "until": until, "content": content}
    newest = get("/audit/checkpoint", {})
    for number in range(newest["number"] + 1 if newest else 0):
        checkpoint = get("/audit/checkpoint", {"number": str(number)})
        if checkpoint is not None:  # a gap is for the verifier to name
            yield {"type": "checkpoint", **checkpoint}
    for run in list_runs(get, since=since, until=until):
        whole = get(f"/audit/{run['runId']}", {})
        if whole is not None:
            yield from run_records(whole, content=content)


def run_records(whole: Json, *, content: bool = True) -> Iterator[Json]:
    """The records of one run, or of one decision, as GET /audit/{runId} answers."""
    for event in whole["events"]:
        yield {"type": "event", "event": event}
    for name, kept in whole["content"].items() if content else ():
        data = kept.get("base64") or base64.b64encode(kept["text"].encode()).decode()
        yield {"type": "content", "run": whole["runId"], "name": name, "salt": kept["salt"], "data_b64": data}


def list_runs(get: Get, **filters: str | None) -> Iterator[Json]:
    """Every run and decision that the filters of GET /audit let through, newest first."""
    query = {"limit": str(PAGE), **{name: value for name, value in filters.items() if value is not None}}
    while True:
        page = get("/audit", query)
        if page is None:
            return
        yield from page["runs"]
        if page["cursor"] is None:
            return
        query["cursor"] = page["cursor"]
