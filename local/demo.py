"""`make demo`: the main job once, on this machine; with PHASE=phase1 and later, a triage of a queue.

Exits 0 only if all of it happened and agrees.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from core.audit import chain
from core.dispatcher import pricing
from core.errors import ConfigurationError
from core.runs.results import dollars
from core.types import Usage
from local import queue_demo
from local.call import CallFailed
from local.choice import Contradiction
from local.engine import EngineFailed
from local.run import DispatchedRun, dispatch, without_targets
from local.stack import Stack, StackFailed

SAMPLE: Final = Path(__file__).parent / "sample" / "pull_request.json"

Check = tuple[str, bool]


def main() -> int:
    sample = json.loads(SAMPLE.read_text())
    number, issue = sample["pull"]["number"], sample["issue"]["number"]
    try:
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
    except KeyboardInterrupt:
        return 1
    except (Contradiction, ConfigurationError, EngineFailed, StackFailed, CallFailed) as error:
        print(error, file=sys.stderr)
        return 1


def _show(stack: Stack, sample: dict[str, Any], run: DispatchedRun) -> int:
    number, issue = sample["pull"]["number"], sample["issue"]["number"]
    comments = stack.repository.comments(number)
    for comment in comments:
        print(f"\n--- comment by {comment['user']['login']} on pull request {number} {'-' * 40}\n")
        print(comment["body"])
        print("-" * 80)
    calls = len(stack.model.calls.entries()) if stack.model else 0
    again = stack.client.post("/dispatch/qa-plan", {"prNumber": number, "linkedIssue": issue})
    health = stack.client.get("/health").body
    breaker = health["circuitBreaker"]
    print(f"\ncost       ${again.body.get('cost')} for {again.body.get('tokens')}")
    print(f"breaker    {breaker['state']}, {breaker['totalTasks']} task, ${breaker['totalCostUsd']} charged this hour")
    print(f"audit      GET /audit/{run.audit['runId']}")
    for event in run.events:
        print(f"  {event['seq']:>2}  {event['at']}  {event['type']:<22} {event['hash'][:16]}")
    print(f"  verdict of the chain: {json.dumps(run.audit['chain'])}\n")

    checks = [
        *_effect_checks(sample, comments, again.body),
        *_money_checks(run, again.body, breaker),
        ("the audit's chain of hashes is intact, computed again here", _intact(run)),
        ("the same dispatch again answers duplicate, with the first result", again.body.get("status") == "duplicate"),
        ("and posts nothing more", stack.repository.comments(number) == comments),
    ]
    if stack.model:
        unasked = calls == len(stack.model.calls.entries()) == 1
        checks.append(("and does not ask the model again", unasked))
    for what, holds in checks:
        print(f"{'ok    ' if holds else 'FAILED'} {what}")
    return 0 if all(holds for _, holds in checks) else 1


def _effect_checks(sample: dict[str, Any], comments: list[dict[str, Any]], result: dict[str, Any]) -> Iterator[Check]:
    body = comments[0]["body"] if comments else ""
    named = [file["filename"] for file in sample["files"] if file["filename"] in body]
    marker = f"<!-- dfg-orchestrator action={result.get('actionId')} -->"
    yield "the plan was judged auto_safe and posted", bool(result.get("executed")) and len(comments) == 1
    yield f"it names files of the diff ({len(named)} of {len(sample['files'])})", bool(named)
    yield "it ends with the marker of its action", body.endswith(marker)


def _money_checks(run: DispatchedRun, result: dict[str, Any], breaker: dict[str, Any]) -> Iterator[Check]:
    answers = [event["data"] for event in run.events if event["type"] == "generation.answered"]
    costs = {
        dollars(
            sum(
                pricing.cost(
                    answer["model"],
                    Usage(
                        answer["usage"]["input"],
                        answer["usage"]["output"],
                        answer["usage"]["cacheRead"],
                        answer["usage"]["cacheWrite"],
                    ),
                )
                for answer in answers
            )
        ),
        dollars(sum(answer["cost"] for answer in answers)),
        result.get("cost"),
        breaker["totalCostUsd"],
    }
    yield "reported usage, response, /health and audit agree on the cost", bool(answers) and len(costs) == 1


def _intact(run: DispatchedRun) -> bool:
    events = [chain.Event(**event) for event in run.events]
    return bool(events) and chain.fault(events) is None and run.audit["chain"]["intact"]


if __name__ == "__main__":
    sys.exit(main())
