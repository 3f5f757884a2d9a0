"""Reading and writing as a GitHub App: from the settings to the comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.bootstrap import make_app
from core.errors import ConfigurationError
from core.types import Target
from local.engine import CREDENTIALS, Engine
from local.faults import Fault
from local.github import GitHubStandIn
from local.github_app import GitHubApp
from local.repository import Repository
from local.stack import Stack, clean_environment
from tests.conftest import table_names
from tests.unit.context.test_app_token import made, pem

WRITTEN_BY = "dfg-orchestrator[bot]"


@dataclass
class Installed:
    """A stand-in for GitHub that knows an App, and the settings of who is that App."""

    github: GitHubStandIn
    app: GitHubApp
    settings: dict[str, str]


@pytest.fixture
def installed(repository: Repository) -> Iterator[Installed]:
    public = made().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    app = GitHubApp("12345", "77", public, lambda: datetime.now(UTC))
    github = GitHubStandIn(repository, login=WRITTEN_BY, app=app)
    github.start()
    settings = {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": repository.name,
        "GITHUB_APP_ID": "12345",
        "GITHUB_APP_INSTALLATION_ID": "77",
        "GITHUB_APP_PRIVATE_KEY": pem(),
        "COMMENT_AUTHOR": WRITTEN_BY,
    }
    yield Installed(github, app, settings)
    github.close()


def environment(installed: Installed, **changes: str) -> dict[str, str]:
    """For an App that needs no engine: it never gets as far."""
    secret = {"ORCHESTRATOR_SECRET": "a-token-of-16-or-more"}
    return {**table_names("app"), **CREDENTIALS, **secret, **installed.settings, **changes}


def test_a_plan_is_read_and_posted_as_the_app(installed: Installed, engine: Engine, tmp_path: Path) -> None:
    given = {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, **table_names("app"), **installed.settings}
    with Stack(clean_environment(given), logs=tmp_path) as stack:
        reply = stack.client.post("/dispatch/qa-plan", {"prNumber": 42, "linkedIssue": 100})
        assert reply.body.get("executed") is True, reply
        assert any("GitHub directly" in line for line in stack.describe())
    [comment] = installed.github.repository.comments(42)
    assert comment["user"]["login"] == WRITTEN_BY
    calls = [call for call in installed.github.faults.calls.entries() if call.operation != "app_token"]
    tokens = {f"Bearer {token}" for token in installed.app.issued}
    assert {call.headers["authorization"] for call in calls} <= tokens
    told = "".join(log.read_text() for log in tmp_path.iterdir()) + str(reply.body)
    secrets = [*installed.app.issued, *pem().split("\n")[1:-2]]
    assert [secret for secret in secrets if secret in told] == []


def test_one_token_serves_reader_and_writer_and_is_an_own_secret(installed: Installed) -> None:
    app = make_app(environment(installed))
    assert pem().strip() in app.own_secrets()
    assert not installed.app.issued
    assert app.github().target(Target("pull_request", 42)).open
    assert app.writer().name == "GitHub"
    [token] = installed.app.issued
    assert token in app.own_secrets()
    assert app.github().issue(100).number == 100
    assert len(installed.app.issued) == 1


def test_without_its_token_nothing_can_be_read(installed: Installed) -> None:
    installed.github.faults.order("app_token", Fault(status=500))
    app = make_app(environment(installed))
    with pytest.raises(Exception, match="GitHub answered 500 when asked for the App's token"):
        app.github().issue(100)
    assert app.github().issue(100).number == 100


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"GITHUB_TOKEN": "ghp_x"}, "GITHUB_TOKEN and GITHUB_APP_ID are both set"),
        ({"GITHUB_TOKEN_ARN": "arn:aws:secretsmanager:x"}, "GITHUB_TOKEN and GITHUB_APP_ID are both set"),
        ({"GITHUB_APP_ID": ""}, "must be set together"),
        ({"GITHUB_APP_INSTALLATION_ID": ""}, "must be set together"),
        ({"GITHUB_APP_ID": "my app"}, "without blanks"),
        ({"GITHUB_APP_INSTALLATION_ID": "../1"}, "without blanks or slashes"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    installed: Installed, changes: dict[str, str], names: str
) -> None:
    with pytest.raises(ConfigurationError, match=names):
        make_app(environment(installed, **changes))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"GITHUB_APP_PRIVATE_KEY": ""}, "GITHUB_APP_PRIVATE_KEY is not set"),
        ({"GITHUB_APP_PRIVATE_KEY": "a secret of another kind"}, "GITHUB_APP_PRIVATE_KEY must be a private key"),
    ],
)
def test_a_missing_or_wrong_key_is_told_before_anything_is_paid(
    installed: Installed, changes: dict[str, str], names: str
) -> None:
    app = make_app(environment(installed, **changes))
    for use in (app.github, app.writer):
        with pytest.raises(ConfigurationError, match=names) as caught:
            use()
        assert "another kind" not in str(caught.value)
