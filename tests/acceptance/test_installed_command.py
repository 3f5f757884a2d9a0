"""The installed command line at the level of the process: standard output, standard error, exit code.

The environment is built once, which takes a few seconds; each command then starts a Python of its own.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from core.audit import note
from core.audit.note import LocalSigner
from dfg import __version__
from dfg.exits import Exit
from dfg.keyless import GOOD_SECONDS, workflow_credentials
from local.queue_demo import CONFIRMED, load_queue
from local.stack import LOCAL_SIGNING_KEY, Stack
from local.web import Answer, Request, Server, json_answer, listen
from tests.acceptance.installed import Ended, Shell, install
from tests.browser.captain import waiting_plan
from tests.conftest import MakeStack

KEY = note.verifier_key("dfg-orchestrator/dfg-team/dfg", LocalSigner(LOCAL_SIGNING_KEY).public_key)
ESCAPE = "\x1b"
HOSTILE = "\x1b[2Jwiped\x1b]0;owned\x07\x9b31m \u202ebackwards\u2066 \x00end"
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
WORKFLOW = {"GITHUB_ACTIONS": "true", "DFG_AUDIENCE": "dfg-team", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "asking"}


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def shell(program: Path, tmp_path: Path) -> Shell:
    return Shell(program, tmp_path, {"DFG_TOKEN": "some-token"})


@pytest.fixture
def dfg(shell: Shell, stack: Stack) -> Shell:
    return shell.having(DFG_URL=stack.url, DFG_TOKEN=stack.token)


@contextmanager
def serving(service: Callable[[Request], Answer]) -> Iterator[str]:
    server = Server(service)
    server.start()
    yield server.url
    server.stop()


def refused_port() -> str:
    listener = listen()
    port = listener.getsockname()[1]
    listener.close()
    return f"http://127.0.0.1:{port}"


def action(text: str = "plain") -> Mapping[str, object]:
    return {
        "id": "12345678-0000-4000-8000-000000000000",
        "runId": "87654321-0000-4000-8000-000000000000",
        "taskType": "qa_plan",
        "targetType": "pull_request",
        "targetId": 42,
        "title": text,
        "state": "pending",
        "cost": "0.000001",
        "createdAt": "2026-11-22T12:00:00.000Z",
        "expiresAt": "2026-11-29T12:00:00.000Z",
        "lastError": "",
        "policyReason": text,
        "reason": text,
        "evidence": text,
        "digest": "d" * 64,
        "principal": "ci",
        "onApprove": "carries it out once",
        "checks": [{"severity": "ask", "why": text, "field": "summary", "rule": "trust"}],
        "payload": {"body": text},
    }


def one_sentence(ended: Ended) -> str:
    """What a failure says: one line on standard error, and nothing else anywhere."""
    assert ended.out == ""
    [line] = ended.err.splitlines()
    return line


# --- pipes and terminals ---------------------------------------------------------------------


def test_a_pipe_gets_whole_values_between_tabs_and_no_heading(dfg: Shell, stack: Stack) -> None:
    waiting = waiting_plan(stack)
    forced = dfg.having(FORCE_COLOR="1", COLUMNS="40", GITHUB_ACTIONS="true")
    [pending] = forced("pending").rows
    assert pending[:3] == [waiting["actionId"], "qa_plan", "pull request #42"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", pending[7])
    assert re.fullmatch(r"\d+\.\d{6}", pending[5])
    assert pending[3] == "Dismiss a listing with a reason, and restore it within 48 hours"
    assert pending[9:] == [
        "analyst-tools; issue 100 by product-owner",
        "captain",
        "https://github.com/dfg-team/dfg/pull/42",
    ]
    [run] = forced("audit").rows
    assert (run[0], run[2], run[4]) == (waiting["runId"], "qa_plan", "pending")
    assert forced("phases").rows[0] == ["phase", "phase0", "deployed", "task", "qa_plan by api"]
    assert forced("costs").rows[0][1:4] == ["qa_plan", "captain", "1"]
    for command in ("pending", "audit", "phases", "costs", "health"):
        ended = forced(command)
        assert (ended.code, ESCAPE in ended.out + ended.err) == (Exit.OK, False)


def test_nothing_to_list_leaves_standard_output_empty(dfg: Shell) -> None:
    assert dfg("pending") == Ended(0, "", "Nothing waits.\n")
    assert dfg("pending", "--task", "qa_plan") == Ended(0, "", "Nothing that waits is like that.\n")
    assert dfg("audit") == Ended(0, "", "Nothing has happened yet.\n")


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_a_terminal_gets_the_columns_that_fit_and_no_word_is_broken(dfg: Shell, stack: Stack, columns: int) -> None:
    waiting = waiting_plan(stack)
    words = set()
    for command in ("phases", "pending", "audit", "costs"):
        shown = re.sub(r"\x1b\[[0-9;]*m", "", dfg.on_terminal(command, columns=columns).out)
        assert max(map(len, shown.splitlines())) <= columns
        words |= set(shown.split())
    assert {"change_labels", "sprint_plan", "agent_brief", "prerequisites", "qa_plan"} <= words
    assert waiting["actionId"][:8] in words
    assert ("DRAFTED" in words) == (columns >= 120)


def test_colours_are_for_terminals_that_want_them(dfg: Shell, stack: Stack) -> None:
    waiting_plan(stack)
    assert ESCAPE in dfg.on_terminal("pending").out
    for plain in (dfg.having(NO_COLOR="1").on_terminal("pending"), dfg.on_terminal("--no-color", "pending")):
        assert ESCAPE not in plain.out
        assert "WHY IT WAITS" in plain.out
    assert ESCAPE not in dfg.having(NO_COLOR="1").on_terminal("approve", "0" * 36).out


def test_the_version_and_the_help_need_nothing(shell: Shell) -> None:
    assert shell("--version") == Ended(0, f"dfg {__version__}\n", "")
    for arguments in (["--help"], ["qa-plan", "--help"]):
        helped = shell.having(FORCE_COLOR="1")(*arguments)
        assert (helped.code, helped.err) == (0, "")
        assert not re.search("[─│╭\x1b]", helped.out)


def test_a_reader_that_has_enough_ends_it_quietly(dfg: Shell, stack: Stack) -> None:
    waiting_plan(stack)
    environment = {**os.environ, **dfg.variables}
    command = f"{dfg.program} export | head -c 1; {dfg.program} export | head -c 1"
    done = subprocess.run(  # noqa: S602
        command, shell=True, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("{{", "")


@pytest.mark.parametrize("arguments", [("pending",), ("pending", "--json"), ("approve", "12345678")])
def test_a_terminal_obeys_nothing_that_a_stranger_wrote(shell: Shell, arguments: tuple[str, ...]) -> None:
    body = {"count": 1, "actions": [action(HOSTILE)], "cursor": None}
    with serving(lambda request: json_answer(200, body)) as url:
        dfg = shell.having(DFG_URL=url, NO_COLOR="1")
        piped, shown = dfg(*arguments, typed="n\n"), dfg.on_terminal(*arguments, columns=300, typed="n\n")
    for text in (piped.out + piped.err, shown.out):
        assert not UNSAFE.search(text)
        assert "backwards" in text
    if "--json" in arguments:
        assert piped.json == body
    else:
        assert "<U+202E>backwards" in piped.out + piped.err


def test_what_a_stranger_wrote_into_an_error_is_not_obeyed(shell: Shell) -> None:
    error = {"status": "error", "error": {"code": "x", "message": HOSTILE}}
    with serving(lambda request: json_answer(404, error)) as url:
        for arguments in (["qa-plan", "1"], ["export"], ["health"], ["phases", "--json"]):
            ended = shell.having(DFG_URL=url)(*arguments)
            assert not UNSAFE.search(ended.out + ended.err)


# --- asking ----------------------------------------------------------------------------------


def test_a_plan_is_followed_to_its_end(dfg: Shell) -> None:
    done = dfg("qa-plan", "42", "--issue", "100", "--wait")
    assert (done.code, done.out.splitlines()[0]) == (Exit.OK, "The plan is posted.")
    assert "generation answered" in done.err
    assert dfg("qa-plan", "42", "--issue", "100", "--wait", "--json").json["status"] == "duplicate"


def test_a_token_that_may_not_read_is_told_so_after_the_plan_was_asked_for(
    shell: Shell, make_stack: MakeStack, sample: dict[str, object]
) -> None:
    secret = {"ci": {"tokens": ["t" * 40], "may": ["dispatch"]}, "captain": {"tokens": ["c" * 40], "may": ["read"]}}
    stack = make_stack(
        {"ORCHESTRATOR_SECRET": json.dumps(secret), "PHASE": "phase4", "TRUSTED_AUTHORS": "product-owner", **CONFIRMED}
    )
    stack.repository.load(sample)
    load_queue(stack.repository)
    ci = shell.having(DFG_URL=stack.url, DFG_TOKEN="t" * 40)
    done = ci("qa-plan", "42", "--wait")
    assert done.code == Exit.OK
    assert re.match(r"Accepted, run [0-9a-f-]{36}; this token may not read its end\.\n", done.out)
    assert ci("triage", "101", "104", "--wait").out.count("this token may not read its end") == 2
    assert ci("qa-plan", "42", "--wait", "--json").json["status"] in ("accepted", "in_progress", "duplicate")
    assert ci("pending").code == Exit.FORBIDDEN


def test_each_task_of_a_batch_has_its_own_end(shell: Shell, make_stack: MakeStack) -> None:
    stack = make_stack({"PHASE": "phase4", "TRUSTED_AUTHORS": "product-owner", **CONFIRMED})
    load_queue(stack.repository)
    dfg = shell.having(DFG_URL=stack.url, DFG_TOKEN=stack.token)
    done = dfg("triage", "101", "106", "999", "--wait")
    ends = {row[0]: row for row in done.rows if row[0].startswith("#")}
    assert done.code == Exit.REJECTED
    assert ends["#101"][1:3] == ["success", "It is carried out on GitHub."]
    assert ends["#106"][1] == "rejected"
    assert ends["#106"][2].startswith("Policy refused what the model wrote. - refuse: ")
    assert ends["#999"][1] == "error"
    assert "999" in ends["#999"][2]
    assert len(ends["#101"][4]) == 36


# --- finding and deciding --------------------------------------------------------------------


def test_the_start_of_an_id_is_enough(dfg: Shell, stack: Stack) -> None:
    waiting = waiting_plan(stack)
    run, name = waiting["runId"], waiting["actionId"]
    assert dfg("audit", run[:6]).out == dfg("audit", run).out
    assert "The chain is intact" in dfg("audit", run[:6]).out
    assert one_sentence(dfg("audit", run[:5])) == "give at least 6 characters of the id"
    assert dfg("audit", run[:5]).code == Exit.USAGE
    assert dfg("audit", "ffffff").code == Exit.WRONG
    assert dfg("reject", name[:8], "--reason", "not ours") == Ended(0, "Rejected.\n", "")
    assert dfg("erase", run[:8], "--reason", "asked", "--yes").code == Exit.OK


def test_the_audit_takes_the_filters_of_the_api(dfg: Shell, stack: Stack) -> None:
    waiting = waiting_plan(stack)
    dfg("reject", waiting["actionId"])
    assert [row[0] for row in dfg("audit", "--kind", "dispatch", "--target", "pull_request:42").rows] == [
        waiting["runId"]
    ]
    assert len(dfg("audit", "--kind", "reject", "--principal", "captain", "--since", "2026-01-01").rows) == 1
    assert dfg("audit", "--status", "failed", "--task", "triage").out == ""
    assert dfg("audit", waiting["runId"], "--kind", "reject").code == Exit.USAGE


@pytest.mark.parametrize(
    ("arguments", "may_stand_there"),
    [
        (("pending", "--task", "qa-plans"), "qa_plan"),
        (("pending", "--target", "42"), "pull_request:42"),
        (("audit", "--status", "lost"), "success"),
        (("audit", "--kind", "none"), "dispatch"),
        (("audit", "--since", "yesterday"), "2026-11-22"),
    ],
)
def test_a_filter_that_matches_nothing_is_an_error(
    dfg: Shell, arguments: tuple[str, ...], may_stand_there: str
) -> None:
    ended = dfg(*arguments)
    assert (ended.code, may_stand_there in one_sentence(ended)) == (Exit.WRONG, True)


def test_a_wrong_digest_is_told_as_wrong_and_the_right_one_only_when_the_target_moved(dfg: Shell, stack: Stack) -> None:
    name = waiting_plan(stack)["actionId"]
    right = dfg("pending", "--json").json["actions"][0]["digest"]
    for wrong in (dfg("approve", name, "--digest", "0" * 64), dfg("approve", name, "--digest", "0" * 64, "--json")):
        assert wrong.code == Exit.CONFLICT
        assert "this is not the action's digest: nothing was approved" in wrong.err
        assert right not in wrong.out + wrong.err
    stack.repository.push(42, "e" * 40)
    moved = dfg("approve", name, "--digest", right)
    assert moved.code == Exit.CONFLICT
    fresh = moved.err.split("--digest ")[1].split()[0]
    assert dfg("approve", name, "--digest", fresh).code == Exit.OK


def test_a_question_is_answered_by_somebody(dfg: Shell, stack: Stack) -> None:
    name = waiting_plan(stack)["actionId"]
    assert dfg("approve", name, typed="n\n").code == Exit.DECLINED
    nobody = dfg("approve", name)
    assert (nobody.code, nobody.err.splitlines()[-1]) == (
        Exit.USAGE,
        "nobody is there to answer: --yes goes on without asking",
    )
    assert dfg("approve", name, "--yes") == Ended(0, "Done: it is on GitHub.\n", "")


# --- failures --------------------------------------------------------------------------------


def test_no_token_is_told_before_anything_is_sent(shell: Shell) -> None:
    def service(request: Request) -> Answer:
        raise AssertionError("nothing is to be sent")

    with serving(service) as url:
        for token in ("", "two words", "a\nb", "schlüssel"):
            ended = shell.having(DFG_URL=url, DFG_TOKEN=token)("qa-plan", "1")
            assert ended.code == Exit.FORBIDDEN
            assert "DFG_TOKEN" in one_sentence(ended)
            assert token == "" or token not in ended.err


@pytest.mark.parametrize("arguments", [("pending",), ("qa-plan", "1"), ("health",), ("audit", "123456")])
def test_a_server_that_is_down_carried_nothing_out(shell: Shell, arguments: tuple[str, ...]) -> None:
    ended = shell.having(DFG_URL=refused_port())(*arguments)
    assert ended.code == Exit.UNAVAILABLE
    assert one_sentence(ended).endswith("Nothing was carried out.")


def test_an_answer_that_was_lost_may_have_been_carried_out(shell: Shell) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.recv(65_536)
        connection.close()

    threading.Thread(target=hang_up, daemon=True).start()
    ended = shell.having(DFG_URL=f"http://127.0.0.1:{listener.getsockname()[1]}")("qa-plan", "1")
    listener.close()
    assert ended.code == Exit.UNAVAILABLE
    assert one_sentence(ended).endswith("Look before you repeat it: it may have been carried out.")


@pytest.mark.parametrize("url", ["ftp://example.org", "example.org", "http://", "http://[::1"])
def test_an_address_that_is_none(shell: Shell, url: str) -> None:
    ended = shell.having(DFG_URL=url)("pending")
    assert (ended.code, "https://" in one_sentence(ended)) == (Exit.USAGE, True), ended


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (Answer(200, b"<html>hello</html>", {"content-type": "text/html"}), Exit.WRONG, "a web page"),
        (Answer(404, b"<html>no</html>", {"content-type": "text/html"}), Exit.WRONG, "this is not the API"),
        (Answer(502, b"<html>busy</html>", {"content-type": "text/html"}), Exit.UNAVAILABLE, "cannot work now"),
        (Answer(301, b"", {"location": "https://elsewhere.example/"}), Exit.WRONG, "https://elsewhere.example/"),
        (json_answer(200, ["a list"]), Exit.WRONG, "something else than a JSON object"),
        (json_answer(404, {"message": "Not Found"}), Exit.WRONG, "Not Found"),
        (json_answer(200, {"hello": "world"}), Exit.UNAVAILABLE, "dfg did not expect this"),
        (json_answer(429, {"message": "Too Many Requests"}, {"retry-after": "7"}), Exit.LATER, "in 7 s"),
    ],
)
def test_an_answer_that_is_not_the_apis(shell: Shell, answer: Answer, code: Exit, says: str) -> None:
    with serving(lambda request: answer) as url:
        ended = shell.having(DFG_URL=url)("pending")
    assert (ended.code, says in one_sentence(ended)) == (code, True), ended


def test_a_file_that_cannot_be_written(dfg: Shell, tmp_path: Path) -> None:
    for out in (tmp_path / "missing" / "audit.jsonl", tmp_path, Path("/proc/audit.jsonl")):
        ended = dfg("export", "--out", str(out))
        assert ended.code == Exit.USAGE
        assert one_sentence(ended).startswith(f"{out} cannot be written: ")
    assert not list(tmp_path.glob("*.part"))


def test_an_unfinished_export_leaves_no_file(shell: Shell, tmp_path: Path) -> None:
    ended = shell.having(DFG_URL=refused_port())("export", "--out", str(tmp_path / "audit.jsonl"))
    assert (ended.code, list(tmp_path.iterdir())) == (Exit.UNAVAILABLE, [])


@pytest.mark.parametrize("arguments", [("pendign",), ("pending", "--limit", "0"), ("qa-plan", "x"), ("triage",)])
def test_a_wrong_command_line_has_its_code(shell: Shell, arguments: tuple[str, ...]) -> None:
    ended = shell(*arguments)
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert ended.err.splitlines()[-1].startswith("Error: ")


def test_settings_of_the_machine_that_cannot_be_used(shell: Shell) -> None:
    ended = shell.having(HTTPS_PROXY="nonsense://[", DFG_URL=refused_port())("pending")
    assert (ended.code, "proxies or certificates" in one_sentence(ended)) == (Exit.USAGE, True)


# --- one installation runs all ----------------------------------------------------------------


def test_an_export_is_verified_and_replayed_by_what_was_installed(dfg: Shell, stack: Stack, tmp_path: Path) -> None:
    run = dfg("qa-plan", "42", "--issue", "100", "--wait", "--json").json["runId"]
    file = tmp_path / "audit.jsonl"
    assert re.fullmatch(r"\d+ records in .*\n", dfg("export", "--out", str(file)).err)
    verified = dfg("verify", str(file), "--key", KEY)
    assert verified.code == Exit.WRONG
    assert "no signed checkpoint is in the export" in verified.out + verified.err
    for what in (str(file), run, run[:8]):
        replayed = dfg("replay", what)
        assert (replayed.code, replayed.out.splitlines()[-1]) == (Exit.OK, "1 run: 1 same"), replayed
    assert dfg("replay", "nowhere.jsonl").code == Exit.USAGE
    file.write_text(file.read_text().replace('"auto_safe"', '"rejected"', 1))
    assert dfg("verify", str(file), "--key", KEY, "--json").code == Exit.BROKEN
    file.write_text("no json")
    for ended in (dfg("verify", str(file), "--key", KEY), dfg("replay", str(file))):
        assert ended.code in (Exit.WRONG, Exit.BROKEN)


def test_a_package_that_is_missing_is_named_with_the_way_to_get_it(dfg: Shell, tmp_path: Path) -> None:
    site = next((dfg.program.parents[1] / "lib").glob("python*")) / "site-packages"
    file = tmp_path / "audit.jsonl"
    file.touch()
    for package, command in (
        ("cryptography", ["verify", str(file), "--key", KEY]),
        ("botocore", ["replay", str(file)]),
    ):
        away = site / f"{package}.away"
        (site / package).rename(away)
        try:
            ended = dfg(*command)
        finally:
            away.rename(site / package)
        assert ended.code == Exit.USAGE
        assert one_sentence(ended) == f"this takes {package}: pip install 'dfg-cli[{command[0]}]'"


# --- GitHub Actions --------------------------------------------------------------------------


@contextmanager
def github_tokens(answer: Answer | None = None) -> Iterator[tuple[str, list[Request]]]:
    """GitHub's service of tokens: its address as a job has it, and what it was asked."""
    asked: list[Request] = []

    def service(request: Request) -> Answer:
        asked.append(request)
        return answer or json_answer(200, {"count": 1, "value": f"jwt-{len(asked)}"})

    with serving(service) as url:
        yield f"{url}/token?api-version=2.0", asked


