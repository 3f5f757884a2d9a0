"""The changed files as the prompt shows them: each named, and as much of their diffs as fits.

Where not all of it fits: source before tests before documentation, and what changes behaviour before what changes the
form of the code. Files of one rank have fair shares, and so have the groups of changed lines within a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from core.prompts.changes import READ, Kind
from core.prompts.form import renamings
from core.prompts.patches import LEAST_PIECE, Patch, Piece, cut, form_of, read_patch, render, whole
from core.prompts.shares import enough, fair_shares, shown_line
from core.prompts.tokens import UNITS, units
from core.text.invisible import visible_line
from core.types import ChangedFile

Ranked = Sequence[tuple[ChangedFile, Kind]]
"""Files in the order of `changes.largest_first`."""

_LEAST_FILE: Final = 300 * UNITS
"""Less of a diff than this tells nothing: then rather fewer files."""
_LOOK: Final = 4
"""How many times what fits is looked at, to choose from."""
_UNREAD: Final = ", not read"

Picked = dict[int, Piece]
"""What is shown of a file, by the place of each group in it."""


@dataclass(frozen=True)
class FileNames:
    """The files that the list names; `left_out` others did not fit. `cost` in units, at most."""

    files: Ranked
    left_out: int
    cost: int

    def text(self, read: frozenset[str]) -> str:
        """The list, in which files that have changed lines and are not among `read` are marked."""
        return "".join(_entry(file, its_kind, unread=file.path not in read) for file, its_kind in self.files)


@dataclass(frozen=True)
class Shown:
    """The diffs, and how much of them is shown. Lines are changed ones, of all files worth reading."""

    text: str
    partly: int
    """Files of which something is missing."""
    unshown: int
    """Files of which nothing fitted."""
    lines_read: int
    lines_changed: int
    read: frozenset[str]
    """Paths of the files of which at least a line is shown."""


def name_files(ranked: Ranked, room: int) -> FileNames:
    """As many entries as fit."""
    named: list[tuple[ChangedFile, Kind]] = []
    used = 0
    for file, its_kind in ranked:
        cost = units(_entry(file, its_kind, unread=True))
        if used + cost <= room:
            used += cost
            named.append((file, its_kind))
    return FileNames(named, len(ranked) - len(named), used)


@dataclass(frozen=True)
class Diffs:
    """The diffs worth reading of a pull request. `most` is the largest room that they can have, in units."""

    ranked: Ranked
    most: int

    @cached_property
    def demand(self) -> int:
        """Units that all of them need, or something above `most`."""
        used = 0
        for file, _ in self._files:
            used += units(_head(file)) + units("\n")
            start, patch = 0, file.patch or ""
            while start < len(patch) and used <= self.most:
                end = patch.find("\n", start)
                end = len(patch) if end < 0 else end
                used += units(shown_line(patch[start:end])[0]) + units("\n")
                start = end + 1
            if used > self.most:
                break
        return used

    def show(self, room: int) -> Shown:
        """As much as fits."""
        picked: list[Picked] = [{} for _ in self._files]
        left = room
        for tier in self._tiers:
            if self.demand <= room:
                for file, places in tier:
                    picked[file].update({place: whole(self._patches[file].groups[place]) for place in places})
            else:
                left = self._share(tier, picked, left)
        if self.demand > room:
            # Estimates of marks and headers were generous: what they leave takes in what fits whole.
            self._fill(picked, room - sum(units(text) for text in self._texts(picked)))
        return self._shown(picked)

    def _share(self, tier: Tier, picked: list[Picked], room: int) -> int:
        """Fair shares for the files of one rank. What a small file leaves of its share goes on to the next."""
        demands = [self._cost(file, places, picked) for file, places in tier]
        least = 0
        for index, demand in enumerate(demands):
            piece = min(demand, _LEAST_FILE)
            demands[index] = demand if least + piece <= room else 0
            least += piece if demands[index] else 0
        shares = fair_shares(room, demands)
        carry = room - sum(shares)
        for (file, places), share in zip(tier, shares, strict=True):
            if not share:
                continue
            head = 0 if picked[file] else units(_head(self._files[file][0]))
            taken, used = _take(self._patches[file], places, share + carry - head)
            picked[file].update(taken)
            carry += share - (used + head if taken else 0)
        return carry

    def _fill(self, picked: list[Picked], room: int) -> None:
        for tier in self._tiers:
            for file, places in tier:
                for place in places:
                    cost = self._cost(file, [place], picked)
                    if place not in picked[file] and cost <= room:
                        picked[file][place] = whole(self._patches[file].groups[place])
                        room -= cost

    def _cost(self, file: int, places: Sequence[int], picked: list[Picked]) -> int:
        head = 0 if picked[file] else units(_head(self._files[file][0]))
        return head + sum(self._patches[file].groups[place].cost for place in places)

    def _texts(self, picked: Sequence[Picked]) -> list[str]:
        parts = zip(self._files, self._patches, picked, strict=True)
        return [_head(file) + render(patch, pieces) for (file, _), patch, pieces in parts if pieces]

    def _shown(self, picked: Sequence[Picked]) -> Shown:
        read = [sum(piece.changed for piece in pieces.values()) for pieces in picked]
        changed = [patch.changed for patch in self._patches]
        return Shown(
            "".join(self._texts(picked)),
            partly=sum(bool(pieces) and some < all_ for pieces, some, all_ in zip(picked, read, changed, strict=True)),
            unshown=sum(not pieces for pieces in picked),
            lines_read=sum(read),
            lines_changed=sum(changed),
            read=frozenset(file.path for (file, _), pieces in zip(self._files, picked, strict=True) if pieces),
        )

    @cached_property
    def _files(self) -> Ranked:
        return [(file, its_kind) for file, its_kind in self.ranked if its_kind in READ and file.patch]

    @cached_property
    def _patches(self) -> list[Patch]:
        """Read as far as they can matter: the work is bounded, whatever the size of the pull request."""
        texts = [file.patch or "" for file, _ in self._files]
        looks = fair_shares(_LOOK * enough(self.most), [len(text) for text in texts])
        return [
            read_patch(file.path, text, look) for (file, _), text, look in zip(self._files, texts, looks, strict=True)
        ]

    @cached_property
    def _tiers(self) -> list[Tier]:
        """The groups in the order of reading: each file's place, with the places of its groups."""
        renamed = renamings((group.minus, group.plus) for patch in self._patches for group in patch.groups)
        tiers: dict[tuple[bool, int], dict[int, list[int]]] = {}
        for index, ((file, its_kind), patch) in enumerate(zip(self._files, self._patches, strict=True)):
            for place, group in enumerate(patch.groups):
                rank = (form_of(group, file.path, renamed), READ.index(its_kind))
                tiers.setdefault(rank, {}).setdefault(index, []).append(place)
        return [list(files.items()) for _, files in sorted(tiers.items())]


