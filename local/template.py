"""What the local stack reads from template.yaml: tables, routes, functions. So neither can drift."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
class Throttle:
    """How many requests the gateway lets through to a route: so many a second, and so many at once after a rest."""

    per_second: float
    burst: int


@dataclass(frozen=True)
class Route:
    """One route of the HTTP API."""

    method: str
    path: str
    function: Function
    verified: bool = False
    """Whether the gateway lets nobody in whose JSON Web Token it has not verified."""
    throttle: Throttle | None = None


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
    written = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader with the short forms
    parameters = written.get("Parameters", {})
    document = _resolve(written, {name: str(one["Default"]) for name, one in parameters.items() if "Default" in one})
    of_type: dict[str, dict[str, Any]] = {}
    for name, resource in document["Resources"].items():
        of_type.setdefault(resource["Type"], {})[name] = resource.get("Properties", {})
    shared = document.get("Globals", {}).get("Function", {})
    described = of_type.get("AWS::Serverless::Function", {})
    functions = {name: _function(name, properties, shared, path.parent) for name, properties in described.items()}
    events = [
        (event["Type"], functions[name], event["Properties"])
        for name, properties in described.items()
        for event in properties.get("Events", {}).values()
    ]
    throttle_of = _throttles(of_type.get("AWS::Serverless::HttpApi", {}))
    routes = tuple(
        Route(
            event["Method"].upper(),
            event["Path"],
            function,
            verified="Authorizer" in event.get("Auth", {}),
            throttle=throttle_of(f"{event['Method'].upper()} {event['Path']}"),
        )
        for kind, function, event in events
        if kind == "HttpApi"
    )
    schedules = tuple(
        Schedule(function, _rate(event["ScheduleExpression"]))
        for kind, function, event in events
        if kind == "ScheduleV2" and "State" not in event  # the others are off by default
    )
    return Template(functions, routes, schedules, of_type.get("AWS::DynamoDB::Table", {}))


def _function(name: str, properties: Mapping[str, Any], shared: Mapping[str, Any], folder: Path) -> Function:
    own = {**shared, **properties}
    variables = {
        key: value
        for part in (shared, properties)
        for key, value in part.get("Environment", {}).get("Variables", {}).items()
    }
    return Function(
        id=name,
        handler=own["Handler"],
        code=folder / own["CodeUri"],
        timeout_seconds=int(own.get("Timeout", 3)),
        memory_mb=int(own.get("MemorySize", 128)),
        environment={
            key: str(value) for key, value in variables.items() if not isinstance(value, Reference | dict | list)
        },
    )


def _throttles(apis: Mapping[str, Mapping[str, Any]]) -> Callable[[str], Throttle | None]:
    """That of a route by its key: its own, or the one of all that have none. Conditions are taken to hold."""
    [api] = apis.values() or [{}]

    def of(key: str) -> Throttle | None:
        settings = api.get("RouteSettings", {}).get(key, api.get("DefaultRouteSettings"))
        if isinstance(settings, Reference):  # !If [condition, settings, none]
            settings = settings.argument[1]
        return settings and Throttle(float(settings["ThrottlingRateLimit"]), int(settings["ThrottlingBurstLimit"]))

    return of


def _rate(expression: str) -> int:
    """Seconds of `rate(5 minutes)`. Raises ValueError for another kind of schedule."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if found is None:
        raise ValueError(f"the local stack does not know the schedule {expression!r}")
    return int(found[1]) * {"minute": 60, "hour": 3600, "day": 86_400}[found[2]]


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
    many = loader.construct_mapping if isinstance(node, yaml.MappingNode) else loader.construct_sequence
    return Reference(suffix, many(node, deep=True))


_Loader.add_multi_constructor("!", _reference)
