"""Verdicts and reaches in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural, seconds
from andon.cli.output import Cell
from andon.cli.text.rows import counts_text
from andon.model.reach import Reach
from andon.model.row_diff import RowDiff
from andon.model.verdict import Verdict, VerdictKind

#: Columns that are named before the rest is counted.
_NAMED = 4

STYLES = {
    VerdictKind.NONE: "good",
    VerdictKind.ADDITIVE: "good",
    VerdictKind.COLUMNS: "accent",
    VerdictKind.ROWS: "warn",
    VerdictKind.CONTRACT: "bad",
}


def verdict_text(verdict: Verdict) -> str:
    """`columns: revenue, orders`."""
    match verdict.kind:
        case VerdictKind.NONE:
            return "none: proved equal"
        case VerdictKind.ADDITIVE:
            return f"additive: {named(verdict.added)}" if verdict.added else f"additive: {verdict.reasons[0]}"
        case VerdictKind.COLUMNS:
            return f"columns: {named(verdict.columns)}"
        case VerdictKind.ROWS:
            return "rows: any may differ"
    breaks = [f"{name} is gone" for name in verdict.dropped]
    breaks += [f"{old} is now {new}" for old, new in verdict.renamed]
    breaks += [f"{name} is {new} instead of {old}" for name, old, new in verdict.retyped]
    breaks += ["another key"] if verdict.key_changed else []
    return f"contract: {'; '.join(breaks[:_NAMED])}" + (
        f" and {len(breaks) - _NAMED} more" if len(breaks) > _NAMED else ""
    )


def named(columns: Sequence[str]) -> str:
    """`a, b, c, d and 3 more`."""
    more = len(columns) - _NAMED
    return ", ".join(columns[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def reach_text(reach: Reach) -> str:
    """`reaches 3 datasets (a, b, c), insight revenue; 2 to build, 23,588 rows, about 0.2 s`; empty where it reaches nothing."""
    parts = []
    if reach.datasets:
        parts.append(f"{plural(len(reach.datasets), 'dataset')} ({named(reach.datasets)})")
    if reach.insights:
        parts.append(f"{'insight' if len(reach.insights) == 1 else 'insights'} {named(reach.insights)}")
    work = []
    if reach.build:
        work.append(f"{reach.build:,} to build")
    if reach.rows:
        work.append(plural(reach.rows, "row"))
    if reach.seconds is not None and reach.seconds >= 0.1:
        work.append(f"about {seconds(reach.seconds)}")
    told = f"reaches {', '.join(parts)}" if parts else "nobody reads what changes"
    return f"{told}; {', '.join(work)}" if work else told


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
