"""A bar chart as SVG: each figure as a share of the baseline's, with its spread and its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from bench.figures import Spread

WIDTH: Final = 760
LEFT: Final = 250
RIGHT: Final = 90
ROW: Final = 44
TOP: Final = 56
BOTTOM: Final = 40

STYLE: Final = """
  svg { color-scheme: light dark; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .small { font-size: 11px; fill: #59636e; }
  .ours { fill: #1f6feb; } .naive { fill: #d0d7de; } .goal { stroke: #1a7f37; stroke-width: 2; }
  .spread { stroke: #0b2a5b; stroke-width: 1.5; } .axis { stroke: #d0d7de; } .page { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .small { fill: #9198a1; } .ours { fill: #4493f8; } .naive { fill: #3d444d; }
    .goal { stroke: #3fb950; } .spread { stroke: #cae8ff; } .axis { stroke: #3d444d; } .page { fill: #0d1117; }
  }
"""


@dataclass(frozen=True)
class Bar:
    """One figure: the ratio to the baseline, and the goal."""

    name: str
    ratio: Spread
    goal: float


def chart(bars: Sequence[Bar], title: str) -> str:
    """The whole SVG document."""
    height = TOP + ROW * len(bars) + BOTTOM
    most = max([1.0, *(bar.ratio.high for bar in bars)]) * 1.02
    room = WIDTH - LEFT - RIGHT

    def x(value: float) -> float:
        return round(LEFT + room * value / most, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="title"><title id="title">{escape(title)}</title><style>{STYLE}</style>',
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        f'<text x="16" y="24" font-weight="600">{escape(title)}</text>',
        '<text class="small" x="16" y="42">bar: median; thin line: middle half of the rounds; green: goal; '
        "grey: the naive baseline, 1.0</text>",
    ]
    for number, bar in enumerate(bars):
        y = TOP + ROW * number
        middle = y + 14
        spread = bar.ratio
        parts += [
            f'<text x="{LEFT - 12}" y="{y + 18}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect class="naive" x="{LEFT}" y="{y + 24}" width="{x(1.0) - LEFT:.1f}" height="6"/>',
            f'<rect class="ours" x="{LEFT}" y="{y + 6}" width="{x(spread.median) - LEFT:.1f}" height="16"/>',
            f'<line class="spread" x1="{x(spread.low)}" x2="{x(spread.high)}" y1="{middle}" y2="{middle}"/>',
            f'<line class="goal" x1="{x(bar.goal)}" x2="{x(bar.goal)}" y1="{y + 2}" y2="{y + 32}"/>',
            f'<text x="{max(x(spread.high), x(1.0)) + 8}" y="{y + 20}">{spread.median:.2f} ×</text>',
        ]
    bottom = TOP + ROW * len(bars)
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<text class="small" x="{x(tick)}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>')
    return "\n".join([*parts, "</svg>", ""])
