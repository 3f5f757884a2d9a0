"""A stand-in for the gateway's JWT authorizer: tokens of GitHub Actions, verified as API Gateway does. Never deployed.

GITHUB_OIDC_JWKS_URL names another set of keys than GitHub's own, as tests serve one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from core.callers.oidc import ISSUER, read_rules

KEYS: Final = f"{ISSUER}/.well-known/jwks"
NEEDED: Final = ["exp", "iat", "iss", "aud"]


def verifier(env: Mapping[str, str]) -> Callable[[str], Mapping[str, str] | None] | None:
    """What verifies an `Authorization` header and gives the claims as text; None where there are no keyless callers."""
    rules = read_rules(env)
    if rules is None:
        return None
    import jwt  # half a second that nobody else has to wait for

    keys = jwt.PyJWKClient(env.get("GITHUB_OIDC_JWKS_URL") or KEYS)

    def verify(authorization: str) -> Mapping[str, str] | None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            key = keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token, key, algorithms=["RS256"], audience=rules.audience, issuer=ISSUER, options={"require": NEEDED}
            )
        except jwt.PyJWTError:
            return None
        return {name: str(value) for name, value in claims.items()}

    return verify
