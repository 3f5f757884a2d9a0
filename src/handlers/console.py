"""GET /console: the Captain's page. One static document, public itself: its data needs the token. GET / leads there."""

import base64
import hashlib
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parent / "page"
SKELETON: Final = (PAGE / "index.html").read_text("utf-8")
SCRIPTS: Final = re.findall(r"\w+\.js", SKELETON)
"""Named there in the order in which they need each other. They share one function's scope and nothing global."""


def assemble() -> tuple[str, str]:
    """The document and its Content-Security-Policy.

    Script and style stand inside it: the policy names them by hash, so nothing else can run.
    """
    style = (PAGE / "style.css").read_text("utf-8")
    parts = "\n".join((PAGE / name).read_text("utf-8") for name in SCRIPTS)
    script = f'(() => {{\n"use strict";\n{parts}\n}})();\n'
    document = SKELETON.replace("/*STYLE*/", style).replace(f"/*{' '.join(SCRIPTS)}*/", script)
    policy = (
        "default-src 'none'; "
        f"script-src {_hash(script)}; "
        f"style-src {_hash(style)}; "
        "connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return document, policy


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


DOCUMENT, POLICY = assemble()
ETAG: Final = f'"{hashlib.sha256(DOCUMENT.encode()).hexdigest()[:32]}"'
HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
    "etag": ETAG,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """The page; 304 where the browser has it already. Needs no setting, no client and no right."""
    given = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    request_id = str((event.get("requestContext") or {}).get("requestId") or uuid.uuid4())
    if event.get("rawPath") == "/":
        return {"statusCode": 302, "headers": {"location": "/console", "x-request-id": request_id}, "body": ""}
    headers = {**HEADERS, "x-request-id": request_id}
    if given.get("if-none-match") == ETAG:
        return {"statusCode": 304, "headers": headers, "body": ""}
    return {"statusCode": 200, "headers": headers, "body": DOCUMENT}
