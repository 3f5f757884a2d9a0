"""Every AWS client that a function makes, from the packages as they are built: made, and called once.

The packages hold botocore's descriptions of services cut down to what a client reads (tools/package.py). What is
missing shows at a client's first call, and no sooner.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import pytest

from local.engine import CREDENTIALS, REGION
from tests.acceptance.cloud import Cloud, cloud
from tests.runtime.machine import ROOT, built, interpreter
from tools.package import BOTOCORE_SERVICES

CALLS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "dynamodb": ("execute_statement", {"Statement": 'SELECT * FROM "none"'}),
    "kms": ("sign", {"KeyId": "none", "MessageType": "RAW", "Message": "text", "SigningAlgorithm": "ED25519_SHA_512"}),
    "lambda": ("invoke", {"FunctionName": "none", "InvocationType": "Event", "Payload": "{}"}),
    "s3": ("put_object", {"Bucket": "none", "Key": "a", "Body": "text", "IfNoneMatch": "*"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "none"}),
    "sns": ("publish", {"TopicArn": f"arn:aws:sns:{REGION}:000000000000:none", "Message": "text"}),
}
"""One call for each service, on a thing that is not there: what answers is the service, and its answer is read."""

SCRIPT: Final = """
import json, sys
import botocore.exceptions, botocore.session
for service, (operation, arguments) in json.loads(sys.argv[1]).items():
    client = botocore.session.get_session().create_client(service)
    try:
        getattr(client, operation)(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] < 500, error
    print(service)
"""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


def test_every_service_that_the_code_makes_a_client_for_is_called_here_and_described_in_the_packages() -> None:
    made = re.compile(r'client\(\s*"(\w+)"')
    services = {name for file in (ROOT / "src").rglob("*.py") for name in made.findall(file.read_text())}
    assert services == set(CALLS)
    assert services <= BOTOCORE_SERVICES


@pytest.mark.parametrize("function", ["HealthFunction", "WorkerFunction"])
def test_the_built_package_makes_each_client_and_reads_its_first_answer(function: str, account: Cloud) -> None:
    """Two kinds of packages, an API's and the worker's."""
    environment = {
        "PYTHONPATH": str(built() / function),
        "AWS_ENDPOINT_URL": account.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **CREDENTIALS,
    }
    command = [interpreter().path, "-c", SCRIPT, json.dumps(CALLS)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.stdout.split() == list(CALLS), run.stderr
