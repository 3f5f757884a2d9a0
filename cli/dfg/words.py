"""Values as people read them. What strangers wrote loses what a terminal would act on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
STYLES: Final = {
    "pending": "yellow",
    "executing": "yellow",
    "executed": "green",
    "success": "green",
    "failed": "red",
    "outcome_unknown": "red",
    "rejected": "red",
}
STEPS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


def safe(text: object) -> str:
    """Control, bidi and invisible characters by number, so that no terminal obeys them."""
    return UNSEEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", str(text))


def said(text: object, style: str = "") -> Text:
    """A stranger's words: no markup of the terminal library either."""
    return Text(safe(text), style=style)


def state(value: str) -> Text:
    return Text(value.replace("_", " "), style=STYLES.get(value, ""))


def target(action: Mapping[str, Any]) -> str:
    return f"{str(action['targetType']).replace('_', ' ')} #{action['targetId']}"


def ago(iso: str, now: datetime | None = None) -> str:
    """`3 min ago`, `in 7 d`."""
    seconds = (datetime.fromisoformat(iso) - (now or datetime.now(UTC))).total_seconds()
    distance = abs(seconds)
    told = next((f"{round(distance / size)} {unit}" for size, unit in STEPS if distance >= size * 0.95), None)
    told = told or f"{int(distance)} s"
    return f"in {told}" if seconds > 0 else f"{told} ago"


def dollars(micro: int) -> str:
    return f"${micro // 1_000_000}.{micro % 1_000_000:06d}"


def table(*columns: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def pairs(rows: Sequence[tuple[str, object]]) -> Table:
    """Names and values, those without a value left out."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in rows:
        if value not in (None, ""):
            made.add_row(name, value if isinstance(value, Text) else said(value))
    return made


def checks(found: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    return [said(f"- {check['severity']}: {check['why']} ({check['field']}, {check['rule']})") for check in found]
