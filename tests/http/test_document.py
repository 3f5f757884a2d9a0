"""docs/openapi.yaml, the template and the code say the same."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from core.audit.read import KINDS, STATUSES
from core.types import PHASES, TASK_TYPES, ActionState, ActionType, Classification, Severity
from handlers import agent_brief, bodies, dispatch, erase, oidc, qa_plan, reject, sprint_plan, triage
from handlers.http import STATUS
from local.template import Template
from tests.http.conftest import SPEC

SCHEMAS: dict[str, Any] = SPEC["components"]["schemas"]
RULES = ("type", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "default")
METHODS = ("get", "post", "put", "delete", "patch")
OPERATIONS = {
    (method.upper(), path): item[method] for path, item in SPEC["paths"].items() for method in METHODS if method in item
}


def test_the_document_has_exactly_the_routes_of_the_template(template: Template) -> None:
    assert set(OPERATIONS) == {(route.method, route.path) for route in template.routes}


def test_every_outcome_of_a_dispatch_has_its_status_in_the_document() -> None:
    statuses = {str(status) for status in STATUS.values()}
    routes = [*dispatch.handler.routes, *(route for route in oidc.handler.routes if route.startswith("POST"))]
    assert [route for route in routes if not statuses <= set(_operation(route)["responses"])] == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("TaskType", TASK_TYPES),
        ("ActionType", get_args(ActionType)),
        ("Classification", get_args(Classification)),
        ("State", get_args(ActionState)),
        ("DraftState", (*get_args(ActionState), "nothing_to_do")),
    ],
)
def test_the_values_of_the_document_are_those_of_the_code(name: str, values: tuple[str, ...]) -> None:
    assert SCHEMAS[name]["enum"] == list(values)


def test_other_enumerations_agree_too() -> None:
    assert set(SCHEMAS["Check"]["properties"]["severity"]["enum"]) == set(get_args(Severity))
    filters = {one["name"]: one["schema"] for one in OPERATIONS["GET", "/audit"]["parameters"] if "schema" in one}
    assert filters["kind"]["enum"] == list(KINDS)
    assert filters["status"]["enum"] == list(STATUSES)
    assert SCHEMAS["Health"]["properties"]["phase"]["enum"] == SCHEMAS["PhaseName"]["enum"] == list(PHASES)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("QaPlanRequest", qa_plan.QaPlanBody),
        ("TriageRequest", triage.TriageBody),
        ("AgentBriefRequest", agent_brief.AgentBriefBody),
        ("SprintPlanRequest", sprint_plan.SprintPlanBody),
        ("Dependency", sprint_plan.Dependency),
        ("RejectRequest", reject.RejectBody),
        ("EraseRequest", erase.EraseBody),
    ],
)
def test_request_bodies_are_those_that_the_code_takes(name: str, model: type[bodies.Body]) -> None:
    code = model.model_json_schema()
    written = SCHEMAS[name]
    assert written["additionalProperties"] is False
    assert set(written.get("required", [])) == set(code.get("required", []))
    assert {field: _rules(schema) for field, schema in written["properties"].items()} == {
        field: _rules(schema) for field, schema in code["properties"].items()
    }


def _operation(route: str) -> dict[str, Any]:
    method, path = route.split()
    operation: dict[str, Any] = OPERATIONS[method, path]
    return operation


def _rules(schema: dict[str, Any]) -> dict[str, Any]:
    """A field's rules in one form: `anyOf` a type and null is a list of types, and so are the rules of items."""
    flat = {**schema}
    for option in flat.pop("anyOf", []):
        types = flat.get("type", [])
        flat |= {**option, "type": [*types, option["type"]]}
    kept = {key: flat[key] for key in RULES if key in flat}
    items = flat.get("items", {})
    return {**kept, "items": items["$ref"].rsplit("/", 1)[1] if "$ref" in items else _rules(items)} if items else kept
