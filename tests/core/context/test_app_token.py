from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from core.context.app_key import read_key
from core.context.app_token import READING, WRITING, AppToken, Installation, fixed_token
from core.errors import ConfigurationError, OrchestratorError, UpstreamUnavailable
from core.http.wire import NoAnswer, NotSent, Response
from local.github import GitHubStandIn
from local.github_app import GitHubApp
from local.repository import Repository
from local.web import Request
from tests.support.app_key import made, pem
from tests.support.fakes import START, Clock

API = "https://api.github.test"


class Served:
    """Http that ends at the stand-in, without a socket."""

    def __init__(self, clock: Clock, installation: str = "77") -> None:
        public = made().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.now = lambda: datetime.fromtimestamp(clock.at / 1000, UTC)
        self.app = GitHubApp("12345", installation, public, self.now)
        self.github = GitHubStandIn(Repository("dfg/app"), app=self.app)
        self.sent: list[tuple[str, str, Mapping[str, str], float]] = []
        self.instead: Callable[[], Response] | None = None

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Response:
        self.sent.append((method, url, headers, timeout))
        if self.instead is not None:
            return self.instead()
        answer = self.github.answer(Request(method, url.removeprefix(API), "", headers, body or b""))
        return Response(answer.status, answer.headers, answer.body)


def token_of(http: Served, clock: Clock, *, app_id: str = "12345", repository: str = "dfg/app") -> AppToken:
    return AppToken(http, API, repository, Installation(app_id, "77", read_key(pem())), READING, clock.now)


# --- the key ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
@pytest.mark.parametrize("bits", [2048, 3072])
def test_a_key_in_either_form_signs_with_rs256(bits: int, form: PrivateFormat) -> None:
    key = made(bits)
    for message in (b"", b"header.claims", bytes(range(256)) * 40):
        assert read_key(pem(key, form))(message) == key.sign(message, PKCS1v15(), SHA256())


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\\n"), lambda text: f"  {text}\n\n"])
def test_a_key_that_was_pasted_into_one_line_is_read(change: Callable[[str], str]) -> None:
    assert read_key(change(pem()))(b"x") == read_key(pem())(b"x")


LINES = pem().strip().split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "\n".join(LINES[1:-1]),
        "\n".join([LINES[0], *LINES[2:]]),
        "\n".join([*LINES[:-2], LINES[-1]]),
        "\n".join([LINES[0], "!" * 64, LINES[-1]]),
        "\n".join([LINES[0], "AAAA", LINES[-1]]),
        "\n".join([LINES[0], "MA==", LINES[-1]]),
        pem(form=PrivateFormat.PKCS8).replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8),
        pem(encryption=BestAvailableEncryption(b"word")),
        pem(made(1024)),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigurationError, match="GITHUB_APP_PRIVATE_KEY") as caught:
        read_key(text)
    assert all(line not in f"{caught.value!r} {caught.value.__cause__!r}" for line in text.split("\n") if len(line) > 8)


def test_a_key_shows_nothing_of_itself() -> None:
    assert "BEGIN" not in repr(Installation("1", "2", read_key(pem())))


# --- the token -------------------------------------------------------------------------------


def test_a_token_is_asked_for_once_and_again_five_minutes_before_it_ends() -> None:
    clock = Clock()
    http = Served(clock)
    token = token_of(http, clock)
    assert not http.app.issued
    first = token()
    assert token.current == first
    assert list(http.app.issued) == [first]
    clock.forward(3600 - 301)
    assert token() == first
    clock.forward(2)
    second = token()
    assert second != first
    assert list(http.app.issued) == [first, second]
    assert http.app.knows(first)


def test_the_request_is_githubs() -> None:
    clock = Clock()
    http = Served(clock)
    token_of(http, clock)()
    [(method, url, headers, timeout)] = http.sent
    assert (method, url, timeout) == ("POST", f"{API}/app/installations/77/access_tokens", 3.0)
    assert headers["authorization"].count(".") == 2


def test_many_at_once_ask_for_one_token() -> None:
    clock = Clock()
    http = Served(clock)
    token = token_of(http, clock)
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(set(got)), len(http.sent)) == (8, 1, 1)


def test_what_github_does_not_accept_says_which_setting() -> None:
    clock = Clock()
    with pytest.raises(UpstreamUnavailable, match="check its id and its key"):
        token_of(Served(clock), clock, app_id="54321")()
    with pytest.raises(UpstreamUnavailable, match="check its installation id"):
        token_of(Served(clock, installation="78"), clock)()
    with pytest.raises(UpstreamUnavailable, match="does not cover GITHUB_REPOSITORY"):
        token_of(Served(clock), clock, repository="dfg/other")()


