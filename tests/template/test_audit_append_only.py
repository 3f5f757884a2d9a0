"""Law: no role of this deployment can overwrite, change or remove an audit event, by any action."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

import pytest

from tests.template.append_only import objections
from tests.template.reading import Template, expanded, written

Break = Callable[[Template], None]

AUDIT: Final = {"Fn::GetAtt": ["AuditTable", "Arn"]}


def allow(**parts: Any) -> Break:
    """Gives the role of the function that lists the audit one statement more."""

    def change(expanded: Template) -> None:
        policies = expanded["Resources"]["AuditFunctionRole"]["Properties"]["Policies"]
        policies[0]["PolicyDocument"]["Statement"].append({"Effect": "Allow", **parts})

    return change


def if_set(**parts: Any) -> Break:
    def change(expanded: Template) -> None:
        policies = expanded["Resources"]["AuditFunctionRole"]["Properties"]["Policies"]
        extra = {"Fn::If": ["HasEmail", {"Effect": "Allow", **parts}, {"Ref": "AWS::NoValue"}]}
        policies[0]["PolicyDocument"]["Statement"].append(extra)

    return change


def statement(action: Any, resource: Any = AUDIT, **other: Any) -> Break:
    return allow(Action=action, Resource=resource, **other)


def table(**properties: Any) -> Break:
    def change(expanded: Template) -> None:
        expanded["Resources"]["AuditTable"]["Properties"].update(properties)

    return change


def policy(entry: Any) -> Break:
    """Gives that function, as written, one policy more."""

    def change(written: Template) -> None:
        written["Resources"]["AuditFunction"]["Properties"]["Policies"].append(entry)

    return change


def function(**properties: Any) -> Break:
    def change(written: Template) -> None:
        written["Resources"]["AuditFunction"]["Properties"].update(properties)

    return change


def resource(definition: dict[str, Any]) -> Break:
    def change(written: Template) -> None:
        written["Resources"]["Extra"] = definition

    return change


DOCUMENT: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:DeleteItem", "Resource": AUDIT}],
}

BROKEN_AS_EXPANDED: Final[dict[str, Break]] = {
    "PutItem": statement("dynamodb:PutItem"),
    "UpdateItem": statement("dynamodb:UpdateItem"),
    "DeleteItem": statement("dynamodb:DeleteItem"),
    "BatchWriteItem": statement(["dynamodb:Query", "dynamodb:BatchWriteItem"]),
    "PartiQLUpdate": statement("dynamodb:PartiQLUpdate"),
    "PartiQLDelete": statement("dynamodb:PartiQLDelete"),
    "TransactWriteItems": statement("dynamodb:TransactWriteItems"),
    "DeleteTable": statement("dynamodb:DeleteTable"),
    "UpdateTimeToLive": statement("dynamodb:UpdateTimeToLive"),
    "PutResourcePolicy": statement("dynamodb:PutResourcePolicy"),
    "every action": statement("*"),
    "every action of DynamoDB": statement("dynamodb:*"),
    "every batch action": statement("dynamodb:Batch*"),
    "a question mark": statement("dynamodb:PartiQLDelet?"),
    "another case": statement("DynamoDB:putitem"),
    "every resource": statement("dynamodb:PutItem", "*"),
    "every table": statement("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/*"),
    "one table by pattern": statement(
        "dynamodb:PutItem", {"Fn::Sub": "arn:aws:dynamodb:*:*:table/${AWS::StackName}-*"}
    ),
    "the table by Sub": statement("dynamodb:PutItem", {"Fn::Sub": "${AuditTable.Arn}"}),
    "a table by parameter": statement("dynamodb:PutItem", {"Ref": "GitHubSecretArn"}),
    "a table by import": statement("dynamodb:PutItem", {"Fn::ImportValue": "somebody-elses-table"}),
    "among others": statement("dynamodb:PutItem", [{"Fn::GetAtt": ["BreakerTable", "Arn"]}, AUDIT]),
    "under a condition": statement("dynamodb:PutItem", Condition={"StringEquals": {"aws:RequestedRegion": "x"}}),
    "where something is set": if_set(Action="dynamodb:PutItem", Resource=AUDIT),
    "all but reading": allow(NotAction="dynamodb:GetItem", Resource=AUDIT),
    "everything but another table": allow(
        Action="dynamodb:PutItem", NotResource={"Fn::GetAtt": ["BreakerTable", "Arn"]}
    ),
    "giving itself a policy": statement("iam:PutRolePolicy", "*"),
    "becoming another": statement("sts:AssumeRole", "*"),
    "the table's own policy": table(ResourcePolicy={"PolicyDocument": DOCUMENT}),
    "expiry of items": table(TimeToLiveSpecification={"AttributeName": "seq", "Enabled": True}),
}

BROKEN_AS_WRITTEN: Final[dict[str, Break]] = {
    "a managed policy": policy("arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"),
    "SAM's crud policy": policy({"DynamoDBCrudPolicy": {"TableName": {"Ref": "AuditTable"}}}),
    "SAM's write policy": policy({"DynamoDBWritePolicy": {"TableName": {"Ref": "AuditTable"}}}),
    "a role from elsewhere": function(Role="arn:aws:iam::123456789012:role/admin"),
    "a policy beside the role": resource(
        {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "extra", "PolicyDocument": DOCUMENT, "Roles": [{"Ref": "AuditFunctionRole"}]},
        }
    ),
    "a managed policy of its own": resource(
        {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": DOCUMENT, "Roles": [{"Ref": "AuditFunctionRole"}]},
        }
    ),
    "a connector": resource(
        {
            "Type": "AWS::Serverless::Connector",
            "Properties": {
                "Source": {"Id": "AuditFunction"},
                "Destination": {"Id": "AuditTable"},
                "Permissions": ["Write"],
            },
        }
    ),
}


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[str]]:
    """Objections to the template as it is (under ""), and broken in each way."""
    templates = {"": written()}
    for name, change in BROKEN_AS_WRITTEN.items():
        templates[name] = written()
        change(templates[name])
    templates = dict(zip(templates, expanded(list(templates.values())), strict=True))
    for name, change in BROKEN_AS_EXPANDED.items():
        templates[name] = deepcopy(templates[""])
        change(templates[name])
    return {name: objections(template) for name, template in templates.items()}


def test_no_function_may_change_or_remove_an_audit_event(verdicts: dict[str, list[str]]) -> None:
    assert verdicts[""] == []


@pytest.mark.parametrize("name", [*BROKEN_AS_WRITTEN, *BROKEN_AS_EXPANDED])
def test_the_check_objects_to_a_template_that_allows(name: str, verdicts: dict[str, list[str]]) -> None:
    assert set(verdicts[name]) - set(verdicts[""])
