"""Any history that hypothesis can think of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from local.template import Template
from tests.prove.machine import Machine

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def test_the_laws_hold_after_every_step(dynamodb_client: DynamoDBClient, template: Template) -> None:
    run_state_machine_as_test(
        lambda: Machine(dynamodb_client, template),
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            print_blob=True,
        ),
    )
