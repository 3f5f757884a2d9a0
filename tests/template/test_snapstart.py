"""SnapStart is off; on, three functions start from versions that are made anew whenever a setting changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from handlers.setup import digests
from tests.template.reading import Template, expanded, written

SNAPPED: Final = ("DispatchFunction", "ApproveFunction", "WorkerFunction")


def references(value: Any) -> set[str]:
    """Every name that a value refers to."""
    text = json.dumps(value)
    return set(re.findall(r'"Ref": "(\w+)"', text)) | set(re.findall(r"\$\{(\w+)", text))


def configuration(template: Template, name: str) -> Any:
    """What Lambda keeps with a version of a function: its properties but for what SAM makes other resources of."""
    shared, own = template["Globals"]["Function"], template["Resources"][name]["Properties"]
    return [
        shared,
        {key: value for key, value in own.items() if key not in ("Policies", "Events", "EventInvokeConfig")},
    ]


def versions(template: Template) -> dict[str, Any]:
    return {
        resource["Properties"]["FunctionName"]["Ref"]: resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Version"
    }


def test_it_is_off_unless_asked_for() -> None:
    assert written()["Parameters"]["SnapStart"]["Default"] == "off"


def test_a_version_and_its_function_carry_the_digest_of_its_settings() -> None:
    """Another description replaces the version; the variable is what has changed in the function by then."""
    [template] = expanded([written()])
    published = versions(template)
    assert set(published) == set(SNAPPED)
    for name, version in published.items():
        settings = {"Fn::GetAtt": ["Setup", name.removesuffix("Function")]}
        assert version["Description"] == settings
        function = template["Resources"][name]["Properties"]
        assert function["Environment"]["Variables"]["SETTINGS_DIGEST"] == settings
        assert function["SnapStart"]["ApplyOn"] == {"Fn::If": ["HasSnapStart", "PublishedVersions", "None"]}


@pytest.mark.parametrize("parameter", written()["Parameters"])
def test_a_change_of_a_parameter_publishes_versions_of_exactly_the_functions_that_use_it(parameter: str) -> None:
    template = written()
    conditions = template["Conditions"]
    properties = template["Resources"]["Setup"]["Properties"]
    values = {name: [name] for name in template["Parameters"]}
    before, after = (digests(filled(properties, given)) for given in (values, {**values, parameter: ["another"]}))
    for name in SNAPPED:
        used = references(configuration(template, name))
        used |= references(
            [conditions[c] for c in re.findall(r'"Fn::If": \["(\w+)"', json.dumps(configuration(template, name)))]
        )
        key = name.removesuffix("Function")
        assert (before[key] != after[key]) is (parameter in used), name


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A value with its references to parameters replaced."""
    match value:
        case {"Ref": name}:
            return values.get(name, name)
        case dict():
            return {key: filled(entry, values) for key, entry in value.items()}
        case list():
            return [filled(entry, values) for entry in value]
        case _:
            return value


def test_no_other_function_has_versions() -> None:
    resources = written()["Resources"]
    assert {name for name, r in resources.items() if "AutoPublishAlias" in r.get("Properties", {})} == set(SNAPPED)
    assert "SnapStart" not in written()["Globals"]["Function"]


def test_whoever_starts_the_worker_starts_its_alias_and_may() -> None:
    for name, resource in written()["Resources"].items():
        properties = resource.get("Properties", {})
        worker = (properties.get("Environment") or {}).get("Variables", {}).get("WORKER_FUNCTION")
        if worker is None:
            continue
        statements = [s for policy in properties["Policies"] for s in policy["Statement"]]
        [allowed] = [s["Resource"] for s in statements if s.get("Action") == "lambda:InvokeFunction"]
        assert worker == allowed == {"Ref": "WorkerFunction.Alias"}, name


def test_the_routes_of_these_functions_lead_to_their_aliases() -> None:
    [template] = expanded([written()])
    permissions = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::Lambda::Permission"]
    api = [json.dumps(p["FunctionName"]) for p in permissions if p["Principal"] == "apigateway.amazonaws.com"]
    for name in ("DispatchFunction", "ApproveFunction"):
        assert [target for target in api if name in target] == [
            target for target in api if f"{name}Aliaslive" in target
        ]
        assert any(f"{name}Aliaslive" in target for target in api)
