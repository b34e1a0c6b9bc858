"""Who uses a dataset, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.service.readers import ReadersDocument

#: Columns that are named of each person, and of all of them; people that are shown.
_NAMED, _COLUMNS, _PEOPLE = 4, 10, 20


def reader_lines(used: ReadersDocument, ink: Ink, width: int | None) -> list[str]:
    """People, then what reads it."""
    count = plural(len(used.people), "person", "people")
    lines = [
        f"{ink.paint(used.dataset, 'bold')}  {count} asked it {plural(used.reads, 'time')} within {used.days} days"
    ]
    lines += _part("people", _people(used)[:_PEOPLE], ink, width)
    if len(used.people) > _PEOPLE:
        lines.append(ink.paint(f"  and {len(used.people) - _PEOPLE} more; `--json` has all", "dim"))
    columns = [(use.column, plural(use.readers, "person", "people"), (f"{use.reads:,}", "dim")) for use in used.columns]
    lines += _part("columns that are read", columns[:_COLUMNS], ink, width)
    queries = [(each.query, (each.meaning or "", "dim"), (each.owner or "", "dim")) for each in used.queries]
    lines += _part("saved queries", queries, ink, width)
    datasets = [
        (each.dataset, plural(each.readers, "person", "people") if each.readers else "", (each.owner or "", "dim"))
        for each in used.datasets
    ]
    lines += _part("datasets", datasets, ink, width)
    insights = [
        (each.title, ("names it" if each.direct else "through others", "dim"), (each.owner or "", "dim"))
        for each in used.insights
    ]
    return lines + _part("insights", insights, ink, width)


def _people(used: ReadersDocument) -> list[Sequence[Cell]]:
    return [
        (
            reader.person,
            plural(reader.reads, "time"),
            (moment(reader.last), "dim"),
            (", ".join(reader.doors), "dim"),
            (_some(reader.columns), "dim"),
        )
        for reader in used.people
    ]


def _some(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return ", ".join(columns[:_NAMED]) + more


def _part(title: str, rows: Sequence[Sequence[Cell]], ink: Ink, width: int | None) -> list[str]:
    if not rows:
        return []
    return ["", ink.paint(title, "dim"), *table(list(rows), ink, indent="  ", width=width, whole=[0], drop=())]
