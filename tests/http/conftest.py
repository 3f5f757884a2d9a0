"""The handlers behind the gateway stand-in, in this process, on the real engine, with fakes for the outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import schemathesis
import yaml

from core.callers.oidc import ISSUER
from handlers.http import Endpoint, Endpoints
from local.child import ROOT
from local.function import Handler, load
from local.gateway import Gateway
from local.template import Template
from local.web import Server
from tests.support.fakes import PLAN, TOKEN, World, make_world, message

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DOCUMENT: Final[Path] = ROOT / "docs" / "openapi.yaml"
SPEC: Final[dict[str, Any]] = yaml.safe_load(DOCUMENT.read_text())
OUTSIDE: Final = {**PLAN, "general_checks": ["Compare with https://board.dfg-status.io/listings"]}
"""A plan that waits: it points outside the repository."""


@dataclass
class Served:
    """A world with its API at `url`."""

    world: World
    url: str
    schema: Any
    known: dict[str, str] = field(default_factory=dict)
    """Ids that exist, by the name of their path parameter."""

    def call(self, method: str, path: str, route: str = "", *, token: str | None = TOKEN, **options: Any) -> Any:
        """The answer, once the document allows it: status, headers and body."""
        headers = {**({"authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        options["allow_redirects"] = False
        answer = requests.request(method, self.url + path, headers=headers, timeout=30, **options)
        operation = self.schema[route or path.partition("?")[0]][method]
        assert str(answer.status_code) in operation.definition.raw["responses"], (route or path, answer.text)
        operation.validate_response(answer)
        return answer

    def waiting(self) -> dict[str, Any]:
        """Dispatches a plan that waits. The body of the answer."""
        self.world.model.replies.append(message(OUTSIDE))
        body: dict[str, Any] = self.call("POST", "/dispatch/qa-plan", json={"prNumber": 42}).json()
        assert body["state"] == "pending", body
        return body


OIDC: Final = {
    "GITHUB_OIDC_AUDIENCE": "dfg-contract",
    "GITHUB_OIDC_REPOSITORY_ID": "1",
    "GITHUB_OIDC_OWNER_ID": "2",
}


def verified(authorization: str) -> Mapping[str, str] | None:
    """The gateway's authorizer, to which the callers' token is one of GitHub Actions too."""
    if authorization != f"Bearer {TOKEN}":
        return None
    return {
        "iss": ISSUER,
        "aud": "dfg-contract",
        "repository_id": "1",
        "repository_owner_id": "2",
        "event_name": "push",
        "ref": "refs/heads/main",
        "workflow_ref": "dfg/app/.github/workflows/qa.yml@refs/heads/main",
    }


def serve(world: World, template: Template, until: ExitStack) -> Served:
    def handler_of(name: str) -> Handler:
        handler = load(name)
        return (
            (lambda event, context: handler.answer(world.app, event, context))
            if isinstance(handler, Endpoint | Endpoints)
            else handler
        )

    server = Server(Gateway(template.routes, handler_of, verify=verified).answer)
    server.start()
    until.callback(server.stop)
    return Served(world, server.url, schemathesis.openapi.from_path(DOCUMENT))


@pytest.fixture
def served(dynamodb_client: DynamoDBClient, tables: dict[str, str], template: Template) -> Iterator[Served]:
    with ExitStack() as until:
        yield serve(make_world(dynamodb_client, tables, **OIDC), template, until)
