"""Bearer tokens with named principals. Pure; comparison in constant time.

`ORCHESTRATOR_SECRET` is one token (all rights, principal `captain`) or a JSON object
`{"name": {"tokens": ["…"], "may": ["dispatch", "read", "approve", "reset", "erase"]}}`. Two tokens for one
name carry a rotation.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any, Final

from core.errors import ConfigurationError, Forbidden, Unauthorized

RIGHTS: Final = frozenset({"dispatch", "read", "approve", "reset", "erase"})
MIN_TOKEN_CHARACTERS: Final = 16
UNAUTHORIZED: Final = "send Authorization: Bearer with a token of this deployment"
FORBIDDEN: Final = "this token does not have the right for that: use one that has"
"""Always the same, whatever was wrong with the token that came."""


@dataclass(frozen=True)
class Principal:
    """Who asks, as proven by the token, and what that token may do."""

    name: str
    rights: frozenset[str]


@dataclass(frozen=True)
class Credential:
    """One accepted token, kept as its hash."""

    token_hash: bytes
    principal: Principal


def parse_secret(secret: str) -> tuple[Credential, ...]:
    """The accepted tokens. Raises ConfigurationError, which never repeats the secret."""
    text = secret.strip()
    if not text.startswith("{"):
        return (_credential(text, Principal("captain", RIGHTS)),)
    try:
        table = json.loads(text)
    except ValueError:
        raise ConfigurationError("ORCHESTRATOR_SECRET looks like JSON and is not") from None
    credentials = []
    for name, entry in table.items():
        if not isinstance(entry, dict) or set(entry) != {"tokens", "may"}:
            raise ConfigurationError(f"ORCHESTRATOR_SECRET: {name!r} must have exactly 'tokens' and 'may'")
        tokens, may = entry["tokens"], entry["may"]
        if not isinstance(may, list) or not set(may) <= RIGHTS:
            raise ConfigurationError(f"ORCHESTRATOR_SECRET: 'may' of {name!r} must list rights of {sorted(RIGHTS)}")
        if not isinstance(tokens, list) or not tokens:
            raise ConfigurationError(f"ORCHESTRATOR_SECRET: 'tokens' of {name!r} must list at least one token")
        credentials += [_credential(token, Principal(name, frozenset(may))) for token in tokens]
    if not credentials:
        raise ConfigurationError("ORCHESTRATOR_SECRET names no principal")
    return tuple(credentials)


def authenticate(header: str | None, credentials: tuple[Credential, ...]) -> Principal:
    """Who sent the `Authorization` header. Raises Unauthorized, without detail."""
    scheme, _, token = (header or "").partition(" ")
    presented = hashlib.sha256(token.strip().encode("utf-8", "surrogatepass")).digest()
    found = None
    for credential in credentials:  # all of them, so that time tells nothing
        if hmac.compare_digest(presented, credential.token_hash):
            found = credential.principal
    if found is None or scheme.lower() != "bearer":
        raise Unauthorized(UNAUTHORIZED)
    return found


def require_right(principal: Principal, right: str) -> None:
    """Raises Forbidden, without detail."""
    if right not in principal.rights:
        raise Forbidden(FORBIDDEN)


def _credential(token: Any, principal: Principal) -> Credential:
    if not isinstance(token, str) or len(token) < MIN_TOKEN_CHARACTERS:
        raise ConfigurationError(f"ORCHESTRATOR_SECRET: a token has fewer than {MIN_TOKEN_CHARACTERS} characters")
    return Credential(hashlib.sha256(token.encode()).digest(), principal)
