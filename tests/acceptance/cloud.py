"""An AWS account on this machine: the engine's CloudFormation, API Gateway, Lambda and the rest, in one process."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
import yaml
from botocore.config import Config
from botocore.session import get_session

from local.child import ROOT, Child
from local.engine import CREDENTIALS, REGION
from local.web import HOST, listen
from tests.runtime.machine import installed, interpreter
from tests.template.reading import Loader, Template

BUCKET: Final = "code"
READY_SECONDS: Final = 30.0


class Cloud:
    """The account, with clients for its services."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"

    def client(self, service: str) -> Any:
        return get_session().create_client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(connect_timeout=2, read_timeout=120, retries={"total_max_attempts": 1}),
        )

    def secret(self, name: str, value: str) -> str:
        """The ARN of a new secret."""
        return str(self.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"])

    def deploy(
        self, template: Template, parameters: Mapping[str, str], stack: str, *, update: bool = False
    ) -> dict[str, str]:
        """Creates or updates a stack; its outputs. Raises ClientError or WaiterError where it is refused."""
        formation = self.client("cloudformation")
        self.client("s3").put_object(Bucket=BUCKET, Key=f"{stack}.json", Body=json.dumps(template).encode())
        (formation.update_stack if update else formation.create_stack)(
            StackName=stack,
            TemplateURL=f"{self.url}/{BUCKET}/{stack}.json",  # longer than a request may carry
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        self._wait("stack_update_complete" if update else "stack_create_complete", stack)
        (description,) = formation.describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}

    def delete(self, stack: str) -> None:
        """Deletes a stack. Raises WaiterError where that fails."""
        self.client("cloudformation").delete_stack(StackName=stack)
        self._wait("stack_delete_complete", stack)

    def _wait(self, for_: str, stack: str) -> None:
        waiter = self.client("cloudformation").get_waiter(for_)
        waiter.wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 240})

    def reasons(self, stack: str) -> list[str]:
        """Why parts of a stack could not be made."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
        events = [event for page in pages for event in page["StackEvents"]]
        return [e.get("ResourceStatusReason", "") for e in events if "FAILED" in e["ResourceStatus"]]

    def reachable(self, api_url: str) -> str:
        """The address of a deployed API by path: the engine's own needs a resolver that knows *.localhost."""
        identifier = urlsplit(api_url).netloc.partition(".")[0]
        return f"{self.url}/_aws/execute-api/{identifier}/$default"

    def upload(self, built: Path) -> Template:
        """What `sam package` does: the built template with its code in S3, equal packages once."""
        template: Template = yaml.load((built / "template.yaml").read_text(), Loader=Loader)  # noqa: S506 - a SafeLoader
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        present: set[str] = set()
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                directory = built / resource["Properties"]["CodeUri"]
                key = _fingerprint(directory)
                if key not in present:
                    s3.put_object(Bucket=BUCKET, Key=key, Body=_zipped(directory))
                    present.add(key)
                resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{key}"
        return template


@contextmanager
def cloud(logs: Path) -> Iterator[Cloud]:
    """The account between start and stop. Functions run on the Python that they were built for."""
    with listen() as probe:
        port: int = probe.getsockname()[1]
    python = interpreter()
    engine = installed(ROOT / "requirements-engine.lock", "engine")
    signing = installed(Path(__file__).with_name("requirements.txt"), "engine-kms")  # the engine's KMS needs it
    child = Child(
        "cloud",
        ["ministack"],
        {
            "PYTHONPATH": f"{engine}{os.pathsep}{signing}",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "INFO",
            "AWS_EC2_METADATA_DISABLED": "true",
            **CREDENTIALS,
        },
        logs,
        python=python.path,
    )
    child.start()
    try:
        retries = urllib3.Retry(connect=12, read=0, backoff_factor=0.02, backoff_max=2)
        urllib3.PoolManager(retries=retries, timeout=READY_SECONDS).request(
            "GET", f"http://{HOST}:{port}/_ministack/health"
        )
        yield Cloud(port)
    finally:
        child.stop()


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _fingerprint(directory: Path) -> str:
    """Equal for equal packages: names, sizes and, of our own code, content."""
    digest = hashlib.sha256()
    for path in _files(directory):
        name = str(path.relative_to(directory))
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        if name.startswith(("core/", "handlers/")):
            digest.update(path.read_bytes())
    return f"{digest.hexdigest()}.zip"


def _zipped(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in _files(directory):
            archive.write(path, path.relative_to(directory))
    return buffer.getvalue()
