"""The lake's types against the real engine: what is written reads back as exactly what `lake_type` says."""

from __future__ import annotations

from typing import Any

import pytest

from andon.base.names import quote
from andon.engines.types import field_ids_clause, field_paths, lake_type, projection, select_list
from andon.errors import DatasetError
from andon.model.types import parse_type
from andon.model.version import Column

#: expression, its type as DESCRIBE says, what the lake stores, and the stored value as text.
STORED = [
    ("true", "BOOLEAN", "BOOLEAN", "true"),
    ("1::tinyint", "TINYINT", "INTEGER", "1"),
    ("-300::smallint", "SMALLINT", "INTEGER", "-300"),
    ("1::integer", "INTEGER", "INTEGER", "1"),
    ("9223372036854775807::bigint", "BIGINT", "BIGINT", "9223372036854775807"),
    ("sum(1)", "HUGEINT", "BIGINT", "1"),
    ("255::utinyint", "UTINYINT", "INTEGER", "255"),
    ("65535::usmallint", "USMALLINT", "INTEGER", "65535"),
    ("4294967295::uinteger", "UINTEGER", "BIGINT", "4294967295"),
    ("18446744073709551615::ubigint", "UBIGINT", "DECIMAL(20,0)", "18446744073709551615"),
    ("99999999999999999999::uhugeint", "UHUGEINT", "DECIMAL(38,0)", "99999999999999999999"),
    (
        "'123456789012345678901234567890123456789012345'::bignum",
        "BIGNUM",
        "VARCHAR",
        "123456789012345678901234567890123456789012345",
    ),
    ("1.1::float", "FLOAT", "FLOAT", "1.1"),
    ("1.1::double", "DOUBLE", "DOUBLE", "1.1"),
    ("1.5::decimal(4,1)", "DECIMAL(4,1)", "DECIMAL(4,1)", "1.5"),
    ("1.5::decimal(9,2)", "DECIMAL(9,2)", "DECIMAL(9,2)", "1.50"),
    ("1.5::decimal(18,2)", "DECIMAL(18,2)", "DECIMAL(18,2)", "1.50"),
    ("repeat('9', 38)::decimal(38,0)", "DECIMAL(38,0)", "DECIMAL(38,0)", "9" * 38),
    ("('0.' || repeat('9', 38))::decimal(38,38)", "DECIMAL(38,38)", "DECIMAL(38,38)", "." + "9" * 38),
    ("'é'", "VARCHAR", "VARCHAR", "é"),
    ("'a' collate nocase", "VARCHAR", "VARCHAR", "a"),
    ("'\\xFF\\x00'::blob", "BLOB", "BLOB", "\\xFF\\x00"),
    ("'10101'::bit", "BIT", "VARCHAR", "10101"),
    ("'0190163d-8694-739b-aea5-966c26f8ad91'::uuid", "UUID", "UUID", "0190163d-8694-739b-aea5-966c26f8ad91"),
    ("date '2026-11-22'", "DATE", "DATE", "2026-11-22"),
    ("time '23:59:59.999999'", "TIME", "TIME", "23:59:59.999999"),
    ("'01:02:03.123456'::time_ns", "TIME_NS", "TIME", "01:02:03.123456"),
    ("timetz '10:00:00+02'", "TIME WITH TIME ZONE", "VARCHAR", "10:00:00+02"),
    ("timestamp '2026-11-22 01:02:03.000004'", "TIMESTAMP", "TIMESTAMP", "2026-11-22 01:02:03.000004"),
    ("timestamp_s '2026-11-22 01:02:03'", "TIMESTAMP_S", "TIMESTAMP", "2026-11-22 01:02:03"),
    ("timestamp_ms '2026-11-22 01:02:03.5'", "TIMESTAMP_MS", "TIMESTAMP", "2026-11-22 01:02:03.5"),
    ("timestamp_ns '2026-11-22 01:02:03.5'", "TIMESTAMP_NS", "TIMESTAMP", "2026-11-22 01:02:03.5"),
    (
        "timestamptz '2026-11-22 01:02:03+02'",
        "TIMESTAMP WITH TIME ZONE",
        "TIMESTAMP WITH TIME ZONE",
        "2026-11-21 23:02:03+00",
    ),
    ("interval '1 day 2 hours'", "INTERVAL", "VARCHAR", "1 day 02:00:00"),
    ("'b, )'::enum('a''b', 'b, )')", "ENUM('a''b', 'b, )')", "VARCHAR", "b, )"),
    ('\'{"a":  [1, "x"]}\'::json', "JSON", "VARCHAR", '{"a":  [1, "x"]}'),
    ("'\"text\"'::json", "JSON", "VARCHAR", '"text"'),
    ("null", "INTEGER", "INTEGER", None),
    ("[]", "INTEGER[]", "INTEGER[]", "[]"),
    ("[1::utinyint, null]", "UTINYINT[]", "INTEGER[]", "[1, NULL]"),
    ("[1, 2, 3]::integer[3]", "INTEGER[3]", "INTEGER[]", "[1, 2, 3]"),
    ("[[1.5, 2]]::decimal(3,1)[2][]", "DECIMAL(3,1)[2][]", "DECIMAL(3,1)[][]", "[[1.5, 2.0]]"),
    ("[sum(1)]", "HUGEINT[]", "BIGINT[]", "[1]"),
    (
        "{'a': 1, 'b c': ['x'], 'Ab': true, 'order': 2, 'q\"q': null, 'é.': {'x.y': date '2026-01-01'}}",
        'STRUCT(a INTEGER, "b c" VARCHAR[], Ab BOOLEAN, "order" INTEGER, "q""q" INTEGER, "é." STRUCT("x.y" DATE))',
        'STRUCT(a INTEGER, "b c" VARCHAR[], Ab BOOLEAN, "order" INTEGER, "q""q" INTEGER, "é." STRUCT("x.y" DATE))',
        None,
    ),
    (
        "{'j': '{\"k\":  1}'::json, 'timestamp': 1::ubigint, 'with': now() is null}",
        'STRUCT(j JSON, "timestamp" UBIGINT, "with" BOOLEAN)',
        'STRUCT(j VARCHAR, "timestamp" DECIMAL(20,0), "with" BOOLEAN)',
        None,
    ),
    ("map {'k': sum(1)}", "MAP(VARCHAR, HUGEINT)", "MAP(VARCHAR, BIGINT)", "{k=1}"),
    (
        "map {{'a': 1::utinyint}: [{'b': timestamptz '2026-01-01 00:00:00+00'}]}",
        "MAP(STRUCT(a UTINYINT), STRUCT(b TIMESTAMP WITH TIME ZONE)[])",
        "MAP(STRUCT(a INTEGER), STRUCT(b TIMESTAMP WITH TIME ZONE)[])",
        None,
    ),
]


