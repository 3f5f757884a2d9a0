"""The template's parameters and the code's settings are one thing in two places."""

from __future__ import annotations

import json

import pytest

from core.config import GUARDRAILS, read_limits, read_settings
from tests.template.reading import ROOT, defaults, variables, written

GIVEN = {"GitHubRepository": "acme/widgets"}
FUNCTIONS = [n for n, r in written()["Resources"].items() if r["Type"] == "AWS::Serverless::Function"]
API = {
    "HealthFunction": ("GET", "/health"),
    "ConsoleFunction": ("GET", "/console"),
    "QaPlanFunction": ("POST", "/dispatch/qa-plan"),
    "PendingFunction": ("GET", "/pending"),
    "ApproveFunction": ("POST", "/approve/{id}"),
    "RejectFunction": ("POST", "/reject/{id}"),
    "AuditFunction": ("GET", "/audit"),
    "AuditCheckpointFunction": ("GET", "/audit/checkpoint"),
    "AuditRunFunction": ("GET", "/audit/{runId}"),
    "EraseFunction": ("POST", "/audit/{runId}/erase"),
    "CircuitResetFunction": ("POST", "/circuit/reset"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_gets_settings_that_the_code_accepts(function: str) -> None:
    template = written()
    settings = read_settings(variables(template, function, {**defaults(template), **GIVEN}))
    assert settings.limits == read_limits({})
    assert settings.audit_table == "AuditTable"
    assert settings.relay_url is None
    assert settings.shadow_mode is False


@pytest.mark.parametrize("name", GUARDRAILS)
def test_every_guardrail_is_a_parameter_with_the_value_of_the_table(name: str) -> None:
    template = written()
    reference = template["Globals"]["Function"]["Environment"]["Variables"][name]["Ref"]
    assert template["Parameters"][reference]["Default"] == GUARDRAILS[name].value


def test_a_change_of_any_guardrail_is_checked_by_the_deployment() -> None:
    template = written()
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    checked = template["Resources"]["Setup"]["Properties"]["Settings"]
    assert [shared[name] for name in (*GUARDRAILS, "GUARDRAIL_OVERRIDE")] == checked


def test_each_route_has_a_function_of_its_own() -> None:
    resources = written()["Resources"]
    routes = {
        name: (event["Properties"]["Method"], event["Properties"]["Path"])
        for name in FUNCTIONS
        for event in resources[name]["Properties"].get("Events", {}).values()
        if event["Type"] == "HttpApi"
    }
    assert routes == API


def secret_holders(variable: str) -> set[str]:
    template = written()
    return {name for name in FUNCTIONS if variable in variables(template, name, {})}


def test_only_the_worker_holds_the_key_of_the_model() -> None:
    assert secret_holders("ANTHROPIC_API_KEY_ARN") == {"WorkerFunction"}


def test_only_what_acts_holds_the_token_of_the_relay() -> None:
    assert secret_holders("DFG_RELAY_TOKEN_ARN") == {"WorkerFunction", "ApproveFunction"}


def test_every_route_but_the_public_ones_knows_the_callers_tokens() -> None:
    assert secret_holders("ORCHESTRATOR_SECRET_ARN") == set(API) - {"HealthFunction", "ConsoleFunction"}


def test_functions_read_only_secrets_that_their_environment_names() -> None:
    template = written()
    secrets = {"OrchestratorSecret", "AnthropicSecretArn", "GitHubSecretArn", "RelaySecretArn"}
    for name in FUNCTIONS:
        policies = template["Resources"][name]["Properties"].get("Policies", [])
        statements = [statement for policy in policies for statement in policy["Statement"]]
        readable = json.dumps([s for s in statements if "secretsmanager:" in json.dumps(s)])
        named = secrets & set(variables(template, name, {}).values())
        assert {secret for secret in secrets if f'"{secret}"' in readable} == named, name


def test_tables_are_on_demand_and_recoverable_and_the_audit_is_protected() -> None:
    tables = {n: r for n, r in written()["Resources"].items() if r["Type"] == "AWS::DynamoDB::Table"}
    assert len(tables) == 5
    for table in tables.values():
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
        assert table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["UpdateReplacePolicy"] == "Retain"
    for name in ("AuditTable", "ContentTable"):
        assert tables[name]["Properties"]["DeletionProtectionEnabled"] is True
        assert tables[name]["DeletionPolicy"] == "Retain"
    assert tables["DedupeTable"]["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_every_function_has_a_sample_event() -> None:
    handlers = [written()["Resources"][name]["Properties"]["Handler"] for name in FUNCTIONS]
    assert [h for h in handlers if not (ROOT / "events" / f"{h.split('.')[1]}.json").exists()] == []


def test_sample_events_name_the_route_of_their_function() -> None:
    resources = written()["Resources"]
    routes = {resources[n]["Properties"]["Handler"].split(".")[1]: f"{m} {p}" for n, (m, p) in API.items()}
    for file in (ROOT / "events").iterdir():
        module = max((m for m in routes if file.stem.startswith(m)), key=len, default=None)
        if module is not None:
            assert json.loads(file.read_text())["routeKey"] == routes[module], file
