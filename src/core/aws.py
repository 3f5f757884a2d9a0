"""The leaves in AWS, each a few lines over one client that is made at its first use. DynamoDB's is in `core.store`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import botocore.session
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.errors import StoreUnavailable, UpstreamUnavailable, WorkerUnavailable
from core.types import Json

CLIENT_CONFIG: Final = Config(
    connect_timeout=1, read_timeout=2, tcp_keepalive=True, retries={"mode": "standard", "max_attempts": 3}
)
NAMESPACE: Final = "DFGOrchestrator"
ED25519_PREFIX_BYTES: Final = 12
"""An Ed25519 SubjectPublicKeyInfo is twelve bytes and then the key (RFC 8410 section 4)."""
FAILURES: Final = (ClientError, BotoCoreError)


class Aws:
    """One session in one region. Each method makes a leaf; nothing is called, and no client made, before it is used."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._session = botocore.session.get_session()
        self._region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1"
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of that service. Two threads that are first may each make one; either does."""
        if service not in self._clients:
            self._clients[service] = self._session.create_client(
                service, region_name=self._region, config=CLIENT_CONFIG
            )
        return self._clients[service]

    def secret(self, arn: str, name: str) -> str:
        """What Secrets Manager holds, without blanks around it. Raises StoreUnavailable, which says `name` alone."""
        try:
            return str(self.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]).strip()
        except (*FAILURES, KeyError) as error:
            raise StoreUnavailable(f"the secret {name} cannot be read") from error

    def invoke(self, function: str, event: Json) -> None:
        """Starts the worker. Raises WorkerUnavailable."""
        payload = json.dumps(dict(event)).encode()
        try:
            self.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
        except FAILURES as error:
            raise WorkerUnavailable("the worker could not be started; try again") from error

    def keep(self, bucket: str, number: int, note: str) -> None:
        """Puts a checkpoint's note where it cannot be changed. Raises StoreUnavailable."""
        key = f"checkpoints/{number:010d}.note"
        try:
            self.client("s3").put_object(Bucket=bucket, Key=key, Body=note.encode(), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":  # it is there already
                raise StoreUnavailable("the checkpoint could not be put into its bucket") from error
        except BotoCoreError as error:
            raise StoreUnavailable("the checkpoint bucket cannot be reached") from error

    def topic(self, arn: str) -> Callable[[str, str], None]:
        """Sends a subject, and JSON with a text for each protocol. Raises BotoCoreError or ClientError."""
        sns = self.client("sns")
        return lambda subject, message: sns.publish(
            TopicArn=arn, Subject=subject, Message=message, MessageStructure="json"
        )

    def ed25519(self, key_id: str) -> KmsEd25519:
        """The key that signs checkpoints."""
        return KmsEd25519(self, key_id)

    def rs256(self, key_id: str, message: bytes) -> bytes:
        """Signs with a key of spec RSA_2048 or longer, as a GitHub App has to. Raises UpstreamUnavailable."""
        try:
            return self.sign(key_id, message, "RSASSA_PKCS1_V1_5_SHA_256")
        except FAILURES as error:
            raise UpstreamUnavailable("KMS does not sign for the GitHub App") from error

    def sign(self, key_id: str, message: bytes, algorithm: str) -> bytes:
        answer = self.client("kms").sign(KeyId=key_id, Message=message, MessageType="RAW", SigningAlgorithm=algorithm)
        return bytes(answer["Signature"])


@dataclass(frozen=True)
class KmsEd25519:
    """A key of spec ECC_NIST_EDWARDS25519 that never leaves KMS.

    https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
    """

    aws: Aws
    key_id: str

    @cached_property
    def public_key(self) -> bytes:
        return bytes(self.aws.client("kms").get_public_key(KeyId=self.key_id)["PublicKey"])[ED25519_PREFIX_BYTES:]

    def sign(self, message: bytes) -> bytes:
        return self.aws.sign(self.key_id, message, "ED25519_SHA_512")


def measure(name: str, value: int) -> None:
    """One metric in CloudWatch's embedded format, on standard output."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE):
        pass
