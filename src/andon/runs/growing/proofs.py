"""What is proved of a query that makes a table that grows, a view that one reads, or a source; known by content after the first time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from andon.base.cache import Cache, Entries
from andon.base.hashing import content_id
from andon.model.dataset import Definition
from andon.model.growth import Grain
from andon.model.version import Schemas
from andon.sql.growth.answers import Grows, RowsApart

_APART = Entries[RowsApart]("rows apart", RowsApart, 1)
#: Why not; nothing where it is proved.
_ROW_BY_ROW = Entries[str]("row by row", str, 1)
#: What a source's read is called while its query is looked at.
_ROWS = "andon_raw.rows"
_GROWS = Entries[Grows]("grows", Grows, 1)


class Proofs:
    """Asks the bound plan, and keeps what it says."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def apart(
        self, definition: Definition, schemas: Schemas, columns: Sequence[str], grain: Grain | None = None
    ) -> RowsApart:
        """What rows hang on that are told apart by `columns` (see `rows_apart`)."""
        key = content_id([definition.id, _plain(schemas), list(columns), grain])
        found = self._cache.get(_APART, [key]).get(key)
        if found is None:
            from andon.sql.growth.query import rows_apart

            found = rows_apart(definition.sql or "", schemas, definition.macros, columns, grain)
            self._cache.put(_APART, {key: found})
        return found

    def grows(self, definition: Definition, schemas: Schemas, changed: Iterable[str]) -> Grows:
        """Whether more rows in `changed` only add rows (see `grows_with`)."""
        names = sorted(changed)
        key = content_id([definition.id, _plain(schemas), names])
        found = self._cache.get(_GROWS, [key]).get(key)
        if found is None:
            from andon.sql.growth.query import grows_with

            found = grows_with(definition.sql or "", schemas, definition.macros, names)
            self._cache.put(_GROWS, {key: found})
        return found

    def why_not_row_by_row(self, definition: Definition, columns: Sequence[tuple[str, str]]) -> str | None:
        """Why the rows that a source reads, with these columns, do not each make their own; None where it is proved. It has one read."""
        key = content_id([definition.id, [list(column) for column in columns]])
        found = self._cache.get(_ROW_BY_ROW, [key]).get(key)
        if found is None:
            from andon.sql.meaning.row_by_row import why_not_row_by_row
            from andon.sql.reads import replace_reads

            sql = replace_reads(definition.sql or "", definition.reads, [_ROWS])
            found = why_not_row_by_row(sql, _ROWS, columns, definition.macros) or ""
            self._cache.put(_ROW_BY_ROW, {key: found})
        return found or None


def _plain(schemas: Schemas) -> list[list[object]]:
    return [[name, [list(column) for column in schemas[name]]] for name in sorted(schemas)]
