"""The built template, deployed: CloudFormation creates it, API Gateway routes to it, Lambda runs it.

Two stacks stand side by side; one is updated, one is deleted and deployed again under its name. The account is the
engine's, not Amazon's: it does not enforce IAM (tests/runtime does, for the tables), and a few things have to be said
in its dialect.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError, WaiterError

from dfg.exporting import export
from local.client import Client
from local.github import GitHubStandIn
from local.model import ModelStandIn
from local.relay import RelayStandIn
from local.repository import Repository
from tests.acceptance.cloud import Cloud, cloud
from tests.acceptance.engine_dialect import for_the_engine
from tests.runtime.machine import ROOT, built
from tests.template.reading import Template, expanded
from verifier.dfg_verify import read_export, verify

STACK: Final = "dfg"
SECOND: Final = "dfg-second"


@dataclass(frozen=True)
class Account:
    """The account with the code uploaded, and what a deployment needs to be told."""

    cloud: Cloud
    template: Template
    parameters: dict[str, str]
    repository: Repository
    model: ModelStandIn


@dataclass(frozen=True)
class Deployment:
    """The stack as it stands."""

    account: Account
    outputs: dict[str, str]
    client: Client
    stranger: Client


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    package = built()
    case = json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text())
    repository = Repository(case["repository"])
    repository.load(case)
    model, github, relay = ModelStandIn(), GitHubStandIn(repository), RelayStandIn(repository)
    for stand_in in (model, github, relay):
        stand_in.start()
    with cloud(tmp_path_factory.mktemp("cloud")) as running:
        (expansion,) = expanded([running.upload(package)])
        parameters = {
            "GitHubRepository": case["repository"],
            "GitHubApiUrl": github.url,
            "DfgRelayUrl": relay.url,
            "AnthropicBaseUrl": model.url,
            "CommentAuthor": "dfg-bot",
            "AnthropicSecretArn": running.secret("anthropic", model.api_key),
            "GitHubSecretArn": running.secret("github", github.token),
            "RelaySecretArn": running.secret("relay", relay.token),
            "Architecture": "x86_64",
            "AllowInsecure": "acknowledged",
        }
        yield Account(running, for_the_engine(expansion), parameters, repository, model)
    for stand_in in (model, github, relay):
        stand_in.close()


def deployed(account: Account, stack: str, *, update: bool = False, **other: str) -> Deployment:
    """A stack, made or updated, with these parameters besides."""
    try:
        outputs = account.cloud.deploy(account.template, {**account.parameters, **other}, stack, update=update)
    except WaiterError:
        pytest.fail("\n".join(account.cloud.reasons(stack)))
    secrets = account.cloud.client("secretsmanager")
    token = secrets.get_secret_value(SecretId=outputs["OrchestratorSecretArn"])["SecretString"]
    url = account.cloud.reachable(outputs["ApiUrl"])
    return Deployment(account, outputs, Client(url, token), Client(url, "not-the-token"))


@pytest.fixture(scope="module")
def deployment(account: Account) -> Deployment:
    return deployed(account, STACK)


@pytest.fixture(scope="module")
def second(account: Account, deployment: Deployment) -> Deployment:
    return deployed(account, SECOND)


def test_a_later_phase_without_its_prerequisites_is_not_deployed(account: Account) -> None:
    with pytest.raises(ClientError, match="PRE-006"):
        account.cloud.deploy(account.template, {**account.parameters, "Phase": "phase2"}, "refused")


def test_a_guardrail_looser_than_its_table_rolls_the_deployment_back(account: Account) -> None:
    with pytest.raises(WaiterError):
        account.cloud.deploy(account.template, {**account.parameters, "MaxCostPerWindowUsd": "50"}, "loose")
    assert "MAX_COST_PER_WINDOW_USD" in "\n".join(account.cloud.reasons("loose"))


def test_an_address_without_tls_rolls_the_deployment_back_unless_that_is_acknowledged(account: Account) -> None:
    with pytest.raises(WaiterError):
        account.cloud.deploy(account.template, {**account.parameters, "AllowInsecure": "refused"}, "plain")
    assert "must begin with https" in "\n".join(account.cloud.reasons("plain"))


def test_the_deployed_service_is_healthy_at_once(deployment: Deployment) -> None:
    answer = deployment.client.get("/health")
    assert (answer.status, answer.body.get("status")) == (200, "ok"), answer
    assert answer.body["circuitBreaker"]["state"] == "closed"


@pytest.mark.parametrize("path", ["/pending", "/audit", "/audit/0d9a4c1e-3b7f-4a57-8f2e-6a1b2c3d4e5f"])
def test_reading_takes_a_token(path: str, deployment: Deployment) -> None:
    assert deployment.stranger.get(path).status == 401


@pytest.mark.parametrize("path", ["/dispatch/qa-plan", "/approve/some-id", "/reject/some-id", "/circuit/reset"])
def test_commands_take_a_token(path: str, deployment: Deployment) -> None:
    assert deployment.stranger.post(path, {}).status == 401


def test_a_dispatch_goes_through_the_worker_and_is_told_once(deployment: Deployment) -> None:
    first = deployment.client.post("/dispatch/qa-plan", {"prNumber": 42, "linkedIssue": 100})
    assert (first.status, first.body["status"], first.body["executed"]) == (200, "success", True)
    assert len(deployment.account.repository.comments(42)) == 1

    again = deployment.client.post("/dispatch/qa-plan", {"prNumber": 42, "linkedIssue": 100})
    assert (again.status, again.body["status"]) == (200, "duplicate")
    assert len(deployment.account.model.calls.entries()) == 1

    (run,) = deployment.client.get("/audit").body["runs"][-1:]
    whole = deployment.client.get(f"/audit/{first.body['runId']}")
    assert whole.status == 200
    assert run["runId"] == first.body["runId"]
    assert "prompt" in whole.body["content"]


def test_nothing_waits(deployment: Deployment) -> None:
    assert deployment.client.get("/pending").body["count"] == 0


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_an_unknown_action_is_not_found(verb: str, deployment: Deployment) -> None:
    assert deployment.client.post(f"/{verb}/5f0c1a52-7f43-5d0e-9a6b-0c6f7b1d2e3f").status == 404


def test_the_breaker_is_reset(deployment: Deployment) -> None:
    assert deployment.client.post("/circuit/reset").body["status"] == "reset"


def test_the_audit_is_checkpointed_by_kms_into_its_bucket_and_proven_offline(deployment: Deployment) -> None:
    cloud, outputs = deployment.account.cloud, deployment.outputs
    assert deployment.client.post("/circuit/reset").status == 200  # an event to be covered, whatever ran before
    function = cloud.client("lambda")
    name = function_named(cloud, STACK, "CheckpointFunction")
    variables = function.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    at_once = {"CHECKPOINT_LAG_SECONDS": "0", "GUARDRAIL_OVERRIDE": "acknowledged"}
    function.update_function_configuration(FunctionName=name, Environment={"Variables": {**variables, **at_once}})
    event = (ROOT / "events" / "checkpoint.json").read_bytes()
    made = json.loads(function.invoke(FunctionName=name, Payload=event)["Payload"].read())
    assert made["checkpoints"] == 1, made

    bucket = cloud.client("s3")
    note = bucket.get_object(Bucket=outputs["CheckpointBucketName"], Key="checkpoints/0000000000.note")["Body"].read()
    signed = deployment.client.get("/audit/checkpoint").body
    assert signed["note"] == note.decode()
    public = cloud.client("kms").get_public_key(KeyId=outputs["AuditKeyId"])["PublicKey"]
    assert base64.b64decode(signed["key"].split("+", 2)[2])[1:] == public[-32:]

    def get(path: str, query: Mapping[str, str]) -> Any:
        answer = deployment.client.get(f"{path}?{urlencode(query)}")
        return answer.body if answer.status == 200 else None

    report = verify(read_export(json.dumps(record) for record in export(get)), signed["key"], [note.decode()])
    assert report.faults == []
    assert report.counts["checkpoints"] == 1


def function_named(cloud: Cloud, stack: str, logical_id: str) -> str:
    (resource,) = cloud.client("cloudformation").describe_stack_resources(
        StackName=stack, LogicalResourceId=logical_id
    )["StackResources"]
    return str(resource["PhysicalResourceId"])


def test_an_audit_event_that_somebody_removes_is_told_to_the_captain(deployment: Deployment) -> None:
    cloud = deployment.account.cloud
    queue = cloud.client("sqs")
    url = queue.create_queue(QueueName="captain")["QueueUrl"]
    arn = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cloud.client("sns").subscribe(TopicArn=deployment.outputs["NotificationTopicArn"], Protocol="sqs", Endpoint=arn)

    deployment.client.post("/circuit/reset")
    table, dynamodb = deployment.outputs["AuditTableName"], cloud.client("dynamodb")
    victim = dynamodb.scan(TableName=table)["Items"][0]
    dynamodb.delete_item(TableName=table, Key={name: victim[name] for name in ("chain", "seq")})

    received: list[Any] = queue.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
    assert [json.loads(message["Body"])["Subject"] for message in received] == ["Audit event changed or removed"]


def test_a_second_stack_stands_beside_the_first(deployment: Deployment, second: Deployment) -> None:
    assert second.client.get("/health").body["status"] == "ok"
    assert set(second.outputs.values()).isdisjoint(deployment.outputs.values())
    assert second.client.get("/audit").body["count"] == 0
    assert Client(second.client.url, "not-the-token").get("/pending").status == 401


def live_versions(cloud: Cloud, stack: str) -> dict[str, int]:
    names = {name: function_named(cloud, stack, f"{name}Function") for name in ("Dispatch", "Approve", "Worker")}
    client = cloud.client("lambda")
    return {k: int(client.get_alias(FunctionName=v, Name="live")["FunctionVersion"]) for k, v in names.items()}


@pytest.mark.parametrize(
    ("change", "published"),
    [
        ({"Phase": "phase1"}, {"Dispatch", "Approve", "Worker"}),
        ({"Phase": "phase1", "AnthropicSecretArn": "{another}"}, {"Worker"}),
        ({"Phase": "phase1", "AnthropicSecretArn": "{another}", "WebhookAllowed": "alice"}, set()),
        ({"Phase": "phase1", "AnthropicSecretArn": "{another}", "SnapStart": "on"}, {"Dispatch", "Approve", "Worker"}),
    ],
)
def test_an_update_publishes_exactly_the_functions_that_use_what_changed(
    change: dict[str, str], published: set[str], second: Deployment, another_secret: str
) -> None:
    """One after the other, each on top of the one before."""
    account = second.account
    before, neighbour = live_versions(account.cloud, SECOND), live_versions(account.cloud, STACK)
    given = {name: value.replace("{another}", another_secret) for name, value in change.items()}
    updated = deployed(account, SECOND, update=True, **given)
    after = live_versions(account.cloud, SECOND)
    assert {name for name in after if after[name] > before[name]} == published
    assert updated.outputs == second.outputs
    assert updated.client.get("/health").body["phase"] == "phase1"
    assert live_versions(account.cloud, STACK) == neighbour


@pytest.fixture(scope="module")
def another_secret(account: Account) -> str:
    return account.cloud.secret("anthropic-rotated", account.model.api_key)


def test_a_deleted_stack_leaves_the_audit_behind(deployment: Deployment, second: Deployment) -> None:
    cloud, outputs = deployment.account.cloud, deployment.outputs
    cloud.delete(STACK)
    dynamodb = cloud.client("dynamodb")
    kept = {outputs["AuditTableName"], outputs["ContentTableName"]}
    assert kept <= set(dynamodb.list_tables()["TableNames"])
    assert outputs["ActionsTableName"] not in dynamodb.list_tables()["TableNames"]
    for name in kept:
        with pytest.raises(ClientError, match="protect"):
            dynamodb.delete_table(TableName=name)
    assert second.client.get("/health").body["status"] == "ok"


def test_a_deleted_stack_is_deployed_again_beside_what_it_left(deployment: Deployment) -> None:
    """Lambda has written a last line meanwhile, and with it made its log group anew."""
    cloud, old = deployment.account.cloud, deployment.outputs
    logs = cloud.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=old["FunctionLogsName"])["logGroups"]:
        logs.create_log_group(logGroupName=old["FunctionLogsName"])
    again = deployed(deployment.account, STACK)
    assert again.client.get("/health").body["status"] == "ok"
    assert again.client.get("/audit").body["count"] == 0
    assert again.outputs["FunctionLogsName"] != old["FunctionLogsName"]
    assert again.outputs["AuditKeyId"] != old["AuditKeyId"]
    dynamodb = cloud.client("dynamodb")
    for name in (old["AuditTableName"], old["ContentTableName"]):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)
