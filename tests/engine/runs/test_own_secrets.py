"""An answer that gives one of the service's own secrets away: nothing of it is told, logged or kept in any table."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from core.audit.content import WITHHELD
from core.audit.read import read_run
from core.audit.replay import replay
from core.dispatcher.reply import Answered
from core.policy.secrets import gives_away, unescaped
from core.runs.arrow import dispatch
from core.types import Target, TaskRequest
from tests.support.fakes import PLAN, START, TOKEN, World, make_world, message
from tests.support.rejudging import TEAM, scan, stored_runs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

WHOLE = json.dumps(PLAN)
HIDDEN = "".join(f"\\u{ord(char):04x}" for char in TOKEN)
ANSWERS = {
    "an extra key": f'{WHOLE[:-1]}, "{TOKEN}": 1}}',
    "a key twice": f'{WHOLE[:-1]}, "{TOKEN}": 1, "{TOKEN}": 2}}',
    "a key inside": WHOLE.replace('"ac_id"', f'"{TOKEN}": 1, "ac_id"', 1),
    "a key with escapes": f'{WHOLE[:-1]}, "{HIDDEN}": 1}}',
    "a key reversed": f'{WHOLE[:-1]}, "{TOKEN[::-1]}": 1}}',
    "no JSON": f"I am sorry, {TOKEN} is all that I have.",
    "another shape": json.dumps([TOKEN]),
    "cut in the middle": f'{WHOLE[:-1]}, "{TOKEN}',
    "a value": json.dumps({**PLAN, "reason": f"The token is {TOKEN}."}),
    "a link": json.dumps({**PLAN, "reason": f"Open https://elsewhere.example.net/?k={TOKEN} now"}),
    "a file": WHOLE.replace('"covers": [', f'"covers": ["{TOKEN}", ', 1),
    "two fields": json.dumps({**PLAN, "reason": f"First {TOKEN[:9]}", "evidence": f"{TOKEN[9:]} is next"}),
}


@pytest.fixture
def world(dynamodb_client: DynamoDBClient, tables: dict[str, str]) -> World:
    return make_world(dynamodb_client, tables)


def go(world: World) -> Any:
    request = TaskRequest("qa_plan", Target("pull_request", 42), None, False, "ci", "api")
    return dispatch(world.app, request, wait_until=0, deadline=START + 10**12)


def everything(client: DynamoDBClient, tables: dict[str, str]) -> Iterator[str]:
    """Each item of each table, packed content unpacked, as it is and with escapes read."""
    for table in tables.values():
        for item in scan(client, table):
            body = zlib.decompress(item["body"]).decode() if table == tables["CONTENT_TABLE"] else ""
            yield from (text for text in (repr(item), unescaped(repr(item)), body, unescaped(unescaped(body))))


def holds(text: str) -> bool:
    return TOKEN in text or TOKEN[::-1] in text or HIDDEN in text


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_secret_in_an_answer_reaches_no_table_no_log_and_no_caller(
    kind: str,
    world: World,
    dynamodb_client: DynamoDBClient,
    tables: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    world.model.replies = [message(ANSWERS[kind])]
    result = go(world)
    assert result["status"] == "rejected"
    assert result["checks"][0]["rule"] == "secret.own"
    printed = capfd.readouterr()
    told = [json.dumps(result), caplog.text, printed.out, printed.err, json.dumps(read_run(world.app, result["runId"]))]
    assert [text[:200] for text in (*told, *everything(dynamodb_client, tables)) if holds(text)] == []
    assert world.github.posted == []


@pytest.mark.parametrize("stop_reason", ["max_tokens", "refusal"])
def test_a_secret_in_an_answer_that_ended_early_is_not_kept(
    stop_reason: str, world: World, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world.model.replies = [message(f'{{"reason": "{TOKEN}', stop_reason=stop_reason)]
    assert go(world)["status"] == "failed"
    assert not any(map(holds, everything(dynamodb_client, tables)))


def test_a_note_is_kept_instead_and_a_replay_says_so(
    world: World, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    world.model.replies = [message(ANSWERS["an extra key"])]
    run_id = go(world)["runId"]
    events, kept = stored_runs(dynamodb_client, tables)[run_id]
    [answered] = [event["data"] for event in events if event["type"] == "generation.answered"]
    assert kept["answer"].data == WITHHELD
    assert isinstance(answered, dict)
    assert kept["answer"].digest == answered["answer"]
    replayed = replay(run_id, events, kept, TEAM)
    assert (replayed.result, replayed.faults) == ("not judged", ())
    assert "is not kept" in replayed.why


def test_an_honest_answer_is_kept_as_it_came(
    world: World, dynamodb_client: DynamoDBClient, tables: dict[str, str]
) -> None:
    reply = message()
    assert isinstance(reply, Answered)
    world.model.replies = [reply]
    run_id = go(world)["runId"]
    assert stored_runs(dynamodb_client, tables)[run_id][1]["answer"].data == reply.raw


def test_every_part_of_a_message_is_searched() -> None:
    secrets = (TOKEN,)
    thought = {"content": [{"type": "thinking", "thinking": f"It says {TOKEN}."}, {"type": "text", "text": "{}"}]}
    assert gives_away(json.dumps(thought).encode(), secrets)
    assert gives_away(b"not JSON " + TOKEN.encode(), secrets)
    assert gives_away(b"\xff" + TOKEN.encode(), secrets)
    assert gives_away(b"[" * 100_000 + TOKEN.encode(), secrets)
    assert gives_away(
        json.dumps({"text": json.dumps({HIDDEN: "\ud800"})}).encode().replace(b"\\\\\\\\u", b"\\\\u"), secrets
    )
    assert not gives_away(json.dumps(thought).encode(), ("Zq7wXv2LmP9sKd4TnR8yBf3H",))
    assert not gives_away(json.dumps(thought).encode(), ())


def test_what_is_too_long_to_be_searched_is_not_kept() -> None:
    assert gives_away(b" " * 600_000, (TOKEN,))
