"""No secret in any answer, log line or event, whatever goes wrong."""

from __future__ import annotations

import json

import pytest

from local.faults import Fault
from local.model import Order
from local.stack import Stack
from tests.support.answers import REFUSED, WAITS, answer
from tests.support.caller import Caller
from tests.support.records import contents
from tests.support.service import DISPATCH, Service

GUESSED = "a-token-that-somebody-guessed-0123456789"


def secrets_of(stack: Stack) -> list[str]:
    assert stack.model is not None
    assert stack.github is not None
    assert stack.relay is not None
    return [stack.token, stack.model.api_key, stack.github.token, stack.relay.token]


def go_wrong_in_every_way(stack: Stack, api: Caller) -> None:
    assert stack.model is not None
    assert stack.github is not None
    assert stack.relay is not None
    api.known_as(GUESSED).post(DISPATCH, {"prNumber": 42})
    api.known_as(None).get("/audit")
    api.send("POST", DISPATCH, b"{")
    api.post(f"/approve/{stack.token}")
    api.get("/audit?cursor=x")
    stack.github.faults.order("pull", Fault(status=401))
    api.post(DISPATCH, {"prNumber": 42})
    stack.github.faults.order("files", Fault(hang_up=True), times=2)
    api.post(DISPATCH, {"prNumber": 42})
    for order in (Order(status=400), Order(status=401), Order(stop_reason="refusal"), REFUSED):
        stack.model.order(order)
        api.post(DISPATCH, {"prNumber": 42})
    stack.relay.faults.order("relay.comment", Fault(status=401, message="Bad token"))
    action_id = api.post(DISPATCH, {"prNumber": 42}).body["actionId"]
    stack.relay.faults.order("relay.comment", Fault(hang_up=True))
    api.post(f"/approve/{action_id}")
    stack.model.order(WAITS)
    api.post(DISPATCH, {"prNumber": 42, "linkedIssue": 100})
    api.post("/circuit/reset")
    for path in ("/health", "/pending", "/audit"):
        api.get(path)
    for run in api.get("/audit?limit=100").body["runs"]:
        assert api.get(f"/audit/{run['runId']}").body["chain"]["intact"]


def test_no_secret_is_told_logged_or_recorded(stack: Stack, api: Caller) -> None:
    assert stack.model is not None
    go_wrong_in_every_way(stack, api)
    told = "\n".join(f"{reply.headers}{reply.text}" for reply in api.heard)
    logged = "\n".join(log.read_text(errors="replace") for log in stack.logs.glob("*.log"))
    recorded = json.dumps(contents(stack.dynamodb, stack.tables), default=repr)
    asked = b"\n".join(stack.model.calls.entries()).decode()
    posted = json.dumps(stack.repository.comments(42))
    assert "refused" in logged
    assert '"status": "rejected"' in told
    for where in (told, logged, recorded, asked, posted):
        for secret in (*secrets_of(stack), GUESSED):
            assert secret not in where
    assert "Traceback" not in told


@pytest.mark.parametrize("where", ["value", "key", "no JSON"])
def test_a_model_that_writes_our_secret_is_refused_and_the_refusal_does_not_repeat_it(
    where: str, service: Service
) -> None:
    secret = service.relay.token
    texts = {
        "value": answer(reason=f"The token of the relay is {secret}."),
        "key": answer(**{secret: 1}),
        "no JSON": f"It is {secret}",
    }
    service.model.order(Order(text=texts[where]))
    reply = service.dispatch()
    assert (reply.status, reply.body["checks"][0]["rule"]) == (422, "secret.own")
    assert secret not in reply.text
    assert secret not in json.dumps(service.run(reply.body["runId"]))
    assert service.comments() == []