@pytest.fixture
def connection() -> Any:
    import duckdb

    with duckdb.connect(config={"python_enable_replacements": False}) as opened:
        opened.execute("set TimeZone = 'UTC'")
        yield opened


def described(connection: Any, query: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {query}").fetchall()]


def with_ids(columns: list[tuple[str, str]]) -> list[Column]:
    """Columns with ids in order, nested parts included."""
    ids = iter(range(1, 10_000))
    return [
        Column(name, kind, next(ids), tuple((path, next(ids)) for path in field_paths(kind))) for name, kind in columns
    ]


@pytest.mark.parametrize(
    ("expression", "found", "stored", "value"), STORED, ids=[s[1] + " " + s[0][:12] for s in STORED]
)
def test_reads_back_as_the_lake_type(
    connection: Any, tmp_path: Any, expression: str, found: str, stored: str, value: str | None
) -> None:
    name = 'an "odd" name'
    query = f"select {expression} as {quote(name)}"
    assert described(connection, query) == [(name, found)]
    assert projection([(name, found)]) == [(name, stored, found != stored)]
    columns = with_ids([(name, stored)])
    path = str(tmp_path / "x.parquet")
    connection.execute(
        f"copy (select {select_list([(name, found)])} from ({query})) to '{path}'"
        f" (format parquet, field_ids {field_ids_clause(columns)})"
    )
    assert described(connection, f"from read_parquet('{path}')") == [(name, stored)]
    ids = connection.execute(
        "select field_id from parquet_schema(?) where field_id is not null order by 1", [path]
    ).fetchall()
    assert [row[0] for row in ids] == list(range(1, 2 + len(field_paths(stored))))
    if value is not None:
        read = connection.execute(f"select {quote(name)}::varchar from read_parquet('{path}')").fetchone()
        assert read == (value,)


def test_json_inside_a_struct_keeps_its_text(connection: Any) -> None:
    query = """select {'j': '{"k":  "v"}'::json, 'l': ['"x"'::json]} as s"""
    produced = described(connection, query)
    row = connection.execute(f"select {select_list(produced)} from ({query})").fetchone()
    assert row == ({"j": '{"k":  "v"}', "l": ['"x"']},)


@pytest.mark.parametrize("expression", ["9223372036854775807::hugeint + 1", "[9223372036854775807::hugeint + 1]"])
def test_an_integer_that_does_not_fit_is_loud(connection: Any, expression: str) -> None:
    import duckdb

    query = f"select {expression} as x"
    with pytest.raises(duckdb.ConversionException, match="out of range"):
        connection.execute(f"select {select_list(described(connection, query))} from ({query})").fetchall()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("UNION(a INTEGER, b VARCHAR)", "parts"),
        ("GEOMETRY", "ST_AsWKB"),
        ("VARIANT", "cast"),
        ("STRUCT(INTEGER, TIMESTAMP WITH TIME ZONE, DECIMAL(3,1)[])", "name its fields"),
        ("STRUCT(a UNION(x INTEGER))[]", "parts"),
        ("MAP(VARCHAR, VARIANT)", "cast"),
        ("SOMETHING_NEW", "cast"),
        ("STRUCT(a", "cast"),
    ],
)
def test_what_can_not_be_stored_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(DatasetError) as caught:
        lake_type(text)
    assert caught.value.code == "build.not_supported"
    assert hint in (caught.value.hint or "")
    with pytest.raises(DatasetError, match="column `total`"):
        projection([("total", text)])


