"""The token that GitHub is read and written with: one from the settings, or that of a GitHub App's installation.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app
"""

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.canonical import canonical
from core.config import VERSION
from core.context.refusals import rate_limited, waiting_time
from core.errors import ConfigurationError, UpstreamUnavailable
from core.http.wire import FixedToken, Http, NoAnswer, NotSent, Response

BACKDATED_SECONDS: Final = 60
"""GitHub's advice for clocks that differ."""
LIFE_SECONDS: Final = 600
"""GitHub takes no JSON Web Token that lives longer."""
SPARE_MS: Final = 300_000
"""A token is replaced this long before it expires."""
TIMEOUT_SECONDS: Final = 3.0
"""Short, because a label change has to fit into its minute with it."""

READING: Final = {"contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read"}
WRITING: Final = {"issues": "write", "metadata": "read", "pull_requests": "write"}
"""All that a token may be used for, whatever the App was given."""

Sign = Callable[[bytes], bytes]
"""RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), which JSON Web Tokens call RS256."""


def fixed_token(token: str, name: str = "GITHUB_TOKEN") -> FixedToken:
    """A token from the settings. Raises ConfigurationError for one that no header can carry."""
    if not _carried(token):
        raise ConfigurationError(f"{name} holds characters that no token has")
    return FixedToken(token)


@dataclass(frozen=True)
class Installation:
    """A GitHub App where it is installed, and what signs for it."""

    app_id: str
    id: str
    sign: Sign = field(repr=False)


class AppToken:
    """An installation's token, asked for when it is first needed and again before it expires. Thread-safe."""

    def __init__(
        self,
        http: Http,
        api_url: str,
        repository: str,
        installation: Installation,
        permissions: Mapping[str, str],
        now: Callable[[], int],
    ) -> None:
        """The token covers `repository` alone, and no more than `permissions`. `now` in milliseconds."""
        self._http = http
        self._scope = canonical({"repositories": [repository.partition("/")[2]], "permissions": permissions})
        self._url = f"{api_url.rstrip('/')}/app/installations/{installation.id}/access_tokens"
        self._installation = installation
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0

    def __call__(self) -> str:
        """A token that is good for minutes yet. Raises UpstreamUnavailable."""
        with self._lock:
            if self._now() >= self._until:
                self._token, self._until = self._renewed()
            return self._token

    def renew(self, refused: str) -> bool:
        """Drops the token if it is still the one in hand: GitHub does not know it any more, or does not yet."""
        with self._lock:
            if self._token == refused:
                self._token, self._until = "", 0
            return True

    @property
    def current(self) -> str | None:
        """The token in hand, if any: what must not appear in a comment."""
        return self._token or None

    def _renewed(self) -> tuple[str, int]:
        headers = {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {self._proof()}",
            "content-type": "application/json",
            "user-agent": f"dfg-orchestrator/{VERSION}",
            "x-github-api-version": "2022-11-28",
        }
        try:
            answer = self._http.send("POST", self._url, headers, self._scope, TIMEOUT_SECONDS)
        except NotSent:
            raise UpstreamUnavailable("GitHub cannot be reached for the App's token") from None
        except NoAnswer:
            raise UpstreamUnavailable(f"GitHub gave the App no token within {TIMEOUT_SECONDS:g} s") from None
        return self._read(answer)

    def _proof(self) -> str:
        """The JSON Web Token (RFC 7519) that says which App asks."""
        issued = self._now() // 1000 - BACKDATED_SECONDS
        claims = {"iat": issued, "exp": issued + LIFE_SECONDS, "iss": self._installation.app_id}
        signed = b".".join(_url_safe(canonical(part)) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        return (signed + b"." + _url_safe(self._installation.sign(signed))).decode()

    def _read(self, answer: Response) -> tuple[str, int]:
        """The token, and until when (milliseconds). Nothing of the answer is repeated: it may be anything."""
        if answer.status != 201:
            raise UpstreamUnavailable(
                _refusal(answer), **(waiting_time(answer, self._now()) if rate_limited(answer) else {})
            )
        try:
            body: Any = answer.json()
            token, expires = body["token"], datetime.fromisoformat(body["expires_at"])
            until = int(expires.timestamp() * 1000) - SPARE_MS
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            raise UpstreamUnavailable("GitHub's answer about the App's token is not understood") from None
        if not isinstance(token, str) or not _carried(token) or expires.tzinfo is None:
            raise UpstreamUnavailable("GitHub's answer about the App's token is not understood")
        return token, until


def _refusal(answer: Response) -> str:
    if rate_limited(answer):
        return "GitHub's rate limit for the App is used up"
    match answer.status:
        case 401:
            return "GitHub does not accept the App: check its id and its key"
        case 403 if b"suspended" in answer.body[:10_000].lower():
            return "the App's installation is suspended: who owns it on GitHub can end that"
        case 403 | 404:
            return "GitHub knows no such installation of the App: check its installation id"
        case 422:
            return "the App's installation does not cover GITHUB_REPOSITORY, or lacks a permission (docs/deploy.md)"
    return f"GitHub answered {answer.status} when asked for the App's token"


def _carried(token: str) -> bool:
    """Whether a header can carry it."""
    return bool(token) and token.isascii() and token.isprintable() and token == token.strip()


def _url_safe(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
