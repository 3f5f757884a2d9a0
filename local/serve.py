"""`make serve`: the stack as a server on PORT (3000 if unset), until Ctrl-C or TERM.

Where every part is a stand-in, a plan for a pull request from a fork waits for approval from the start.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from local.invoke import Delivery
from local.orders import Journal
from local.queue_demo import load_queue
from local.run import FROM_FORK, SAMPLE, fail, in_plain_words, read_sample
from local.stack import Stack

LOOKS_SECONDS: Final = 3600.0
"""How long one wait for a failed delivery takes; then the next begins."""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = os.environ.get("PORT") or "3000"
    if not port.isdigit() or not 0 < int(port) < 65_536:
        return fail(f"PORT must be a number from 1 to 65535, not {port!r}")
    try:
        with Stack(os.environ, port=int(port)) as stack:
            _say(stack, _furnish(stack))
            _watch(stack)
    except KeyboardInterrupt:
        print("\nStopped.")
    except OSError as error:
        return fail(f"port {port} cannot be used: {error.strerror}; name another one with PORT=…")
    return 0


def _furnish(stack: Stack) -> dict[str, Any] | None:
    """Fills a GitHub that is a stand-in; what waits for approval then, where nothing is real and it costs nothing."""
    if stack.github is None:
        return None
    for sample in (SAMPLE, FROM_FORK):
        stack.repository.load({**read_sample(sample), "repository": stack.repository.name})
    load_queue(stack.repository, stack.team)
    if stack.choice.anything_real:
        return None
    stack.client.post("/dispatch/qa-plan", {"prNumber": read_sample(FROM_FORK)["pull"]["number"]})
    waiting = stack.client.get("/pending").body.get("actions", [])
    return waiting[0] if waiting else None


def _say(stack: Stack, waiting: dict[str, Any] | None) -> None:
    health = stack.client.get("/health")
    token = "<your token>" if os.environ.get("ORCHESTRATOR_SECRET") else stack.token
    target = 'N, "linkedIssue": M'
    if stack.github is not None:
        sample = read_sample(SAMPLE)
        target = f'{sample["pull"]["number"]}, "linkedIssue": {sample["issue"]["number"]}'
    print("\n".join(stack.describe()))
    print(f"logs       {stack.logs}")
    print(f"\nGET /health answers {health.status}: {json.dumps(health.body)}\n")
    print(f"Ready on {stack.url}\n")
    print(f"  console  {stack.url}/console")
    print(f"  token    {token}\n")
    if waiting is not None:
        print(f"A QA plan waits for your approval: {waiting['title']}")
        print("\n".join(f"It {check['why']}." for check in waiting["checks"]))
        print("Sign in with the token, read it, approve it. Nothing is real here.\n")
        print(f"  {stack.url}/console#/waiting/{waiting['id']}\n")
    print("Ask for a plan that policy finds safe:\n")
    print(f"  curl -X POST {stack.url}/dispatch/qa-plan -H 'Authorization: Bearer {token}' \\")
    print(f"""    -H 'Content-Type: application/json' -d '{{"prNumber": {target}}}'\n""")
    print("Ctrl-C ends it.", flush=True)


def _watch(stack: Stack) -> None:
    """Says what fails in the worker, for as long as the server runs: whoever asked for it gets 202, and no end."""
    assert stack.invoke is not None
    for number in count():
        print(failed(stack.invoke.deliveries, number, stack.logs), flush=True)


def failed(deliveries: Journal[Delivery], number: int, logs: Path) -> str:
    """Waits for the failed delivery of that number, and says where its reason stands."""

    def so_far(entries: Sequence[Delivery]) -> list[Delivery]:
        return [delivery for delivery in entries if not delivery.succeeded]

    while not deliveries.wait_for(lambda entries: len(so_far(entries)) > number, LOOKS_SECONDS):
        pass
    one = so_far(deliveries.entries())[number]
    return f"The worker failed over {one.event.decode()}, attempt {one.attempt}. Why: {logs / 'worker.log'}"


if __name__ == "__main__":
    sys.exit(in_plain_words(main))
