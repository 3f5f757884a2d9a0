"""What every prompt has in common: the system texts, untrusted parts between boundary lines, and the room for them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar

from core.canonical import sha256
from core.config import TaskLimits
from core.errors import ConfigurationError
from core.prompts.request import request_body
from core.prompts.shares import Cut, cut_prose
from core.prompts.tokens import UNITS, byte_weight, estimate, input_bound, units
from core.text.invisible import visible_line
from core.types import Facts, Issue, Json, Pack, Prompt, Target, TaskType

NONE: Final = "(none)"
"""Stands where a part is empty."""
TITLE_ROOM: Final = 150 * UNITS

_RANDOM: Final = re.compile(r"[0-9a-f]{32,128}")
_FRAMING_ESTIMATE: Final = 250
"""Tokens the API adds for roles and structured output."""
_NOTES_ROOM: Final = 320 * UNITS
"""Kept for the sentences about what was cut."""
_LEAST_ROOM: Final = 2_000 * UNITS
"""Below this the prompt could hold nothing of its subject that is worth paying for."""
_UNITS_PER_BYTE: Final = 3
"""No text counts fewer units for a byte of its bound: see `estimate`."""
_NOTES_BYTES: Final = _NOTES_ROOM // _UNITS_PER_BYTE
_TRIES: Final = 3


class Fitted(Protocol):
    """The untrusted texts of a prompt as far as they fit."""

    @property
    def texts(self) -> Sequence[str]: ...


F = TypeVar("F", bound=Fitted)


@dataclass(frozen=True)
class Frame:
    """A request without its subject. `boundary` and `canary` are fresh random hex of at least 128 bits."""

    task_type: TaskType
    subject: str
    """What the model is told that it is about."""
    template: str
    repository: str
    model: str
    limits: TaskLimits
    packs: tuple[Pack, ...]
    boundary: str
    canary: str
    wire_schema: Mapping[str, Any]
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a boundary or canary that could be guessed."""
        for name, value in (("boundary", self.boundary), ("canary", self.canary)):
            if not _RANDOM.fullmatch(value):
                raise ValueError(f"{name} must be at least 32 lower-case hex digits")
        if self.boundary in self.canary or self.canary in self.boundary:
            raise ValueError("boundary and canary must differ")

    def saying(self, words: str) -> Frame:
        """The same with the team's own rules for the task."""
        return replace(self, words=(words,))

    def room(self, head: str, titles: Sequence[str]) -> int:
        """Units left for the parts: with so many both the input limit and the money bound hold, whatever they say.

        Raises ConfigurationError when there is no room to speak of.
        """
        return min(self._room(head, titles), self._bytes(head, titles) * _UNITS_PER_BYTE)

    def room_of_parts(self, head: str, titles: Sequence[str]) -> int:
        """The same where any part may turn out to be empty, and then says so."""
        return self.room(head, titles) - len(titles) * units(NONE)

    def title(self, text: str, room: int) -> tuple[Cut, int]:
        """A title as a part, and the room that it leaves."""
        title = cut_prose(visible_line(text), TITLE_ROOM)
        return title, room - units(title.text)

    def fit(self, head: str, titles: Sequence[str], fill: Callable[[int], F]) -> F:
        """What `fill` makes of the most units with which the input limit and the money bound hold.

        How many bytes a unit has depends on the text, so a first try is measured and the next one corrected.
        Raises as `room` does.
        """
        room, most = self._room(head, titles), self._bytes(head, titles)
        for _ in range(_TRIES):
            fitted = fill(room)
            weight = sum(byte_weight(text) for text in fitted.texts)
            if weight <= most:
                return fitted
            room = room * most // weight * 99 // 100
        return fill(self.room(head, titles))

    def _room(self, head: str, titles: Sequence[str]) -> int:
        fixed = (
            sum(units(text) for text in (*self._system(), self._schema(), head))
            + units(self._sections([(title, "") for title in titles]))
            + _FRAMING_ESTIMATE * UNITS
            + _NOTES_ROOM
        )
        room = self.limits.input_tokens * UNITS - fixed
        if room < _LEAST_ROOM:
            raise ConfigurationError(
                f"an input limit of {self.limits.input_tokens} tokens leaves no room for the {self.subject}: "
                f"instructions and schema alone take {fixed // UNITS}; raise the task's MAX_INPUT_TOKENS"
            )
        return room

    def _bytes(self, head: str, titles: Sequence[str]) -> int:
        """What the parts may weigh in the money bound."""
        empty = self._sections([(title, "") for title in titles])
        most = self.limits.input_bound - input_bound([*self._system(), head, empty], self.wire_schema) - _NOTES_BYTES
        if most * _UNITS_PER_BYTE < _LEAST_ROOM:
            raise ConfigurationError(
                f"COST_CEILING_PER_RUN_USD leaves no room for the {self.subject} at the price of {self.model}: "
                "raise it, name a cheaper model for the task, or let fewer tasks share a run"
            )
        return most

    def facts(self, target: Target, state: str, *, cuts: Iterable[str], extra: Json, **more: Any) -> Facts:
        """What policy has to know besides the answer."""
        return Facts(
            self.task_type, self.repository, target, state, cuts=tuple(cuts), canary=self.canary, extra=extra, **more
        )

    def prompt(self, head: str, titles: Sequence[str], texts: Sequence[str], facts: Facts) -> Prompt:
        """The request. `texts` are the untrusted parts, each under its title, of at most `room` units together.

        Raises ValueError when one of them holds the boundary or the canary.
        """
        parts = [(title, text or NONE) for title, text in zip(titles, texts, strict=True)]
        self._require_absent(texts)
        system = self._system()
        user = head + self._sections(parts) + self._notes(facts.cuts)
        return Prompt(
            body=request_body(
                model=self.model,
                inference_geo=self.limits.inference_geo,
                max_tokens=self.limits.output_tokens,
                effort=self.limits.effort,
                system=system,
                user=user,
                wire_schema=self.wire_schema,
            ),
            model=self.model,
            max_tokens=self.limits.output_tokens,
            template=self.template,
            template_hash=sha256(self.template.encode()),
            packs=self.packs,
            input_bound=input_bound([*system, user], self.wire_schema),
            input_estimate=estimate("".join([*system, user])) + estimate(self._schema()) + _FRAMING_ESTIMATE,
            facts=facts,
        )

    def _system(self) -> list[str]:
        private = f"The boundary of this request: {self.boundary}\nThe private mark of this request: {self.canary}\n"
        return [self.template, *(pack.text for pack in self.packs), *self.words, private]

    def _schema(self) -> str:
        return json.dumps(self.wire_schema, ensure_ascii=False)

    def _sections(self, parts: Iterable[tuple[str, str]]) -> str:
        """Each untrusted text between its two lines."""
        return "".join(
            f"\n===== {self.boundary} begin {title} =====\n{text.removesuffix(chr(10))}\n"
            f"===== {self.boundary} end {title} =====\n"
            for title, text in parts
        )

    def _notes(self, cuts: Sequence[str]) -> str:
        if not cuts:
            return f"\nNothing of the {self.subject} was cut.\n"
        return "\nNot all of it fits. What you have not seen in full:\n" + "".join(f"- {cut}\n" for cut in cuts)

    def _require_absent(self, texts: Iterable[str]) -> None:
        """Chance alone cannot bring this about: the text was there before the random values were."""
        folded = unicodedata.normalize("NFKC", "\n".join(texts)).casefold()
        if self.boundary in folded or self.canary in folded:
            raise ValueError("the text holds the boundary or the canary of this request")


def issue_text(issue: Issue) -> str:
    """An issue as one part."""
    return f"{visible_line(issue.title)}\n\n{issue.body}"


def shortened(named: Iterable[tuple[str, Cut]]) -> list[str]:
    """What `cut_prose` left out of each text, without a word of it: this goes into the comment too."""
    return [f"{name}: the first {cut.shown:,} of {cut.total:,} characters." for name, cut in named if not cut.whole]
