"""What tests/local/test_stack.py shows, with other parts given, other signals and other files."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from local.engine import Engine
from local.github import GitHubStandIn
from local.model import ModelStandIn
from local.relay import RelayStandIn
from local.stack import Stack, clean_environment
from tests.conftest import table_names
from tests.local.test_stack import dispatch, require_no_child_left, require_plain_words


def test_every_part_gives_way_to_a_real_one(
    engine: Engine, tmp_path: Path, model: ModelStandIn, github: GitHubStandIn, relay: RelayStandIn
) -> None:
    given = {
        "AWS_ENDPOINT_URL_DYNAMODB": engine.url,
        **table_names("given"),
        "ANTHROPIC_BASE_URL": model.url,
        "ANTHROPIC_API_KEY": model.api_key,
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": github.repository.name,
        "GITHUB_TOKEN": github.token,
        "DFG_RELAY_URL": relay.url,
        "DFG_RELAY_TOKEN": relay.token,
        "COMMENT_AUTHOR": "dfg-bot",
        "ORCHESTRATOR_SECRET": "a-token-of-the-callers-choice",
        "PHASE": "phase1",
    }
    with Stack(clean_environment(given), logs=tmp_path) as stack:
        assert (stack.model, stack.github, stack.relay) == (None, None, None)
        assert stack.token == "a-token-of-the-callers-choice"  # noqa: S105
        assert stack.client.get("/health").body["phase"] == "phase1"
        assert dispatch(stack).body["executed"] is True
    assert len(model.calls.entries()) == 1
    assert [call.operation for call in relay.faults.calls.entries()] == ["relay.comment"]
    assert {call.headers["authorization"] for call in github.faults.calls.entries()} == {f"Bearer {github.token}"}


def test_without_a_relay_a_real_repository_is_written_to_directly(
    engine: Engine, tmp_path: Path, github: GitHubStandIn
) -> None:
    given = {
        "AWS_ENDPOINT_URL_DYNAMODB": engine.url,
        **table_names("direct"),
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": github.repository.name,
        "GITHUB_TOKEN": github.token,
    }
    with Stack(clean_environment(given), logs=tmp_path) as stack:
        assert dispatch(stack).body["executed"] is True
        assert any("GitHub directly" in line for line in stack.describe())
    assert len(github.repository.comments(42)) == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_server_takes_its_children_along(how: signal.Signals) -> None:
    require_no_child_left(how)


@pytest.mark.parametrize("content", ["{", "{}"])
def test_a_case_that_is_none_is_said_plainly(tmp_path: Path, content: str) -> None:
    require_plain_words(tmp_path / "case.json", content)
