"""The dispatches in docs/openapi.yaml, with the bodies that their handlers take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import yaml

from core.tasks.task import Task
from tools.task_lines import block, pascal, rows

_OPERATION: Final = """\
  {prefix}/dispatch/{path}:
    post:
      operationId: {kind}{pascal}
      tags: [{kind}]
      summary: {summary}
{more}      parameters:
        - {{ $ref: "#/components/parameters/Prefer" }}
      requestBody:
        required: true
        content: {{ application/json: {{ schema: {{ $ref: "#/components/schemas/{pascal}Request" }} }} }}
      responses:
{answers}
"""
_SEVERAL: Final = """\
      description: |
        With `{one}` the answer is that of the other dispatches. With `{one}s` it is a `Batch`: its
        status and code are those of the task that got furthest, and `tasks` has every task's own answer.
"""
_KEYLESS: Final = "The same for a workflow of GitHub Actions."
_ITS_OWN: Final = " A token of a pull request may ask for that one alone."
_ANSWERS: Final = {
    "200": "Drafted",
    "202": "Accepted",
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "NotAllowed",
    "404": "NotFound",
    "409": "Busy",
    "413": "TooLarge",
    "422": "PolicyRefused",
    "429": "TooMuch",
    "502": "DraftFailed",
    "503": "CannotStart",
}
_OF_EACH: Final = frozenset(_ANSWERS) - {"400", "401", "404", "413"}
"""Answers that have another form where a dispatch may be about several targets."""


def openapi(text: str, tasks: Sequence[Task]) -> str:
    text = block(text, "dispatches", map(_dispatch, tasks))
    text = block(text, "keyless dispatches", map(_keyless, tasks))
    schemas: dict[str, Any] = {}
    for task in tasks:
        schema = _body(task)
        schemas |= {f"{pascal(task)}Request": schema, **schema.pop("$defs", {})}
    text = block(text, "requests", (_written(name, schema) for name, schema in schemas.items()))
    listed = ", ".join(task.name for task in tasks)
    return rows(text, r"    TaskType: ", [f"    TaskType: {{ type: string, enum: [{listed}] }}"])


def _dispatch(task: Task) -> str:
    more = _SEVERAL.format(one=task.asked[0].name.removesuffix("s")) if task.asked[0].several else ""
    return _operation(task, "dispatch", f"{task.does} Needs the right `dispatch`.", more, _ANSWERS)


def _keyless(task: Task) -> str:
    summary = _KEYLESS + (_ITS_OWN if task.target == "pull_request" else "")
    more = "      security: [{ actions: [] }]\n"
    return _operation(task, "keyless", summary, more, {**_ANSWERS, "401": "NotVerified"}, prefix="/oidc")


def _operation(task: Task, kind: str, summary: str, more: str, answers: Mapping[str, str], prefix: str = "") -> str:
    each = _OF_EACH if task.asked[0].several else frozenset()
    named = {status: f"{answer}Each" if status in each else answer for status, answer in answers.items()}
    lines = [f'        "{code}": {{ $ref: "#/components/responses/{answer}" }}\n' for code, answer in named.items()]
    return _OPERATION.format(
        prefix=prefix,
        path=task.path,
        kind=kind,
        pascal=pascal(task),
        summary=summary,
        more=more,
        answers="".join(lines),
    )


def _body(task: Task) -> dict[str, Any]:
    """The JSON schema of what its handler takes, as OpenAPI writes it."""
    model = getattr(import_module(f"handlers.{task.name}"), f"{pascal(task)}Body", None)
    if model is None:
        task.refuse(f"src/handlers/{task.name}.py has no class {pascal(task)}Body")
    schema: dict[str, Any] = _plain(model.model_json_schema())
    unknown = [one.name for one in task.asked if one.name not in schema["properties"]]
    if unknown:
        task.refuse(f"it asks for {', '.join(unknown)}, which {pascal(task)}Body of its handler does not take")
    return schema


def _plain(schema: Any) -> Any:
    """Without titles; a type or null is a list of types; definitions are the document's."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema.replace("#/$defs/", "#/components/schemas/") if isinstance(schema, str) else schema
    kept = {key: one for key, one in schema.items() if not (key == "title" and isinstance(one, str))}
    options = kept.pop("anyOf", None)
    if options:
        value, null = options
        kept = {**value, "type": [value["type"], null["type"]], **kept}
    return {key: _plain(one) for key, one in kept.items()}


def _written(name: str, schema: Mapping[str, Any]) -> str:
    """A schema of an object, a line for each of its fields."""
    lines = [f"    {name}:\n", *(f"      {_flow({key: one})}\n" for key, one in schema.items() if key != "properties")]
    fields = [f"        {_flow({key: one})}\n" for key, one in schema["properties"].items()]
    return "".join([*lines, "      properties:\n", *fields])


def _flow(pair: Mapping[str, Any]) -> str:
    """One key with its value, in YAML on one line."""
    written = yaml.safe_dump(pair, default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True)
    return str(written).strip()[1:-1]
