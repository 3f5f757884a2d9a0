"""samconfig.toml and the pages about deploying name what the template has, and put no token where others see it."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

import pytest

from core.callers.auth import RIGHTS
from tests.template.reading import ROOT, defaults, written

TARGETS: Final[dict[str, Any]] = tomllib.loads((ROOT / "samconfig.toml").read_text())
PAGES: Final = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("deploy", "teardown")}
SECRETS: Final = (
    "dfg/anthropic",
    "dfg/github",
    "dfg/github-reader",
    "dfg/relay",
    "dfg/webhook",
    "alias/dfg-github-app",
)


@pytest.mark.parametrize("target", ["default", "production"])
def test_a_target_gives_parameters_that_there_are_and_those_that_must_be_given(target: str) -> None:
    template = written()
    given = {pair.partition("=")[0] for pair in TARGETS[target]["deploy"]["parameters"]["parameter_overrides"]}
    assert given <= set(template["Parameters"])
    assert set(template["Parameters"]) - set(defaults(template)) <= given


def test_what_is_proposed_in_a_remark_is_a_parameter_too() -> None:
    proposed = re.findall(r'"(\w+)=', (ROOT / "samconfig.toml").read_text())
    assert set(proposed) <= set(written()["Parameters"])


def test_production_is_another_stack_with_logs_for_longer() -> None:
    names = {target: TARGETS[target]["global"]["parameters"]["stack_name"] for target in ("default", "production")}
    assert len(set(names.values())) == 2
    assert "LogRetentionDays=365" in TARGETS["production"]["deploy"]["parameters"]["parameter_overrides"]
    assert "make deploy-production" in PAGES["deploy"]


@pytest.mark.parametrize("page", PAGES)
def test_every_secret_is_named_where_it_is_made_and_where_it_goes(page: str) -> None:
    assert [name for name in SECRETS if name not in PAGES[page]] == []


def test_every_right_is_named() -> None:
    assert [right for right in RIGHTS if f"| `{right}` |" not in PAGES["deploy"]] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_command_has_a_token_in_its_arguments_or_in_the_history(page: str) -> None:
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL))
    assert not re.search(r"(-H|--header)\s+[\"']?Authorization", commands)
    assert not re.search(r"--secret-string\s+(?!file://)", commands)
    assert "<<" not in commands  # a here-document is kept with the command
    outside = [line for line in commands.splitlines() if "$TOKEN" in line and not line.strip().startswith("printf ")]
    assert outside == []
