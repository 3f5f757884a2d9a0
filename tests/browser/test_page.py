"""The page as it is served: one document, nothing from elsewhere, no way to read text as HTML."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from handlers import console

EVENT: dict[str, Any] = json.loads((Path(console.__file__).parents[2] / "events" / "console.json").read_text())
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTMLUnsafe|srcdoc"
    r"|\beval\b|new Function|localStorage|document\.cookie|javascript:|setTimeout\(\s*[\"'`]"
)
SOURCES = sorted(console.PAGE.iterdir())


def test_the_page_is_public_and_one_document() -> None:
    answer = console.handler(EVENT, None)
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "text/html; charset=utf-8"
    assert answer["headers"]["x-request-id"] == EVENT["requestContext"]["requestId"]
    assert not re.search(r"(?:src|href)=\"(?!#)", answer["body"])


def test_a_browser_that_has_the_page_is_told_so() -> None:
    etag = console.handler(EVENT, None)["headers"]["etag"]
    again = console.handler({**EVENT, "headers": {"If-None-Match": etag}}, None)
    assert (again["statusCode"], again["body"]) == (304, "")


def test_the_policy_allows_its_own_script_and_style_by_hash_and_nothing_else() -> None:
    answer = console.handler(EVENT, None)
    policy = dict(part.strip().partition(" ")[::2] for part in answer["headers"]["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors", "trusted-types")} == {"'none'"}
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer["body"], re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_source_reads_text_as_html_or_keeps_the_token_longer(source: Path) -> None:
    assert FORBIDDEN.findall(source.read_text()) == []


def test_every_script_is_in_the_document() -> None:
    assert {path.name for path in SOURCES if path.suffix == ".js"} == set(console.SCRIPTS)
    assert not any(
        re.search(r"</(?:script|style)", path.read_text(), re.I) for path in SOURCES if path.suffix != ".html"
    )
