"""Where the inference runs: every request says it, and the money follows from what was asked and what is reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.model import Order
from tests.handlers.conftest import MakeService
from tests.support.service import Service


def money(service: Service, run_id: str) -> tuple[int, int]:
    """What was reserved for the one attempt, and what it came to."""
    [requested] = service.events(run_id, "charge.requested")
    [settled] = service.events(run_id, "charge.settled")
    return requested["amount"], settled["charged"]


@pytest.mark.parametrize("geo", ["global", "us"])
def test_every_request_names_it(make_service: MakeService, geo: str) -> None:
    service = make_service(INFERENCE_GEO=geo)
    assert service.dispatch().body["state"] == "executed"
    [sent] = service.model.calls.entries()
    assert json.loads(sent)["inference_geo"] == geo


def spent(make_service: MakeService, geo: str, **order: Any) -> tuple[Service, int, int]:
    service = make_service(INFERENCE_GEO=geo)
    service.model.order(Order(input_tokens=10_000, output_tokens=1_000, **order))
    return service, *money(service, service.dispatch(force=True).body["runId"])


def test_us_is_reserved_and_settled_at_its_own_price(make_service: MakeService) -> None:
    _, reserved, settled = spent(make_service, "global")
    _, reserved_us, settled_us = spent(make_service, "us")
    assert settled == 10_000 * 2 + 1_000 * 10
    assert settled_us == settled * 11 // 10
    assert reserved_us in (reserved * 11 // 10, reserved * 11 // 10 + 1)


@pytest.mark.parametrize(
    ("asked", "reported", "settled"),
    [("global", "us", 33_000), ("us", "global", 30_000), ("global", None, 30_000), ("us", None, 33_000)],
)
def test_where_it_ran_sets_the_price(make_service: MakeService, asked: str, reported: str | None, settled: int) -> None:
    service, _, charged = spent(make_service, asked, inference_geo=reported)
    assert charged == settled
    assert service.api.get("/health").body["circuitBreaker"]["state"] == "closed"


def test_a_place_without_a_price_opens_the_breaker(make_service: MakeService) -> None:
    service, _, charged = spent(make_service, "global", inference_geo="moon")
    assert charged == 33_000
    assert service.api.get("/health").body["circuitBreaker"]["isOpen"]
    assert service.dispatch(force=True).status == 503


def test_a_setting_that_no_model_knows_is_refused(make_service: MakeService) -> None:
    with pytest.raises(Exception, match="INFERENCE_GEO must be global or us"):
        make_service(INFERENCE_GEO="eu")


def test_a_retry_is_charged_at_its_price_too(make_service: MakeService) -> None:
    service = make_service(INFERENCE_GEO="us")
    service.model.order(Order(status=500))
    first, second = service.events(service.dispatch().body["runId"], "charge.requested")
    assert second["amount"] == 2 * first["amount"]
