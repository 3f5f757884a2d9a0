"""What the template refuses to deploy."""

from __future__ import annotations

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


def test_a_relay_needs_its_token() -> None:
    assert refused(DfgRelayUrl="https://relay.example") == ["TheRelayNeedsItsToken"]
    assert refused(DfgRelayUrl="https://relay.example", RelaySecretArn=SECRET) == []


def test_without_a_relay_comments_need_a_github_token() -> None:
    assert refused(GitHubSecretArn="") == ["SomethingMustBeAbleToWrite"]
    assert refused(GitHubSecretArn="", DfgRelayUrl="https://relay.example", RelaySecretArn=SECRET) == []
