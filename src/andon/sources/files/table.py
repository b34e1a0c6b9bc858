"""What is recorded about a text file's table, and the strict read that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.document import Document, from_json
from andon.base.names import literal
from andon.base.record import Record, field
from andon.sources.failures import engine_error
from andon.sources.files.calls import Call
from andon.sources.files.casts import Cast
from andon.sources.files.dialect import Dialect
from andon.sources.files.raw_text import Source, compression_of, joined

if TYPE_CHECKING:
    import duckdb

#: Options that a contract answers itself, or that only steer guessing. All others are kept as their author wrote them.
_ANSWERED = frozenset(
    {
        "delim",
        "quote",
        "escape",
        "header",
        "skip",
        "comment",
        "encoding",
        "decimal_separator",
        "thousands",
        "columns",
        "types",
        "names",
        "all_varchar",
        "auto_detect",
        "sample_size",
        "auto_type_candidates",
        "normalize_names",
        "dateformat",
        "timestampformat",
        "compression",
        "filename",
        "union_by_name",
        "files_to_sniff",
        "hive_partitioning",
        "hive_types",
        "hive_types_autocast",
    }
)


class _Entry(Document):
    """What a contract keeps of a table."""

    dialect: Dialect
    columns: tuple[tuple[str, str], ...]
    formats: dict[str, str]
    stated: tuple[str, ...]
    head: tuple[str, ...] | None
    empty: tuple[str, ...] = ()
    amounts: dict[str, str] = field(default_factory=dict)


class Table(Record):
    """What a CSV read's contract says.

    Attributes:
        casts: the columns in order.
        head: the first row's names as they stand in the file; None without a header.
    """

    dialect: Dialect
    casts: tuple[Cast, ...]
    head: tuple[str, ...] | None

    def entry(self) -> dict[str, Any]:
        """As kept in a contract."""
        return _Entry.about(
            self,
            columns=tuple((c.column, c.type) for c in self.casts),
            formats={c.column: c.format for c in self.casts if c.format},
            stated=tuple(c.column for c in self.casts if c.stated),
            empty=tuple(c.column for c in self.casts if c.empty),
            amounts={c.column: c.amounts for c in self.casts if c.amounts},
        ).to_json()

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Table:
        """The table of an entry of a contract, which may say more."""
        known = from_json(_Entry, {n: entry[n] for n in _Entry.__struct_fields__ if n in entry}, stored=True)
        casts = tuple(
            Cast(n, kind, known.formats.get(n), n in known.stated, n in known.empty, known.amounts.get(n, ""))
            for n, kind in known.columns
        )
        return cls(known.dialect, casts, known.head)


def sources_of(call: Call, files: Mapping[str, Path], paths: Sequence[str]) -> list[Source]:
    """The files of `call`, ready to be looked at."""
    encoding = str(call.get("encoding", "utf-8"))
    return [Source(p, files[p], compression_of(p, call.get("compression")), encoding) for p in paths]


def is_lenient(call: Call) -> bool:
    """Whether the author asked the engine to pass over rows that don't fit."""
    return bool(call.get("ignore_errors") or call.get("store_rejects"))


def relation(call: Call, table: Table, sources: Sequence[Source]) -> str:
    """SQL: the strict read of `sources`, every column as text."""
    dialect = table.dialect
    columns = ", ".join(f"{literal(c.column)}: 'VARCHAR'" for c in table.casts)
    options = {
        "auto_detect": "false",
        "header": str(bool(dialect.header)).lower(),
        "delim": literal(dialect.delim),
        "quote": literal(dialect.quote),
        "escape": literal(dialect.escape),
        "skip": str(dialect.skip),
        "null_padding": "false",
        "ignore_errors": "false",
        "strict_mode": "true",
        "columns": "{" + columns + "}",
        # what folders say is not in the files, and copies lie in others
        "hive_partitioning": "false",
    }
    if dialect.comment:
        options["comment"] = literal(dialect.comment)
    if dialect.encoding not in ("utf-8", "utf8"):
        options["encoding"] = literal(dialect.encoding)
    options.update({name: text for name, text in call.texts.items() if name not in _ANSWERED})
    stated = "".join(f", {name} = {text}" for name, text in options.items())
    return joined(
        sources, lambda run, packed: f"read_csv([{', '.join(s.pattern for s in run)}], compression = {packed}{stated})"
    )


def run(
    connection: duckdb.DuckDBPyConnection, sql: str, call: Call, sources: Sequence[Source]
) -> list[tuple[Any, ...]]:
    """Rows of `sql`, which reads `sources` strictly; what the engine refuses becomes an error with its place."""
    import duckdb

    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        raise engine_error(
            str(error), {str(s.stored): s.path for s in sources}, sources[0].path, call.suggest
        ) from error
