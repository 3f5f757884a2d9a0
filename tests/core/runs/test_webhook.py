"""What a delivery of GitHub asks for, judged by its signed body."""

from __future__ import annotations

import ast
import hashlib
import hmac
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from core.canonical import iso
from core.config import Settings, read_settings
from core.context import team
from core.errors import BadRequest, ConfigurationError
from core.runs import webhook
from core.runs.webhook import Ask, Ignored, is_signed, judge, read_secret

NOW: Final = 1_790_000_000_000
SECRET: Final = "github-signs-with-this"  # noqa: S105 - opens nothing
BODY: Final = b'{"action": "labeled"}'
RULES: Final = team.load().rules
ENV: Final = {
    "GITHUB_REPOSITORY": "dfg/app",
    **{f"{name}_TABLE": name for name in ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")},
}


def settings(allowed: str = "alice, Bob-2") -> Settings:
    return read_settings({**ENV, "WEBHOOK": "on", "WEBHOOK_ALLOWED": allowed})


def labeled(login: str = "alice", **changes: Any) -> dict[str, Any]:
    """A label given to pull request 42."""
    payload = {
        "action": "labeled",
        "label": {"name": "needs:qa"},
        "pull_request": {"number": 42, "state": "open", "updated_at": iso(NOW)},
        "repository": {"full_name": "dfg/app"},
        "sender": {"login": login, "type": "User"},
    }
    return changed(payload, changes)


def commented(login: str = "alice", **changes: Any) -> dict[str, Any]:
    """A comment on pull request 42."""
    payload = {
        "action": "created",
        "comment": {"body": "/qa-plan", "created_at": iso(NOW), "user": {"login": login}},
        "issue": {"number": 42, "state": "open", "pull_request": {}},
        "repository": {"full_name": "dfg/app"},
        "sender": {"login": login, "type": "User"},
    }
    return changed(payload, changes)


def changed(payload: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`a__b` is the field b of a; None removes it."""
    for path, value in changes.items():
        *parents, last = path.split("__")
        table = payload
        for name in parents:
            table = table[name]
        if value is None:
            del table[last]
        else:
            table[last] = value
    return payload


def asked(kind: str, payload: dict[str, Any], allowed: str = "alice, Bob-2") -> Ask | Ignored:
    return judge(kind, payload, settings(allowed), RULES, NOW)


# --- the signature -----------------------------------------------------------------------------


def signature(body: bytes = BODY, secret: str = SECRET, method: str = "sha256") -> str:
    return f"{method}=" + hmac.new(secret.encode(), body, method).hexdigest()


def test_githubs_own_example_is_signed() -> None:
    """From "Validating webhook deliveries", docs.github.com."""
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert is_signed(b"Hello, World!", header, "It's a Secret to Everybody")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        signature(BODY + b" "),
        signature(BODY.replace(b" ", b"")),
        signature(secret=""),
        signature(secret=SECRET + "x"),
        signature(method="sha1"),
        signature().removeprefix("sha256="),
        signature().upper(),
        "sha256=" + signature()[7:].upper(),
        signature()[:-1],
        signature() + "0",
        signature() + " ",
        f"{signature()},{signature()}",
        f"{signature(b'other')},{signature()}",
        "sha256=" + hashlib.sha256(BODY).hexdigest(),
        "sha256=\ud800é",
    ],
)
def test_any_other_signature_is_none(header: str | None) -> None:
    assert is_signed(BODY, signature(), SECRET)
    assert not is_signed(BODY, header, SECRET)


def test_signatures_are_compared_in_constant_time() -> None:
    tree = ast.parse(inspect.getsource(webhook.is_signed))
    assert not any(isinstance(node, ast.Compare) for node in ast.walk(tree))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    assert [ast.unparse(value.func) for value in returned if isinstance(value, ast.Call)] == ["hmac.compare_digest"]


@pytest.mark.parametrize("text", ["", "  ", "short", "fifteen-letters"])
def test_a_secret_that_is_none_or_short_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="GITHUB_WEBHOOK_SECRET") as raised:
        read_secret(text)
    assert not text.strip() or text not in raised.value.message
    assert read_secret(" sixteen-letters-\n") == "sixteen-letters-"


# --- settings ----------------------------------------------------------------------------------


def test_logins_are_read_in_any_case_and_nobody_is_the_default() -> None:
    assert settings(" Alice ,,bob-2,").webhook_allowed == {"alice", "bob-2"}
    assert read_settings(ENV).webhook_allowed == frozenset()
    assert read_settings(ENV).webhook is False


@pytest.mark.parametrize("allowed", ["*", "alice bob", "dependabot[bot]", "@alice", "alice;bob", "team/qa", "élise"])
def test_what_is_no_persons_login_is_refused(allowed: str) -> None:
    with pytest.raises(ConfigurationError, match="WEBHOOK_ALLOWED"):
        settings(allowed)


# --- what asks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["needs:qa", "Needs:QA", "NEEDS:QA", "need\u017f:qa"])
def test_the_label_asks_in_any_case(name: str) -> None:
    assert asked("pull_request", labeled(label__name=name)) == Ask(42, "alice", "label")


def test_the_label_of_the_rules_asks() -> None:
    assert asked("pull_request", labeled("ALICE")) == Ask(42, "ALICE", "label")
    assert asked("pull_request", labeled("bob-2", repository__full_name="DFG/App")) == Ask(42, "bob-2", "label")


@pytest.mark.parametrize("body", ["/qa-plan", "/qa-plan\r\n", "  /qa-plan \n"])
def test_the_comment_of_the_rules_asks(body: str) -> None:
    assert asked("issue_comment", commented(comment__body=body)) == Ask(42, "alice", "comment")


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("pull_request", labeled(action="unlabeled")),
        ("pull_request", labeled(action="opened", label=None)),
        ("pull_request", labeled(action=["labeled"])),
        ("pull_request", labeled(action=None)),
        ("pull_request", labeled(label__name="needs:dev")),
        ("pull_request", labeled(label__name="needs-qa")),
        ("pull_request", labeled(pull_request__state="closed")),
        ("pull_request", labeled(repository__full_name="mallory/app")),
        ("issues", labeled()),
        ("label", labeled()),
        ("", labeled()),
        ("pull_request", commented()),
        ("issue_comment", labeled()),
        ("issue_comment", commented(action="edited")),
        ("issue_comment", commented(action="deleted")),
        ("issue_comment", commented(comment__body="/qa-plan please")),
        ("issue_comment", commented(comment__body="please\n/qa-plan")),
        ("issue_comment", commented(comment__body="> /qa-plan")),
        ("issue_comment", commented(comment__body="/QA-plan")),
        ("issue_comment", commented(comment__body="/qa\u200b-plan")),
        ("issue_comment", commented(comment__body="")),
        ("issue_comment", commented(issue__pull_request=None)),
        ("issue_comment", commented(issue__state="closed")),
        ("issue_comment", commented(repository__full_name="dfg/app2")),
        ("push", {}),
    ],
)
def test_anything_else_asks_for_nothing(kind: str, payload: dict[str, Any]) -> None:
    ignored = asked(kind, payload)
    assert isinstance(ignored, Ignored)
    assert ignored.stranger is False


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("pull_request", labeled("mallory")),
        ("pull_request", labeled("alic\u212a")),
        ("pull_request", labeled("alice ")),
        ("pull_request", labeled(sender__type="Bot")),
        ("pull_request", labeled(sender__type="Organization")),
        ("pull_request", labeled("dependabot[bot]", sender__type="Bot")),
        ("issue_comment", commented("mallory")),
        ("issue_comment", commented(sender__login="mallory")),
        ("issue_comment", commented(comment__user__login="mallory")),
        ("issue_comment", commented(sender__type="Bot")),
    ],
)
def test_who_is_not_named_is_a_stranger(kind: str, payload: dict[str, Any]) -> None:
    ignored = asked(kind, payload)
    assert isinstance(ignored, Ignored)
    assert ignored.stranger is True


def test_a_look_alike_of_a_login_is_another_login() -> None:
    """The Kelvin sign is a k in lower case."""
    assert "\u212aate".lower() == "kate"
    assert asked("pull_request", labeled("kate"), "kate") == Ask(42, "kate", "label")
    assert isinstance(asked("pull_request", labeled("\u212aate"), "kate"), Ignored)


def test_with_nobody_named_nobody_may() -> None:
    assert isinstance(asked("pull_request", labeled(), ""), Ignored)


def test_rules_without_words_for_it_never_ask() -> None:
    silent = replace(RULES, webhook_label=None, webhook_comment=None)
    for kind, payload in (("pull_request", labeled()), ("issue_comment", commented())):
        assert isinstance(judge(kind, payload, settings(), silent, NOW), Ignored)


# --- broken and old ----------------------------------------------------------------------------

HOUR: Final = 3_600_000


@pytest.mark.parametrize("age", [0, HOUR, 24 * HOUR, -300_000])
def test_what_was_asked_lately_is_taken(age: int) -> None:
    assert isinstance(asked("pull_request", labeled(pull_request__updated_at=iso(NOW - age))), Ask)
    assert isinstance(asked("issue_comment", commented(comment__created_at=iso(NOW - age))), Ask)


@pytest.mark.parametrize("at", [iso(NOW - 24 * HOUR - 1), iso(NOW + 300_001), "yesterday", "", "2026-09-21T14:13:20"])
def test_what_is_old_or_from_the_future_or_has_no_time_is_refused(at: str) -> None:
    for kind, payload in (
        ("pull_request", labeled(pull_request__updated_at=at)),
        ("issue_comment", commented(comment__created_at=at)),
    ):
        with pytest.raises(BadRequest):
            asked(kind, payload)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("pull_request", labeled(pull_request=None)),
        ("pull_request", labeled(pull_request=[42])),
        ("pull_request", labeled(label=None)),
        ("pull_request", labeled(repository=None)),
        ("pull_request", labeled(sender=None)),
        ("pull_request", labeled(sender__login=5)),
        *(("pull_request", labeled(pull_request__number=n)) for n in (0, -1, 2**31, 42.0, "42", True)),
        ("issue_comment", commented(issue=None)),
        ("issue_comment", commented(issue="pull_request")),
        ("issue_comment", commented(comment=None)),
        ("issue_comment", commented(comment__user=None)),
        ("issue_comment", commented(comment__body=["/qa-plan"])),
    ],
)
def test_a_delivery_without_a_field_is_refused(kind: str, payload: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="the delivery has no"):
        asked(kind, payload)
