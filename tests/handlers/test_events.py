"""Every sample event of a route is answered as its name says."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.phases import ADDED_TASKS
from core.types import TASK_TYPES
from handlers import worker
from handlers.http import Endpoint, Endpoints
from local.child import ROOT
from local.function import load, new_context
from local.template import Template
from tests.support.fakes import TOKEN
from tests.support.service import Service

EVENTS = ROOT / "events"
LATER = {
    f"POST /dispatch/{task.replace('_', '-')}" for task in TASK_TYPES if (task, "api") not in ADDED_TASKS["phase0"]
}
BAD = {"bad_json": 400, "no_token": 401, "unknown_field": 400}


def sample(path: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(path.read_text().replace("sample-captain-token", TOKEN))
    return event


ROUTED = sorted(path.stem for path in EVENTS.glob("*.json") if "routeKey" in sample(path))


def expected(name: str, event: dict[str, Any]) -> int:
    """By the name's ending; in phase 0, on empty tables, what names an id or a number is not found."""
    for ending, status in BAD.items():
        if name.endswith(ending):
            return status
    if name == "console_root":
        return 302  # to the console
    if name == "webhook":
        return 404  # it is switched off
    if name.startswith("oidc"):
        return 401  # so are keyless callers
    if event["routeKey"] in LATER:
        return 403
    names_one = event.get("pathParameters") or "number" in (event.get("queryStringParameters") or {})
    return 404 if names_one else 200


@pytest.mark.parametrize("name", ROUTED)
def test_a_sample_event_is_answered_as_its_name_says(service: Service, template: Template, name: str) -> None:
    event = sample(EVENTS / f"{name}.json")
    [route] = [route for route in template.routes if f"{route.method} {route.path}" == event["routeKey"]]
    handler = load(route.function.handler)
    context = new_context(route.function, "sample")
    answer = partial(handler.answer, service.app) if isinstance(handler, Endpoint | Endpoints) else handler
    response = answer(event, context)
    assert response["statusCode"] == expected(name, event), response["body"]


def test_every_route_has_a_sample(template: Template) -> None:
    sampled = {sample(EVENTS / f"{name}.json")["routeKey"] for name in ROUTED}
    assert sampled == {f"{route.method} {route.path}" for route in template.routes}


def test_the_workers_sample_names_a_run_that_nobody_has(service: Service) -> None:
    context = new_context(service.worker, "sample")
    assert worker.run(service.app, sample(EVENTS / "worker.json"), context) == {"status": "error"}


@pytest.mark.parametrize(
    "event", [{}, {"runId": None}, {"runId": 5}, {"runId": ""}, {"runId": ["x"]}, {"delivery": ""}, {"delivery": 5}]
)
def test_a_workers_event_without_a_run_is_dropped(service: Service, event: dict[str, Any]) -> None:
    before = service.contents()
    assert worker.run(service.app, event, new_context(service.worker, "sample")) == {"status": "error"}
    assert service.contents() == before
