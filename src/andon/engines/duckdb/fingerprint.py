"""A fingerprint of a table's content that depends on neither row order nor layout.

`count`, and the sums of two hashes per row, with the schema's hash. DuckDB's `hash()` of nested values differs between
versions and confuses empty and NULL lists, so nested columns are hashed as JSON text. Tagged with its algorithm: fingerprints
of different tags don't compare.
"""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.hashing import content_id
from andon.base.names import quote
from andon.engines.duckdb.instance import Session, file_list
from andon.model.version import Column, Version

ALGORITHM = "duckhash1.3"


def fingerprint(session: Session, version: Version, paths: Sequence[str], columns: Sequence[str] | None = None) -> str:
    """The content fingerprint of `version`, whose files lie at `paths`.

    Args:
        session: where it is computed.
        version: the version.
        paths: its files, as the engine finds them.
        columns: only these, taken together as one tuple, whatever their places in the version; none of them leaves the count of
            rows. None for all, in their order. The two kinds don't compare.

    Raises:
        KeyError: if the version has no column of one of the names.
    """
    chosen = version.columns
    if columns is not None:
        known = {column.name: column for column in version.columns}
        chosen = tuple(known[name] for name in sorted(set(columns)))
    row = ", ".join(_hashable(column) for column in chosen)
    hashed = f"hash(row({row}))" if row else "0::ubigint"
    count, first, second = session.connection.execute(
        f"select count(*), sum(h::hugeint), sum(hash(h, 1)::hugeint)"
        f" from (select {hashed} as h from read_parquet({file_list(paths)}))"
    ).fetchall()[0]
    schema = content_id([[c.name, c.type] for c in chosen])[:12]
    kind = "" if columns is None else "columns:"
    return f"{ALGORITHM}:{kind}{schema}:{count}:{first}:{second}"


def _hashable(column: Column) -> str:
    nested = column.type.endswith("[]") or column.type.startswith(("STRUCT", "MAP"))
    return f"to_json({quote(column.name)})::varchar" if nested else quote(column.name)
