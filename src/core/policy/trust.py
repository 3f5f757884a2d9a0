"""Whether what an account writes may be acted on without a person: it may write to the repository anyway."""

from __future__ import annotations

from core.config import Settings
from core.types import Author


def may_write(author: Author, settings: Settings) -> bool:
    """A person to whom GitHub gives write, maintain or admin, or who owns the repository."""
    owner = settings.repository.partition("/")[0].lower()
    return author.type == "User" and (
        author.permission in ("admin", "maintain", "write") or author.login.lower() == owner
    )
