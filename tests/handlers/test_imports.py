"""What the functions import before they are asked anything: every module is part of each cold start."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import pytest

from core.types import TASK_TYPES
from local.template import read_template
from tests.template.reading import ROOT

HANDLERS = sorted(
    {function.handler.rpartition(".")[0] for function in read_template(ROOT / "template.yaml").functions.values()}
)
HTTP = ("httpx", "httpcore")
SDK = ("anthropic", "httpx2", "httpcore2")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
BOTH = "the SDK brings its own HTTP client"


@cache
def imported(statements: str) -> frozenset[str]:
    script = f"import sys\n{statements}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=ENVIRONMENT)  # noqa: S603
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("module", HANDLERS)
def test_no_function_imports_an_http_client_before_it_calls_somebody(module: str) -> None:
    names = imported(f"import {module}")
    assert names.isdisjoint(HTTP) or module == "handlers.worker", BOTH
    assert (module == "handlers.worker") == bool(names & set(SDK))
    assert names.isdisjoint({"cryptography", "moto", "boto3"})


def test_the_function_that_watches_needs_little_of_the_rest() -> None:
    names = imported("import handlers.watch")
    assert names.isdisjoint({"core.bootstrap", "core.app", "core.config", "core.runs", "core.policy", "pydantic"})


LATE = {"markdown_it", "core.policy.engine", "core.text.prose", "core.text.read_back", "core.tasks.answer"}
"""What is needed once there is an answer: judging it, and the answers' own models."""


@pytest.mark.parametrize("module", ["handlers.dispatch", "handlers.oidc", "handlers.webhook", "handlers.schedule"])
def test_who_dispatches_loads_nothing_of_what_an_answer_needs(module: str) -> None:
    assert imported(f"import {module}").isdisjoint(LATE)


@pytest.mark.parametrize("name", TASK_TYPES)
def test_a_task_brings_no_policy_and_no_parser_of_markdown(name: str) -> None:
    names = imported(f"from core.tasks import registry\nregistry.task({name!r})")
    assert names.isdisjoint({"markdown_it", "core.policy.engine", "core.text.read_back"})


def test_who_only_names_tasks_loads_none() -> None:
    names = imported("import core.config, core.types, core.phases")
    assert {name for name in names if name.startswith("core.tasks.")} == {"core.tasks.names"}
    assert "pydantic" not in names
