"""The local stack as a whole: its processes, what gives way to real parts, and its commands."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.http.client import HttpxHttp
from core.http.wire import NoAnswer, NotSent
from local.child import ROOT
from local.choice import Contradiction, choose
from local.client import Client, Reply
from local.faults import Fault
from local.model import Order
from local.stack import Stack, clean_environment
from local.web import listen
from tests.conftest import MakeStack

DISPATCH = {"prNumber": 42, "linkedIssue": 100}


def dispatch(stack: Stack) -> Reply:
    return stack.client.post("/dispatch/qa-plan", DISPATCH)


def bodies(stack: Stack) -> list[str]:
    return [comment["body"] for comment in stack.repository.comments(42)]


def test_a_dispatch_goes_through_gateway_worker_model_and_relay(stack: Stack) -> None:
    assert stack.model is not None
    assert stack.relay is not None
    assert stack.invoke is not None
    reply = dispatch(stack)
    assert (reply.status, reply.body["status"], reply.body["executed"]) == (200, "success", True)
    assert len(stack.model.calls.entries()) == 1
    assert [call.operation for call in stack.relay.faults.calls.entries()] == ["relay.comment"]
    assert bodies(stack)[0].endswith(f"<!-- dfg-orchestrator action={reply.body['actionId']} -->")
    # The caller learns of the end from the run's record, perhaps before the worker has answered.
    event = json.dumps({"runId": reply.body["runId"]}).encode()
    assert stack.invoke.deliveries.wait_for(lambda all_: event in [d.event for d in all_ if d.succeeded], timeout=30)


def test_a_reset_stack_remembers_nothing(stack: Stack) -> None:
    assert stack.client.get("/audit").body["runs"] == []
    assert stack.client.get("/health").body["circuitBreaker"]["totalTasks"] == 0
    assert bodies(stack) == []


def test_without_a_worker_the_gateway_carries_the_run_out(make_stack: MakeStack, sample: dict[str, Any]) -> None:
    stack = make_stack(worker=False)
    stack.repository.load(sample)
    assert dispatch(stack).body["executed"] is True


def test_a_worker_that_dies_over_a_run_is_revived_and_gets_it_again(
    make_stack: MakeStack, sample: dict[str, Any]
) -> None:
    stack = make_stack()
    stack.repository.load(sample)
    assert stack.model is not None
    assert stack.worker is not None
    assert stack.invoke is not None
    stack.model.order(Order(hold=True))
    reply = stack.client.post("/dispatch/qa-plan", DISPATCH, {"prefer": "respond-async"})
    assert reply.status == 202
    assert stack.model.calls.wait_for(lambda calls: len(calls) == 1, timeout=30)
    stack.worker.kill()
    assert stack.invoke.deliveries.wait_for(lambda all_: len(all_) == 1, timeout=30)
    assert not stack.invoke.deliveries.entries()[0].succeeded
    assert stack.invoke.attempts.wait_for(lambda all_: len(all_) == 2, timeout=30)
    assert len(set(stack.invoke.attempts.entries())) == 1
    assert stack.worker.running


@pytest.mark.parametrize(
    "env",
    [{"GITHUB_API_URL": "https://x"}, {"DFG_RELAY_URL": "https://x"}],
)
def test_half_of_a_real_part_is_refused(env: Mapping[str, str]) -> None:
    with pytest.raises(Contradiction, match=r"is set, so .* must"):
        choose(env)


def test_a_token_alone_does_not_make_github_real() -> None:
    choice = choose({"GITHUB_TOKEN": "t"})
    assert not choice.github
    assert choice.notices == ("GITHUB_TOKEN is not used: GITHUB_REPOSITORY does not name a repository",)


def ask_until_refused(http: HttpxHttp, url: str) -> None:
    """The gateway ends by itself a moment after its parent: until then it answers, or drops the connection."""
    while True:
        with contextlib.suppress(NoAnswer):
            http.send("GET", f"{url}/health", {}, None, timeout=5)


def free_port() -> int:
    listener = listen()
    port: int = listener.getsockname()[1]
    listener.close()
    return port


def command(module: str, *arguments: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**clean_environment(env), "PYTHONPATH": "src:.", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # As in a terminal: whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )


def test_the_server_is_ready_when_it_says_so_and_takes_its_children_along() -> None:
    require_no_child_left(signal.SIGKILL)


def require_no_child_left(how: signal.Signals) -> None:
    """The server answers once it says so, and nothing of it is left when it ends by that signal."""
    port = free_port()
    server = command("local.serve", PORT=str(port), ORCHESTRATOR_SECRET="token-for-this-test")  # noqa: S106
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        if line.startswith("Ctrl-C"):
            break
    assert any(f"Ready on http://127.0.0.1:{port}" in line for line in said), said
    client = Client(f"http://127.0.0.1:{port}", "token-for-this-test")
    assert client.get("/health").status == 200
    [waiting] = client.get("/pending").body["actions"]
    assert {check["rule"] for check in waiting["checks"]} == {"trust.author"}
    assert f"  {client.url}/console#/waiting/{waiting['id']}\n" in said
    os.kill(server.pid, how)
    server.wait(30)
    assert server.stdout.read() in ("", "\nStopped.\n")
    server.stdout.close()
    refused = HttpxHttp()
    with pytest.raises(NotSent):
        ask_until_refused(refused, client.url)


def test_a_port_in_use_is_said_plainly() -> None:
    taken = listen()
    server = command("local.serve", PORT=str(taken.getsockname()[1]))
    output, _ = server.communicate(timeout=60)
    taken.close()
    assert server.returncode == 1
    assert "cannot be used" in output
    assert "Traceback" not in output


def test_the_demo_shows_the_main_job_and_exits_0() -> None:
    demo = command("local.demo")
    output, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, output
    assert "FAILED" not in output
    assert "workers/dfg-api/src/domain/dismissal.ts" in output
    assert "posted through dfg-relay to the stand-in for GitHub" in output
    assert "8 of 8 files named, 5 of 8 covered" in output
    assert '"intact": true' in output


def test_a_plan_for_a_case_in_githubs_shape(tmp_path: Path, sample: dict[str, Any]) -> None:
    case = tmp_path / "case.json"
    case.write_text(json.dumps({**sample, "repository": "some/other", "issue": None}))
    plan = command("local.plan", str(case))
    output, _ = plan.communicate(timeout=120)
    assert plan.returncode == 0, output
    assert "## 🤖 QA Test Plan" in output
    assert "187 of 187 changed lines" in output
    assert re.search(r"Reserved  \$0\.[12]\d for an attempt at worst; the run's ceiling pays for [23] attempts", output)
    assert "Nothing was posted." in output
    assert "7 of 8 read; 8 of 8 files named, 5 of 8 covered" in output
    assert "posted" not in output.replace("Nothing was posted.", "")
    assert "action." not in output
    unknown = command("local.plan", str(case), TEAM="nobody")
    output, _ = unknown.communicate(timeout=60)
    assert unknown.returncode == 1
    assert "there is no team 'nobody': choose one of dfg, plain" in output


def test_the_recipe_for_files_of_another_team_works_as_written() -> None:
    page = (ROOT / "docs" / "teams.md").read_text("utf-8")
    [(copied, phase, folder)] = re.findall(r"\ncp -r \S+ (\S+) .*\nmake demo PHASE=(\S+) TEAM=(\S+)\n", page)
    assert copied == folder
    demo = command("local.demo", PHASE=phase, TEAM="tests/teams/kanban")
    output, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, output
    assert "📥 inbox  →" in output


def test_a_team_whose_files_are_wrong_is_told_by_path_file_and_line(tmp_path: Path) -> None:
    for file in ("taxonomy", "rules", "packs"):
        (tmp_path / f"{file}.json").write_text((ROOT / f"tests/teams/kanban/{file}.json").read_text("utf-8"), "utf-8")
    (tmp_path / "taxonomy.json").write_text("{\n,", "utf-8")
    demo = command("local.demo", TEAM=str(tmp_path))
    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert output.splitlines()[1:] == [f"{tmp_path}/taxonomy.json:2: Expecting property name enclosed in double quotes"]


def test_a_case_that_is_none_is_said_plainly(tmp_path: Path) -> None:
    require_plain_words(tmp_path / "case.json", '{"repository": "a/b", "pull": {}, "files": []}')


def require_plain_words(case: Path, content: str) -> None:
    """`make plan` ends with an error and no traceback."""
    case.write_text(content)
    plan = command("local.plan", str(case))
    output, _ = plan.communicate(timeout=60)
    assert plan.returncode == 1
    assert "Traceback" not in output


def test_a_lost_answer_reaches_the_caller_as_unknown(stack: Stack) -> None:
    assert stack.relay is not None
    stack.relay.faults.order("relay.comment", Fault(lose_answer=True))
    reply = dispatch(stack)
    assert (reply.status, reply.body["executed"], reply.body["state"]) == (200, False, "outcome_unknown")
    assert len(bodies(stack)) == 1
