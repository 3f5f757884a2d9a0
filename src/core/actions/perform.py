"""The only door to GitHub: it takes what policy approved, and nothing else."""

from __future__ import annotations

from core.actions.writer import Writer
from core.policy.approved import Approved
from core.types import Effect


def perform(approved: Approved, writer: Writer, *, shadow: bool) -> Effect:
    """One attempt to carry out an approved action. The intent must be on record before this is called.

    In shadow mode nothing is sent, whatever the action or the writer.
    """
    if shadow:
        return Effect("shadowed", f"shadow mode: {writer.name} would have sent this")
    return writer.write(approved.action)
