"""SnapStart is off; on, three functions start from versions that are made anew whenever a setting changes."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from tests.template.reading import variables, written

SNAPPED: Final = ("DispatchFunction", "ApproveFunction", "WorkerFunction")


def references(value: Any) -> set[str]:
    """Every name that a value refers to."""
    return set(re.findall(r'"Ref": "(\w+)"', json.dumps(value)))


def test_it_is_off_unless_asked_for() -> None:
    assert written()["Parameters"]["SnapStart"]["Default"] == ""


@pytest.mark.parametrize("name", SNAPPED)
def test_a_version_is_made_anew_when_any_of_its_settings_changes(name: str) -> None:
    template = written()
    function = template["Resources"][name]["Properties"]
    assert function["AutoPublishAlias"] == {"Ref": "SnapStart"}
    assert function["VersionDescription"] == {"Fn::GetAtt": ["Setup", "Digest"]}
    parameters = set(template["Parameters"]) - {"SnapStart"}
    used = references([function.get("Environment"), template["Globals"]["Function"]]) & parameters
    assert used <= references(template["Resources"]["Setup"]["Properties"])
    assert variables(template, name, {})


def test_no_other_function_has_versions() -> None:
    resources = written()["Resources"]
    assert {name for name, r in resources.items() if "AutoPublishAlias" in r.get("Properties", {})} == set(SNAPPED)
    assert "SnapStart" not in written()["Globals"]["Function"]


def test_whoever_starts_the_worker_may_start_its_alias() -> None:
    alias = written()["Parameters"]["SnapStart"]["AllowedValues"][1]
    for name, resource in written()["Resources"].items():
        properties = resource.get("Properties", {})
        if "WORKER_FUNCTION" not in json.dumps(properties):
            continue
        statements = [s for policy in properties["Policies"] for s in policy["Statement"]]
        [start] = [s["Resource"] for s in statements if s["Action"] == "lambda:InvokeFunction"]
        assert start == [
            {"Fn::GetAtt": ["WorkerFunction", "Arn"]},
            {"Fn::Sub": f"${{WorkerFunction.Arn}}:{alias}"},
        ], name
