"""Where a command writes: columns that fit on a terminal, tab-separated lines everywhere else."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dfg.words import Cell, Line, safe

GAP: Final = 2
LEAST: Final = 20
"""Cells of a column whose words may be broken into lines: with fewer it is not worth reading."""


@dataclass(frozen=True)
class Column:
    """One column. `drop`: 0 always stays, otherwise the largest goes first where there is no room."""

    name: str
    drop: int = 0
    wrap: bool = False


@dataclass(frozen=True)
class Rows:
    """A table. Its heading is for terminals; a program counts columns."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell | str]]


@dataclass(frozen=True)
class Pairs:
    """Names and values; those without a value are left out."""

    values: Sequence[tuple[str, Cell | str]]


Part = str | Line | Rows | Pairs


def console(stream: TextIO, environment: Mapping[str, str]) -> Console:
    """A console on standard output or standard error. No escape sequence leaves it under NO_COLOR or in a pipe."""
    terminal = stream.isatty()
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb" or not terminal
    return Console(stderr=stream is sys.stderr, force_terminal=terminal, color_system=None if plain else "auto")


def write(console: Console, part: Part) -> None:
    """One part of an answer."""
    if console.is_terminal:
        for text in _fitted(part, console.width):
            console.print(text, highlight=False)
    else:
        console.file.writelines(f"{line}\n" for line in _plain(part))


def _plain(part: Part) -> list[str]:
    match part:
        case Rows():
            return ["\t".join(_field(cell) for cell in row) for row in part.rows]
        case Pairs():
            return [f"{name}\t{_field(value)}" for name, value in part.values if _whole(value)]
        case Line():
            return [safe(part.text)]
    return [safe(part)]


def _fitted(part: Part, width: int) -> list[Table | Text]:
    match part:
        case Rows():
            return [fit(part, width)]
        case Pairs():
            grid = Table.grid(padding=(0, GAP, 0, 0))
            grid.add_column(style="dim")
            grid.add_column(overflow="fold")
            for name, value in part.values:
                if _whole(value):
                    grid.add_row(name, _text(value))
            return [grid]
        case Line():
            return [Text(safe(part.text), style=part.style)]
    return [Text(safe(part))]


def fit(part: Rows, width: int) -> Table:
    """The table with the columns for which there is room."""
    columns = range(len(part.columns))
    cells = [[_text(cell) for cell in row] for row in part.rows]
    widest = [max([len(part.columns[n].name), *(_width(row[n]) for row in cells)]) for n in columns]
    least = [min(widest[n], LEAST) if part.columns[n].wrap else widest[n] for n in columns]
    kept = list(columns)
    while sum(least[n] + GAP for n in kept) - GAP > width and any(part.columns[n].drop for n in kept):
        kept.remove(max(kept, key=lambda n: part.columns[n].drop))
    tight = sum(least[n] + GAP for n in kept) - GAP > width
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, GAP, 0, 0))
    for n in kept:
        wraps = tight or part.columns[n].wrap
        table.add_column(
            part.columns[n].name, overflow="fold", no_wrap=not wraps, min_width=None if tight else least[n]
        )
    for row in cells:
        table.add_row(*(row[n] for n in kept))
    return table


def _width(text: Text) -> int:
    return max(map(cell_len, text.plain.split("\n")))


def _text(cell: Cell | str) -> Text:
    return Text(safe(cell.shown), style=cell.style) if isinstance(cell, Cell) else Text(safe(cell))


def _whole(cell: Cell | str) -> str:
    return cell.whole if isinstance(cell, Cell) else cell


def _field(cell: Cell | str) -> str:
    """A value as one field of one line."""
    return safe(re.sub(r"[ \t\r\n]*[\t\r\n][ \t\r\n]*", " ", _whole(cell)))