Tier = list[tuple[int, list[int]]]


def _take(patch: Patch, places: Sequence[int], room: int) -> tuple[Picked, int]:
    """Pieces of a file's groups in fair shares, and their units. Where there is not room for each: of the largest."""
    costs = [patch.groups[place].cost for place in places]
    demands = [0] * len(places)
    least = 0
    for index in sorted(range(len(places)), key=lambda i: (-costs[i], i)):
        little = min(costs[index], patch.groups[places[index]].frame + LEAST_PIECE)
        if least + little <= room:
            least += little
            demands[index] = costs[index]
    taken: Picked = {}
    used = 0
    for place, demand, share in zip(places, demands, fair_shares(room, demands), strict=True):
        group = patch.groups[place]
        piece = (whole(group) if share == demand else cut(group, share)) if share else None
        if piece and piece.lines:
            taken[place] = piece
            used += share
    return taken, used


def _entry(file: ChangedFile, its_kind: Kind, *, unread: bool) -> str:
    """How the list names a file: `modified +10 -2 [source] app/main.py`."""
    tag = its_kind + (_UNREAD if unread and (file.additions or file.deletions) else "")
    line = f"{visible_line(file.status)} +{file.additions} -{file.deletions} [{tag}] {visible_line(file.path)}\n"
    if file.previous_path is not None:
        line += f"    was {visible_line(file.previous_path)}\n"
    return line


def _head(file: ChangedFile) -> str:
    return f"file: {visible_line(file.path)}\n"
