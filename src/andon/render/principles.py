"""Numbers of the scorecard in words, and their trend as a line, for terminal and pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural
from andon.model.principles import MeasureUnit, PrincipleMeasure
from andon.render.review import duration_words

NO_DATA = "no data yet"
_BARS = "▁▂▃▄▅▆▇█"
#: Places of a trend line, in pixels.
LINE_WIDTH, LINE_HEIGHT = 120, 28


def figure(measure: PrincipleMeasure, value: float | None) -> str:
    """`75 %`, `3 h`, `2.5 a week`; `no data yet` for what is not known."""
    if value is None:
        return NO_DATA
    if measure.unit is MeasureUnit.SHARE:
        return f"{100 * value:.0f} %"
    if measure.unit is MeasureUnit.SECONDS:
        return duration_words(value)
    number = (
        f"{value:,.0f}"
        if value == round(value) or abs(value) >= 100
        else f"{value:,.2g}"
        if abs(value) < 10
        else f"{value:,.0f}"
    )
    return f"{number} a week" if measure.unit is MeasureUnit.PER_WEEK else number


def beside(measure: PrincipleMeasure) -> str:
    """What it was before; empty where nobody knows."""
    return "" if measure.before is None else f"before: {figure(measure, measure.before)}"


def out_of(measure: PrincipleMeasure) -> str:
    """`3 of 4`; empty where that says nothing."""
    return "" if measure.of is None or measure.value is None else f"{measure.count or 0:,} of {measure.of:,}"


def bars(trend: Sequence[float | None]) -> str:
    """A trend as a line of bars, a dot where there is no value; empty where there are not two."""
    known = [each for each in trend if each is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    top = len(_BARS) - 1
    return "".join(
        "·" if each is None else _BARS[round(top * (each - low) / (high - low)) if high > low else top // 2]
        for each in trend
    )


def points(trend: Sequence[float | None]) -> list[list[tuple[float, float]]]:
    """A trend as lines of points within `LINE_WIDTH` × `LINE_HEIGHT`; it is broken where there is no value, and begins at nothing."""
    known = [each for each in trend if each is not None]
    if len(known) < 2:
        return []
    low, high = min(known), max(known)
    step = LINE_WIDTH / (len(trend) - 1)
    lines: list[list[tuple[float, float]]] = [[]]
    for place, each in enumerate(trend):
        if each is None:
            lines.append([])
        else:
            part = (each - low) / (high - low) if high > low else 0.5
            lines[-1].append((round(place * step, 1), round(2 + (LINE_HEIGHT - 4) * (1 - part), 1)))
    return [line for line in lines if line]


def trend_words(measure: PrincipleMeasure) -> str:
    """A trend for who does not see it."""
    told = [figure(measure, each) for each in measure.trend]
    return f"{plural(len(told), 'part')}, oldest first: {', '.join(told)}"
