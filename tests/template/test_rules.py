"""What the template refuses to deploy."""

from __future__ import annotations

import re
from itertools import product

import pytest

from core.types import PHASES
from tests.template.reading import defaults, written
from tests.template.rules import refusals

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x-AbCdEf"  # noqa: S105 - the name of a secret
PHASE_RULE = "LaterPhasesNeedBothPrerequisites"
CONFIRMED = {"Pre006CiGating": "confirmed", "Crit001DebugEndpoints": "confirmed"}


def refused(**values: str) -> list[str]:
    template = written()
    given = {"GitHubRepository": "acme/widgets", "AnthropicSecretArn": SECRET, "GitHubSecretArn": SECRET}
    return refusals(template, {**defaults(template), **given, **values})


def test_the_defaults_may_be_deployed() -> None:
    assert refused() == []


@pytest.mark.parametrize("phase", ["phase0", "phase1"])
def test_early_phases_need_no_prerequisite(phase: str) -> None:
    assert refused(Phase=phase) == []


@pytest.mark.parametrize("phase", PHASES[2:])
def test_later_phases_need_both_prerequisites(phase: str) -> None:
    assert refused(Phase=phase) == [PHASE_RULE, PHASE_RULE]
    for missing in CONFIRMED:
        assert refused(Phase=phase, **{**CONFIRMED, missing: "unconfirmed"}) == [PHASE_RULE]
    assert refused(Phase=phase, **CONFIRMED) == []


def test_the_template_knows_exactly_the_phases_of_the_code() -> None:
    assert written()["Parameters"]["Phase"]["AllowedValues"] == list(PHASES)


SWITCHES = {
    "Pre006CiGating": ("unconfirmed", "confirmed"),
    "Crit001DebugEndpoints": ("unconfirmed", "confirmed"),
    "TriageSchedule": ("", "rate(1 hour)"),
    "AgentBriefSchedule": ("", "rate(1 day)"),
    "SprintPlanSchedule": ("", "cron(0 8 ? * MON *)"),
    "PlanningIssue": ("", "7"),
    "Webhook": ("off", "on"),
    "WebhookSecretArn": ("", SECRET),
}
"""Each parameter that a phase or another of them decides on: off, on."""


def wanted(phase: str, on: dict[str, bool]) -> list[str]:
    """The refusals as the README and the parameters' descriptions have them, stated anew."""
    number = int(phase[-1])
    names = [PHASE_RULE for name in ("Pre006CiGating", "Crit001DebugEndpoints") if number >= 2 and not on[name]]
    if number < 2 and on["TriageSchedule"]:
        names.append("SchedulesNeedPhase2")
    names += ["SchedulesOfPhase4" for name in ("AgentBriefSchedule", "SprintPlanSchedule") if number < 4 and on[name]]
    if on["SprintPlanSchedule"] and not on["PlanningIssue"]:
        names.append("SprintPlansNeedTheirIssue")
    if on["Webhook"]:
        names += ["TheWebhookNeedsPhase1AndItsSecret"] * ((number < 1) + (not on["WebhookSecretArn"]))
    return sorted(names)


@pytest.mark.parametrize("phase", PHASES)
def test_every_combination_of_phase_prerequisites_schedules_and_webhook(phase: str) -> None:
    template = written()
    given = {"GitHubRepository": "acme/widgets", "AnthropicSecretArn": SECRET, "GitHubSecretArn": SECRET}
    base = {**defaults(template), **given, "Phase": phase}
    allowed = 0
    for chosen in product((False, True), repeat=len(SWITCHES)):
        on = dict(zip(SWITCHES, chosen, strict=True))
        values = {name: SWITCHES[name][set_] for name, set_ in on.items()}
        names = sorted(refusals(template, {**base, **values}))
        assert names == wanted(phase, on), values
        allowed += not names
    assert allowed > 0


def test_a_relay_needs_its_token() -> None:
    assert refused(DfgRelayUrl="https://relay.example") == ["TheRelayNeedsItsToken"]
    assert refused(DfgRelayUrl="https://relay.example", RelaySecretArn=SECRET) == []


KEY = "arn:aws:kms:eu-central-1:123456789012:key/0d9a4c1e-3b7f-4a57-8f2e-6a1b2c3d4e5f"
APP = {"GitHubAppId": "12345", "GitHubAppInstallationId": "77", "GitHubAppKeyArn": KEY}
READER = {"GitHubReaderAppId": "12346", "GitHubReaderInstallationId": "78", "GitHubReaderAppKeyArn": KEY}


def test_a_github_app_is_given_whole_and_instead_of_a_token() -> None:
    assert refused(GitHubSecretArn="", **APP) == []
    assert refused(**APP) == ["TheAppIsGivenWhole"]
    for missing in APP:
        refusing = ["TheAppIsGivenWhole"]
        if missing == "GitHubAppKeyArn":
            refusing.append("SomethingMustBeAbleToWrite")
        assert refused(GitHubSecretArn="", **{**APP, missing: ""}) == refusing


def test_a_reader_is_a_token_or_an_app_given_whole() -> None:
    assert refused(GitHubReaderSecretArn=SECRET) == []
    assert refused(**READER) == []
    assert refused(GitHubReaderSecretArn=SECRET, **READER) == ["TheReadingAppIsGivenWhole"]
    for missing in READER:
        assert refused(**{**READER, missing: ""}) == ["TheReadingAppIsGivenWhole"]


@pytest.mark.parametrize("name", ["GitHubApiUrl", "DfgRelayUrl", "AnthropicBaseUrl"])
@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://ghe.example/api/v3", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080/v1", True),
        ("http://10.1.2.3", True),
        ("http://192.168.0.4:81", True),
        ("http://172.17.0.1:81", True),
        ("http://172.32.0.1", False),
        ("http://ghe.example", False),
        ("http://10.1.2.3.example.com", False),
        ("http://127.0.0.1@evil.example", False),
        ("http://localhost.example.com", False),
        ("ftp://ghe.example", False),
    ],
)
def test_addresses_are_https_or_private(name: str, address: str, allowed: bool) -> None:
    """That a private one takes AllowInsecure, the set-up says: tests/handlers/test_setup.py."""
    pattern = written()["Parameters"][name]["AllowedPattern"]
    assert (re.fullmatch(pattern, address) is not None) is allowed


def test_without_a_relay_comments_need_a_github_token() -> None:
    assert refused(GitHubSecretArn="") == ["SomethingMustBeAbleToWrite"]
    assert refused(GitHubSecretArn="", DfgRelayUrl="https://relay.example", RelaySecretArn=SECRET) == []
