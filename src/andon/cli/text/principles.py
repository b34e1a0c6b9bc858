"""The scorecard as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.model.principles import Principle, PrincipleMeasure, ScorecardDocument
from andon.render.principles import bars, beside, figure, out_of


def principle_lines(found: ScorecardDocument, ink: Ink, width: int | None) -> list[str]:
    """Each principle with its numbers, what they are, and the next step."""
    lines = [f"{ink.paint(found.branch, 'bold')} since {found.since[:10]}, beside the time from {found.earlier[:10]}"]
    for principle in found.principles:
        lines += ["", ink.paint(f"{principle.number} {principle.title}", "bold"), *_numbers(principle, ink, width)]
        lines.append(f"  → {principle.next.words}: `{principle.next.command}`")
    return lines


def _numbers(principle: Principle, ink: Ink, width: int | None) -> list[str]:
    room = max((width or 100) - 4, 40)
    rows: list[Sequence[Cell]] = [_row(each) for each in principle.measures]
    told = list(table(rows, ink, width=width, whole=[0, 1]))
    lines: list[str] = []
    for line, measure in zip(told, principle.measures, strict=True):
        what = measure.definition if measure.value is not None else f"{measure.definition} It needs {measure.missing}."
        lines += [f"  {line}", *(ink.paint(f"    {part}", "dim") for part in wrap(what, room))]
    return lines


def _row(measure: PrincipleMeasure) -> Sequence[Cell]:
    return [
        measure.title,
        (figure(measure, measure.value), "bold" if measure.value is not None else "dim"),
        (out_of(measure), "dim"),
        (beside(measure), "dim"),
        bars(measure.trend),
    ]
