"""A plot of two series over one axis as an SVG that can be read on light and on dark pages."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 360, 64, 64, 48, 44
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 15px }
  .axis, .grid { stroke: #8c959f; stroke-width: 1 }
  .grid { stroke-opacity: .25 }
  .a { stroke: #0550ae; fill: none; stroke-width: 2 } .ta { fill: #0550ae }
  .b { stroke: #953800; fill: none; stroke-width: 1.5; stroke-dasharray: 5 3 } .tb { fill: #953800 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .a { stroke: #79c0ff } .ta { fill: #79c0ff } .b { stroke: #ffa657 } .tb { fill: #ffa657 }
    .back { fill: #0d1117 }
  }
  @media not (prefers-color-scheme: dark) { .back { fill: #ffffff } }
"""


@dataclass(frozen=True)
class Series:
    """A line: its name with the unit, and its points."""

    name: str
    points: list[tuple[float, float]]


def plot(title: str, along: str, left: Series, right: Series) -> str:
    """Two series over `along`; the scale of the first stands at the left, that of the second at the right, both from 0."""
    last = max(x for x, _ in left.points)
    tops = [_top(max(y for _, y in series.points)) for series in (left, right)]
    shown = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>',
        f'<text class="ta" x="{LEFT}" y="38">{escape(left.name)}</text>',
        f'<text class="tb" x="{WIDTH - RIGHT}" y="38" text-anchor="end">{escape(right.name)} (dashed)</text>',
    ]
    for part in range(5):
        y = _y(part / 4, 1)
        shown.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        shown.append(f'<text class="ta" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tops[0] * part / 4:g}</text>')
        shown.append(f'<text class="tb" x="{WIDTH - RIGHT + 8}" y="{y + 4}">{tops[1] * part / 4:g}</text>')
        x = _x(last * part / 4, last)
        shown.append(f'<text x="{x}" y="{HEIGHT - 22}" text-anchor="middle">{last * part / 4:,.0f}</text>')
    shown.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 5}" text-anchor="middle">{escape(along)}</text>')
    shown.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>')
    for name, series, top in (("a", left, tops[0]), ("b", right, tops[1])):
        path = " ".join(f"{_x(x, last)},{_y(y, top)}" for x, y in series.points)
        shown.append(f'<polyline class="{name}" points="{path}"/>')
    return "\n".join([*shown, "</svg>", ""])


def _x(value: float, last: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * value / last, 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)


def _top(value: float) -> float:
    """A round number that is no smaller."""
    size = 1.0
    while size < value:
        size *= 10
    return next(part * size / 10 for part in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10) if part * size / 10 >= value)
