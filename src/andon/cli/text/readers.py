"""Who uses a dataset, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.catalog.readers import ReadingPerson, ReadingTool
    from andon.service.readers import ReadColumnUse, ReadersDocument

#: Columns that are named of each person, and of all of them; people that are shown.
_NAMED, _COLUMNS, _PEOPLE = 4, 10, 20


def reader_lines(used: ReadersDocument, ink: Ink, width: int | None) -> list[str]:
    """People, then what reads it."""
    count = plural(len(used.people), "person", "people")
    lines = [
        f"{ink.paint(used.dataset, 'bold')}  {count} asked it {plural(used.reads, 'time')} within {used.days} days"
    ]
    if used.unread is not None:
        lines.append(f"{used.unread}{_before(used)}")
    lines += _part("people", [_asked(each.person, each) for each in used.people[:_PEOPLE]], ink, width)
    if len(used.people) > _PEOPLE:
        lines.append(ink.paint(f"  and {len(used.people) - _PEOPLE} more; `--json` has all", "dim"))
    lines += _part("by the clock", [_asked(each.tool, each) for each in used.tools], ink, width)
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
    lines += _part("insights", insights, ink, width)
    unread = [
        (each.column, (each.unread, "warn"), (_last(each), "dim")) for each in used.use if each.unread is not None
    ]
    return lines + _part("columns that nobody reads", unread, ink, width)


def _last(use: ReadColumnUse) -> str:
    return f"tool {use.tool.who}, {moment(use.tool.at)}, {use.tool.door}" if use.tool is not None else ""


def _asked(name: str, reader: ReadingPerson | ReadingTool) -> Sequence[Cell]:
    """How often somebody asked, when last, by which doors, and what."""
    doors, columns = ", ".join(reader.doors), _some(reader.columns)
    return name, plural(reader.reads, "time"), (moment(reader.last), "dim"), (doors, "dim"), (columns, "dim")


def _before(used: ReadersDocument) -> str:
    """Who read it last, where that is long ago, and what still does."""
    told = [f": {used.person.who}, {moment(used.person.at)}, {used.person.door}"] if used.person is not None else []
    told += [f"; tool {used.tool.who} does, {moment(used.tool.at)}"] if used.tool is not None else []
    return "".join(told)


def _some(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return ", ".join(columns[:_NAMED]) + more


def _part(title: str, rows: Sequence[Sequence[Cell]], ink: Ink, width: int | None) -> list[str]:
    if not rows:
        return []
    return ["", ink.paint(title, "dim"), *table(list(rows), ink, indent="  ", width=width, whole=[0], drop=())]
