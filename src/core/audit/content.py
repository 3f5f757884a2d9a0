"""Prompts, answers and GitHub text: kept apart from the events, so that they can be erased one day.

An event holds the salted digest of the content. The salt is kept, and erased, with the content: what
remains in the event then proves nothing about a guess, and everything about a copy that was kept.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from core.canonical import sha256
from core.store import Insert, Item

MAX_STORED_BYTES: Final = 390_000
"""DynamoDB's item limit is 400 KB; the rest is names and salt."""

WITHHELD: Final = b'{"withheld": "it held one of the service\'s own secrets, or was too long to be looked through"}'
"""Stands for an answer that may not be kept. The run's event holds the digest of this, not of the answer."""


@dataclass(frozen=True)
class Content:
    """One stored text: its bytes, and the digest that events hold."""

    name: str
    data: bytes
    salt: bytes

    @property
    def digest(self) -> str:
        return sha256(self.salt + self.data)


def insert(table: str, run_id: str, content: Content) -> Insert:
    """The write that stores it. Raises ValueError when it does not fit an item even compressed."""
    packed = zlib.compress(content.data, 6)
    if len(packed) > MAX_STORED_BYTES:
        raise ValueError(f"{content.name} of {len(content.data)} bytes does not fit the content store")
    return Insert(table, {"run": run_id, "name": content.name, "salt": content.salt, "body": packed})


def read(item: Item) -> Content:
    """The content of a stored item."""
    return Content(item["name"], zlib.decompress(item["body"]), item["salt"])
