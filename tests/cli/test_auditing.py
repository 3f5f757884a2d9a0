"""Export, verify, replay, costs and erase, on the real service with stand-ins behind it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.audit import note
from core.audit.checkpoint import checkpoint
from core.audit.note import LocalSigner
from dfg.exits import Exit
from local.stack import LOCAL_SIGNING_KEY, Stack
from tests.cli.conftest import Terminal
from tests.support.fakes import make_world
from tests.support.forge import rehashed

KEY = note.verifier_key("dfg-orchestrator/dfg-team/dfg", LocalSigner(LOCAL_SIGNING_KEY).public_key)
TITLE = "Dismiss a listing with a reason, and restore it within 48 hours, by "


@pytest.fixture
def run(dfg: Terminal) -> str:
    done = dfg("qa-plan", "42", "--issue", "100", "--wait", "--json")
    assert done.code == Exit.OK
    return str(done.json["runId"])


@pytest.fixture
def file(dfg: Terminal, run: str, tmp_path: Path) -> Path:
    file = tmp_path / "audit.jsonl"
    assert dfg("export", "--out", str(file)).code == Exit.OK
    return file


def test_an_export_holds_events_and_contents(file: Path, run: str) -> None:
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert records[0] == {"type": "export", "since": None, "until": None, "content": True}
    assert {r["name"] for r in records if r["type"] == "content"} == {"prompt", "context", "answer"}
    assert {r["event"]["chain"] for r in records if r["type"] == "event"} == {run}


def test_an_export_to_standard_output_may_leave_contents_out(dfg: Terminal, run: str) -> None:
    done = dfg("export", "--no-content", "--since", "2026-01-01")
    records = [json.loads(line) for line in done.out.splitlines()]
    assert (records[0]["since"], records[0]["content"]) == ("2026-01-01", False)
    assert {record["type"] for record in records} == {"export", "event"}


def test_a_fresh_log_has_nothing_wrong_and_nothing_proven(dfg: Terminal, file: Path) -> None:
    done = dfg("verify", str(file), "--key", KEY)
    assert done.code == Exit.WRONG
    assert "nothing is proven: no signed checkpoint is in the export" in done.out


def test_a_checkpointed_log_is_proven_against_an_earlier_checkpoint(
    dfg: Terminal, run: str, stack: Stack, tmp_path: Path
) -> None:
    world = make_world(
        stack.dynamodb,
        stack.tables,
        GITHUB_REPOSITORY=stack.repository.name,
        CHECKPOINT_LAG_SECONDS="0",
        GUARDRAIL_OVERRIDE="acknowledged",
    )
    now = time.time_ns() // 1_000_000 + 1
    app = replace(world.app, now=lambda: now, signer=lambda: LocalSigner(LOCAL_SIGNING_KEY))
    assert checkpoint(app, now + 60_000)["checkpoints"] == 1
    known = tmp_path / "0.note"
    known.write_text(stack.client.get("/audit/checkpoint").body["note"])
    file = tmp_path / "audit.jsonl"
    dfg("export", "--out", str(file))
    done = dfg("verify", str(file), "--key", KEY, "--known", str(known))
    assert (done.code, done.out.splitlines()[-1]) == (Exit.OK, "nothing wrong")
    proofs = stack.client.get(f"/audit/{run}?proof=1").body["proofs"]
    assert {proof["checkpoint"] for proof in proofs} == {0}


def test_an_altered_export_is_found(dfg: Terminal, file: Path, run: str) -> None:
    file.write_text(file.read_text().replace('"auto_safe"', '"rejected"', 1))
    done = dfg("verify", str(file), "--key", KEY, "--json")
    assert done.code == Exit.BROKEN
    assert any(f"of chain {run}" in fault for fault in done.json["faults"])


def test_a_run_is_judged_again_from_the_service_and_from_a_file(dfg: Terminal, file: Path, run: str) -> None:
    for what in (run, str(file)):
        done = dfg("replay", what)
        assert done.code == Exit.OK, done.err
        assert "1 run: 1 same" in done.out
    assert "1 run: 1 same" in dfg("replay", "--since", "2026-01-01").out
    assert dfg("replay", "no-such-run").code == Exit.WRONG


def another_verdict(export: str) -> str:
    """The export as it would be had another policy refused the run: its chain is whole."""
    records = [json.loads(line) for line in export.splitlines()]
    events = [record["event"] for record in records if record["type"] == "event"]
    judged = next(event for event in events if event["type"] == "policy.judged")
    judged["data"]["classification"] = "rejected"
    before = None
    for event in sorted((e for e in events if e["chain"] == judged["chain"]), key=lambda event: int(event["seq"])):
        if before is not None:
            event["prev"] = before
        event.update(rehashed(event))
        before = event["hash"]
    return "".join(json.dumps(record) + "\n" for record in records)


def test_another_verdict_and_other_bytes_have_codes_of_their_own(dfg: Terminal, file: Path) -> None:
    text = file.read_text()
    file.write_text(another_verdict(text))
    done = dfg("replay", str(file))
    assert (done.code, "now pass" in done.out) == (Exit.CONFLICT, True), done.out
    file.write_text(text.replace('"name":"prompt","salt":"', '"name":"prompt","salt":"00', 1))
    assert dfg("replay", str(file)).code == Exit.BROKEN


def test_costs_are_what_the_runs_came_to(dfg: Terminal, run: str, stack: Stack) -> None:
    (listed,) = stack.client.get("/audit").body["runs"]
    done = dfg("costs", "--json").json
    assert done["settled"] == int(listed["cost"].replace(".", ""))
    assert done["reserved"] == 0
    assert f"\t{listed['cost']}\t" in dfg("costs").out


def test_what_is_erased_is_gone_and_its_proof_stays(dfg: Terminal, run: str) -> None:
    assert TITLE in dfg("audit", run).err
    assert dfg("erase", run, "--reason", "asked for", typed="n\n").code != Exit.OK
    done = dfg("erase", run, "--reason", "asked for", "--yes")
    assert (done.code, done.out) == (Exit.OK, "Erased: answer, context, prompt.\n")
    assert TITLE not in dfg("audit", run).err
    whole = dfg("audit", run, "--json").json
    assert (whole["content"], whole["chain"]["intact"]) == ({}, True)
    assert "nothing left" in dfg("erase", run, "--reason", "again", "--yes").out
