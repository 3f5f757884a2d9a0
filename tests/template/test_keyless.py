"""Keyless callers: a function of its own that is made only where it is asked for, behind the gateway's authorizer."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from core.callers.oidc import EVENTS, EVENTS_BY_NAME, ISSUER, OFF, read_rules
from handlers import oidc
from tests.template.reading import Template, defaults, expanded, variables, written
from tests.template.rules import refusals

GIVEN = {
    "GitHubRepository": "acme/widgets",
    "AnthropicSecretArn": "arn",
    "GitHubSecretArn": "arn",
    "GitHubOidcAudience": "dfg-orchestrator-production",
    "GitHubOidcRepositoryId": "1296269",
    "GitHubOidcOwnerId": "583231",
}


@pytest.fixture(scope="module")
def template() -> Template:
    [made] = expanded([written()])
    return made


def security(operation: Any) -> Any:
    """What a route asks of its caller; SAM wraps it where its function is conditional."""
    while "Fn::If" in operation:
        operation = operation["Fn::If"][1]
    return operation.get("security")


def routes(template: Template) -> dict[str, Any]:
    paths = template["Resources"]["Api"]["Properties"]["Body"]["paths"]
    found: dict[str, Any] = {}
    for path, methods in paths.items():
        inner = methods["Fn::If"][1] if "Fn::If" in methods else methods
        found |= {f"{method.upper()} {path}": operation for method, operation in inner.items()}
    return found


def test_exactly_the_keyless_routes_are_behind_the_authorizer(template: Template) -> None:
    guarded = {route for route, operation in routes(template).items() if security(operation)}
    assert guarded == set(oidc.handler.routes)


def test_the_authorizer_takes_tokens_of_github_actions_for_this_deployment(template: Template) -> None:
    [scheme] = template["Resources"]["Api"]["Properties"]["Body"]["components"]["securitySchemes"].values()
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    assert authorizer["jwtConfiguration"] == {"issuer": ISSUER, "audience": [{"Ref": "GitHubOidcAudience"}]}
    assert authorizer["type"] == "jwt"


def test_what_is_made_for_keyless_callers_is_made_only_where_they_are(template: Template) -> None:
    assert template["Parameters"]["GitHubOidcAudience"]["Default"] == OFF
    about = {n: r for n, r in template["Resources"].items() if n.startswith("Keyless")}
    assert {r["Type"] for r in about.values()} >= {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::CloudWatch::Alarm"}
    assert {r["Condition"] for r in about.values()} == {"HasKeylessCallers"}
    rest = {n: r for n, r in template["Resources"].items() if n not in about and n != "Api"}
    assert "KeylessFunction" not in json.dumps(rest)


def test_the_repository_must_be_named() -> None:
    base = {**defaults(written()), **GIVEN}
    assert refusals(written(), base) == []
    for missing in ("GitHubOidcRepositoryId", "GitHubOidcOwnerId"):
        assert refusals(written(), {**base, missing: ""}) == ["KeylessCallersAreOfOneRepository"]


def test_the_function_gets_rules_that_the_code_accepts() -> None:
    template = written()
    rules = read_rules(variables(template, "KeylessFunction", {**defaults(template), **GIVEN}))
    assert rules is not None
    assert (rules.audience, rules.repository_id, rules.owner_id) == (
        "dfg-orchestrator-production",
        "1296269",
        "583231",
    )
    assert rules.events == EVENTS


def test_the_template_knows_exactly_the_events_of_the_code() -> None:
    pattern = written()["Parameters"]["GitHubOidcEvents"]["AllowedPattern"]
    assert set(re.findall("[a-z_]+", pattern)) == {*EVENTS, *EVENTS_BY_NAME}
