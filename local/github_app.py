"""A stand-in for how GitHub knows an App: checks its JSON Web Token, and hands out tokens that end."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.repository import Refused

LONGEST: Final = 600
"""Seconds that a JSON Web Token may still be good for."""
GRANTED: Final = {"contents": "read", "issues": "write", "metadata": "read", "pull_requests": "write"}
"""What the App was given when it was installed."""
LIFE: Final = timedelta(hours=1)


class GitHubApp:
    """One App with one installation. `public_key` in PEM is all that it knows of the App's key."""

    def __init__(self, app_id: str, installation: str, public_key: bytes, now: Callable[[], datetime]) -> None:
        self._app_id = app_id
        self._installation = installation
        self.public_key = public_key
        self._now = now
        self._lock = threading.Lock()
        self._tokens: dict[str, datetime] = {}
        self.permissions: list[dict[str, str]] = []
        """Of all tokens handed out, the oldest first."""

    def issue(self, proof: str, installation: str, asked: Mapping[str, Any], repository: str) -> dict[str, Any]:
        """A new token, for what is wanted. Raises Refused."""
        self._check(proof)
        repositories, permissions = asked.get("repositories"), asked.get("permissions", GRANTED)
        if installation != self._installation:
            raise Refused(404, "Not Found")
        if repositories is not None and list(repositories) != [repository.partition("/")[2]]:
            raise Refused(422, "There is at least one repository that does not exist or is not accessible")
        if any(GRANTED.get(name) not in (right, "write") for name, right in permissions.items()):
            raise Refused(422, "The permissions requested are not granted to this installation.")
        token = f"ghs_{secrets.token_hex(18)}"
        expires = self._now() + LIFE
        with self._lock:
            self._tokens[token] = expires
            self.permissions.append(dict(permissions))
        return {"token": token, "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ"), "permissions": permissions}

    def knows(self, token: str) -> bool:
        """Whether a token was handed out and has not ended."""
        with self._lock:
            return token in self._tokens and self._now() < self._tokens[token]

    def revoke(self) -> None:
        """No token that was handed out is known any more."""
        with self._lock:
            self._tokens = dict.fromkeys(self._tokens, datetime.fromtimestamp(0, UTC))

    def may_write(self, token: str) -> bool:
        """Whether comments and labels may be written with a token."""
        with self._lock:
            held = dict(zip(self._tokens, self.permissions, strict=True)).get(token, {})
        return held.get("issues") == "write" and held.get("pull_requests") == "write"

    @property
    def issued(self) -> tuple[str, ...]:
        """All tokens handed out, the oldest first."""
        with self._lock:
            return tuple(self._tokens)

    def _check(self, proof: str) -> None:
        import jwt  # half a second that nobody else has to wait for

        try:
            claims = jwt.decode(
                proof,
                self.public_key,
                algorithms=["RS256"],
                issuer=self._app_id,
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat"]},
            )
        except jwt.PyJWTError:
            raise Refused(401, "A JSON web token could not be decoded") from None
        now = int(self._now().astimezone(UTC).timestamp())
        if not now < claims["exp"] <= now + LONGEST:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        if claims["iat"] > now:
            raise Refused(401, "'Issued at' claim ('iat') must not be in the future")
