"""GitHub Actions' own token in place of a stored one: asked for anew, with the deployment's audience."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from dfg.api import Credentials, NoAnswer
from dfg.exits import Exit

GOOD_SECONDS: Final = 240.0
"""GitHub's tokens hold for five minutes; a run may be followed for longer."""
ROUTES: Final = ("/dispatch/", "/audit/")


def workflow_credentials(
    environment: Mapping[str, str], audience: str, http: httpx.Client, clock: Callable[[], float] = time.monotonic
) -> Credentials | None:
    """Credentials of the running workflow; None outside of GitHub Actions."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    url, asking = environment.get("ACTIONS_ID_TOKEN_REQUEST_URL"), environment.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    cached: list[tuple[str, float]] = []

    def token() -> str:
        if not audience:
            raise NoAnswer("set DFG_AUDIENCE to the deployment's GitHubOidcAudience, or DFG_TOKEN", Exit.FORBIDDEN)
        if not url or not asking:
            raise NoAnswer(
                "GitHub gives this job no token: it needs `permissions: id-token: write` (or set DFG_TOKEN)",
                Exit.FORBIDDEN,
            )
        if not cached or clock() - cached[-1][1] > GOOD_SECONDS:
            cached.append((_ask(http, url, asking, audience), clock()))
        return cached[-1][0]

    return Credentials(token, _route)


def _route(path: str) -> str:
    if not path.startswith(ROUTES):
        raise NoAnswer("a workflow's own token may ask for drafts and read its runs: set DFG_TOKEN", Exit.FORBIDDEN)
    return f"/oidc{path}"


def _ask(http: httpx.Client, url: str, asking: str, audience: str) -> str:
    try:
        answer = http.get(
            httpx.URL(url).copy_merge_params({"audience": audience}), headers={"authorization": f"Bearer {asking}"}
        )
        value = answer.json().get("value") if answer.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        raise NoAnswer(f"GitHub gave no token: {type(error).__name__}. Nothing was carried out.") from error
    if not isinstance(value, str) or not value:
        code = Exit.UNAVAILABLE if answer.status_code >= 500 else Exit.FORBIDDEN
        raise NoAnswer(f"GitHub gave no token: it answered {answer.status_code}. Nothing was carried out.", code)
    return value
