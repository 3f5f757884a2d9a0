"""Two stacks in one account, and one that is deployed again after it was deleted: no name stands in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.template.reading import Template, expanded, written

NAMES: Final = {
    "AWS::ApiGatewayV2::Api": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
}
"""The property with which a resource of a kind gets a name of our choice."""


@pytest.fixture(scope="module")
def template() -> Template:
    [made] = expanded([written()])
    return made


def names(template: Template) -> Iterator[tuple[str, Any]]:
    for name, resource in template["Resources"].items():
        chosen = resource.get("Properties", {}).get(NAMES.get(resource["Type"], ""))
        if chosen is not None:
            yield name, chosen


def test_what_is_named_is_named_by_the_id_of_its_stack(template: Template) -> None:
    """A stack's id is another one each time that it is made; its name is not."""
    chosen = dict(names(template))
    assert set(chosen) == {"ApiLogs", "FunctionLogs"}
    for value in chosen.values():
        assert json.dumps({"Ref": "AWS::StackId"}) in json.dumps(value)


def test_schedules_have_no_name_of_ours(template: Template) -> None:
    schedules = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::Scheduler::Schedule"]
    assert len(schedules) == 6
    assert [schedule for schedule in schedules if "Name" in schedule] == []


def test_a_warning_of_the_gateway_fails_no_deployment(template: Template) -> None:
    assert "FailOnWarnings" not in template["Resources"]["Api"]["Properties"]
