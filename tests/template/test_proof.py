"""What proves the audit: who may sign, who may forget, and where checkpoints are kept."""

from __future__ import annotations

from collections.abc import Iterator

from tests.template.reading import defaults, written


def rights() -> Iterator[tuple[str, str, str]]:
    """Function, action and the resource as written, of every statement."""
    for name, resource in written()["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        for policy in resource["Properties"].get("Policies", []):
            for statement in policy["Statement"]:
                actions = statement.get("Action", [])
                for action in actions if isinstance(actions, list) else [actions]:
                    yield name, action, str(statement["Resource"])


def holders(action: str, resource: str) -> set[str]:
    return {name for name, allowed, where in rights() if allowed == action and resource in where}


def test_only_the_checkpointer_may_sign_and_write_into_the_bucket() -> None:
    assert holders("kms:Sign", "AuditKey") == {"CheckpointFunction"}
    assert holders("kms:GetPublicKey", "AuditKey") == {"CheckpointFunction", "AuditCheckpointFunction"}
    assert {(name, action) for name, action, where in rights() if "CheckpointBucket" in where} == {
        ("CheckpointFunction", "s3:PutObject")
    }


def test_only_the_erasure_may_remove_content() -> None:
    assert holders("dynamodb:PartiQLDelete", "ContentTable") == {"EraseFunction"}


def test_checkpoints_are_locked_and_private_and_outlive_the_stack_with_their_key() -> None:
    template = written()
    bucket, key = template["Resources"]["CheckpointBucket"], template["Resources"]["AuditKey"]
    assert {bucket["DeletionPolicy"], key["DeletionPolicy"]} == {"Retain"}
    properties = bucket["Properties"]
    assert properties["ObjectLockEnabled"] is True
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    values = defaults(template)
    assert values[retention["Mode"]["Ref"]] == "GOVERNANCE"
    assert int(values[retention["Days"]["Ref"]]) >= 365
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert (key["Properties"]["KeySpec"], key["Properties"]["KeyUsage"]) == ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY")
