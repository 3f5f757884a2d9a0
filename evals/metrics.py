"""What is counted of one answer, as a column of a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Better = Literal["more", "less", ""]
Row = Mapping[str, "Metric"]


@dataclass(frozen=True)
class Metric:
    """A count, or a count of something. `count` is None where it cannot be known."""

    count: float | None
    of: int | None = None
    better: Better = ""
    word: str = ""
    """Stands in the table in place of the number."""
    details: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        if self.count is None or self.of == 0:
            return None
        return self.count if self.of is None else self.count / self.of

    @property
    def shown(self) -> str:
        if self.word or self.count is None:
            return self.word or "-"
        count = f"{self.count:,.4f}".rstrip("0").rstrip(".") if self.count % 1 else f"{self.count:,.0f}"
        return count if self.of is None else f"{count}/{self.of}" if self.of else "-"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "details": list(self.details)}


UNKNOWN: Final = Metric(None)


def total(metrics: Iterable[Metric]) -> Metric:
    """All of a column as one."""
    known = [metric for metric in metrics if metric.count is not None]
    if not known:
        return UNKNOWN
    parts = [metric.of for metric in known if metric.of is not None]
    return Metric(sum(metric.count or 0 for metric in known), sum(parts) if parts else None, known[0].better)


def table(rows: Mapping[str, Row]) -> str:
    """The rows under their columns, and the sum of each."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [["case", *columns]]
    lines += [[name, *(row.get(column, UNKNOWN).shown for column in columns)] for name, row in rows.items()]
    lines.append(["all", *(total(row.get(column, UNKNOWN) for row in rows.values()).shown for column in columns)])
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(_line(cells, widths) for cells in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if at == 0 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *others)).rstrip()


def read_rows(raw: Mapping[str, Any]) -> dict[str, dict[str, Metric]]:
    """The rows of a report that was written as JSON. Raises KeyError, TypeError for what is none."""
    return {
        case: {name: Metric(**{**metric, "details": tuple(metric["details"])}) for name, metric in row.items()}
        for case, row in raw["cases"].items()
    }


def compare(before: Mapping[str, Row], after: Mapping[str, Row]) -> list[str]:
    """What got better or worse, a line each; worse first."""
    found: list[tuple[bool, str]] = []
    for case, row in after.items():
        for name, metric in row.items():
            old = before.get(case, {}).get(name)
            if old is None or old.score is None or metric.score is None or not metric.better:
                continue
            if old.score == metric.score:
                continue
            better = (metric.score > old.score) is (metric.better == "more")
            found.append((better, f"{'better' if better else 'worse '}  {case}: {name} {old.shown} → {metric.shown}"))
    lines = [line for _, line in sorted(found, key=lambda entry: entry[0])]
    lines += [f"new     {case}" for case in after if case not in before]
    lines += [f"gone    {case}" for case in before if case not in after]
    return lines
