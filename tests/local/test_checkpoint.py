"""`make checkpoint` against a stack that runs, as from a second terminal."""

from __future__ import annotations

import subprocess
import sys

from local.child import ROOT
from local.stack import Stack, clean_environment

TRIES = 10
"""Each starts two processes, and what the run wrote is a second old after one or two of them."""


def make_checkpoint(port: str) -> subprocess.CompletedProcess[str]:
    """What the Makefile runs."""
    return subprocess.run(
        [sys.executable, "-m", "local.checkpoint"],
        cwd=ROOT,
        env={**clean_environment({"PORT": port}), "PYTHONPATH": "src:."},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_is_under_a_checkpoint_at_once(stack: Stack) -> None:
    run = stack.client.post("/dispatch/qa-plan", {"prNumber": 42}).body["runId"]
    for _ in range(TRIES):
        made = make_checkpoint(stack.url.rpartition(":")[2])
        assert made.returncode == 0, made.stderr
        proofs = stack.client.get(f"/audit/{run}?proof=1").body["proofs"]
        if all(proof["checkpoint"] is not None for proof in proofs):
            break
    else:
        raise AssertionError(f"not every event of the run is under a checkpoint: {proofs}")
    assert f"curl {stack.url}/audit/checkpoint -H 'Authorization: Bearer" in made.stdout
    newest = stack.client.get("/audit/checkpoint").body
    assert newest["size"] == len(proofs)
    assert newest["note"].startswith("dfg-orchestrator/checkpoint/v1\n")


def test_without_a_stack_it_says_what_to_start() -> None:
    made = make_checkpoint("1")
    assert made.returncode != 0
    assert "start `make serve` in another terminal" in made.stderr
