"""template.yaml for tests: as written with the long forms of its functions, and expanded as CloudFormation has it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.template.rules import evaluate

ROOT: Final = Path(__file__).resolve().parents[2]
TRANSLATOR: Final = ROOT / ".venv-engine" / "bin" / "python"

Template = dict[str, Any]


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # the quick one where it is
    """YAML with CloudFormation's short forms turned into the long ones."""


def _long_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _long_form)


@cache
def _parsed() -> Template:
    template: Template = yaml.load((ROOT / "template.yaml").read_text(), Loader=Loader)  # noqa: S506 - a SafeLoader
    return template


def written() -> Template:
    """The template as written; a fresh copy each time."""
    return deepcopy(_parsed())


def expanded(templates: Sequence[Template], given: Sequence[Mapping[str, str]] = ()) -> list[Template]:
    """Each as CloudFormation gets it, roles and all. `given`: the parameters of each that are not the defaults."""
    answer = subprocess.run(  # noqa: S603 - our own script
        [str(TRANSLATOR), str(Path(__file__).with_name("expand_templates.py"))],
        input=json.dumps([[template, given[n] if given else {}] for n, template in enumerate(templates)]),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
    )
    if answer.returncode != 0:
        raise AssertionError(answer.stderr)
    result: list[Template] = json.loads(answer.stdout)
    return result


def defaults(template: Template) -> dict[str, str]:
    """The parameters that have a default."""
    return {name: str(p["Default"]) for name, p in template["Parameters"].items() if "Default" in p}


def variables(template: Template, function: str, values: Mapping[str, str]) -> dict[str, str]:
    """A function's environment under these parameters; a reference to a resource reads as its logical id."""
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    own = template["Resources"][function]["Properties"].get("Environment", {}).get("Variables", {})
    return {name: _text(chosen(template, value, values), values) for name, value in {**shared, **own}.items()}


def chosen(template: Template, value: Any, values: Mapping[str, str]) -> Any:
    """A value as it is under these parameters: of each `Fn::If` the branch that holds, without what is no value."""
    match value:
        case {"Fn::If": [condition, yes, no]}:
            holds = evaluate(
                template["Conditions"][condition], {**defaults(template), **values}, template["Conditions"]
            )
            return chosen(template, yes if holds else no, values)
        case dict():
            return {name: chosen(template, entry, values) for name, entry in value.items()}
        case list():
            entries = [chosen(template, entry, values) for entry in value]
            return [entry for entry in entries if entry != {"Ref": "AWS::NoValue"}]
        case _:
            return value


def statements(template: Template, function: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """What a function's role allows under these parameters."""
    policies = template["Resources"][function]["Properties"].get("Policies", [])
    return [entry for policy in policies for entry in chosen(template, policy["Statement"], values)]


def _text(value: Any, values: Mapping[str, str]) -> str:
    match value:
        case {"Ref": name}:
            return str(values.get(name, name))
        case _:
            return str(value)
