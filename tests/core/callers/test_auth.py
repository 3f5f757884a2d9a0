from __future__ import annotations

import json

import pytest

from core.callers.auth import FORBIDDEN, RIGHTS, UNAUTHORIZED, authenticate, parse_secret, require_right
from core.errors import ConfigurationError, Forbidden, Unauthorized

PLAIN = "0123456789abcdef0123"
TABLE = json.dumps(
    {
        "ci": {"tokens": ["ci-token-one-0123456", "ci-token-two-0123456"], "may": ["dispatch"]},
        "captain": {"tokens": ["captain-token-012345"], "may": ["dispatch", "read", "approve", "reset"]},
    }
)


def test_a_plain_token_is_the_captain_with_all_rights() -> None:
    principal = authenticate(f"Bearer {PLAIN}", parse_secret(PLAIN))
    assert (principal.name, principal.rights) == ("captain", RIGHTS)


@pytest.mark.parametrize("token", ["ci-token-one-0123456", "ci-token-two-0123456"])
def test_two_tokens_of_one_name_carry_a_rotation(token: str) -> None:
    assert authenticate(f"bearer {token}", parse_secret(TABLE)).name == "ci"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", f"Basic {PLAIN}", f"Bearer {PLAIN}x", PLAIN, "Bearer é"]
)
def test_anything_else_is_unauthorized_without_detail(header: str | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        authenticate(header, parse_secret(PLAIN))
    assert refused.value.message == UNAUTHORIZED


def test_a_right_that_the_token_lacks_is_forbidden_without_detail() -> None:
    principal = authenticate("Bearer ci-token-one-0123456", parse_secret(TABLE))
    require_right(principal, "dispatch")
    with pytest.raises(Forbidden) as refused:
        require_right(principal, "approve")
    assert refused.value.message == FORBIDDEN


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "short",
        "{not json",
        "{}",
        '{"ci": []}',
        '{"ci": {"tokens": [], "may": []}}',
        '{"ci": {"tokens": ["short"], "may": ["read"]}}',
        '{"ci": {"tokens": ["long-enough-token-01"], "may": ["everything"]}}',
        '{"ci": {"tokens": "long-enough-token-01", "may": ["read"]}}',
        '{"ci": {"tokens": ["long-enough-token-01"], "may": ["read"], "extra": 1}}',
    ],
)
def test_a_wrong_secret_is_refused_and_never_repeated(secret: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_secret(secret)
    assert "long-enough" not in refused.value.message
