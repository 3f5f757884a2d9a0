"""The commands, on the real service with stand-ins behind it."""

from __future__ import annotations

import httpx
import pytest

from dfg.exits import Exit
from dfg.main import COMMANDS, app
from dfg.tasks import TASKS
from local.faults import Fault
from local.model import Order
from local.stack import Stack
from tests.browser.captain import waiting_plan
from tests.cli.conftest import Terminal


def comments(stack: Stack) -> int:
    return len(stack.repository.comments(42))


def test_a_plan_is_waited_for_and_told(dfg: Terminal, stack: Stack) -> None:
    done = dfg("qa-plan", "42", "--issue", "100", "--wait")
    assert done.code == Exit.OK
    assert "The plan is posted." in done.out
    assert "generation answered" in done.err
    assert comments(stack) == 1
    again = dfg("qa-plan", "42", "--issue", "100", "--json")
    assert (again.code, again.json["status"]) == (Exit.OK, "duplicate")


def test_a_plan_without_wait_names_its_run(dfg: Terminal) -> None:
    done = dfg("qa-plan", "42", "--json")
    assert (done.code, done.json["status"]) == (Exit.OK, "accepted")
    assert dfg("audit", done.json["runId"], "--json").json["events"][0]["type"] == "run.started"
    dfg("qa-plan", "42", "--wait")  # it goes on, and would meet the next test's tables


def test_what_is_printed_for_programs_is_what_the_run_came_to(dfg: Terminal, stack: Stack) -> None:
    done = dfg("qa-plan", "42", "--wait", "--json").json
    (listed,) = stack.client.get("/audit").body["runs"]
    assert (done["runId"], done["cost"], done["state"]) == (listed["runId"], listed["cost"], "executed")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order(text='{"not": "a plan"}'), Exit.REJECTED),
        (Order(status=400), Exit.FAILED),
        (Order(stop_reason="max_tokens"), Exit.FAILED),
    ],
)
def test_a_run_that_ends_badly_has_its_own_code(dfg: Terminal, stack: Stack, order: Order, code: Exit) -> None:
    assert stack.model is not None
    stack.model.order(order)
    assert dfg("qa-plan", "42", "--wait").code == code
    assert comments(stack) == 0


def test_an_unanswered_post_has_its_own_code(dfg: Terminal, stack: Stack) -> None:
    assert stack.relay is not None
    stack.relay.faults.order("relay.comment", Fault(lose_answer=True))
    done = dfg("qa-plan", "42", "--wait")
    assert (done.code, comments(stack)) == (Exit.UNKNOWN, 1)
    assert "it may be posted or not" in done.out


def test_an_unknown_pull_request_is_told(dfg: Terminal) -> None:
    done = dfg("qa-plan", "77", "--wait")
    assert (done.code, done.out) == (Exit.WRONG, "")
    assert "77" in done.err


def test_pending_shows_and_approve_posts_what_was_shown(dfg: Terminal, stack: Stack) -> None:
    action = waiting_plan(stack)["actionId"]
    listed = dfg("pending", "--target", "pull_request:42")
    assert action[:8] in listed.out
    assert "leads outside" in listed.out
    done = dfg("approve", action[:8], typed="y\n")
    assert (done.code, comments(stack)) == (Exit.OK, 1)
    assert "QA Test Plan" in done.err
    assert dfg("approve", action, "--yes").code == Exit.CONFLICT
    assert "Nothing waits." in dfg("pending").err


def test_answering_no_posts_nothing(dfg: Terminal, stack: Stack) -> None:
    action = waiting_plan(stack)["actionId"]
    assert dfg("approve", action, typed="n\n").code != Exit.OK
    assert comments(stack) == 0


def test_what_moved_is_not_approved_until_its_new_digest_is_named(dfg: Terminal, stack: Stack) -> None:
    action = waiting_plan(stack)["actionId"]
    stack.repository.push(42, "e" * 40)
    refused = dfg("approve", action, "--yes")
    assert (refused.code, comments(stack)) == (Exit.CONFLICT, 0)
    digest = refused.err.split("--digest ")[1].split()[0]
    assert dfg("approve", action, "--digest", "0" * 64).code == Exit.CONFLICT
    assert (dfg("approve", action, "--digest", digest).code, comments(stack)) == (Exit.OK, 1)


def test_reject_keeps_its_reason(dfg: Terminal, stack: Stack) -> None:
    action = waiting_plan(stack)["actionId"]
    assert dfg("reject", action, "--reason", "not ours").code == Exit.OK
    run = next(run for run in dfg("audit", "--json").json["runs"] if run["kind"] == "reject")
    assert "not ours" in dfg("audit", run["runId"]).out


def test_the_audit_of_a_run_says_whether_it_is_whole(dfg: Terminal, stack: Stack) -> None:
    run = waiting_plan(stack)["runId"]
    whole = dfg("audit", run)
    assert (whole.code, "The chain is intact" in whole.out) == (Exit.OK, True)
    stack.dynamodb.update_item(
        TableName=stack.tables["AUDIT_TABLE"],
        Key={"chain": {"S": run}, "seq": {"N": "1"}},
        UpdateExpression="SET #data = :other",
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={":other": {"S": "{}"}},
    )
    broken = dfg("audit", run)
    assert (broken.code, "BROKEN" in broken.out) == (Exit.BROKEN, True)


def test_health_and_reset(dfg: Terminal, stack: Stack) -> None:
    healthy = dfg("health")
    assert healthy.code == Exit.OK
    assert "$0.000000 of $5.000000" in healthy.out
    stack.dynamodb.delete_item(TableName=stack.tables["BREAKER_TABLE"], Key={"id": {"S": "breaker"}})
    assert dfg("health", "--json").code == Exit.UNAVAILABLE
    assert dfg("reset", typed="n\n").code != Exit.OK
    assert dfg("reset", "--yes").code == Exit.OK
    assert dfg("health").code == Exit.OK


def test_a_wrong_token_has_its_own_code(stack: Stack, http: httpx.Client) -> None:
    done = Terminal(stack.url, "not-the-token", http)("pending")
    assert (done.code, done.out) == (Exit.FORBIDDEN, "")


def test_every_command_has_a_file_a_name_and_help() -> None:
    commands = app.registered_commands
    assert len({command.name for command in commands}) == len(commands) == len(TASKS) + len(COMMANDS)
    assert all(command.callback and command.callback.__doc__ for command in commands)


def test_phases_and_their_evidence_are_told(dfg: Terminal, stack: Stack) -> None:
    assert "No runs." in dfg("phases").err
    waiting_plan(stack)
    done = dfg("phases", "--days", "7")
    assert done.code == Exit.OK
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert ["phase", "phase0", "deployed", "task", "qa_plan by api"] in lines
    assert ["phase", "phase3", "", "acts by itself", "change_labels of triage"] in lines
    assert next(line for line in lines if line[0] == "evidence")[1:3] == ["qa_plan", "1"]
    body = dfg("phases", "--json").json
    assert (body["phase"], body["evidence"][0]["waiting"]) == ("phase0", 1)
    assert dfg("phases", "--days", "91").code == Exit.USAGE
