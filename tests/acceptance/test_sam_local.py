"""`sam local invoke` of built functions with the sample events, where Docker runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.sam_local import RUNTIME, docker_host, has_image, invoke, stack_for_containers
from tests.runtime.machine import ROOT, TEMPLATE_PYTHON, built, interpreter
from tests.template.reading import written


@pytest.fixture(scope="module")
def variables() -> Iterator[Mapping[str, str]]:
    """The stack's, for containers. Skips where containers of the runtime cannot be run."""
    try:
        docker_host()
    except SystemExit as reason:
        pytest.skip(f"sam local invoke is not tried: {reason}")
    if not has_image():
        pytest.skip("sam local invoke is not tried: Docker runs, but the image of the Lambda runtime is not here")
    if interpreter().version != TEMPLATE_PYTHON:
        pytest.skip(f"sam local invoke is not tried: the tests built for Python {interpreter().version}")
    with stack_for_containers() as environment:
        yield environment


@pytest.mark.parametrize(
    ("function", "event", "status"),
    [
        ("HealthFunction", "health", 200),
        ("DispatchFunction", "qa_plan", 200),
        ("DispatchFunction", "qa_plan_unknown_field", 400),
        ("AuditRunFunction", "audit_run", 404),
    ],
)
def test_sam_local_invoke(
    function: str, event: str, status: int, variables: Mapping[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert invoke(function, ROOT / "events" / f"{event}.json", built(), variables) == 0
    response: dict[str, Any] = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert response["statusCode"] == status


def test_containers_have_the_runtime_of_the_template() -> None:
    assert written()["Globals"]["Function"]["Runtime"] == RUNTIME
