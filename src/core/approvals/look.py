"""Looking for what an action has done: its hidden marker on GitHub, or the labels it wants.

Finding it proves that the action was executed. Not finding it proves nothing: the attempt may still
land. Only comments of `COMMENT_AUTHOR` count, since anybody can write our marker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from core.actions.states import Stored
from core.app import App
from core.canonical import iso
from core.errors import NotFound, UpstreamUnavailable
from core.text.markdown import marker
from core.types import Action

CLOCKS_APART_MS: Final = 300_000
"""How far GitHub's clock and ours may be apart when comments since the intent are asked for."""


@dataclass(frozen=True)
class Look:
    """What a look showed: `found`, `absent` (as of now), or `unreadable` with the reason."""

    result: Literal["found", "absent", "unreadable"]
    detail: str


def look(app: App, stored: Stored) -> Look:
    """One look over all pages of comments since the action was made."""
    if stored.action.type == "change_labels":
        return _look_at_labels(app, stored.action)
    author = app.settings.comment_author
    if author is None:
        return Look("unreadable", "COMMENT_AUTHOR is not set, so no marker counts")
    since = iso(max(0, stored.created_at - CLOCKS_APART_MS))
    try:
        comments = app.github().comments(stored.action.target.number, since)
    except (UpstreamUnavailable, NotFound) as error:
        return Look("unreadable", error.message)
    wanted = marker(stored.action.id)
    for comment in comments:
        if comment.author.lower() == author.lower() and comment.body.rstrip().endswith(wanted):
            return Look("found", f"the comment is on GitHub since {comment.created_at}")
    return Look("absent", "the comment is not on GitHub, as of now")


def _look_at_labels(app: App, action: Action) -> Look:
    """Labels carry no marker: that they are as wanted is what the action was for."""
    try:
        labels = frozenset(app.github().target(action.target).labels)
    except (UpstreamUnavailable, NotFound) as error:
        return Look("unreadable", error.message)
    missing = sorted(set(action.payload["add"]) - labels)
    left = sorted(set(action.payload["remove"]) & labels)
    if not missing and not left:
        return Look("found", "the labels are as wanted")
    done = [f"{label} is not added" for label in missing] + [f"{label} is not removed" for label in left]
    return Look("absent", f"as of now {', '.join(done)}")