@contextmanager
def deployment() -> Iterator[tuple[str, list[Request]]]:
    """A deployment that takes workflows' tokens."""
    asked: list[Request] = []
    event = {"seq": 0, "at": "2026-11-22T12:00:00.000Z"}
    ended = {"status": "success", "state": "executed", "charged": 20_000, "actionId": "a", "actions": {}}

    def service(request: Request) -> Answer:
        asked.append(request)
        if request.method == "POST":
            return json_answer(202, {"status": "accepted", "runId": "r1"})
        return json_answer(200, {"runId": "r1", "events": [{**event, "type": "run.finished", "data": ended}]})

    with serving(service) as url:
        yield url, asked


def test_a_workflow_asks_with_githubs_own_token(shell: Shell) -> None:
    with github_tokens() as (tokens, asked), deployment() as (url, called):
        job = shell.having(DFG_URL=url, DFG_TOKEN="", ACTIONS_ID_TOKEN_REQUEST_URL=tokens, **WORKFLOW)
        done = job("qa-plan", "42", "--wait")
        assert (done.code, done.out.splitlines()[0]) == (Exit.OK, "The plan is posted.")
        refused = job("pending")
    assert (asked[0].query, asked[0].headers["authorization"]) == (
        "api-version=2.0&audience=dfg-team",
        "Bearer asking",
    )
    assert [(request.method, request.path) for request in called] == [
        ("POST", "/oidc/dispatch/qa-plan"),
        ("GET", "/oidc/audit/r1"),
    ]
    assert {request.headers["authorization"] for request in called} == {"Bearer jwt-1"}
    assert len(asked) == 1
    assert (refused.code, "set DFG_TOKEN" in one_sentence(refused)) == (Exit.FORBIDDEN, True)


