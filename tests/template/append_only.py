"""Who may touch what is in the audit table, read from an expanded template. What it cannot resolve, it objects to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

AUDIT: Final = "AuditTable"

HARMLESS: Final = {
    "dynamodb:PartiQLInsert",  # an INSERT on an existing key fails
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
SERVICES: Final = {"dynamodb", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs"}
"""What a function may use at all: through iam or sts, for one, it could give itself more."""
MANAGED: Final = {
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess",
}
"""Managed policies known to hold logs and traces alone."""


def objections(template: dict[str, Any]) -> list[str]:
    """Every way in which some function, by its role, may change or remove an audit event."""
    resources = template["Resources"]
    return [
        *_policy_objections(resources),
        *_role_objections(resources),
        *_table_objections(resources),
    ]


def _role_objections(resources: dict[str, Any]) -> Iterator[str]:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function":
            role = resource["Properties"]["Role"]
            if not (isinstance(role, dict) and role.get("Fn::GetAtt", [""])[0] in resources):
                yield f"{name} has a role from elsewhere: {role}"
        if resource["Type"] == "AWS::IAM::Role":
            for arn in resource["Properties"].get("ManagedPolicyArns", ()):
                if arn not in MANAGED:
                    yield f"{name} has a managed policy of unknown content: {arn}"


def _table_objections(resources: dict[str, Any]) -> Iterator[str]:
    if "ResourcePolicy" in resources[AUDIT]["Properties"]:
        yield "the audit table has a policy of its own"
    if "TimeToLiveSpecification" in resources[AUDIT]["Properties"]:
        yield "the audit table expires its items"


def _policy_objections(resources: dict[str, Any]) -> Iterator[str]:
    for name, resource in resources.items():
        for statement in _statements(resource):
            if statement["Effect"] != "Allow":
                continue
            if "NotAction" in statement or "NotResource" in statement:
                yield f"{name} allows all but some"
                continue
            actions = _listed(statement["Action"])
            where = [r for r in _listed(statement["Resource"]) if not _is_elsewhere(r, resources)]
            for action in actions:
                service = action.split(":")[0]
                if "*" in action or "?" in action or service not in SERVICES:
                    yield f"{name} allows {action}"
                elif service == "dynamodb" and where and action not in HARMLESS:
                    yield f"{name} allows {action} on {json.dumps(where)}"


def _statements(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements that give rights to whoever holds the role, user or group."""
    properties = resource.get("Properties", {})
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ()) if isinstance(policy, dict)]
    if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        documents.append(properties["PolicyDocument"])
    for document in documents:
        for statement in _listed(document["Statement"]):
            yield from _alternatives(statement)


def _alternatives(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A statement under a condition is taken for given, in both its forms."""
    if "Fn::If" in statement:
        for branch in statement["Fn::If"][1:]:
            if branch != {"Ref": "AWS::NoValue"}:
                yield from _alternatives(branch)
    else:
        yield statement


def _is_elsewhere(resource: Any, resources: dict[str, Any]) -> bool:
    """Whether this certainly names something of this template that is not the audit table."""
    match resource:
        case {"Fn::GetAtt": [str(name), _]} | {"Ref": str(name)}:
            return name in resources and name != AUDIT
        case {"Fn::Sub": str(text)}:
            named = re.match(r"\$\{(\w+)\.Arn\}", text)
            return named is not None and named[1] in resources and named[1] != AUDIT
        case _:
            return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
