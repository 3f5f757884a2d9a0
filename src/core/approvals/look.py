"""Looking for what an action has done: its hidden marker on GitHub, or the labels it wants.

Finding it proves that the action was executed. Not finding it proves nothing: the attempt may still
land. Only comments of `COMMENT_AUTHOR` count, since anybody can write our marker; in them it counts wherever
it stands, since people edit around it. A newer comment of the same kind that is posted makes an older action
superseded: nobody wants it there after the newer one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from core.actions import states
from core.actions.states import Stored
from core.app import App
from core.canonical import iso
from core.context.labels import Labels
from core.dispatcher.gates import posts, storm_key
from core.errors import NotFound, UpstreamUnavailable
from core.text.markdown import marker
from core.types import Action

CLOCKS_APART_MS: Final = 300_000
"""How far GitHub's clock and ours may be apart when comments since the intent are asked for."""
MARKER: Final = re.compile(re.escape(marker("ID")).replace("ID", "([0-9a-f-]{36})").replace(r"\ ", r"\s+"))
MOST_OTHERS: Final = 50
"""Other comments of ours that are looked up, the newest first."""


@dataclass(frozen=True)
class Look:
    """What a look showed: `absent` is as of now, `unreadable` has the reason as its detail.

    `newer` is the action whose comment makes the one that was looked for superseded.
    """

    result: Literal["found", "superseded", "absent", "unreadable"]
    detail: str
    newer: str = ""
    url: str = ""
    """Where the comment is that was found."""


def look(app: App, stored: Stored) -> Look:
    """One look over all pages of comments since the action was made."""
    action = stored.action
    if action.type == "change_labels":
        return _look_at_labels(app, action)
    author = app.settings.comment_author
    if author is None:
        return Look("unreadable", "COMMENT_AUTHOR is not set, so no marker counts")
    since = iso(max(0, stored.created_at - CLOCKS_APART_MS))
    try:
        comments = app.github().comments(action.target.number, since)
    except (UpstreamUnavailable, NotFound) as error:
        return Look("unreadable", error.message)
    own = [comment for comment in comments if comment.author.lower() == author.lower()]
    marked = {name: comment for comment in own for name in MARKER.findall(comment.body)}
    if action.id in marked:
        found = marked[action.id]
        return Look("found", f"the comment is on GitHub since {found.created_at}", url=found.url)
    newer = _newer(app, stored, marked)
    if newer is None:
        return Look("absent", "the comment is not on GitHub, as of now")
    return Look("superseded", f"a newer comment of this kind is posted: that of action {newer}", newer)


def _newer(app: App, stored: Stored, marked: Iterable[str]) -> str | None:
    """A newer action of the same kind on the same target whose comment is on GitHub, or was said to be posted."""
    settings, action = app.settings, stored.action
    key = storm_key(action.repository, action.target, action.task_type)
    on_record = [post["action"] for post in posts(app.store.get(settings.dedupe_table, {"key": key}))]
    there = list(marked)
    others = [one for one in dict.fromkeys((*there, *on_record)) if one != action.id][-MOST_OTHERS:]
    if not others:
        return None
    rows = app.store.batch_get([(settings.actions_table, {"id": one}) for one in others])
    for other in (states.read(row) for row in rows if row is not None):
        same = (other.action.task_type, other.action.type) == (action.task_type, action.type)
        posted = other.action.id in there or other.state == "executed"
        if same and other.action.target == action.target and posted and other.created_at > stored.created_at:
            return other.action.id
    return None


def _look_at_labels(app: App, action: Action) -> Look:
    """Labels carry no marker: that they are as wanted is what the action was for."""
    try:
        labels = Labels(app.github().target(action.target).labels)
    except (UpstreamUnavailable, NotFound) as error:
        return Look("unreadable", error.message)
    missing, left = sorted(Labels(action.payload["add"]) - labels), sorted(labels & action.payload["remove"])
    if not missing and not left:
        return Look("found", "the labels are as wanted")
    done = [f"{label} is not added" for label in missing] + [f"{label} is not removed" for label in left]
    return Look("absent", f"as of now {', '.join(done)}")