def test_a_stored_token_goes_before_the_workflows_own(shell: Shell) -> None:
    with github_tokens() as (tokens, asked), deployment() as (url, called):
        shell.having(DFG_URL=url, ACTIONS_ID_TOKEN_REQUEST_URL=tokens, **WORKFLOW)("qa-plan", "42")
    assert (len(asked), [request.path for request in called]) == (0, ["/dispatch/qa-plan"])


@pytest.mark.parametrize(
    ("given", "answer", "code", "says"),
    [
        ({"DFG_AUDIENCE": ""}, None, Exit.FORBIDDEN, "set DFG_AUDIENCE"),
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""}, None, Exit.FORBIDDEN, "permissions: id-token: write"),
        ({}, json_answer(403, {"message": "no"}), Exit.FORBIDDEN, "it answered 403"),
        ({}, json_answer(500, {"message": "no"}), Exit.UNAVAILABLE, "it answered 500"),
        ({}, Answer(200, b"<html>"), Exit.UNAVAILABLE, "GitHub gave no token"),
    ],
)
def test_a_workflow_without_a_token_is_told_why(
    shell: Shell, given: dict[str, str], answer: Answer | None, code: Exit, says: str
) -> None:
    with github_tokens(answer) as (tokens, _), deployment() as (url, called):
        settings = {"ACTIONS_ID_TOKEN_REQUEST_URL": tokens, **WORKFLOW, **given}
        ended = shell.having(DFG_URL=url, DFG_TOKEN="", **settings)("qa-plan", "42")
    assert (ended.code, says in one_sentence(ended), called) == (code, True, []), ended


def test_a_long_run_is_followed_with_a_fresh_token() -> None:
    """Not by waiting five minutes: the clock is the test's."""
    now = 0.0
    with github_tokens() as (tokens, _), httpx.Client() as http:
        environment = {**WORKFLOW, "ACTIONS_ID_TOKEN_REQUEST_URL": tokens}
        credentials = workflow_credentials(environment, "dfg-team", http, clock=lambda: now)
        assert credentials is not None
        assert [credentials.token(), credentials.token()] == ["jwt-1", "jwt-1"]
        now = GOOD_SECONDS + 1
        assert credentials.token() == "jwt-2"
