"""A fingerprint of a table's content, with or without the order of its rows, that does not depend on how files are laid out.

`count`, and the sums of two hashes per row, with the schema's hash; where order counts, each with the row's place. DuckDB's `hash()` of
nested values differs between versions and confuses empty and NULL lists, so nested columns are hashed as JSON text; it takes values for
one that compare as equal, so the sign of a zero is hashed beside it. Tagged with its algorithm: fingerprints of
different tags don't compare.
"""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.hashing import content_id
from andon.base.names import quote
from andon.engines.duckdb.instance import Session, file_list
from andon.model.version import Column, Version

ALGORITHM = "duckhash1.4"


def fingerprint(
    session: Session,
    version: Version,
    paths: Sequence[str],
    columns: Sequence[str] | None = None,
    *,
    in_order: bool = True,
) -> str:
    """The content fingerprint of `version`, whose files lie at `paths`.

    Args:
        session: where it is computed.
        version: the version.
        paths: its files, as the engine finds them.
        columns: only these, taken together as one tuple, whatever their places in the version; none of them leaves the count of
            rows. None for all, in their order. The two kinds don't compare.
        in_order: whether rows that lie in another order are another content.

    Raises:
        KeyError: if the version has no column of one of the names.
    """
    chosen = version.columns
    if columns is not None:
        known = {column.name: column for column in version.columns}
        chosen = tuple(known[name] for name in sorted(set(columns)))
    row, hashed = bool(chosen), hash_of_row(chosen)
    counted = content_sql(chosen, f"read_parquet({file_list(paths)})")
    if in_order and row:
        rows = (
            f"select hash({hashed}, {_place(paths)}) as h from read_parquet({file_list(paths)}, file_row_number = true)"
        )
        counted = _counted(rows)
    count, first, second = session.connection.execute(counted).fetchall()[0]
    schema = content_id([[c.name, c.type] for c in chosen])[:12]
    kind = ("" if columns is None else "columns:") + ("ordered:" if in_order and row else "")
    return f"{ALGORITHM}:{kind}{schema}:{count}:{first}:{second}"


def content_sql(columns: Sequence[Column], source: str) -> str:
    """SQL that gives the three numbers of a fingerprint without the order of rows: of what may stand after FROM as `source`."""
    return _counted(f"select {hash_of_row(columns)} as h from {source}")


def _counted(rows: str) -> str:
    return f"select count(*), sum(h::hugeint), sum(hash(h, 1)::hugeint) from ({rows})"


def hash_of_row(columns: Sequence[Column]) -> str:
    """SQL of a number that is equal for rows with the same values of `columns`."""
    row = ", ".join(_hashable(column) for column in columns)
    return f"hash(row({row}))" if row else "0::ubigint"


def _place(paths: Sequence[str]) -> str:
    """The place of a row among all: of several files it is counted, of one it is known."""
    return "file_row_number" if len(paths) == 1 else "row_number() over () - 1"


def _hashable(column: Column) -> str:
    name = quote(column.name)
    if column.type.endswith("]") or column.type.startswith(("STRUCT", "MAP", "UNION", "VARIANT")):
        return f"to_json({name})::varchar"
    if column.type in ("FLOAT", "DOUBLE"):
        return f"{name}, signbit({name})"
    return name
