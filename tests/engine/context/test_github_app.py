"""Reading and writing as a GitHub App: from the settings to the comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from moto import mock_aws

from core.app import App
from core.aws import Aws
from core.bootstrap import make_app
from core.context.app_token import READING, WRITING
from core.errors import ConfigurationError, UpstreamUnavailable
from core.types import Target
from local.engine import CREDENTIALS, REGION, Engine
from local.faults import Call, Fault
from local.github import GitHubStandIn
from local.github_app import GitHubApp
from local.repository import Repository
from local.stack import Stack, clean_environment
from tests.conftest import table_names
from tests.support.actions import a_comment
from tests.support.app_key import made, pem

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


ACTION = a_comment(repository="")


def post(app: App, installed: Installed) -> str:
    return app.writer().write(replace(ACTION, repository=installed.github.repository.name)).outcome


def test_reader_and_writer_hold_a_token_each_with_no_more_rights_than_they_use(installed: Installed) -> None:
    app = make_app(environment(installed))
    assert pem().strip() in app.own_secrets()
    assert not installed.app.issued
    assert app.github().target(Target("pull_request", 42)).open
    assert app.github().issue(100).number == 100
    assert post(app, installed) == "executed"
    assert installed.app.permissions == [READING, WRITING]
    assert set(installed.app.issued) <= set(app.own_secrets())
    reading, writing = (
        call.headers["authorization"] for call in calls(installed) if call.operation in ("pull", "comment")
    )
    assert reading != writing


def calls(installed: Installed) -> tuple[Call, ...]:
    return tuple(installed.github.faults.calls.entries())


def test_a_readers_token_cannot_write(installed: Installed) -> None:
    app = make_app(
        environment(
            installed, GITHUB_APP_ID="", GITHUB_APP_INSTALLATION_ID="", GITHUB_TOKEN=installed.github.reader_token
        )
    )
    assert post(app, installed) == "failed"
    assert installed.github.repository.comments(42) == []


def test_tokens_that_were_revoked_are_made_anew_for_reads_and_writes(installed: Installed) -> None:
    app = make_app(environment(installed))
    for _ in range(2):
        assert app.github().issue(100).number == 100
        assert post(app, installed) == "executed"
        installed.app.revoke()
    assert len(installed.github.repository.comments(42)) == 2


def test_readers_read_with_their_own_token_and_never_ask_for_the_writers(installed: Installed) -> None:
    """As a dispatching function has it: the App is named, and no key of it is there."""
    reader = installed.github.reader_token
    app = make_app(environment(installed, GITHUB_APP_PRIVATE_KEY="", GITHUB_READER_TOKEN=reader))
    assert app.github().issue(100).number == 100
    assert {call.headers["authorization"] for call in calls(installed)} == {f"Bearer {reader}"}
    assert reader in app.own_secrets()
    with pytest.raises(ConfigurationError, match="GITHUB_APP_PRIVATE_KEY is not set"):
        app.writer()


def test_readers_may_be_an_app_of_their_own(installed: Installed) -> None:
    own = {
        "GITHUB_READER_APP_ID": "12345",
        "GITHUB_READER_INSTALLATION_ID": "77",
        "GITHUB_READER_APP_PRIVATE_KEY": pem(),
    }
    without = dict.fromkeys(("GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY"), "")
    app = make_app(environment(installed, **without, **own))
    assert app.github().issue(100).number == 100
    assert installed.app.permissions == [READING]
    with pytest.raises(ConfigurationError, match="no writer"):
        app.writer()


def test_kms_signs_where_a_key_is_named(installed: Installed) -> None:
    """No private key is there."""
    with mock_aws():
        kms = Aws({"AWS_REGION": REGION}).client("kms")
        key_id = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        settings = {"GITHUB_APP_PRIVATE_KEY": "", "GITHUB_APP_KMS_KEY_ID": key_id, "AWS_REGION": REGION}
        app = make_app(environment(installed, **settings))
        with pytest.raises(UpstreamUnavailable, match="GitHub does not accept the App"):
            app.github().issue(100)
        installed.app.public_key = load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"]).public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        assert app.github().issue(100).number == 100
        assert post(app, installed) == "executed"


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
        ({"GITHUB_READER_APP_ID": "1"}, "GITHUB_READER_APP_ID and GITHUB_READER_INSTALLATION_ID must be set together"),
        (
            {"GITHUB_READER_APP_ID": "1", "GITHUB_READER_INSTALLATION_ID": "2", "GITHUB_READER_TOKEN": "t"},
            "GITHUB_READER_TOKEN and GITHUB_READER_APP_ID are both set",
        ),
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
