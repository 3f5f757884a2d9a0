"""Runs within each deployment, as a custom resource: refuses wrong settings, makes the breaker's first row.

What this refuses rolls the deployment back, with the reason in the stack's events. Its answer holds a digest of all
settings: a published version of a function keeps those it was made with, and another digest has another one made.
"""

from __future__ import annotations

import json
from typing import Any, Final

import urllib3

from core.bootstrap import app, ensure_breaker
from core.canonical import digest
from core.errors import OrchestratorError
from core.tasks import registry

RESOURCE_ID: Final = "setup"
"""Never changes, so CloudFormation never replaces it."""


def handler(event: dict[str, Any], context: object) -> None:
    """Entry of SetupFunction. What it does not expect it raises; the template's ServiceTimeout then ends the wait."""
    status, reason = "SUCCESS", ""
    if event["RequestType"] != "Delete":
        try:
            ensure_breaker()
            registry.require_room(app())
        except OrchestratorError as error:
            status, reason = "FAILED", error.message
    answer = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": RESOURCE_ID,
        "Data": {"Digest": digest(event["ResourceProperties"])},
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    urllib3.PoolManager().request(
        "PUT",
        event["ResponseURL"],
        body=json.dumps(answer),
        headers={"content-type": ""},  # the signature of the address covers an empty one
        timeout=10.0,
    )
