"""The audit as a caller of the API reads it: the real handlers, in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.app import App
from dfg.exporting import Get, export
from handlers import audit, audit_checkpoint, audit_run
from tests.support.fakes import TOKEN


class Invocation:
    """What the handlers use of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


def reader(app: App) -> Get:
    """GET on the routes of the audit."""

    def get(path: str, query: Mapping[str, str]) -> Mapping[str, Any] | None:
        match path.split("/"):
            case ["", "audit"]:
                endpoint, parameters = audit.handler, {}
            case ["", "audit", "checkpoint"]:
                endpoint, parameters = audit_checkpoint.handler, {}
            case ["", "audit", run_id]:
                endpoint, parameters = audit_run.handler, {"runId": run_id}
            case _:
                raise AssertionError(f"no route {path}")
        event = {
            "headers": {"authorization": f"Bearer {TOKEN}"},
            "queryStringParameters": dict(query),
            "pathParameters": parameters,
        }
        answer = endpoint.answer(app, event, Invocation())
        body: Mapping[str, Any] = json.loads(answer["body"])
        assert answer["statusCode"] in (200, 404), body
        return body if answer["statusCode"] == 200 else None

    return get


def exported(app: App, **options: Any) -> list[str]:
    """The lines of `dfg export`."""
    return [json.dumps(record) for record in export(reader(app), **options)]
