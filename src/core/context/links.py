"""Addresses on GitHub's site of what is read and written through its API. Pure."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from core.types import Target

ADDRESS: Final = re.compile(r"https?://[!-~]{1,300}")


def address(answered: Any) -> str:
    """Where GitHub says that a comment is. It goes into our own answers: only in the form that GitHub's have, or ""."""
    return answered if isinstance(answered, str) and ADDRESS.fullmatch(answered) else ""


def site(api_url: str) -> str:
    """GitHub's site: that of GitHub Enterprise Server has its API under `/api/v3`, github.com under another host."""
    parts = urlsplit(api_url)
    if parts.path.rstrip("/") == "/api/v3":
        return f"{parts.scheme}://{parts.netloc}"
    return "https://github.com"


def target_url(api_url: str, repository: str, target: Target) -> str:
    """A pull request or an issue."""
    kind = "pull" if target.type == "pull_request" else "issues"
    return f"{site(api_url)}/{repository}/{kind}/{target.number}"


def compare_url(api_url: str, repository: str, before: str, after: str) -> str:
    """What has changed from one commit to another."""
    return f"{site(api_url)}/{repository}/compare/{before}...{after}"
