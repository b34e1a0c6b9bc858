"""Rows that checks set aside, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.clock import from_text
from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table

if TYPE_CHECKING:
    from andon.service.quarantine import QuarantineInfo, QuarantineRows


def overview_lines(found: Sequence[QuarantineInfo], now: datetime, ink: Ink, width: int | None) -> list[str]:
    """A line for each check that set rows aside, by dataset: how many, and since when."""
    rows: list[Sequence[Cell]] = []
    for each in found:
        share = f"{each.share:.2%} of what came"
        since = f"run {each.first_run}, {_age(each.since, now)}" if each.first_run is not None else "-"
        rows.append((each.dataset, f"{each.rows:,}", (share, "dim"), (since, "dim"), (_released(each), "dim")))
        rows += [((f"  {one.check}", "dim"), (f"{one.rows:,}", "dim"), "", "", "") for one in each.checks]
    if not rows:
        return ["no rows are set aside"]
    heads = ("dataset", "rows", "share", "since", "put back")
    return table(rows, ink, headers=heads, width=width, right=[1], whole=[0, 1], wrap=[0], drop=())


def row_lines(found: QuarantineRows, ink: Ink, width: int | None) -> list[str]:
    """The rows as a table, with how many there are."""
    told = f"{plural(found.total, 'row')} set aside, in {found.quarantine}"
    cells: list[Sequence[Cell]] = [[_cell(row[name]) for name in found.columns] for row in found.rows]
    lines = [f"{ink.paint(found.dataset, 'bold')}  {ink.paint(told, 'dim')}"]
    if cells:
        lines += table(cells, ink, headers=found.columns, width=width)
    if len(found.rows) < found.total:
        lines.append(ink.paint(f"{plural(found.total - len(found.rows), 'row')} more; `--limit` shows them", "dim"))
    return lines


def _cell(value: object) -> str:
    if value is None:
        return "NULL"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _age(since: str | None, now: datetime) -> str:
    if since is None:
        return "of an unknown day"
    days = (now - from_text(since)).days
    return "today" if days < 1 else f"{plural(days, 'day')} ago"


def _released(each: QuarantineInfo) -> str:
    return f"{each.released:,}" if each.released else ""
