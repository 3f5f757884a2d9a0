"""Every handler as `sam build` packages it, in Lambda's runtime, with its sample event and its role's permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any, Final

import pytest

from local.engine import TABLE_VARIABLES
from local.faults import Fault
from local.invoke import InvokeStandIn
from local.orders import Journal
from local.stack import Stack
from local.template import Template
from local.web import Answer, Request, Server
from tests.runtime.emulator import Emulated
from tests.runtime.guard import Guard, grants
from tests.runtime.machine import ROOT, built
from tests.template.reading import defaults, variables, written

Function = tuple[Emulated, Guard]
MakeFunction = Callable[..., Function]

SECRETS: Final = {
    "ORCHESTRATOR_SECRET_ARN": "ORCHESTRATOR_SECRET",
    "GITHUB_TOKEN_ARN": "GITHUB_TOKEN",
    "DFG_RELAY_TOKEN_ARN": "DFG_RELAY_TOKEN",
    "ANTHROPIC_API_KEY_ARN": "ANTHROPIC_API_KEY",
}
MACHINE: Final = ("PATH", "HOME", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(scope="module")
def make_function(
    shared_stack: Stack, template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeFunction]:
    """Starts a function with the variables, secrets and permissions that the template gives it, and no others.

    As in Lambda it stays for the next call, if its variables are the same.
    """
    stack = shared_stack
    document = written()
    logs = tmp_path_factory.mktemp("functions")
    names = {logical: stack.tables[variable] for logical, variable in TABLE_VARIABLES.items()}
    with ExitStack() as until:

        @cache
        def make(name: str, **overrides: str) -> Function:
            guard = Guard(stack.environment["AWS_ENDPOINT_URL_DYNAMODB"], grants(document, name, names))
            guard.start()
            until.callback(guard.stop)
            environment: dict[str, str] = {k: stack.environment[k] for k in MACHINE if k in stack.environment}
            given = variables(document, name, defaults(document))
            environment |= {k: stack.environment.get(k, v) for k, v in given.items() if k not in SECRETS}
            environment |= {SECRETS[k]: stack.environment[SECRETS[k]] for k in given if k in SECRETS}
            if name == "WorkerFunction":
                environment["ANTHROPIC_BASE_URL"] = stack.environment["ANTHROPIC_BASE_URL"]
            environment |= {"AWS_ENDPOINT_URL_DYNAMODB": guard.url, **overrides}
            log = logs / f"{name}{len(overrides)}.log"
            return until.enter_context(Emulated(template.functions[name], built() / name, environment, log)), guard

        yield make


@pytest.fixture(scope="module")
def invoke(make_function: MakeFunction) -> Iterator[InvokeStandIn]:
    """Hands events to the worker function."""
    worker, _ = make_function("WorkerFunction")
    invoke = InvokeStandIn("WorkerFunction", worker.url, lambda: None)
    invoke.start()
    yield invoke
    invoke.close()


@pytest.fixture
def dispatch(make_function: MakeFunction, invoke: InvokeStandIn, stack: Stack) -> Callable[[], dict[str, Any]]:
    """Sends the sample dispatch through the dispatch function and the worker function."""
    _, worker_guard = make_function("WorkerFunction")
    function, guard = make_function(
        "DispatchFunction", AWS_ENDPOINT_URL_LAMBDA=invoke.url, WORKER_FUNCTION="WorkerFunction"
    )

    def send() -> dict[str, Any]:
        body = ok(function.invoke(event("qa_plan", stack)))
        assert worker_guard.denied == []
        assert guard.denied == []
        return body

    return send


def event(name: str, stack: Stack, **parameters: str) -> dict[str, Any]:
    """A sample event, with the stack's token for the sample one, and path parameters where a test needs its own."""
    text = (ROOT / "events" / f"{name}.json").read_text()
    sample: dict[str, Any] = json.loads(text.replace("sample-captain-token", stack.token))
    if parameters:
        sample["pathParameters"] = parameters
    return sample


def ok(response: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response["body"])
    assert response["statusCode"] == 200, body
    return body


def test_health_answers(make_function: MakeFunction, stack: Stack) -> None:
    function, guard = make_function("HealthFunction")
    assert ok(function.invoke(event("health", stack)))["status"] == "ok"
    assert guard.denied == []


def test_a_dispatch_posts_its_plan_and_is_audited(
    dispatch: Callable[[], dict[str, Any]], make_function: MakeFunction, stack: Stack
) -> None:
    result = dispatch()
    assert (result["status"], result["executed"]) == ("success", True)
    assert len(stack.repository.comments(42)) == 1

    audit, guard = make_function("AuditFunction")
    assert [run["runId"] for run in ok(audit.invoke(event("audit", stack)))["runs"]] == [result["runId"]]
    assert guard.denied == []

    audit_run, guard = make_function("AuditRunFunction")
    ok(audit_run.invoke(event("audit_run", stack, runId=result["runId"])))
    assert guard.denied == []


@pytest.mark.parametrize(
    ("name", "status"), [("qa_plan_no_token", 401), ("qa_plan_bad_json", 400), ("qa_plan_unknown_field", 400)]
)
def test_a_bad_dispatch_is_refused(name: str, status: int, make_function: MakeFunction, stack: Stack) -> None:
    function, guard = make_function("DispatchFunction")
    assert function.invoke(event(name, stack))["statusCode"] == status
    assert guard.denied == []


