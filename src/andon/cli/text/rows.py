"""Row diffs as text: a line per dataset after a run or a publish, and side by side with the changed cells marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.model.row_diff import RowChange, RowDiff, RowSample
from andon.render.pairs import WIDEST
from andon.render.rows import change_text, counts_text, pair_text, shown_columns, value_text
from andon.render.words import listed

_REST = "`-o FILE` writes all"
#: Columns that are named where they are not shown.
_NAMED = 8
#: What stands beside two values on a line: indent, sign, arrow.
_BESIDE = 8
#: Where lines have no width, in a pipe, longer values are cut all the same.
_UNBOUND = 1000
_SIGNS = {RowChange.CHANGED: ("~", "accent"), RowChange.ADDED: ("+", "good"), RowChange.REMOVED: ("-", "bad")}


def summary_lines(found: Iterable[RowDiff], ink: Ink, width: int | None, indent: str = "  ") -> list[str]:
    """One line per dataset whose rows or columns differ, or were not compared: `marts.totals  12 rows changed (amount 12), 3 added`."""
    rows: list[Sequence[Cell]] = [
        (each.dataset, (counts_text(each), "dim" if each.skipped else "")) for each in found if not each.is_equal
    ]
    return table(rows, ink, width=width, indent=indent, whole=[0], wrap=[1], drop=())


def row_lines(found: RowDiff, ink: Ink, width: int | None) -> list[str]:
    """All about the rows of one dataset: counts, each column's changes, rows side by side."""
    by = f"by {', '.join(found.key)}" if found.key else "whole rows, for lack of a key"
    lines = [f"{ink.paint(found.dataset, 'bold')}  {ink.paint(by, 'dim')}", f"  {counts_text(found)}"]
    if found.where:
        lines.append(f"  {ink.paint('where ' + ' '.join(found.where.split()), 'dim')}")
    if found.tolerance:
        lines.append(f"  {ink.paint(f'numbers may differ by {found.tolerance}', 'dim')}")
    lines += [f"  {ink.paint('note:', 'warn')} {note}" for note in found.notes]
    lines += [
        f"  {ink.paint('note:', 'warn')} {name} was {old} and is {new}: compared as {common}"
        for name, old, new, common in found.retyped
    ]
    changes: list[Sequence[Cell]] = [(c.name, f"{c.changed:,}", change_text(c, _room(width))) for c in found.columns]
    if changes:
        headers = ("column", "changed", "how")
        lines += [
            "",
            *table(changes, ink, headers=headers, right=[1], width=width, indent="  ", whole=[0, 1], wrap=[2], drop=()),
        ]
    if found.samples:
        lines += ["", *_side_by_side(found, ink, width)]
    if found.output:
        lines += ["", f"  all {plural(found.rows.total, 'row')} that differ: {found.output}"]
    return lines


def _side_by_side(found: RowDiff, ink: Ink, width: int | None) -> list[str]:
    shown, hidden = shown_columns(found)
    rows: list[Sequence[Cell]] = [_row(found, sample, shown, _room(width)) for sample in found.samples]
    names = [found.names[i] for i in shown]
    changed = {name for sample in found.samples for name in sample.changed}
    # of a value that became another, the end must be seen as well
    wrap = [place for place, name in enumerate(names, 1) if name in changed]
    lines = table(rows, ink, headers=("", *names), width=width, indent="  ", whole=[0], wrap=wrap, rest=_REST)
    notes = []
    for change, count in (
        (RowChange.CHANGED, found.rows.changed),
        (RowChange.ADDED, found.rows.added),
        (RowChange.REMOVED, found.rows.removed),
    ):
        more = count - sum(s.rows for s in found.samples if s.change is change)
        if more > 0:
            notes.append(f"{more:,} more {change}")
    if hidden:
        beside = {found.names[i] for i in shown}
        differing = [c.name for c in found.columns] or found.names
        notes.append(f"not shown: {listed([name for name in differing if name not in beside], _NAMED)}")
    return [*lines, *([f"  {ink.paint('… ' + ', '.join(notes), 'dim')}"] if notes else [])]


def _room(width: int | None) -> int:
    """Characters of one value beside another: half a line."""
    return _UNBOUND if width is None else max(WIDEST, (width - _BESIDE) // 2)


def _row(found: RowDiff, sample: RowSample, shown: Sequence[int], room: int) -> list[Cell]:
    sign, style = _SIGNS[sample.change]
    cells: list[Cell] = [(f"{sign} ×{sample.rows:,}" if sample.rows > 1 else sign, style)]
    for index in shown:
        if sample.old is not None and sample.new is not None:
            if found.names[index] in sample.changed:
                cells.append((pair_text(sample.old[index], sample.new[index], room), "accent"))
            else:
                cells.append(
                    value_text(sample.new[index], 2 * room)
                    if index < len(found.key)
                    else (value_text(sample.new[index], 2 * room), "dim")
                )
        else:
            side = sample.new if sample.new is not None else sample.old
            assert side is not None  # a row is on one side at least
            cells.append((value_text(side[index], 2 * room), style))
    return cells
