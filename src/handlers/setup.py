"""Runs within each deployment, as a custom resource: refuses wrong settings, makes the breaker's first row.

What this refuses rolls the deployment back, with the reason in the stack's events. Its answer holds, for each function
that has published versions, a digest of all settings that this function uses. It is the description of the version, so
that another digest makes another one: SAM sees a template, not the values of its parameters (issue 3820 of
aws/serverless-application-model). And it stands in the function's environment, since Lambda refuses to publish what has
not changed.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import urllib3

from core import bootstrap
from core.app import App
from core.canonical import digest
from core.errors import ConfigurationError, OrchestratorError, StoreUnavailable
from core.tasks import registry

RESOURCE_ID: Final = "setup"
"""Never changes, so CloudFormation never replaces it."""
ADDRESSES: Final = ("GITHUB_API_URL", "DFG_RELAY_URL", "ANTHROPIC_BASE_URL")
ANSWER_MILLISECONDS: Final = 15_000
"""What is kept of the function's time for telling CloudFormation."""
RETRY_SECONDS: Final = 2.0


def handler(event: dict[str, Any], context: Any) -> None:
    """Entry of SetupFunction. What it does not expect it raises; the template's ServiceTimeout then ends the wait."""
    reason = ""
    if event["RequestType"] != "Delete":
        reason = refusal(os.environ, bootstrap.app, context.get_remaining_time_in_millis() - ANSWER_MILLISECONDS)
    answer = {
        "Status": "FAILED" if reason else "SUCCESS",
        "Reason": reason,
        "PhysicalResourceId": RESOURCE_ID,
        "Data": digests(event["ResourceProperties"]),
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    urllib3.PoolManager().request(
        "PUT",
        event["ResponseURL"],
        body=json.dumps(answer),
        headers={"content-type": ""},  # the signature of the address covers an empty one
        timeout=10.0,
    )


def digests(properties: Mapping[str, Any]) -> dict[str, str]:
    """By function, one value for all settings that it was deployed with."""
    shared = properties.get("Settings", [])
    return {name: digest([shared, own]) for name, own in properties.get("Versions", {}).items()}


def refusal(env: Mapping[str, str], make_app: Callable[[], App], milliseconds: int) -> str:
    """Why this may not be deployed; empty where it may. A store whose role is new may need a while to answer."""
    try:
        _no_plain_text(env)
        app = make_app()
        registry.require_room(app)
        until = app.now() + milliseconds
        while True:
            try:
                app.ledger.create_if_missing()
            except StoreUnavailable:
                if app.now() >= until:
                    raise
                app.sleep(RETRY_SECONDS)
            else:
                return ""
    except OrchestratorError as error:
        return error.message


def _no_plain_text(env: Mapping[str, str]) -> None:
    """Tokens travel to these addresses. The parameters' patterns let http pass to a private address alone."""
    for name in ADDRESSES:
        if env.get(name, "").startswith("http:") and env.get("ALLOW_INSECURE") != "acknowledged":
            raise ConfigurationError(
                f"{name} must begin with https; AllowInsecure=acknowledged lets a private http pass"
            )
