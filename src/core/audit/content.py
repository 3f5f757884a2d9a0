"""Prompts, answers and GitHub text: kept apart from the events, so that they can be erased one day.

An event holds the salted digest of the content. The salt is kept, and erased, with the content: what
remains in the event then proves nothing about a guess, and everything about a copy that was kept.
"""

import zlib
from dataclasses import dataclass
from typing import Final

from core.canonical import sha256
from core.store import MAX_ITEM_BYTES, Insert, Item

CONTENT: Final = "content"
"""The name of the write of a content."""

DIGESTS: Final = {"prompt": "prompt.stored", "context": "prompt.stored", "answer": "generation.answered"}
"""The name of each content → the event that holds its digest, in a field of that name."""

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
    """The write that stores it, compressed."""
    item = {"run": run_id, "name": content.name, "salt": content.salt, "body": zlib.compress(content.data, 6)}
    return Insert(table, item, CONTENT)


def fits(data: bytes) -> bool:
    """Whether an item can hold it."""
    most = MAX_ITEM_BYTES - 1_000
    return len(data) <= most or len(zlib.compress(data, 6)) <= most


def read(item: Item) -> Content:
    """The content of a stored item."""
    return Content(item["name"], zlib.decompress(item["body"]), item["salt"])
