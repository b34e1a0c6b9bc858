"""A look at the rows of a read whose columns are all text, and where in its files a value stands."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.record import Record
from andon.sources.files.calls import Call
from andon.sources.files.dialect import Dialect, records
from andon.sources.files.raw_text import Source, open_text
from andon.sources.files.table import Table, run

if TYPE_CHECKING:
    import duckdb


class Look(Record):
    """A look at a table whose columns are all text.

    Attributes:
        origin: SQL of its rows.
    """

    connection: duckdb.DuckDBPyConnection
    call: Call
    table: Table
    sources: Sequence[Source]
    origin: str

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of `sql`; what the engine refuses is an error with its place."""
        return run(self.connection, sql, self.call, self.sources)


def locate(sources: Sequence[Source], dialect: Dialect, index: int, values: set[str]) -> tuple[str, int | None]:
    """File and line of the first row whose field `index` is one of `values`; only the file when it is not found."""
    for source in sources:
        try:
            with open_text(source) as stream:
                for record in records(stream, dialect):
                    field = record.fields[index] if index < len(record.fields) else ""
                    if field in values or field.strip() in values:
                        return source.path, record.line
        except (csv.Error, OSError, EOFError):
            continue
    return sources[0].path, None
