"""What a run or a publish changed for readers, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Console
from andon.cli.table import stacked
from andon.cli.text.verdicts import STYLES
from andon.model.row_diff import RowDiff
from andon.model.verdict import Verdict
from andon.render.rows import counts_text
from andon.render.words import short, verdict_text

if TYPE_CHECKING:
    from andon.service.run_changes import Shown

#: Datasets that a summary names, if rows of fewer were compared.
_LISTED = 12


def change_lines(shown: Shown, console: Console) -> list[str]:
    """What a change changed for readers, by dataset: verdict and rows, or what is known of those that were not compared."""
    pen = console.out
    rows = [
        *change_rows(shown.rows, shown.verdicts, shown.totals),
        *_others(shown.others, shown.verdicts, _LISTED - len(shown.rows)),
    ]
    if not rows:
        return []
    title = pen.paint(f"changed since {short(shown.base)}", "dim")
    listed = sorted(rows, key=lambda row: row[0])
    lines = ["", title, *stacked(listed, pen, console.width)]
    if shown.others:
        more = len(shown.rows) + len(shown.others) - len(rows)
        command = f"`andon diff --rows NAME {short(shown.base)} {short(shown.commit)}` compares rows"
        lines.append(pen.paint(f"  {f'… {more:,} more; ' if more else ''}{command}", "dim"))
    return lines


def change_rows(
    rows: Sequence[RowDiff], verdicts: Mapping[str, Verdict], total: Mapping[str, int | None]
) -> list[tuple[str, Cell, Cell]]:
    """A line for each dataset whose rows were compared: verdict, and how many rows of how many."""
    lines: list[tuple[str, Cell, Cell]] = []
    for each in rows:
        of = total.get(each.dataset)
        counts = counts_text(each)
        if of and each.rows.changed and not each.skipped:
            counts = counts.replace(
                plural(each.rows.changed, "row"), f"{each.rows.changed:,} of {plural(of, 'row')}", 1
            )
        lines.append((each.dataset, _word(verdicts.get(each.dataset)), counts))
    return lines


def _others(
    others: Mapping[str, tuple[int | None, int | None]], verdicts: Mapping[str, Verdict], most: int
) -> list[tuple[str, Cell, Cell]]:
    """A line for each of the first `most` datasets whose rows were not compared: what is known without."""
    return [
        (name, _word(verdicts.get(name)), (f"content differs{_counted(*others[name])}", "dim"))
        for name in sorted(others)[: max(most, 0)]
    ]


def _counted(before: int | None, after: int | None) -> str:
    """`, 12 rows as before`; nothing for a view, whose rows nobody counted."""
    if before is None or after is None:
        return ""
    if before == after:
        return f", {plural(after, 'row')} as before"
    return f", {before:,} → {plural(after, 'row')} ({after - before:+,})"


def _word(verdict: Verdict | None) -> Cell:
    return (verdict_text(verdict), STYLES[verdict.kind]) if verdict is not None else ("by what it reads", "dim")
