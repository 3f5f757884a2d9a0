"""What a writer to GitHub is, and how the outcome of one attempt is told. Pure.

Definite refusals: no connection was made, or the other side says that it did not act. All else is
`outcome_unknown`: the change may have happened, or may still happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from core.types import Action, Effect

Fate = Literal["done", "refused", "stopped", "unclear"]
"""done: so it says. refused: nothing was done. stopped: it has ended, maybe half-way. unclear: it may still land."""


@dataclass(frozen=True)
class Attempt:
    """What became of one request."""

    fate: Fate
    detail: str
    ill: bool = False
    """Whether it says that the service is ill, rather than something of the target."""
    url: str = ""
    """Of what was made, where the other side tells."""

    @property
    def effect(self) -> Effect:
        """The outcome of an action that is this one request."""
        if self.fate == "done":
            return Effect("executed", self.detail, url=self.url)
        return Effect("outcome_unknown" if self.fate == "unclear" else "failed", self.detail, ill=self.ill)


class Writer(Protocol):
    """One way to reach GitHub. Only `perform` calls it."""

    @property
    def name(self) -> str:
        """What the audit calls it."""
        ...

    def write(self, action: Action) -> Effect:
        """One attempt at an action. Says how it ended; raises nothing for what the other side does."""
        ...
