"""The template's parameters and the code's settings are one thing in two places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from core.config import GUARDRAILS, read_limits, read_settings
from core.phases import ADDED_TASKS
from core.types import TASK_TYPES
from handlers import dispatch, oidc
from tests.template.reading import ROOT, defaults, variables, written

GIVEN = {"GitHubRepository": "acme/widgets"}
FUNCTIONS = [n for n, r in written()["Resources"].items() if r["Type"] == "AWS::Serverless::Function"]
API = {
    "HealthFunction": [("GET", "/health")],
    "ConsoleFunction": [("GET", "/console"), ("GET", "/")],
    "DispatchFunction": [("POST", f"/dispatch/{task.replace('_', '-')}") for task in TASK_TYPES],
    "WebhookFunction": [("POST", "/webhook/github")],
    "KeylessFunction": [
        *(("POST", f"/oidc/dispatch/{task.replace('_', '-')}") for task in TASK_TYPES),
        ("GET", "/oidc/audit/{runId}"),
    ],
    "PendingFunction": [("GET", "/pending"), ("GET", "/pending/{id}")],
    "ApproveFunction": [("POST", "/approve/{id}")],
    "RejectFunction": [("POST", "/reject/{id}")],
    "PhasesFunction": [("GET", "/phases")],
    "AuditFunction": [("GET", "/audit")],
    "AuditCheckpointFunction": [("GET", "/audit/checkpoint")],
    "AuditRunFunction": [("GET", "/audit/{runId}")],
    "EraseFunction": [("POST", "/audit/{runId}/erase")],
    "CircuitResetFunction": [("POST", "/circuit/reset")],
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


def test_a_change_of_any_setting_that_all_functions_have_is_checked_by_the_deployment() -> None:
    template = written()
    checked = [reference["Ref"] for reference in template["Resources"]["Setup"]["Properties"]["Settings"]]
    shared = template["Globals"]["Function"]["Environment"]["Variables"].values()
    settings = {v["Ref"] for v in shared if isinstance(v, dict) and v.get("Ref") in template["Parameters"]}
    assert settings <= set(checked)
    assert len(checked) == len(set(checked))


def test_each_route_has_its_function() -> None:
    """One each, but for the dispatches, which hold the same rights."""
    resources = written()["Resources"]
    routes = {
        name: [
            (event["Properties"]["Method"], event["Properties"]["Path"])
            for event in resources[name]["Properties"].get("Events", {}).values()
            if event["Type"] == "HttpApi"
        ]
        for name in FUNCTIONS
    }
    assert {name: of for name, of in routes.items() if of} == API


def test_a_function_of_several_routes_knows_exactly_these() -> None:
    assert list(dispatch.handler.routes) == [f"{method} {path}" for method, path in API["DispatchFunction"]]
    assert list(oidc.handler.routes) == [f"{method} {path}" for method, path in API["KeylessFunction"]]


def test_every_dispatch_is_throttled_more_than_the_rest() -> None:
    of_route = written()["Resources"]["Api"]["Properties"]["RouteSettings"]
    keyless = {route for route in oidc.handler.routes if route.startswith("POST")}
    assert set(of_route) == set(dispatch.handler.routes) | keyless
    [limits] = {json.dumps(of_route[route]) for route in dispatch.handler.routes}
    for route in keyless:
        assert of_route[route] == {"Fn::If": ["HasKeylessCallers", json.loads(limits), {"Ref": "AWS::NoValue"}]}


def secret_holders(variable: str) -> set[str]:
    template = written()
    return {name for name in FUNCTIONS if variable in variables(template, name, {})}


def test_only_the_worker_holds_the_key_of_the_model() -> None:
    assert secret_holders("ANTHROPIC_API_KEY_ARN") == {"WorkerFunction"}


def test_only_what_acts_holds_the_token_of_the_relay() -> None:
    assert secret_holders("DFG_RELAY_TOKEN_ARN") == {"WorkerFunction", "ApproveFunction"}


def test_every_route_but_the_public_ones_knows_the_callers_tokens() -> None:
    public = {"HealthFunction", "ConsoleFunction", "WebhookFunction", "KeylessFunction"}
    assert secret_holders("ORCHESTRATOR_SECRET_ARN") == set(API) - public


def test_only_the_webhook_knows_what_github_signs_with_and_holds_nothing_else() -> None:
    assert secret_holders("GITHUB_WEBHOOK_SECRET_ARN") == {"WebhookFunction"}
    assert secret_holders("GITHUB_TOKEN_ARN").isdisjoint({"WebhookFunction"})


def schedules(function: str) -> dict[str, Any]:
    events = written()["Resources"][function]["Properties"]["Events"]
    return {name: event["Properties"] for name, event in events.items()}


def test_schedules_of_tasks_are_off_until_their_parameter_is_given() -> None:
    """By default the stack runs nothing that writes to GitHub."""
    template = written()
    for name, schedule in schedules("ScheduleFunction").items():
        parameter = f"{name}Schedule"
        assert template["Parameters"][parameter]["Default"] == ""
        assert template["Conditions"][f"Has{parameter}"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}
        assert schedule["State"] == {"Fn::If": [f"Has{parameter}", "ENABLED", "DISABLED"]}
        assert schedule["ScheduleExpression"]["Fn::If"][:2] == [f"Has{parameter}", {"Ref": parameter}]


def test_schedules_of_tasks_name_a_task_that_some_phase_runs_on_a_schedule() -> None:
    inputs = [json.loads(schedule["Input"]) for schedule in schedules("ScheduleFunction").values()]
    scheduled = {task for added in ADDED_TASKS.values() for task, trigger in added if trigger == "schedule"}
    assert {given["taskType"] for given in inputs} == scheduled
    assert {given["scheduledAt"] for given in inputs} == {"<aws.scheduler.scheduled-time>"}


def alarms() -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in written()["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"}


def watched(alarm: Mapping[str, Any], metric: str) -> list[str]:
    """The functions of which an alarm sums up a metric."""
    stats = [entry["MetricStat"]["Metric"] for entry in alarm.get("Metrics", []) if "MetricStat" in entry]
    dimensions = [stat["Dimensions"][0]["Value"]["Ref"] for stat in stats if stat["MetricName"] == metric]
    return [name for name in dimensions if name in FUNCTIONS]


def test_errors_of_every_function_raise_one_alarm() -> None:
    """But for the set-up, whose failure fails the deployment."""
    everything = [name for alarm in alarms().values() for name in watched(alarm, "Errors")]
    assert sorted(everything) == sorted(set(FUNCTIONS) - {"SetupFunction"})


def test_tokens_that_are_not_known_raise_an_alarm() -> None:
    """The metric is of handlers/http.py."""
    alarm = alarms()["UnauthorizedAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("DFGOrchestrator", "Unauthorized")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]


def test_events_without_a_checkpoint_for_an_hour_raise_an_alarm() -> None:
    metrics = {entry["Id"]: entry for entry in alarms()["CheckpointsMissingAlarm"]["Metrics"]}
    events, ended = (metrics[name]["MetricStat"] for name in ("written", "ended"))
    assert events["Metric"]["Dimensions"] == [{"Name": "TableName", "Value": {"Ref": "AuditTable"}}]
    assert ended["Metric"]["MetricName"] == "CheckpointerEnded"
    assert {events["Period"], ended["Period"]} == {3600}
    assert "written, 0) > 0 AND FILL(ended, 0) < 1" in metrics["missing"]["Expression"]


def test_what_nobody_asks_for_again_is_watched_for_throttling() -> None:
    assert set(watched(alarms()["ThrottlesAlarm"], "Throttles")) == {
        "DispatchFunction",
        "WebhookFunction",
        "ApproveFunction",
        "ScheduleFunction",
        "WorkerFunction",
    }


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_has_no_more_metrics_than_cloudwatch_takes(name: str) -> None:
    """Ten: "Using math expressions with CloudWatch metrics", in Amazon CloudWatch's user guide."""
    assert len([m for m in alarms()[name].get("Metrics", []) if "MetricStat" in m]) <= 10


