"""Verdicts and reaches in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural
from andon.cli.output import Cell
from andon.model.row_diff import RowDiff
from andon.model.verdict import Verdict, VerdictKind
from andon.render.rows import counts_text
from andon.render.words import verdict_text

STYLES = {
    VerdictKind.NONE: "good",
    VerdictKind.ADDITIVE: "good",
    VerdictKind.COLUMNS: "accent",
    VerdictKind.ROWS: "warn",
    VerdictKind.CONTRACT: "bad",
}


def change_rows(
    rows: Sequence[RowDiff], verdicts: dict[str, Verdict], total: dict[str, int | None]
) -> list[Sequence[Cell]]:
    """A line for each dataset whose content changed: verdict, and how many rows of how many."""
    lines: list[Sequence[Cell]] = []
    for each in rows:
        verdict = verdicts.get(each.dataset)
        of = total.get(each.dataset)
        counts = counts_text(each)
        if of and each.rows.changed and not each.skipped:
            counts = counts.replace(
                plural(each.rows.changed, "row"), f"{each.rows.changed:,} of {plural(of, 'row')}", 1
            )
        word: Cell = (
            (verdict_text(verdict), STYLES[verdict.kind]) if verdict is not None else ("by what it reads", "dim")
        )
        lines.append((each.dataset, word, counts))
    return lines
