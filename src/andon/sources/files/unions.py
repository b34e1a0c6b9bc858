"""CSV files whose columns are told by their names: which columns each has, and the rows of all of them as one table of texts."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.names import quote
from andon.base.record import replace
from andon.sources.files.calls import Call
from andon.sources.files.dialect import Dialect, first_record
from andon.sources.files.raw_text import Source
from andon.sources.files.table import Table, relation


def heads_of(call: Call, dialect: Dialect, sources: Sequence[Source]) -> list[list[str]]:
    """The first row of each file, where columns are told by name; none where they stand in one order."""
    if not call.get("union_by_name") or dialect.header is False or len(sources) < 2 or "columns" in call.stated:
        return []
    heads = [first.fields if (first := first_record(source, dialect)) else [] for source in sources]
    return [[name.strip() for name in (head[:-1] if head and not head[-1] else head)] for head in heads]


def tables_of(call: Call, table: Table, sources: Sequence[Source]) -> list[tuple[Table, list[Source]]]:
    """The files in runs of one header, each with the table's columns in the order in which they stand there."""
    if not (call.get("union_by_name") and table.head is not None):
        return [(table, list(sources))]
    by_head = dict(zip([h.strip() for h in table.head], table.casts, strict=False))
    groups: list[tuple[Table, list[Source]]] = []
    for source in sources:
        first = first_record(source, table.dialect)
        casts = tuple(by_head[f.strip()] for f in first.fields if f.strip() in by_head) if first else ()
        if groups and groups[-1][0].casts == casts:
            groups[-1][1].append(source)
        else:
            groups.append((replace(table, casts=casts), [source]))
    return groups


def texts(call: Call, table: Table, sources: Sequence[Source]) -> str:
    """SQL: all rows, every column as text and in the table's order; NULL for a column that a file has not."""
    groups = tables_of(call, table, sources)
    if len(groups) == 1 and groups[0][0].casts == table.casts:
        return relation(call, table, sources)
    parts = []
    for here, group in groups:
        names = {c.column for c in here.casts}
        listed = [
            quote(c.column) if c.column in names else f"cast(null as varchar) as {quote(c.column)}" for c in table.casts
        ]
        parts.append(f"select {', '.join(listed)} from {relation(call, here, group)}")
    return f"({' union all '.join(parts)})"
