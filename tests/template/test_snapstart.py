"""SnapStart is off; on, three functions start from versions that are made anew whenever a setting changes."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from tests.template.reading import expanded, variables, written

SNAPPED: Final = ("DispatchFunction", "ApproveFunction", "WorkerFunction")


def references(value: Any) -> set[str]:
    """Every name that a value refers to."""
    return set(re.findall(r'"Ref": "(\w+)"', json.dumps(value)))


def test_it_is_off_unless_asked_for() -> None:
    assert written()["Parameters"]["SnapStart"]["Default"] == "off"


@pytest.mark.parametrize("name", SNAPPED)
def test_a_version_is_made_anew_when_any_of_its_settings_changes(name: str) -> None:
    template = written()
    function = template["Resources"][name]["Properties"]
    assert function["AutoPublishAlias"] == "live"
    assert function["SnapStart"]["ApplyOn"] == {"Fn::If": ["HasSnapStart", "PublishedVersions", "None"]}
    assert function["VersionDescription"] == {"Fn::GetAtt": ["Setup", "Digest"]}
    parameters = set(template["Parameters"]) - {"SnapStart"}
    used = references([function.get("Environment"), template["Globals"]["Function"]]) & parameters
    assert used <= references(template["Resources"]["Setup"]["Properties"])
    assert variables(template, name, {})


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
