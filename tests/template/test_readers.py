"""What only reads GitHub holds, and can sign for, nothing that writes, once a reader's credential is given."""

from __future__ import annotations

import json
from typing import Final

import pytest

from tests.template.reading import statements, variables, written

READERS: Final = ("DispatchFunction", "KeylessFunction", "ScheduleFunction", "ReconcileFunction")
WRITERS: Final = ("ApproveFunction", "WorkerFunction")
WRITES: Final = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:writes"
READS: Final = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:reads"
KEY: Final = "arn:aws:kms:eu-central-1:123456789012:key/writes"
READING_KEY: Final = "arn:aws:kms:eu-central-1:123456789012:key/reads"

WRITING: Final[dict[str, dict[str, str]]] = {
    "a token": {"GitHubSecretArn": WRITES},
    "an App": {"GitHubAppId": "1", "GitHubAppInstallationId": "11", "GitHubAppKeyArn": KEY},
}
READING: Final[dict[str, dict[str, str]]] = {
    "a token": {"GitHubReaderSecretArn": READS},
    "an App": {"GitHubReaderAppId": "2", "GitHubReaderInstallationId": "22", "GitHubReaderAppKeyArn": READING_KEY},
}


def held(function: str, given: dict[str, str]) -> set[str]:
    """The values of these parameters that a function's environment or rights name."""
    template = written()
    allowed = {part for entry in statements(template, function, given) for part in _names(entry["Resource"])}
    named = {str(value) for value in variables(template, function, given).values()}
    return {value for parameter, value in given.items() if parameter in allowed or value in named}


def _names(resource: object) -> list[str]:
    return [entry["Ref"] for entry in (resource if isinstance(resource, list) else [resource]) if "Ref" in entry]


@pytest.mark.parametrize("function", READERS)
@pytest.mark.parametrize("writing", WRITING)
@pytest.mark.parametrize("reading", READING)
def test_a_reader_with_a_credential_of_its_own_holds_no_other(function: str, writing: str, reading: str) -> None:
    given = {**WRITING[writing], **READING[reading]}
    assert held(function, given) == set(READING[reading].values())
    rights = json.dumps(statements(written(), function, given))
    assert "GitHubAppKeyArn" not in rights
    assert "GitHubSecretArn" not in rights


@pytest.mark.parametrize("function", READERS)
@pytest.mark.parametrize("writing", WRITING)
def test_without_one_the_one_credential_does_both(function: str, writing: str) -> None:
    assert held(function, WRITING[writing]) == set(WRITING[writing].values())


@pytest.mark.parametrize("function", WRITERS)
@pytest.mark.parametrize("writing", WRITING)
@pytest.mark.parametrize("reading", READING)
def test_what_acts_holds_both(function: str, writing: str, reading: str) -> None:
    given = {**WRITING[writing], **READING[reading]}
    assert held(function, given) == set(given.values())


def test_no_other_function_holds_a_credential_of_github() -> None:
    """The reading App's ids are settings that all have, and `/health` knows of a reading token: it opens nothing."""
    template = written()
    given = {**WRITING["a token"], **READING["a token"]}
    functions = [n for n, r in template["Resources"].items() if r["Type"] == "AWS::Serverless::Function"]
    assert {name for name in functions if held(name, given)} - {"HealthFunction"} == {*READERS, *WRITERS}
    assert "secretsmanager" not in json.dumps(statements(template, "HealthFunction", given))


@pytest.mark.parametrize("function", [*READERS, *WRITERS])
def test_an_app_is_signed_for_by_kms_alone(function: str) -> None:
    given = {**WRITING["an App"], **READING["an App"]}
    signing = [s for s in statements(written(), function, given) if str(s["Resource"]).find("KeyArn") >= 0]
    assert {s["Action"] for s in signing} == {"kms:Sign"}
