"""Types of any shape: read as the engine writes them, and stored as what reads back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.names import literal, quote
from andon.engines.types import field_ids_clause, field_paths, lake_type, select_list
from andon.lake.iceberg.metadata import derive
from andon.lake.iceberg.schema import leaves, schema_json
from andon.model.types import parse_type
from andon.model.version import Column, DataFile, Version
from kit.iceberg_tables import connect

SIMPLE = (
    "BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE VARCHAR BLOB BIT"
    " UUID DATE TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS TIMESTAMPTZ TIMETZ INTERVAL JSON DECIMAL(38,10) DECIMAL(4,1)"
)
NAMES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x1F64F, exclude_categories=["Cs", "Cn"]), min_size=1, max_size=6
)


def struct(members: list[tuple[str, str]]) -> str:
    """A struct type."""
    return "STRUCT(" + ", ".join(f"{quote(name)} {kind}" for name, kind in members) + ")"


TYPES = st.recursive(
    st.sampled_from([*SIMPLE.split(), "ENUM('a', 'it''s (', ']')"]),
    lambda inner: st.one_of(
        inner.map(lambda kind: f"{kind}[]"),
        inner.map(lambda kind: f"{kind}[2]"),
        st.tuples(inner, inner).map(lambda pair: f"MAP({pair[0]}, {pair[1]})"),
        st.lists(st.tuples(NAMES, inner), min_size=1, max_size=3, unique_by=lambda m: m[0].casefold()).map(struct),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with connect() as opened:
        yield opened


def described(connection: Any, query: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {query}").fetchall()]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(TYPES, min_size=1, max_size=3))
def test_any_type_is_stored_and_read_back(connection: Any, tmp_path: Path, kinds: list[str]) -> None:
    items = ", ".join(f"null::{kind} as c{i}" for i, kind in enumerate(kinds))
    query = f"select {items} from range(2)"
    produced = described(connection, query)
    assert [parse_type(kind).text for _, kind in produced] == [kind for _, kind in produced]
    ids = iter(range(1, 1000))
    columns = tuple(
        Column(name, lake_type(kind), next(ids), tuple((p, next(ids)) for p in field_paths(lake_type(kind))))
        for name, kind in produced
    )
    path = tmp_path / "x.parquet"
    row = connection.execute(
        f"copy (select {select_list(produced)} from ({query})) to {literal(str(path))}"
        f" (format parquet, field_ids {field_ids_clause(columns)}, return_stats)"
    ).fetchone()
    stored = [(c.name, c.type) for c in columns]
    assert described(connection, f"from read_parquet({literal(str(path))})") == stored
    assert [lake_type(kind) for _, kind in stored] == [kind for _, kind in stored], "what is stored is kept as it is"
    assert set(row[4]) == set(leaves(columns)), "statistics are named as the leaves are"
    assert [field["id"] for field in schema_json(columns)["fields"]] == [c.field_id for c in columns]
    version = Version("ab" * 32, "m.x", columns, (DataFile("x.parquet", path.stat().st_size, "", 2),))

    def write(name: str, data: bytes) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)

    metadata = derive(version, storage_url=tmp_path.as_uri(), write=write, table_uuid="x", time_ms=1)
    assert described(connection, f"from iceberg_scan({literal(str(tmp_path / metadata))})") == stored
