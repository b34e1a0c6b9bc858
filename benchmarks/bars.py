"""A plot of bars as an SVG that can be read on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABEL, RIGHT, ROW, TOP = 760, 230, 90, 26, 40
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 15px }
  .own { fill: #0550ae } .other { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .own { fill: #79c0ff } .other { fill: #6e7681 } .back { fill: #0d1117 }
  }
  @media not (prefers-color-scheme: dark) { .back { fill: #ffffff } }
"""


@dataclass(frozen=True)
class Bar:
    """A line of a plot: its name, how long it is, and whether it is Andon's."""

    name: str
    value: float
    is_own: bool = True


def bars(title: str, unit: str, rows: Sequence[Bar]) -> str:
    """Bars below each other, from 0, each with its value."""
    height = TOP + ROW * len(rows) + 12
    most = max(row.value for row in rows)
    shown = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{height}"/>',
        f'<text class="title" x="12" y="22">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        y = TOP + ROW * number
        long = round((WIDTH - LABEL - RIGHT) * row.value / most, 1)
        kind = "own" if row.is_own else "other"
        shown += [
            f'<text x="{LABEL - 10}" y="{y + 14}" text-anchor="end">{escape(row.name)}</text>',
            f'<rect class="{kind}" x="{LABEL}" y="{y + 2}" width="{max(long, 1)}" height="{ROW - 10}" rx="2"/>',
            f'<text x="{LABEL + max(long, 1) + 8}" y="{y + 14}">{row.value:.2f} {escape(unit)}</text>',
        ]
    return "\n".join([*shown, "</svg>", ""])
