"""What the local stack reads from template.yaml: tables, routes, functions. So neither can drift."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Reference:
    """A CloudFormation function that is not computed here, such as `!GetAtt`."""

    name: str
    argument: Any


@dataclass(frozen=True)
class Function:
    """One AWS::Serverless::Function."""

    id: str
    handler: str
    code: Path
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    """The literal values only: what refers to another resource is left to the stack."""


@dataclass(frozen=True)
class Route:
    """One route of the HTTP API."""

    method: str
    path: str
    function: Function
    verified: bool = False
    """Whether the gateway lets nobody in whose JSON Web Token it has not verified."""


@dataclass(frozen=True)
class Schedule:
    """One schedule of EventBridge, and the function that it calls."""

    function: Function
    seconds: int


@dataclass(frozen=True)
class Template:
    """The parts of the template that the local stack needs."""

    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    schedules: tuple[Schedule, ...]
    tables: Mapping[str, Mapping[str, Any]]
    """Logical id → the properties of the table."""


def read_template(path: Path) -> Template:
    """Reads a SAM template. Raises OSError, yaml.YAMLError."""
    document = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader with the short forms
    resources = document["Resources"]
    defaults = {
        name: str(parameter["Default"])
        for name, parameter in document.get("Parameters", {}).items()
        if "Default" in parameter
    }
    shared = document.get("Globals", {}).get("Function", {})

    functions: dict[str, Function] = {}
    routes: list[Route] = []
    schedules: list[Schedule] = []
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        properties = {**shared, **resource["Properties"]}
        variables = {
            **shared.get("Environment", {}).get("Variables", {}),
            **resource["Properties"].get("Environment", {}).get("Variables", {}),
        }
        function = Function(
            id=name,
            handler=properties["Handler"],
            code=path.parent / properties["CodeUri"],
            timeout_seconds=int(_literal(properties.get("Timeout", 3), defaults) or 3),
            memory_mb=int(_literal(properties.get("MemorySize", 128), defaults) or 128),
            environment={
                key: value for key, raw in variables.items() if (value := _literal(raw, defaults)) is not None
            },
        )
        functions[name] = function
        routes += [
            Route(
                event["Properties"]["Method"].upper(),
                event["Properties"]["Path"],
                function,
                verified="Authorizer" in event["Properties"].get("Auth", {}),
            )
            for event in properties.get("Events", {}).values()
            if event["Type"] == "HttpApi"
        ]
        schedules += [
            Schedule(function, _rate(event["Properties"]["ScheduleExpression"]))
            for event in properties.get("Events", {}).values()
            if event["Type"] == "ScheduleV2" and "State" not in event["Properties"]  # the others are off by default
        ]

    tables = {
        name: _resolve(resource["Properties"], defaults)
        for name, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }
    return Template(functions, tuple(routes), tuple(schedules), tables)


def _rate(expression: str) -> int:
    """Seconds of `rate(5 minutes)`. Raises ValueError for another kind of schedule."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if found is None:
        raise ValueError(f"the local stack does not know the schedule {expression!r}")
    return int(found[1]) * {"minute": 60, "hour": 3600, "day": 86_400}[found[2]]


def _literal(value: Any, defaults: Mapping[str, str]) -> str | None:
    """A literal, or the default of the parameter it refers to; None for what only a deployment knows."""
    if isinstance(value, Reference):
        return defaults.get(value.argument) if value.name == "Ref" else None
    return None if isinstance(value, dict | list) else str(value)


def _resolve(value: Any, defaults: Mapping[str, str]) -> Any:
    """The value with references to parameters replaced by their defaults."""
    if isinstance(value, Reference) and value.name == "Ref":
        return defaults.get(value.argument, value)
    if isinstance(value, dict):
        return {key: _resolve(item, defaults) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, defaults) for item in value]
    return value


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the quick one where it is
    """YAML with CloudFormation's short forms, kept as references."""


def _reference(loader: _Loader, suffix: str, node: yaml.Node) -> Reference:
    if isinstance(node, yaml.ScalarNode):
        return Reference(suffix, loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Reference(suffix, loader.construct_sequence(node, deep=True))
    if isinstance(node, yaml.MappingNode):
        return Reference(suffix, loader.construct_mapping(node, deep=True))
    raise yaml.YAMLError(f"unexpected YAML node for !{suffix}")


_Loader.add_multi_constructor("!", _reference)
