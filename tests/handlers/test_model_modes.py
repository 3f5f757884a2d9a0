"""The model overloaded, broken, cut short, silent: what the caller is told, and what it costs."""

from __future__ import annotations

import pytest

from local.model import Order
from tests.handlers.conftest import MakeService
from tests.support.answers import answer
from tests.support.service import Service


def failed(service: Service) -> dict[str, object]:
    reply = service.dispatch()
    assert (reply.status, reply.body["status"], reply.body["reason"]) == (502, "failed", "model_error"), reply.text
    assert reply.body["error"]["code"] == "model_error"
    assert service.comments() == []
    assert service.api.get("/pending").body["count"] == 0
    assert service.charged() == reply.body["cost"]
    body: dict[str, object] = reply.body
    return body


def micro(cost: object) -> int:
    return round(float(str(cost)) * 1_000_000)


@pytest.mark.parametrize("status", [429, 529])
def test_an_overloaded_model_is_tried_four_times_and_costs_nothing(service: Service, status: int) -> None:
    service.model.order(Order(status=status), times=4)
    body = failed(service)
    assert body["cost"] == "0.000000"
    assert service.asked() == 4
    assert service.clock.slept[:3] == [1.0, 2.0, 4.0]
    attempts = service.events(str(body["runId"]), "generation.attempt_failed")
    assert [attempt["trouble"] for attempt in attempts] == ["overloaded"] * 4
    assert service.dispatch().body["status"] == "success"


def test_the_model_says_how_long_to_wait(service: Service) -> None:
    service.model.order(Order(status=429, retry_after="7"))
    assert service.dispatch().body["executed"] is True
    assert service.clock.slept[0] == 7.0


def test_a_server_error_stays_charged_beside_the_answer(service: Service) -> None:
    service.model.order(Order(status=500))
    service.model.order(Order(input_tokens=100, output_tokens=10))
    body = service.dispatch().body
    first, second = service.events(body["runId"], "charge.requested")
    assert second["amount"] == 2 * first["amount"]
    assert micro(body["cost"]) == first["amount"] + 100 * 2 + 10 * 10
    assert service.charged() == body["cost"]


def test_server_errors_end_at_the_runs_ceiling(service: Service) -> None:
    service.model.order(Order(status=500), times=None)
    body = failed(service)
    assert 0 < micro(body["cost"]) <= 500_000


@pytest.mark.parametrize("order", [Order(status=500), Order(hang_up=True)], ids=["500", "hang-up"])
def test_what_may_have_been_billed_stays_charged_in_full(make_service: MakeService, order: Order) -> None:
    service = make_service(MAX_RETRIES="0")
    service.model.order(order)
    body = failed(service)
    [asked] = service.events(str(body["runId"]), "charge.requested")
    assert micro(body["cost"]) == asked["amount"]
    assert service.asked() == 1


@pytest.mark.parametrize(
    "stop",
    [
        "max_tokens",
        "refusal",
        "pause_turn",
        "model_context_window_exceeded",
        "stop_sequence",
        "tool_use",
        "of_next_year",
    ],
)
def test_an_answer_that_was_cut_short_is_paid_and_not_used(service: Service, stop: str) -> None:
    service.model.order(Order(stop_reason=stop, input_tokens=100, output_tokens=10))
    body = failed(service)
    assert body["cost"] == "0.000300"
    assert stop in str(body["error"])
    assert service.asked() == 1
    assert "answer" in service.run(str(body["runId"]))["content"]


def test_an_answer_without_a_text_is_paid_and_refused(service: Service) -> None:
    service.model.order(Order(text="", input_tokens=100, output_tokens=10))
    reply = service.dispatch()
    assert (reply.status, reply.body["status"], reply.body["cost"]) == (422, "rejected", "0.000300")
    assert reply.body["checks"]
    assert (service.asked(), service.sent()) == (1, 0)


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_a_request_that_the_model_refuses_is_not_repeated_and_costs_nothing(service: Service, status: int) -> None:
    service.model.order(Order(status=status))
    assert failed(service)["cost"] == "0.000000"
    assert service.asked() == 1


def test_a_wrong_key_is_not_repeated_and_not_told(service: Service) -> None:
    key, service.model.api_key = service.model.api_key, "another-key"
    body = failed(service)
    assert body["cost"] == "0.000000"
    assert key not in str(body)
    assert service.asked() == 1


def test_a_model_that_cannot_be_reached_costs_nothing(service: Service) -> None:
    service.model.stop()
    assert failed(service)["cost"] == "0.000000"
    service.model.start()
    assert service.dispatch().body["status"] == "success"


@pytest.mark.parametrize(
    "text",
    [
        "I am sorry, I cannot do that.",
        "<html><body>502 Bad Gateway</body></html>",
        "[]",
        "null",
        '{"test_plan": []}',
        answer(extra="field"),
        answer(test_plan=[]),
        answer(nothing_to_test="Nothing, and everything above."),
        answer(reason="short"),
        answer()[:-1] + ', "reason": "the same key once more"}',
        "```json\n" + answer() + "\n```",
    ],
)
def test_an_answer_out_of_shape_is_rejected_and_paid(service: Service, text: str) -> None:
    service.model.order(Order(text=text, input_tokens=100, output_tokens=10))
    reply = service.dispatch()
    assert (reply.status, reply.body["status"], reply.body["cost"]) == (422, "rejected", "0.000300")
    assert reply.body["checks"][0]["rule"].startswith("answer.")
    assert service.comments() == []
    assert service.charged() == "0.000300"


def test_usage_above_its_bound_opens_the_breaker(service: Service) -> None:
    service.model.order(Order(input_tokens=400_000, output_tokens=10))
    body = service.dispatch().body
    assert body["cost"] == "0.800100" == service.charged()
    circuit = service.api.get("/health").body["circuitBreaker"]
    assert (circuit["isOpen"], circuit["state"]) == (True, "open")
    assert any(run["event"] == "breaker.opened" for run in service.api.get("/audit").body["runs"])


def test_five_failures_open_the_breaker(service: Service) -> None:
    service.model.order(Order(status=401), times=5)
    for _ in range(5):
        assert service.dispatch().status == 502
    reply = service.dispatch()
    assert (reply.status, reply.body["reason"]) == (503, "circuit_open")
    assert service.asked() == 5
    circuit = service.api.get("/health").body["circuitBreaker"]
    assert (circuit["totalTasks"], circuit["failedTasks"], circuit["isOpen"]) == (5, 5, True)
