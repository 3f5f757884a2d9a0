from __future__ import annotations

import re

import pytest

from core.config import GUARDRAILS, LOOSER_WHEN_LOWER, TASK_LIMITS, read_limits, read_settings
from core.dispatcher import pricing
from core.errors import ConfigurationError
from core.types import TaskType

TABLES = {f"{name}_TABLE": name.lower() for name in ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")}
ENV = {"GITHUB_REPOSITORY": "dfg/app", **TABLES}

README_TABLE = {
    "MAX_TASKS_PER_RUN": "5",
    "MAX_RETRIES": "3",
    "DEDUPE_WINDOW_HOURS": "24",
    "COST_CEILING_PER_RUN_USD": "0.50",
    "MAX_COST_PER_WINDOW_USD": "5.00",
    "ERROR_RATE_THRESHOLD": "0.50",
}


@pytest.mark.parametrize(("name", "value"), README_TABLE.items())
def test_the_guardrails_are_those_of_the_readme(name: str, value: str) -> None:
    assert GUARDRAILS[name].value == value


def test_defaults_in_the_units_of_the_code() -> None:
    limits = read_limits({})
    assert (limits.run_ceiling, limits.window_ceiling) == (500_000, 5_000_000)
    assert (limits.dedupe_seconds, limits.storm_seconds, limits.cooldown_seconds) == (86_400, 21_600, 900)
    assert limits.overridden == ()


@pytest.mark.parametrize("name", GUARDRAILS)
def test_a_guardrail_is_loosened_only_by_an_override_that_is_recorded(name: str) -> None:
    value = float(GUARDRAILS[name].value)
    looser = str(value / 2 if name in LOOSER_WHEN_LOWER else value * 2)
    whole = str(int(float(looser))) if name not in ("COST_CEILING_PER_RUN_USD", "ERROR_RATE_THRESHOLD") else looser
    with pytest.raises(ConfigurationError, match=name):
        read_limits({name: whole})
    assert read_limits({name: whole, "GUARDRAIL_OVERRIDE": "acknowledged"}).overridden == (name,)


@pytest.mark.parametrize("name", GUARDRAILS)
@pytest.mark.parametrize("value", ["-1", "many", "NaN", "Infinity"])
def test_a_guardrail_that_is_no_amount_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read_limits({name: value})


def test_lowering_needs_no_override() -> None:
    assert read_limits({"MAX_COST_PER_WINDOW_USD": "0.25"}).window_ceiling == 250_000


@pytest.mark.parametrize("missing", [*TABLES, "GITHUB_REPOSITORY"])
def test_a_missing_setting_is_named(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        read_settings({name: value for name, value in ENV.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value"),
    [("PHASE", "phase9"), ("GITHUB_REPOSITORY", "nowhere"), ("GITHUB_REPOSITORY", "a/b/c"), ("SHADOW_MODE", "maybe")],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(name)):
        read_settings({**ENV, name: value})


@pytest.mark.parametrize("task_type", TASK_LIMITS)
def test_one_attempt_with_most_of_a_tasks_input_fits_the_run_ceiling(task_type: TaskType) -> None:
    limits = TASK_LIMITS[task_type]
    ordinary = 5 * limits.input_tokens // 2
    assert pricing.worst_case(limits.model, ordinary, limits.output_tokens) <= read_limits({}).run_ceiling
    assert read_limits({}).input_tokens[task_type] == limits.input_tokens


def test_the_origin_of_the_audit_is_a_name_that_a_signed_note_can_have() -> None:
    assert read_settings(ENV).audit_origin == f"dfg-orchestrator/{ENV['GITHUB_REPOSITORY']}"
    for origin in ("two words", "a+b", "a\nb", "a" * 201):
        with pytest.raises(ConfigurationError, match="AUDIT_ORIGIN"):
            read_settings({**ENV, "AUDIT_ORIGIN": origin})