def test_a_clock_that_is_wrong_by_a_minute_is_forgiven() -> None:
    clock, ours = Clock(), Clock()
    for difference, accepted in ((59_000, True), (-59_000, True), (61_000, False)):
        ours.at = clock.at + difference
        token = token_of(Served(clock), ours)
        if accepted:
            assert token()
        else:
            with pytest.raises(UpstreamUnavailable, match="does not accept the App"):
                token()


def answered(status: int, body: Any, **headers: str) -> Callable[[], Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Response(status, named, body if isinstance(body, bytes) else json.dumps(body).encode())


def broken(error: Exception) -> Callable[[], Response]:
    def fail() -> Response:
        raise error

    return fail


GOOD = {"token": "ghs_fine", "expires_at": "2026-11-22T12:00:00Z"}


@pytest.mark.parametrize(
    "instead",
    [
        answered(500, {}),
        answered(200, GOOD),
        answered(201, b"<html>"),
        answered(201, b"[" * 100_000),
        answered(201, []),
        answered(201, {}),
        answered(201, {**GOOD, "token": None}),
        answered(201, {**GOOD, "token": ""}),
        answered(201, {**GOOD, "token": "two\nlines"}),
        answered(201, {**GOOD, "expires_at": "soon"}),
        answered(201, {**GOOD, "expires_at": 5}),
        answered(201, {**GOOD, "expires_at": "2026-11-22T12:00:00"}),
        broken(NotSent("refused")),
        broken(NoAnswer("late")),
    ],
)
def test_whatever_else_comes_back_is_unavailable_and_nothing_is_kept(instead: Callable[[], Response]) -> None:
    clock = Clock()
    http = Served(clock)
    http.instead = instead
    token = token_of(http, clock)
    with pytest.raises(UpstreamUnavailable) as caught:
        token()
    assert "ghs_fine" not in f"{caught.value!r}"
    assert token.current is None
    http.instead = None
    assert token().startswith("ghs_")


@pytest.mark.parametrize("permissions", [READING, WRITING])
def test_a_token_is_asked_for_with_no_more_rights_than_its_holder_uses(permissions: Mapping[str, str]) -> None:
    clock = Clock()
    http = Served(clock)
    AppToken(http, API, "dfg/app", Installation("12345", "77", read_key(pem())), permissions, clock.now)()
    assert http.app.permissions == [dict(permissions)]
    assert ("write" in permissions.values()) == (permissions is WRITING)
    assert "contents" not in WRITING


def test_a_token_that_github_refused_is_dropped_and_another_is_made() -> None:
    clock = Clock()
    http = Served(clock)
    token = token_of(http, clock)
    first = token()
    assert token.renew(first)
    assert token.current is None
    second = token()
    assert second != first
    assert token.renew(first)  # refused late: the one in hand is another already
    assert token() == second
    assert len(http.app.issued) == 2


LIMITED: Any = {"message": "API rate limit exceeded for installation"}
SUSPENDED: Any = {"message": "This installation has been suspended"}


@pytest.mark.parametrize(
    ("instead", "message", "retry_after"),
    [
        (answered(403, SUSPENDED), "installation is suspended", None),
        (answered(403, LIMITED, retry_after="17"), "rate limit for the App is used up", 17),
        (answered(403, LIMITED, x_ratelimit_remaining="0", x_ratelimit_reset=str(START // 1000 + 90)), "limit", 90),
        (answered(429, {}, x_ratelimit_reset=str(START // 1000 + 90)), "rate limit for the App", 90),
        (answered(422, {}), "lacks a permission", None),
    ],
)
def test_a_limit_or_a_suspension_is_told_as_that(
    instead: Callable[[], Response], message: str, retry_after: int | None
) -> None:
    clock = Clock()
    http = Served(clock)
    http.instead = instead
    with pytest.raises(UpstreamUnavailable, match=message) as caught:
        token_of(http, clock)()
    assert caught.value.detail.get("retry_after") == retry_after


def test_no_error_names_the_proof_or_the_key() -> None:
    clock = Clock()
    http = Served(clock)
    http.instead = answered(401, {"message": "no"})
    with pytest.raises(OrchestratorError) as caught:
        token_of(http, clock)()
    proof = http.sent[0][2]["authorization"].removeprefix("Bearer ")
    assert proof not in f"{caught.value!r} {caught.value.detail}"


# --- a token from the settings ---------------------------------------------------------------


@pytest.mark.parametrize("token", ["two\nlines", " padded ", "ünicode", ""])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fixed_token(token)
    assert not token or token.strip() not in str(caught.value)


def test_a_plain_token_is_itself() -> None:
    assert fixed_token("ghp_x")() == "ghp_x"