def test_the_name_that_the_engine_keeps_for_itself_is_refused() -> None:
    for columns in ([("__duckdb_field_id", "INTEGER")], [("s", "STRUCT(__duckdb_field_id INTEGER)")]):
        with pytest.raises(DatasetError, match="__duckdb_field_id"):
            projection(columns)
        with pytest.raises(DatasetError, match="__duckdb_field_id"):
            field_ids_clause(with_ids(columns))


def test_select_list_casts_only_what_must_be() -> None:
    assert select_list([("a", "INTEGER"), ('b "q"', "HUGEINT")]) == '"a", CAST("b ""q""" AS BIGINT) AS "b ""q"""'


def test_paths_name_parents_first() -> None:
    text = 'MAP(VARCHAR, STRUCT(a INTEGER[], "b.c" DATE))'
    assert field_paths(text) == [
        ("key",),
        ("value",),
        ("value", "a"),
        ("value", "a", "element"),
        ("value", "b.c"),
    ]
    assert field_paths("DECIMAL(18,2)") == []
    assert field_paths("INTEGER[][3]") == [("element",), ("element", "element")]


def test_field_ids_of_nested_columns() -> None:
    columns = [
        Column("it's", "INTEGER", 7),
        Column("m", "MAP(VARCHAR, STRUCT(a DATE))", 8, ((("key",), 9), (("value",), 10), (("value", "a"), 11))),
    ]
    assert field_ids_clause(columns) == (
        "{'it''s': 7, 'm': {__duckdb_field_id: 8, 'key': 9, 'value': {__duckdb_field_id: 10, 'a': 11}}}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        "INTEGER)",
        "STRUCT(a INTEGER",
        "MAP(INTEGER)",
        "INTEGER[",
        "'x'",
        "STRUCT(, a INTEGER)",
        'STRUCT("a INTEGER)',
    ],
)
def test_what_is_no_type_does_not_parse(text: str) -> None:
    with pytest.raises(ValueError):
        parse_type(text)
