"""The example workflow: pinned, without a secret, and run step by step in a shell as a runner of Actions would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa

from core.callers.oidc import ISSUER
from local.child import ROOT
from local.stack import Stack, clean_environment
from local.web import Answer, Request, Server, json_answer

FILE: Final = ROOT / "examples" / "github-actions" / "dfg-qa-plan.yml"
WORKFLOW: Final[dict[Any, Any]] = yaml.safe_load(FILE.read_text())
ON: Final[Any] = WORKFLOW[True]  # YAML 1.1 reads `on` as true
[JOB] = WORKFLOW["jobs"].values()
STEPS: Final[dict[str, Any]] = {step["name"]: step for step in JOB["steps"]}
AUDIENCE: Final = "dfg-orchestrator-tests"
KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_actions_are_pinned_by_commit_and_dependencies_by_hash() -> None:
    uses = re.findall(r"uses: (\S+)(.*)", FILE.read_text())
    assert uses
    for action, comment in uses:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action
    assert "--require-hashes" in STEPS["Install what it needs, by hash"]["run"]


def test_what_it_installs_is_what_the_tests_run_with() -> None:
    pins = re.compile(r"^([a-z0-9-]+==\S+) \\\n((?:    --hash=\S+(?: \\)?\n?)+)", re.MULTILINE)
    known = dict(pins.findall((ROOT / "requirements.lock").read_text()))
    installed = dict(pins.findall(FILE.with_name("requirements.txt").read_text()))
    assert {"httpx", "rich", "typer"} <= {name.partition("==")[0] for name in installed}
    assert {name: known[name].split() for name in installed} == {name: h.split() for name, h in installed.items()}


def test_it_runs_by_label_and_never_because_of_a_push() -> None:
    assert ON == {"pull_request": {"types": ["labeled"]}}
    assert "needs:qa" in JOB["if"]


def test_it_holds_no_secret_and_no_right_but_its_own_token() -> None:
    assert "secrets." not in FILE.read_text()
    assert WORKFLOW["permissions"] == {}
    assert JOB["permissions"] == {"id-token": "write"}


def test_zizmor_has_nothing_to_say() -> None:
    run = subprocess.run(  # noqa: S603 - a fixed command
        [str(Path(sys.executable).with_name("zizmor")), "--offline", "--persona", "auditor", "--no-config", str(FILE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


class GitHub:
    """What a runner gives a job: where tokens of its own are, and the keys that they are verified with."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.server = Server(self._answer)
        self.server.start()

    def _answer(self, request: Request) -> Answer:
        if request.path == "/jwks":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return json_answer(200, {"keys": [{**public, "kid": "k1", "use": "sig"}]})
        self.asked.append(request)
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 300,
            "repository_id": "1",
            "repository_owner_id": "2",
            "event_name": "pull_request",
            "ref": "refs/pull/42/merge",
            "workflow_ref": "dfg-team/dfg/.github/workflows/dfg-qa-plan.yml@refs/pull/42/merge",
        }
        return json_answer(200, {"value": jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "k1"})})


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    made = GitHub()
    yield made
    made.server.stop()


@pytest.fixture(scope="module")
def stack(github: GitHub) -> Iterator[Stack]:
    settings = {
        "GITHUB_OIDC_AUDIENCE": AUDIENCE,
        "GITHUB_OIDC_REPOSITORY_ID": "1",
        "GITHUB_OIDC_OWNER_ID": "2",
        "GITHUB_OIDC_JWKS_URL": f"{github.server.url}/jwks",
    }
    case = json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text())
    with Stack(clean_environment(settings), repository=case["repository"]) as running:
        running.repository.load(case)
        yield running


def run_step(number: int, stack: Stack, github: GitHub, directory: Path) -> tuple[int, str, str]:
    """The step that dispatches, in the shell and with the variables that a runner uses; exit code, output, summary."""
    python = directory / "dfg" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (directory / "dfg-orchestrator").symlink_to(ROOT)
    summary = directory / "summary.md"
    environment = {
        "PATH": os.environ["PATH"],
        "VIRTUAL_ENV": sys.prefix,
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(directory),
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.server.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-runners-own",
        "DFG_URL": stack.url,
        "DFG_AUDIENCE": AUDIENCE,
        "NUMBER": str(number),
        "PYTHONPATH": f"dfg-orchestrator/cli{os.pathsep}{os.pathsep.join(p for p in sys.path if 'site-packages' in p)}",
    }
    step = STEPS["Dispatch and wait"]
    assert set(step["env"]) <= set(environment)
    run = subprocess.run(  # noqa: S603 - the step as it is written
        ["/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr, summary.read_text() if summary.exists() else ""


def test_the_job_has_a_plan_posted_and_shows_it(stack: Stack, github: GitHub, tmp_path: Path) -> None:
    code, output, summary = run_step(42, stack, github, tmp_path)
    assert code == 0, output
    assert len(stack.repository.comments(42)) == 1
    assert "### QA plan: success, executed" in summary
    assert "<pre>" in summary
    assert summary.count("\n- ") > 1
    assert {request.headers["authorization"] for request in github.asked} == {"Bearer the-runners-own"}
    assert "audience=" in github.asked[0].query


def test_a_job_of_one_pull_request_gets_no_plan_of_another(stack: Stack, github: GitHub, tmp_path: Path) -> None:
    before = stack.client.get("/audit").body
    code, output, _ = run_step(43, stack, github, tmp_path)
    assert code == 8, output
    assert stack.client.get("/audit").body == before
