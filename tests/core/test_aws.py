"""The leaves in AWS on moto: the SDK's own requests, answered in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.stub import Stubber
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from moto import mock_aws

from core.approvals.mail import Notice
from core.aws import FAILURES, Aws
from core.bootstrap import make_app
from core.context.app_token import READING, AppToken, Installation
from core.errors import StoreUnavailable, UpstreamUnavailable, WorkerUnavailable
from core.store import Store
from handlers.watch import Watcher
from local.engine import CREDENTIALS, REGION
from local.github_app import GitHubApp
from tests.conftest import table_names
from tests.core.context.test_app_token import API, Served
from tests.support.fakes import Clock

ABSENT = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:absent"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield Aws({"AWS_REGION": REGION})


# --- secrets ---------------------------------------------------------------------------------


def kept(aws: Aws, value: str) -> str:
    arn: str = aws.client("secretsmanager").create_secret(Name=f"s{hash(value)}", SecretString=value)["ARN"]
    return arn


def test_a_secret_is_read_without_the_line_end_that_was_pasted_with_it(aws: Aws) -> None:
    assert aws.secret(kept(aws, "t0ken\n"), "GITHUB_TOKEN") == "t0ken"


def test_a_secret_that_cannot_be_read_is_told_by_its_name_alone(aws: Aws) -> None:
    binary = aws.client("secretsmanager").create_secret(Name="b", SecretBinary=b"\x00")["ARN"]
    for arn in (ABSENT, binary):
        with pytest.raises(StoreUnavailable, match=r"^the secret GITHUB_TOKEN cannot be read$"):
            aws.secret(arn, "GITHUB_TOKEN")


def test_an_app_takes_its_secrets_from_their_arns(aws: Aws) -> None:
    names = ("ORCHESTRATOR_SECRET", "GITHUB_READER_TOKEN", "DFG_RELAY_TOKEN")
    arns = {f"{name}_ARN": kept(aws, f"a-secret-for-{name}") for name in names}
    settings = {"GITHUB_REPOSITORY": "dfg/app", "DFG_RELAY_URL": "http://127.0.0.1:1", **table_names("moto")}
    app = make_app({**CREDENTIALS, **settings, **arns})
    assert [one.principal.name for one in app.credentials()] == ["captain"]
    assert set(app.own_secrets()) == {f"a-secret-for-{name}" for name in names}
    assert app.writer().name == "dfg-relay"


# --- the bucket ------------------------------------------------------------------------------


@pytest.fixture
def bucket(aws: Aws) -> str:
    where = {} if REGION == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    aws.client("s3").create_bucket(Bucket="notes", **where)
    return "notes"


def test_a_note_is_put_once_and_never_replaced(aws: Aws, bucket: str) -> None:
    publish = partial(aws.keep, bucket)
    publish(7, "the first")
    publish(7, "another")  # it is there already: no failure, and no change
    [entry] = aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert entry["Key"] == "checkpoints/0000000007.note"
    assert aws.client("s3").get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() == b"the first"


def test_a_bucket_that_is_not_there_is_told(aws: Aws) -> None:
    with pytest.raises(StoreUnavailable, match="could not be put"):
        aws.keep("nobody", 1, "note")


# --- the topic -------------------------------------------------------------------------------


def test_a_notice_reaches_the_topic(aws: Aws) -> None:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    queue = sqs.create_queue(QueueName="captain")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="captain")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    notice = Notice("Circuit breaker opened", "It probes again.")
    aws.topic(topic)(notice.subject, notice.message)
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])
    assert (body["Subject"], body["Message"]) == ("Circuit breaker opened", "It probes again.")


def test_a_topic_that_takes_nothing_has_the_record_come_again(aws: Aws) -> None:
    publish = aws.topic(f"arn:aws:sns:{REGION}:123456789012:absent")
    with pytest.raises(FAILURES):
        publish("s", Notice("s", "t").message)
    record = {
        "eventName": "REMOVE",
        "eventSourceARN": "arn:aws:dynamodb:x:1:table/audit/stream/1",
        "dynamodb": {"SequenceNumber": "11", "Keys": {"chain": {"S": "c"}, "seq": {"N": "1"}}},
    }
    store = Store(aws.client("dynamodb"), sleep=lambda seconds: None, new_id=lambda: "1")
    watcher = Watcher({"audit": "audit"}, store, publish, lambda name, value: None, lambda: 0, "")
    assert watcher({"Records": [record]}) == {"batchItemFailures": [{"itemIdentifier": "11"}]}


# --- the worker ------------------------------------------------------------------------------


def test_the_worker_is_started_with_its_event_and_nobody_waits_for_it(aws: Aws) -> None:
    """moto knows no asynchronous work: what Lambda is asked for is looked at, and its answer."""
    asked: list[dict[str, Any]] = []
    client = aws.client("lambda")
    client.meta.events.register("provide-client-params.lambda.Invoke", lambda params, **_: asked.append(params))
    with Stubber(client) as stub:
        stub.add_response("invoke", {"StatusCode": 202})
        aws.invoke("dfg-worker", {"runId": "r-1"})
    [params] = asked
    assert (params["FunctionName"], params["InvocationType"]) == ("dfg-worker", "Event")
    assert json.loads(params["Payload"]) == {"runId": "r-1"}


def test_a_worker_that_cannot_be_started_is_told(aws: Aws) -> None:
    """moto starts what is not there without a word."""
    with Stubber(aws.client("lambda")) as stub:
        stub.add_client_error("invoke", "ResourceNotFoundException", http_status_code=404)
        with pytest.raises(WorkerUnavailable, match="try again"):
            aws.invoke("nobody", {"runId": "r-1"})


# --- keys ------------------------------------------------------------------------------------


def made(aws: Aws, spec: str) -> str:
    key: str = aws.client("kms").create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    return key


def test_kms_signs_for_a_github_app_as_github_checks_it(aws: Aws) -> None:
    """moto makes the key itself: that it can be imported is shown in test_import_app_key."""
    key_id = made(aws, "RSA_2048")
    public = load_der_public_key(aws.client("kms").get_public_key(KeyId=key_id)["PublicKey"])
    assert isinstance(public, RSAPublicKey)
    sign = partial(aws.rs256, key_id)
    public.verify(sign(b"header.claims"), b"header.claims", PKCS1v15(), SHA256())
    clock = Clock()
    http = Served(clock)
    http.github.app = GitHubApp(
        "12345", "77", public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), lambda: http.now()
    )
    token = AppToken(http, API, "dfg/app", Installation("12345", "77", sign), READING, clock.now)
    assert token().startswith("ghs_")


def test_a_key_that_does_not_sign_is_told_as_that(aws: Aws) -> None:
    with pytest.raises(UpstreamUnavailable, match="KMS does not sign for the GitHub App"):
        aws.rs256("alias/nobody", b"x")


def test_kms_signs_checkpoints(aws: Aws) -> None:
    """moto signs with no Ed25519 key: the request is looked at, and its answer handed on."""
    client = aws.client("kms")
    public = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    wanted = {
        "KeyId": "k",
        "Message": b"note",
        "MessageType": "RAW",
        "SigningAlgorithm": "ED25519_SHA_512",
    }
    with Stubber(client) as stub:
        stub.add_response("get_public_key", {"PublicKey": public}, {"KeyId": "k"})
        stub.add_response("sign", {"Signature": b"\x01" * 64}, wanted)
        signer = aws.ed25519("k")
        assert signer.public_key == bytes(range(32))
        assert signer.public_key == Ed25519PublicKey.from_public_bytes(bytes(range(32))).public_bytes_raw()
        assert signer.sign(b"note") == b"\x01" * 64


@pytest.mark.parametrize("use", [lambda aws: aws.secret(ABSENT, "X"), lambda aws: aws.keep("b", 1, "n")])
def test_an_endpoint_that_cannot_be_reached_is_unavailable(use: Callable[[Aws], Any], aws: Aws) -> None:
    for service in ("secretsmanager", "s3"):
        client = aws.client(service)
        client.meta.events.register_first(f"before-send.{_signing_name(service)}", _broken)
    with pytest.raises(StoreUnavailable):
        use(aws)


def _signing_name(service: str) -> str:
    return {"secretsmanager": "secrets-manager"}.get(service, service)


def _broken(**_: Any) -> None:
    from botocore.exceptions import ConnectTimeoutError

    raise ConnectTimeoutError(endpoint_url="https://aws.test")