def test_functions_read_only_secrets_that_their_environment_names() -> None:
    template = written()
    secrets = {
        "OrchestratorSecret",
        "AnthropicSecretArn",
        "GitHubSecretArn",
        "GitHubReaderSecretArn",
        "RelaySecretArn",
        "WebhookSecretArn",
    }
    for name in FUNCTIONS:
        policies = template["Resources"][name]["Properties"].get("Policies", [])
        statements = [statement for policy in policies for statement in policy["Statement"]]
        readable = json.dumps([s for s in statements if "secretsmanager:" in json.dumps(s)])
        named = secrets & set(variables(template, name, {}).values())
        if name == "HealthFunction":
            named -= {"GitHubReaderSecretArn"}  # it tells whether there is one
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


def modules() -> dict[str, set[str]]:
    """The handlers' modules, and the routes of each."""
    of_functions = {name: written()["Resources"][name]["Properties"]["Handler"].split(".")[1] for name in FUNCTIONS}
    routes = {of_functions[name]: {f"{m} {p}" for m, p in of} for name, of in API.items()}
    del routes["dispatch"]
    rest = {module: {""} for module in of_functions.values() if module not in routes and module != "dispatch"}
    first = {"oidc": set(oidc.handler.routes)}
    return {**rest, **routes, **{dispatch_module(route): {route} for route in dispatch.handler.routes}, **first}


def dispatch_module(route: str) -> str:
    """`POST /dispatch/qa-plan` is in handlers/qa_plan.py."""
    return route.rsplit("/", 1)[1].replace("-", "_")


def test_every_handler_has_a_sample_event() -> None:
    assert [module for module in modules() if not (ROOT / "events" / f"{module}.json").exists()] == []


def test_sample_events_name_the_route_of_their_handler() -> None:
    routes = modules()
    for file in (ROOT / "events").iterdir():
        module = max((m for m in routes if file.stem.startswith(m)), key=len)
        assert json.loads(file.read_text()).get("routeKey", "") in routes[module], file
