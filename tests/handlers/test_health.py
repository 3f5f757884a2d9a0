"""GET /health, and every route when the store cannot be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import VERSION
from local.engine import Engine, dynamodb
from local.stack import Stack, clean_environment
from tests.conftest import table_names
from tests.handlers.conftest import MakeService
from tests.handlers.test_tokens import NAMES, ROUTES
from tests.support.caller import Caller, error_of
from tests.support.service import DISPATCH, Service

RELAY = {"DFG_RELAY_URL": "https://relay.example"}
READER_APP = {"GITHUB_READER_APP_ID": "1", "GITHUB_READER_INSTALLATION_ID": "2"}


@pytest.mark.parametrize(
    ("settings", "credentials"),
    [
        ({}, "shared"),
        (RELAY, "separate"),
        ({"GITHUB_READER_TOKEN": "t"}, "separate"),
        ({"GITHUB_READER_TOKEN_ARN": "arn:aws:secretsmanager:x"}, "separate"),
        (READER_APP, "separate"),
    ],
)
def test_it_says_when_one_credential_reads_and_writes(
    make_service: MakeService, settings: dict[str, str], credentials: str
) -> None:
    assert make_service(**settings).api.get("/health").body["credentials"] == credentials


def test_a_new_service_is_ok_and_has_spent_nothing(service: Service) -> None:
    reply = service.api.known_as(None).get("/health")
    assert (reply.status, reply.body) == (
        200,
        {
            "status": "ok",
            "phase": "phase0",
            "version": VERSION,
            "timestamp": "2026-09-21T14:13:20.000Z",
            "credentials": "shared",
            "circuitBreaker": {
                "isOpen": False,
                "state": "closed",
                "totalTasks": 0,
                "failedTasks": 0,
                "totalCostUsd": "0.000000",
                "maxCostUsd": "5.000000",
            },
        },
    )


def test_it_counts_the_window_and_forgets_what_has_left_it(service: Service) -> None:
    service.dispatch()
    assert service.api.get("/health").body["circuitBreaker"]["totalTasks"] == 1
    service.clock.forward(3_602)
    circuit = service.api.get("/health").body["circuitBreaker"]
    assert (circuit["totalTasks"], circuit["totalCostUsd"]) == (0, "0.000000")


def test_it_says_that_markers_do_not_count_without_an_author(make_service: MakeService) -> None:
    assert "COMMENT_AUTHOR" in make_service(COMMENT_AUTHOR="").api.get("/health").body["notice"]


def test_a_health_check_writes_nothing(steady: Service) -> None:
    before = steady.contents()
    steady.api.get("/health")
    assert steady.contents() == before


def test_an_engine_that_stops_degrades_the_running_stack(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.start()
    names = table_names("stopped")
    env = clean_environment({"AWS_ENDPOINT_URL_DYNAMODB": engine.url, **names})
    with Stack(env, logs=tmp_path / "logs", worker=False) as stack:
        api = Caller(stack.url, stack.token)
        assert api.get("/health").body["status"] == "ok"
        engine.stop()
        reply = api.get("/health")
        assert (reply.status, reply.body["status"]) == (503, "degraded")
        assert "circuitBreaker" not in reply.body
        refusal = api.get("/audit")
        assert error_of(refusal) == (503, "store_unavailable")
        assert int(refusal.headers["retry-after"]) > 0


@pytest.fixture
def cut_off(make_service: MakeService) -> Service:
    """A service whose store refuses every connection."""
    return make_service(dynamodb=dynamodb("http://127.0.0.1:1", {}))


@pytest.mark.parametrize(("method", "path", "_"), ROUTES, ids=NAMES)
def test_without_a_store_every_route_refuses_and_says_when_to_come_back(
    cut_off: Service, method: str, path: str, _: str
) -> None:
    body = b'{"prNumber": 42}' if path == DISPATCH else None
    reply = cut_off.api.send(method, path, body)
    assert error_of(reply) == (503, "store_unavailable")
    assert int(reply.headers["retry-after"]) > 0
    assert (cut_off.asked(), cut_off.sent()) == (0, 0)
