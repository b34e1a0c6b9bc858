"""A version: one immutable table, or a view's recipe. Content only; how it came about is a build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import Record, field

#: Columns as `(name, DuckDB type)`, in their order.
Columns = Sequence[tuple[str, str]]
#: Those of datasets, by `schema.name`.
Schemas = Mapping[str, Columns]


class Column(Record, array_like=True):
    """A column of a stored table.

    Attributes:
        name: as the reader sees it.
        type: DuckDB type text of what is stored (one of the lake's types), e.g. `DECIMAL(18,2)`, `STRUCT(a BIGINT)[]`.
        field_id: the lake-wide id of the column, stable per dataset and name, and through renames that are declared.
        children: field ids of nested parts by path (`('element',)`, `('a',)`, `('key',)`, `('value', 'x')`), sorted.
    """

    name: str
    type: str
    field_id: int
    children: tuple[tuple[tuple[str, ...], int], ...] = ()


class ColumnStats(Record, array_like=True):
    """What the write told about one leaf column of one file, as text (DuckDB's RETURN_STATS); absent when unknown."""

    nulls: int | None = None
    values: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    size: int | None = None
    has_nan: bool | None = None


class DataFile(Record, array_like=True):
    """One Parquet file of a version.

    Attributes:
        path: relative to the storage URL, with `/`.
        size: bytes.
        sha256: of its bytes, hex.
        rows: number of rows.
        stats: by leaf column path as RETURN_STATS names it (`"id"`, `"s"."a"`, `"l"."element"`).
        packed: sha256 of the files whose rows, one after the other, it holds, where it stands for those.
        partition: of a dataset that parts its rows: by what, and the value that all rows in the file have, as text.
        part_of: contents of files whose rows it holds a part of, where it was written without others of them: files of one version that
            say the same here hold no row twice that is there once.
    """

    path: str
    size: int
    sha256: str
    rows: int
    stats: Mapping[str, ColumnStats] = field(default_factory=dict)
    packed: tuple[str, ...] = ()
    partition: tuple[tuple[str, str | None], ...] = ()
    part_of: tuple[str, ...] = ()


def contents_of(file: DataFile) -> tuple[str, ...]:
    """The files whose rows a file holds, by their sha256: those that it stands for, or itself."""
    return file.packed or (file.sha256,)


class Version(Record):
    """Content of a dataset. A table has files; a view has none and its id is its recipe key."""

    id: str
    dataset: str
    columns: tuple[Column, ...]
    files: tuple[DataFile, ...] = ()
    is_view: bool = False

    @property
    def rows(self) -> int | None:
        """Number of rows; None for a view."""
        return None if self.is_view else sum(f.rows for f in self.files)

    @property
    def types(self) -> list[tuple[str, str]]:
        """Names and types of its columns."""
        return [(column.name, column.type) for column in self.columns]

    @property
    def bytes(self) -> int:
        """Size of all data files."""
        return sum(f.size for f in self.files)


def paired(old: Sequence[Column], new: Sequence[Column]) -> list[tuple[Column, Column]]:
    """The columns that two versions of a dataset both have, as (old, new), in the order of `new`.

    One is the same if it has the same field id, whatever its name; a name that got another id is the same, too.
    """
    by_id = {column.field_id: column for column in old}
    found = {column.field_id: by_id[column.field_id] for column in new if column.field_id in by_id}
    left = {column.name.lower(): column for column in old if column.field_id not in found}
    for column in new:
        if column.field_id not in found and column.name.lower() in left:
            found[column.field_id] = left[column.name.lower()]
    return [(found[column.field_id], column) for column in new if column.field_id in found]


def schema_json(columns: tuple[Column, ...]) -> list[Any]:
    """The schema as JSON: `[[name, type, field id, [[path…], id]…]…]`; part of a version's id."""
    return [[c.name, c.type, c.field_id, [[list(p), i] for p, i in c.children]] for c in columns]


def version_id(columns: tuple[Column, ...], files: tuple[DataFile, ...]) -> str:
    """Id of a table's content: H(schema with field ids, sha256 of its files in order)."""
    return content_id(["version", schema_json(columns), [f.sha256 for f in files]])