def test_a_refused_comment_waits_and_is_approved(
    dispatch: Callable[[], dict[str, Any]], make_function: MakeFunction, stack: Stack
) -> None:
    assert stack.relay is not None
    stack.relay.faults.order("relay.comment", Fault(status=403))
    action = dispatch()["actionId"]

    pending, guard = make_function("PendingFunction")
    assert [entry["id"] for entry in ok(pending.invoke(event("pending", stack)))["actions"]] == [action]
    assert guard.denied == []

    approve, guard = make_function("ApproveFunction")
    assert ok(approve.invoke(event("approve", stack, id=action)))["status"] == "executed"
    assert guard.denied == []
    assert len(stack.repository.comments(42)) == 1


def test_a_refused_comment_is_rejected(
    dispatch: Callable[[], dict[str, Any]], make_function: MakeFunction, stack: Stack
) -> None:
    assert stack.relay is not None
    stack.relay.faults.order("relay.comment", Fault(status=403))
    action = dispatch()["actionId"]
    reject, guard = make_function("RejectFunction")
    assert ok(reject.invoke(event("reject", stack, id=action)))["status"] == "rejected"
    assert guard.denied == []


@pytest.mark.parametrize(("function", "name"), [("ApproveFunction", "approve"), ("RejectFunction", "reject")])
def test_the_sample_action_is_not_known(function: str, name: str, make_function: MakeFunction, stack: Stack) -> None:
    emulated, guard = make_function(function)
    assert emulated.invoke(event(name, stack))["statusCode"] == 404
    assert guard.denied == []


def test_the_breaker_is_reset(make_function: MakeFunction, stack: Stack) -> None:
    function, guard = make_function("CircuitResetFunction")
    assert ok(function.invoke(event("circuit_reset", stack)))["status"] == "reset"
    assert guard.denied == []


def test_the_worker_does_not_know_the_sample_run(make_function: MakeFunction, stack: Stack) -> None:
    function, guard = make_function("WorkerFunction")
    assert function.invoke(event("worker", stack)) == {"status": "error"}
    assert guard.denied == []


def test_the_scheduled_look_goes_over_what_waits(
    dispatch: Callable[[], dict[str, Any]], make_function: MakeFunction, stack: Stack
) -> None:
    assert stack.relay is not None
    stack.relay.faults.order("relay.comment", Fault(lose_answer=True))
    assert dispatch()["state"] == "outcome_unknown"
    function, guard = make_function("ReconcileFunction")
    assert function.invoke(event("reconcile", stack))["executed"] == 1
    assert guard.denied == []


def test_the_watcher_tells_the_captain(make_function: MakeFunction, stack: Stack) -> None:
    requests: Journal[bytes] = Journal()

    def topic(request: Request) -> Answer:
        requests.add(request.body)
        return Answer(
            200, b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
        )

    sns = Server(topic)
    sns.start()
    names = {"AUDIT_TABLE": "audit", "ACTIONS_TABLE": "actions", "BREAKER_TABLE": "breaker"}
    function, guard = make_function("WatchFunction", AWS_ENDPOINT_URL_SNS=sns.url, **names)
    assert function.invoke(event("watch", stack)) == {"batchItemFailures": []}
    assert function.invoke(event("watch_digest", stack)) == {"told": 0}
    assert guard.denied == []
    sns.stop()
    assert len(requests.entries()) == 3
    assert '"AuditTampered"' in function.log()


def test_the_deployment_makes_the_breakers_first_row(make_function: MakeFunction, stack: Stack) -> None:
    answers: Journal[bytes] = Journal()

    def cloudformation(request: Request) -> Answer:
        answers.add(request.body)
        return Answer(200)

    listener = Server(cloudformation)
    listener.start()
    stack.dynamodb.delete_item(TableName=stack.tables["BREAKER_TABLE"], Key={"id": {"S": "breaker"}})
    function, guard = make_function("SetupFunction", ALLOW_INSECURE="acknowledged")
    function.invoke({**event("setup", stack), "ResponseURL": f"{listener.url}/answer"})
    listener.stop()
    assert [json.loads(answer)["Status"] for answer in answers.entries()] == ["SUCCESS"]
    assert guard.denied == []
    health, _ = make_function("HealthFunction")
    assert ok(health.invoke(event("health", stack)))["status"] == "ok"


def test_the_deployment_refuses_a_guardrail_looser_than_its_table(make_function: MakeFunction, stack: Stack) -> None:
    answers: Journal[bytes] = Journal()

    def cloudformation(request: Request) -> Answer:
        answers.add(request.body)
        return Answer(200)

    listener = Server(cloudformation)
    listener.start()
    function, _ = make_function("SetupFunction", ALLOW_INSECURE="acknowledged", MAX_COST_PER_WINDOW_USD="50")
    function.invoke({**event("setup", stack), "ResponseURL": f"{listener.url}/answer"})
    listener.stop()
    (answer,) = map(json.loads, answers.entries())
    assert answer["Status"] == "FAILED"
    assert "MAX_COST_PER_WINDOW_USD" in answer["Reason"]
