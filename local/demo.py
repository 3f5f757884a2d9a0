"""`make demo`: the main job once, on this machine; with PHASE=phase1 and later, a triage of a queue.

Exits 0 only if all of it happened and agrees.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from core.audit import log
from core.canonical import dollars
from core.dispatcher import pricing
from core.dispatcher.pricing import Usage
from local import queue_demo
from local.run import (
    Check,
    DispatchedRun,
    asked_for,
    dispatch,
    in_plain_words,
    read_sample,
    spread,
    verdict,
    without_targets,
)
from local.stack import Stack


def main() -> int:
    sample = read_sample()
    number, issue = sample["pull"]["number"], sample["issue"]["number"]
    phase = os.environ.get("PHASE") or "phase0"
    print("Starting the stack …", flush=True)
    with Stack({**without_targets(os.environ), **queue_demo.CONFIRMED}, repository=sample["repository"]) as stack:
        print("\n".join(stack.describe()))
        stack.repository.load(sample)
        if phase != "phase0":
            return queue_demo.main(stack, phase)
        print(f"\nPOST /dispatch/qa-plan for pull request {number}: {sample['pull']['title']}", flush=True)
        run = dispatch(stack, number, issue, lambda line: print(line, flush=True))
        if stack.gave_up or run.reply.status not in (200, 202) or not run.events:
            print(f"\nThe dispatch failed with {run.reply.status}: {json.dumps(run.reply.body)}")
            print(f"What the processes say is in {stack.logs}")
            return 1
        return _show(stack, sample, run)


def _show(stack: Stack, sample: dict[str, Any], run: DispatchedRun) -> int:
    number, issue = sample["pull"]["number"], sample["issue"]["number"]
    comments = stack.repository.comments(number)
    for comment in comments:
        print(f"\n--- comment by {comment['user']['login']} on pull request {number} of the stand-in {'-' * 23}\n")
        print(comment["body"])
        print("-" * 80)
    calls = len(stack.model.calls.entries()) if stack.model else 0
    again = stack.client.post("/dispatch/qa-plan", asked_for(number, issue))
    breaker = stack.client.get("/health").body["circuitBreaker"]
    print(f"\ncost       ${again.body.get('cost')} for {again.body.get('tokens')}")
    print(f"breaker    {breaker['state']}, {breaker['totalTasks']} task, ${breaker['totalCostUsd']} charged this hour")
    print(f"audit      GET /audit/{run.audit['runId']}")
    for event in run.events:
        print(f"  {event['seq']:>2}  {event['at']}  {event['type']:<22} {event['hash'][:16]}")
    print(f"  verdict of the chain: {json.dumps(run.audit['chain'])}\n")
    checks = [
        *_effect_checks(sample, comments, run, again.body),
        ("reported usage, response, /health and audit agree on the cost", len(_costs(run, again.body, breaker)) == 1),
        ("the audit's chain of hashes is intact, computed again here", _intact(run)),
        ("the same dispatch again answers duplicate, with the first result", again.body.get("status") == "duplicate"),
        ("and posts nothing more", stack.repository.comments(number) == comments),
    ]
    if stack.model:
        unasked = calls == len(stack.model.calls.entries()) == 1
        checks.append(("and does not ask the model again", unasked))
    return verdict(checks)


def _effect_checks(
    sample: dict[str, Any], comments: list[dict[str, Any]], run: DispatchedRun, result: dict[str, Any]
) -> Iterator[Check]:
    body = comments[0]["body"] if comments else ""
    files = [file["filename"] for file in sample["files"]]
    marker = f"<!-- dfg-orchestrator action={result.get('actionId')} -->"
    posted = bool(result.get("executed")) and len(comments) == 1
    yield "the plan was judged auto_safe and posted to the stand-in for GitHub", posted
    yield f"the plan: {spread(body, files, run.covered)}", bool(run.covered.intersection(files))
    yield "it ends with the marker of its action", body.endswith(marker)


def _costs(run: DispatchedRun, result: dict[str, Any], breaker: dict[str, Any]) -> set[str | None]:
    """What the run came to, by each who says so; None where no answer is on record."""
    answers = [event["data"] for event in run.events if event["type"] == "generation.answered"]
    by_usage = sum(pricing.cost(answer["model"], _usage(answer["usage"])) for answer in answers)
    recorded = sum(answer["cost"] for answer in answers)
    said = {dollars(by_usage), dollars(recorded), result.get("cost"), breaker["totalCostUsd"]}
    return said if answers else {None, *said}


def _usage(reported: Mapping[str, int]) -> Usage:
    return Usage(reported["input"], reported["output"], reported["cacheRead"], reported["cacheWrite"])


def _intact(run: DispatchedRun) -> bool:
    events = [log.Event(**event) for event in run.events]
    return bool(events) and log.fault(events) is None and run.audit["chain"]["intact"]


if __name__ == "__main__":
    sys.exit(in_plain_words(main))
