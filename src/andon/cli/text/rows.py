"""Row diffs as text: a line per dataset after a run or a publish, and side by side with the changed cells marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Ink, table
from andon.model.row_diff import ColumnChange, RowChange, RowDiff, RowSample
from andon.render.values import cell_text

_SIGNS = {RowChange.CHANGED: ("~", "accent"), RowChange.ADDED: ("+", "good"), RowChange.REMOVED: ("-", "bad")}
#: Between a value before and after: it reads without colour.
ARROW = " → "
#: Columns named in a summary, and shown side by side, at most.
_NAMED = 4
_WIDEST = 8
#: Up to here unchanged columns are shown too, if there are rows on one side only.
_FILLED = 6
#: Characters of one value that are shown beside another.
_VALUE = 40


def summary_lines(found: Iterable[RowDiff], ink: Ink, width: int | None, indent: str = "  ") -> list[str]:
    """One line per dataset whose rows or columns differ, or were not compared: `marts.totals  12 rows changed (amount 12), 3 added`."""
    rows: list[Sequence[Cell]] = [
        (each.dataset, (counts_text(each), "dim" if each.skipped else "")) for each in found if not each.is_equal
    ]
    return table(rows, ink, width=width, indent=indent, whole=[0])


def counts_text(found: RowDiff) -> str:
    """`12 rows changed (segment 12), 3 added, 1 removed`."""
    parts = [differing_text(found) or "no row differs"]
    for names, what in ((found.columns_added, "added"), (found.columns_removed, "removed")):
        if names:
            parts.append(f"column{'s' if len(names) > 1 else ''} {', '.join(names)} {what}")
    parts += [f"{name} is {new} instead of {old}" for name, old, new, _ in found.retyped]
    return ", ".join(parts)


def differing_text(found: RowDiff) -> str:
    """`counts_text` without what changed about the columns themselves; empty if no row differs."""
    if found.skipped:
        return f"rows not compared: {found.skipped}"
    parts: list[str] = []
    for count, what in ((found.rows.changed, "changed"), (found.rows.added, "added"), (found.rows.removed, "removed")):
        if count:
            number = f"{count:,}" if parts else plural(count, "row")
            parts.append(f"{number} {what}{_in_columns(found) if what == 'changed' else ''}")
    return ", ".join(parts)


def row_lines(found: RowDiff, ink: Ink, width: int | None) -> list[str]:
    """All about the rows of one dataset: counts, each column's changes, rows side by side."""
    by = f"by {', '.join(found.key)}" if found.key else "whole rows, for lack of a key"
    lines = [f"{ink.paint(found.dataset, 'bold')}  {ink.paint(by, 'dim')}", f"  {counts_text(found)}"]
    if found.where:
        lines.append(f"  {ink.paint('where ' + ' '.join(found.where.split()), 'dim')}")
    lines += [f"  {ink.paint('note:', 'warn')} {note}" for note in found.notes]
    lines += [
        f"  {ink.paint('note:', 'warn')} {name} was {old} and is {new}: compared as {common}"
        for name, old, new, common in found.retyped
    ]
    changes: list[Sequence[Cell]] = [(c.name, f"{c.changed:,}", _change_text(c)) for c in found.columns]
    if changes:
        headers = ("column", "changed", "how")
        lines += ["", *table(changes, ink, headers=headers, right=[1], width=width, indent="  ", whole=[0, 1])]
    if found.samples:
        lines += ["", *_side_by_side(found, ink, width)]
    if found.output:
        lines += ["", f"  all {plural(found.rows.total, 'row')} that differ: {found.output}"]
    return lines


def _in_columns(found: RowDiff) -> str:
    named = [f"{c.name} {c.changed:,}" for c in found.columns[:_NAMED]]
    more = len(found.columns) - len(named)
    return f" ({', '.join(named)}{f' and {more} more columns' if more else ''})" if named else ""


def _change_text(change: ColumnChange) -> str:
    parts = []
    if change.masked:
        parts.append("values are not shown (pii)")
    if change.pairs:
        parts.append(", ".join(f"{value_text(p.old)}{ARROW}{value_text(p.new)} ({p.rows:,})" for p in change.pairs))
    if change.largest is not None:
        largest = f" in all, largest {_signed(change.largest)}" if change.changed > 1 else ""
        parts.append(f"{_signed(change.sum)}{largest}")
    if not change.pairs:
        parts += [f"{n:,} {what}" for n, what in ((change.filled, "were NULL"), (change.emptied, "are NULL now")) if n]
    return "; ".join(parts)


def _signed(value: object) -> str:
    text = cell_text(value)
    return text if text.startswith("-") or text in ("0", "nan") else f"+{text}"


def _side_by_side(found: RowDiff, ink: Ink, width: int | None) -> list[str]:
    shown, hidden = shown_columns(found)
    rows: list[Sequence[Cell]] = [_row(found, sample, shown) for sample in found.samples]
    lines = table(rows, ink, headers=("", *(found.names[i] for i in shown)), width=width, indent="  ", whole=[0])
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
        notes.append(f"{plural(hidden, 'column')} not shown")
    return [*lines, *([f"  {ink.paint('… ' + ', '.join(notes), 'dim')}"] if notes else [])]


def shown_columns(found: RowDiff) -> tuple[list[int], int]:
    """Places of the columns that stand side by side, and how many more are left out.

    They are the key and the columns with changes; where no value changed, as many as fit.
    """
    changed = {c.name for c in found.columns}
    wanted = [i for i, name in enumerate(found.names) if not changed or name in changed or name in found.key]
    shown = wanted[: max(_WIDEST, len(found.key) + 1)]
    if any(s.change is not RowChange.CHANGED for s in found.samples):  # of a row that is new, people want to see more
        rest = [i for i in range(len(found.names)) if i not in wanted]
        shown = sorted([*shown, *rest[: max(0, _FILLED - len(shown))]])
    return shown, len(wanted) - sum(1 for i in wanted if i in shown)


def _row(found: RowDiff, sample: RowSample, shown: Sequence[int]) -> list[Cell]:
    sign, style = _SIGNS[sample.change]
    cells: list[Cell] = [(f"{sign} ×{sample.rows:,}" if sample.rows > 1 else sign, style)]
    for index in shown:
        if sample.old is not None and sample.new is not None:
            if found.names[index] in sample.changed:
                cells.append((f"{value_text(sample.old[index])}{ARROW}{value_text(sample.new[index])}", "accent"))
            else:
                cells.append(
                    value_text(sample.new[index]) if index < len(found.key) else (value_text(sample.new[index]), "dim")
                )
        else:
            side = sample.new if sample.new is not None else sample.old
            assert side is not None  # a row is on one side at least
            cells.append((value_text(side[index]), style))
    return cells


def value_text(value: object) -> str:
    """A value beside others: cut where it is long."""
    text = cell_text(value)
    return text if len(text) <= _VALUE else text[: _VALUE - 1] + "…"
