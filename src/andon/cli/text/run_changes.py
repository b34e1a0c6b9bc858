"""What a change changes for readers, before it is agreed to and after it is published, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Console, Ink
from andon.cli.table import stacked, table
from andon.cli.text.verdicts import STYLES
from andon.model.row_diff import RowDiff
from andon.model.verdict import Verdict
from andon.render.checks import finding_text
from andon.render.rows import counts_text
from andon.render.words import reach_text, short, verdict_text

if TYPE_CHECKING:
    from andon.service.run_changes import Shown

#: Datasets that a summary names, if rows of fewer were compared.
_LISTED = 12


def change_lines(shown: Shown, console: Console) -> list[str]:
    """What a change changed for readers, by dataset: verdict and rows, or what is known of those that were not compared."""
    found = _listing(shown, console.out, console.width)
    return ["", console.out.paint(f"changed since {short(shown.base)}", "dim"), *found] if found else []


def asked_lines(shown: Shown, pen: Ink, width: int | None) -> list[str]:
    """What a change will change for readers, above the question whether to do it: rows, whom it reaches, what checks said."""
    listed = _listing(shown, pen, width) or ["  no row differs"]
    lines = ["", pen.paint("what changes for readers", "dim"), *listed]
    if shown.reach is not None and (shown.reach.datasets or shown.reach.insights):
        lines.append(f"  {reach_text(shown.reach)}")
    return [*lines, *asked_checks(shown, pen, width)]


def asked_checks(shown: Shown, pen: Ink, width: int | None) -> list[str]:
    """What checks said of the result when it was made: how many hold, and which do not."""
    if not shown.checks:
        return []
    failed = [c for c in shown.checks if c.failed]
    count = plural(len(shown.checks), "check")
    told = f"{len(failed):,} of {count} failed" if failed else f"{count} passed"
    lines = ["", pen.paint(f"{told} in run {shown.run}, which made it", "dim")]
    rows: list[Sequence[Cell]] = [
        (c.dataset, ("✗", "bad" if c.holds else "warn"), c.spoken, (finding_text(c), "dim")) for c in failed[:_LISTED]
    ]
    lines += table(rows, pen, width=width, indent="  ", whole=[0, 1], wrap=[2, 3], drop=()) if rows else []
    return lines + ([f"  … {len(failed) - _LISTED:,} more"] if len(failed) > _LISTED else [])


def back_lines(shown: Shown, pen: Ink, width: int | None, indent: str = "  ") -> list[str]:
    """What is known of the rows that differ, without verdicts."""
    rows: list[Sequence[Cell]] = [(name, counts) for name, _, counts in _rows(shown)]
    lines = table(rows, pen, indent=indent, width=width, whole=[0], wrap=[1], drop=())
    return [*lines, *_rest(shown, pen, indent)]


def _listing(shown: Shown, pen: Ink, width: int | None) -> list[str]:
    """A line for each dataset, and the command for those whose rows were not compared."""
    return [*stacked(_rows(shown), pen, width), *_rest(shown, pen)]


def _rows(shown: Shown) -> list[tuple[str, Cell, Cell]]:
    words = dict.fromkeys(shown.new, ("comes", "good")) | dict.fromkeys(shown.gone, ("goes", "bad"))
    rows = [
        *change_rows(shown.rows, shown.verdicts, shown.totals),
        *_others(shown.others, shown.verdicts, _LISTED - len(shown.rows)),
    ]
    return sorted(((name, words.get(name, word), counts) for name, word, counts in rows), key=lambda row: row[0])


def _rest(shown: Shown, pen: Ink, indent: str = "  ") -> list[str]:
    if not shown.others:
        return []
    more = len(shown.others) - max(_LISTED - len(shown.rows), 0)
    command = f"`andon diff --rows NAME {short(shown.base)} {short(shown.commit)}` compares rows"
    return [pen.paint(f"{indent}{f'… {more:,} more; ' if more > 0 else ''}{command}", "dim")]


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
    if before is None or after is None:  # also for what comes or goes
        return ""
    if before == after:
        return f", {plural(after, 'row')} as before"
    return f", {before:,} → {plural(after, 'row')} ({after - before:+,})"


def _word(verdict: Verdict | None) -> Cell:
    return (verdict_text(verdict), STYLES[verdict.kind]) if verdict is not None else ("by what it reads", "dim")
