"""Insights on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.clock import from_text
from andon.base.text import plural
from andon.cli.output import Cell
from andon.cli.table import table
from andon.cli.text.find import lamp_cell
from andon.render.insights import (
    LAMPS,
    LEVELS,
    STATES,
    cell_words,
    flaw_words,
    more_words,
    movement_words,
    review_words,
    through_words,
    value_words,
)

if TYPE_CHECKING:
    from andon.cli.output import Console
    from andon.service.insight_documents import InsightCheck, InsightDocument, InsightInfo, InsightRows, InsightSaved

#: Datasets and flaws that are shown of many.
_NAMED = 8


def insight_lines(found: Sequence[InsightInfo], now: datetime, console: Console) -> list[str]:
    """The list of insights, and below each its weakest link."""
    if not found:
        return ["no insights"]
    rows: list[Sequence[Cell]] = [
        (
            lamp_cell(LAMPS[each.level]),
            (each.name, "accent"),
            each.kind,
            each.title,
            value_words(each.value),
            (review_words(each.review_by, unreviewed=each.unreviewed), "warn" if each.unreviewed else "dim"),
            (_age(each.fresh, now), "dim"),
            STATES[each.state] if each.state is not None else "",
            each.owner or "",
            (flaw_words(each.weakest) if each.weakest is not None else LEVELS["green"], "dim"),
        )
        for each in found
    ]
    headers = ("", "insight", "kind", "what", "worth", "review", "data of", "is it", "owner", "weakest link")
    return list(table(rows, console.out, headers=headers, width=console.width, whole=[0, 1], wrap=[3, 9]))


def page_lines(page: InsightDocument, now: datetime, console: Console) -> list[str]:
    """All of an insight."""
    ink = console.out
    head = " · ".join(each for each in (ink.paint(page.name, "accent"), page.kind, page.owner, page.date) if each)
    lines = [head, f"  {page.title}"]
    lines += [f"  {word}: {text}" for word, text in (("answer", page.answer), ("decides", page.decision)) if text]
    worth = value_words(page.value)
    review = review_words(page.review_by, unreviewed=page.unreviewed)
    if worth or review:
        lines.append(f"  worth {'; '.join(each for each in (worth or 'not said', review) if each)}")
    lines.append(f"  uses {', '.join([*page.queries, *page.uses][:_NAMED]) or 'nothing'}")
    lines.append(f"  rests on {plural(len(page.rests_on), 'dataset')}: {_named(page.rests_on)}")
    if page.fresh is not None:
        lines.append(f"  its data are of {_age(page.fresh, now)}")
    if page.pinned is not None:
        state = STATES[page.state] if page.state is not None else "not looked at since"
        lines.append(f"  pinned at {page.pinned.commit[:8]}: {state}")
        lines += [f"    {page.found}"] if page.found and page.state != "true" else []
    if page.evidence:
        lines.append(f"  shown by {', '.join(page.evidence)}: `andon analysis show {page.evidence[0]}`")
    if page.description:
        lines += ["", *(f"  {line}" if line else "" for line in page.description.splitlines())]
    if page.query is not None:
        lines += ["", ink.paint("Query", "bold"), *(f"  {line}" for line in page.query.splitlines())]
    if page.pinned_answer is not None:
        lines += ["", ink.paint("Answer", "bold"), *rows_lines(page.pinned_answer, console)]
    if page.outcomes:
        lines += ["", ink.paint("Outcomes", "bold")]
        for each in page.outcomes:
            value = f" ({value_words(each.value)})" if each.value is not None else ""
            lines.append(f"  {each.on}  {each.what}{value}")
    lines += ["", f"{ink.paint('Weakest link', 'bold')}  {LEVELS[page.level]}"]
    for flaw in page.flaws[:_NAMED]:
        lines += [f"  {flaw_words(flaw)}", f"    {ink.paint(flaw.repair, 'dim')}"]
    if len(page.flaws) > _NAMED:
        lines.append(ink.paint(f"  {len(page.flaws) - _NAMED} more", "dim"))
    return lines


def check_lines(found: Sequence[InsightCheck], console: Console) -> list[str]:
    """Whether insights are still true, and what moved."""
    if not found:
        return ["no insights"]
    ink, lines = console.out, []
    lamps = {"true": "ok", "moved": "warn", "failed": "fail"}
    for each in found:
        cell = lamp_cell(lamps[each.state]) if each.state in lamps else ("-", "dim")
        mark, style = (cell, "dim") if isinstance(cell, str) else cell
        told = each.what if each.state != "true" else STATES["true"]
        lines.append(f"{ink.paint(mark, style)} {ink.paint(each.name, 'bold')}  {told}")
        lines += [f"    {movement_words(movement)}" for movement in each.movements]
        more = more_words(each.total, len(each.movements))
        lines += [ink.paint(f"    {more}", "dim")] if more else []
        for moved in each.through:
            lines.append(f"    {ink.paint(f'through {through_words(moved)}', 'dim')}")
        if each.through:
            lines.append(f"    {ink.paint(each.through[0].command, 'dim')}")
    return lines


def saved_lines(found: InsightSaved, console: Console) -> list[str]:
    """What was written."""
    lines = [*rows_lines(found.answer, console)] if found.answer is not None else []
    if found.rows is not None and found.answer is not None and found.rows > len(found.answer.rows):
        lines.append(console.out.paint(f"{found.rows:,} rows", "dim"))
    return lines


def rows_lines(rows: InsightRows, console: Console) -> list[str]:
    """An answer as a table."""
    from andon.value.answers import is_number

    cells: list[Sequence[Cell]] = [[cell_words(value) for value in row] for row in rows.rows]
    right = [place for place, kind in enumerate(rows.types) if is_number(kind)]
    if not cells:
        return ["  no rows"]
    return list(table(cells, console.out, headers=rows.columns, width=console.width, right=right, indent="  "))


def _age(text: str | None, now: datetime) -> str:
    if text is None:
        return ""
    days = (now - from_text(text)).days
    return "today" if days < 1 else f"{plural(days, 'day')} ago"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
