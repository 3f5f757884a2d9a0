"""A patch as groups of changed lines, each of which is shown whole or cut so that no removed line stands alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from core.prompts.form import Pair, begins_import, is_form, is_import, language
from core.prompts.shares import shown_line
from core.prompts.tokens import UNITS, units

_END: Final = units("\n")
MARK: Final = units("(9,999,999 lines not shown)\n")
LEAST_PIECE: Final = 60 * UNITS
"""A smaller part of a group tells nothing."""

_LICENCE: Final = re.compile(
    r"(\+/\*[^\n]*\n(?:\+(?![^\n]*\*/)[^\n]*\n){0,40}\+[^\n]*\*/[ \t]*\n"
    r"|(?:\+[ \t]*(?:(?://|\#|--)[^\n]*)?\n){3,40})"
)
_LICENCE_WORDS: Final = re.compile(r"copyright|licen[cs]e", re.IGNORECASE)
_CLOSES: Final = re.compile(r"[)}]")


@dataclass(frozen=True)
class Group:
    """Lines that were changed together, with the unchanged ones before them, and behind the last one of a hunk."""

    hunk: int
    header: str
    """The hunk's first line with its end, as it is shown."""
    lines: tuple[str, ...]
    imports: bool

    @property
    def minus(self) -> list[str]:
        return [line[1:] for line in self.lines if line[:1] == "-"]

    @property
    def plus(self) -> list[str]:
        return [line[1:] for line in self.lines if line[:1] == "+"]

    @property
    def frame(self) -> int:
        """Units of what may have to stand around the group: its hunk's header, a mark before and one behind it."""
        return 2 * MARK + units(self.header)

    @cached_property
    def cost(self) -> int:
        """Units of the group shown whole, at most."""
        return self.frame + sum(units(shown_line(line)[0]) + _END for line in self.lines)


@dataclass(frozen=True)
class Patch:
    """The groups of the part that was looked at. `changed` and `lines` count those of the whole patch."""

    groups: tuple[Group, ...]
    changed: int
    lines: int


@dataclass(frozen=True)
class Piece:
    """What is shown of one group: `lines` of them, `changed` among them."""

    text: str
    lines: int
    changed: int


def read_patch(path: str, text: str, look: int) -> Patch:
    """The groups within the first `look` characters."""
    body = text.removesuffix("\n")
    total = body.count("\n") + 1
    changed = sum(body.count(f"\n{sign}") for sign in "+-") + body.startswith(("+", "-"))
    if len(body) > look:
        body = body[: body.rfind("\n", 0, look) + 1].removesuffix("\n") or body[:look]
    groups = tuple(_groups(body, language(path)))
    if groups and len(text) > look:  # what replaces its removed lines may come after them
        last = groups[-1]
        kept = tuple(line for line in last.lines if line[:1] != "-")
        groups = (*groups[:-1], replace(last, lines=kept))
    return Patch(groups, changed, total)


def form_of(group: Group, path: str, renamed: frozenset[Pair]) -> bool:
    """Whether the group changes only the form of the code."""
    return group.imports or is_form(group.minus, group.plus, language(path), renamed)


def whole(group: Group) -> Piece:
    """The group, made visible."""
    shown = [shown_line(line) for line in group.lines]
    unharmed = sum(not short for line, (_, short) in zip(group.lines, shown, strict=True) if line[:1] in ("+", "-"))
    return Piece("".join(f"{line}\n" for line, _ in shown), len(group.lines), unharmed)


def cut(group: Group, room: int) -> Piece:
    """As much as fits. Where lines were replaced only the new ones are shown; of a new file its licence goes first."""
    lines = list(group.lines)
    if group.minus and group.plus:
        lines = [line for line in lines if line[:1] != "-"]
    header = _LICENCE.match("\n".join(lines[:41]) + "\n")
    if header and group.header.startswith("@@ -0,0") and _LICENCE_WORDS.search(header[1]):
        lines = lines[header[1].count("\n") :]
    room -= group.frame
    kept: list[str] = []
    changed = 0
    for line in lines:
        shown, short = shown_line(line)
        room -= units(shown) + _END
        if room < 0:
            break
        kept.append(f"{shown}\n")
        changed += line[:1] in ("+", "-") and not short
    return Piece("".join(kept), len(kept), changed) if changed else Piece("", 0, 0)


def render(patch: Patch, pieces: Mapping[int, Piece]) -> str:
    """The pieces, by the place of their group, in their order. Where lines are missing it says how many."""
    text: list[str] = []
    hidden = seen = hunk = 0
    header = ""
    for place, group in enumerate(patch.groups):
        if group.hunk != hunk:
            hidden += bool(header)  # nothing of the hunk before was shown
            hunk, header = group.hunk, group.header
            seen += bool(header)
        seen += len(group.lines)
        piece = pieces.get(place)
        if piece is None:
            hidden += len(group.lines)
            continue
        text += [_mark(hidden), header, piece.text]
        hidden, header = len(group.lines) - piece.lines, ""
    return "".join([*text, _mark(hidden + bool(header) + patch.lines - seen)])


def _mark(lines: int) -> str:
    return f"({lines:,} lines not shown)\n" if lines else ""


def _groups(text: str, ending: str) -> Iterator[Group]:
    hunk, header = 0, ""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("@@ "):
            yield from _hunk(hunk, header, lines, ending)
            hunk, header, lines = hunk + 1, f"{shown_line(line)[0]}\n", []
        else:
            lines.append(line)
    yield from _hunk(hunk, header, lines, ending)


def _hunk(hunk: int, header: str, lines: Sequence[str], ending: str) -> Iterator[Group]:
    """Each group begins behind the changed lines of the one before; the last one has the rest."""
    start = 0
    changed = inside = False
    imports = True
    for place, line in enumerate(lines):
        code = line[1:]
        if line[:1] in ("+", "-"):
            if changed and lines[place - 1][:1] not in ("+", "-", "\\"):
                end = next(at for at in range(place - 1, start, -1) if lines[at - 1][:1] in ("+", "-", "\\"))
                yield Group(hunk, header, tuple(lines[start:end]), imports)
                start, imports = end, True
            changed = True
            imports = imports and (is_import(code, inside, ending) or not code.strip())
        if begins_import(code):
            inside = True
        elif inside and _CLOSES.search(code):
            inside = False
    if lines:
        yield Group(hunk, header, tuple(lines[start:]), changed and imports)
