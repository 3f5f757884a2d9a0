"""Copies of one initialised function: nothing sent before the snapshot, nothing shared after it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.counter import Counter
from local.engine import CREDENTIALS, REGION, Engine
from local.stack import clean_environment
from local.web import Request, Server, json_answer
from tests.support.fakes import make_world
from tests.template.reading import ROOT

RUNTIME = "before, after = [], []\nregister_before_snapshot = before.append\nregister_after_restore = after.append\n"
"""The module of Lambda's runtime, as far as it is used."""


@pytest.fixture
def environment(tmp_path: Path, tables: dict[str, str]) -> dict[str, str]:
    (tmp_path / "snapshot_restore_py.py").write_text(RUNTIME)
    return {
        **clean_environment(CREDENTIALS),
        **tables,
        "PYTHONPATH": f"src:{tmp_path}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "GITHUB_REPOSITORY": "acme/widgets",
        "ORCHESTRATOR_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:callers",
    }


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and script
        [sys.executable, str(Path(__file__).with_name("restored.py"))],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_copies_share_no_random_state_no_secret_and_no_connection(
    engine: Engine, tables: dict[str, str], environment: dict[str, str]
) -> None:
    from local.engine import dynamodb

    make_world(dynamodb(engine.url, {}), tables)
    read: list[bytes] = []

    def secret(request: Request) -> object:
        read.append(request.body)
        return json_answer(200, {"Name": "callers", "SecretString": f"token-number-{len(read)}-of-the-callers"})

    secrets = Server(secret)  # type: ignore[arg-type]
    secrets.start()
    with Counter(engine.url) as counter:
        endpoints = {"AWS_ENDPOINT_URL_DYNAMODB": counter.url, "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.url}
        process = start({**environment, **endpoints})
        assert process.stdout is not None
        prepared = json.loads(process.stdout.readline())
        sent_before, read_before = counter.operations(), list(read)
        output, _ = process.communicate("go on\n", timeout=60)
        sent = counter.operations()
    secrets.stop()
    one, other = map(json.loads, output.splitlines())
    assert prepared == {"apps": 1, "threads": 1}
    assert (sent_before, read_before) == ([], [])
    assert sent == ["GetItem", "GetItem"]
    assert one["status"] == other["status"] == 200
    for name in ("random", "id", "hex", "credentials"):
        assert one[name] != other[name], name


def test_a_wrong_setting_is_told_to_the_caller_and_not_to_the_deployment(environment: dict[str, str]) -> None:
    process = start({**environment, "PHASE": "no phase"})
    assert process.stdout is not None
    prepared = json.loads(process.stdout.readline())
    process.kill()
    process.communicate()
    assert prepared["apps"] == 0
