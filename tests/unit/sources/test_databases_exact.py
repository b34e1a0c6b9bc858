"""What a database holds comes into the lake as it is, or the load stops: for every kind of database, type by type."""

from __future__ import annotations

import contextlib
import itertools
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from andon.engines.types import field_paths
from andon.errors import DatasetError
from andon.model.connection import Connection
from andon.model.version import Column
from andon.sources.databases.session import DatabaseSession
from kit.servers import PASSWORD, MariaServer, PostgresServer


class Loaded:
    """What a load brought: the types that the lake stores, and the values as text."""

    def __init__(self, path: Path) -> None:
        import duckdb

        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            self.types = [row[1] for row in connection.execute(f"describe from '{path}'").fetchall()]
            self.rows = connection.execute(f"select columns(*)::varchar from '{path}'").fetchall()


Load = Callable[[str], Loaded]


def loader(connection: Connection, options: dict[str, str], folder: Path) -> Load:
    def load(sql: str) -> Loaded:
        target = folder / "out.parquet"
        with closing(DatabaseSession(connection, options, folder, writes=[folder])) as session:
            columns = session.describe(sql, "sources/a/b.sql")
            number = itertools.count(1)
            stored = [
                Column(c.name, c.stored, next(number), tuple((p, next(number)) for p in field_paths(c.stored)))
                for c in columns
            ]
            session.write(sql, columns, stored, str(target), "sources/a/b.sql")
        return Loaded(target)

    return load


@pytest.fixture
def from_postgres(postgres: PostgresServer, tmp_path: Path) -> Load:
    options = {
        "host": "127.0.0.1",
        "port": str(postgres.port),
        "database": postgres.database,
        "user": postgres.user,
        "password": PASSWORD,
    }
    return loader(Connection("shop", "postgres"), options, tmp_path)


@pytest.fixture
def from_maria(maria: MariaServer, tmp_path: Path) -> Load:
    options = {
        "host": "127.0.0.1",
        "port": str(maria.port),
        "database": maria.database,
        "user": maria.user,
        "password": PASSWORD,
    }
    return loader(Connection("shop", "mysql"), options, tmp_path)


@pytest.fixture
def from_sqlite(tmp_path: Path) -> tuple[sqlite3.Connection, Load]:
    path = tmp_path / "shop.db"
    return sqlite3.connect(path), loader(Connection("shop", "sqlite"), {"path": str(path)}, tmp_path)


def check(load: Load, exact: Sequence[tuple[str, str, str | None]]) -> None:
    """Load all `(expression, type, text)` as columns of one row."""
    found = load("select " + ", ".join(f"{sql} as c{n}" for n, (sql, _, _) in enumerate(exact)))
    got = zip((sql for sql, _, _ in exact), found.types, found.rows[0], strict=True)
    assert [pair for pair in zip(got, exact, strict=True) if pair[0] != pair[1]] == []


POSTGRES = [
    ("(-32768)::smallint", "SMALLINT", "-32768"),
    ("2147483647", "INTEGER", "2147483647"),
    ("(-9223372036854775808)::bigint", "BIGINT", "-9223372036854775808"),
    ("1.10::numeric(12,3)", "DECIMAL(12,3)", "1.100"),
    (
        "12345678901234567890123456789.123456789::numeric(38,9)",
        "DECIMAL(38,9)",
        "12345678901234567890123456789.123456789",
    ),
    ("1.10::numeric", "VARCHAR", "1.10"),
    ("(-0.01)::numeric(38,2)", "DECIMAL(38,2)", "-0.01"),
    ("1e-38::numeric(38,38)", "DECIMAL(38,38)", "." + "0" * 37 + "1"),
    ("(-99999999.99)::numeric(10,2)", "DECIMAL(10,2)", "-99999999.99"),
    ("999999::numeric(6,0)", "DECIMAL(6,0)", "999999"),
    ("null::numeric(18,4)", "DECIMAL(18,4)", None),
    ("array[1.5, 2]::numeric(10,2)[]", "VARCHAR", "{1.50,2.00}"),
    ("'NaN'::numeric", "VARCHAR", "NaN"),
    ("(10::numeric ^ 45)::numeric(60,2)", "VARCHAR", "1" + "0" * 45 + ".00"),
    ("0.1::real", "FLOAT", "0.1"),
    ("0.1::float8 + 0.2::float8", "DOUBLE", "0.30000000000000004"),
    ("'-Infinity'::float8", "DOUBLE", "-inf"),
    ("'-0'::float8", "DOUBLE", "-0.0"),
    ("true", "BOOLEAN", "true"),
    ("'ä € 😀'::text", "VARCHAR", "ä € 😀"),
    ("''::varchar(3)", "VARCHAR", ""),
    ("'ab'::char(5)", "VARCHAR", "ab"),
    ("'0044-03-15 BC'::date", "DATE", "0044-03-15 (BC)"),
    ("'infinity'::date", "DATE", "infinity"),
    ("'9999-12-31'::date", "DATE", "9999-12-31"),
    ("'23:59:59.999999'::time", "TIME", "23:59:59.999999"),
    ("'12:00+02'::timetz", "VARCHAR", "12:00:00+02"),
    ("'2024-03-31 02:30:00.000001'::timestamp", "TIMESTAMP", "2024-03-31 02:30:00.000001"),
    ("'-infinity'::timestamp", "TIMESTAMP", "-infinity"),
    ("'2024-03-31 03:30+02'::timestamptz", "TIMESTAMP WITH TIME ZONE", "2024-03-31 01:30:00+00"),
    ("'1 mon 2 days 03:00'::interval", "VARCHAR", "1 mon 2 days 03:00:00"),
    ("'00112233-4455-6677-8899-aabbccddeeff'::uuid", "UUID", "00112233-4455-6677-8899-aabbccddeeff"),
    ("'\\x00ff'::bytea", "BLOB", "\\x00\\xFF"),
    ("""'{"a": 1.10}'::jsonb""", "VARCHAR", '{"a": 1.10}'),
    ("""'{"a":  1}'::json""", "VARCHAR", '{"a":  1}'),
    ("array[1, null, 3]", "INTEGER[]", "[1, NULL, 3]"),
    ("array['a', 'b,c']", "VARCHAR[]", "[a, 'b,c']"),
    ("'192.168.0.1/24'::inet", "VARCHAR", "192.168.0.1/24"),
    ("'$1,234.50'::money", "VARCHAR", "$1,234.50"),
    ("int4range(1, 5)", "VARCHAR", "[1,5)"),
    ("point(1, 2)", "VARCHAR", "(1,2)"),
    ("B'101'", "VARCHAR", "101"),
]


def test_types_of_postgres(from_postgres):
    check(from_postgres, POSTGRES)


def test_enums_domains_and_rows_of_postgres(postgres, from_postgres):
    postgres.run("create type mood as enum ('sad', 'ok'); create domain amount as numeric(10, 2) check (value > 0);")
    found = from_postgres("select 'ok'::mood as m, 1.5::amount as a, row(1, 'x') as r, null::integer as n")
    assert found.types == ["VARCHAR", "DECIMAL(10,2)", "VARCHAR", "INTEGER"]
    assert found.rows == [("ok", "1.50", "(1,x)", None)]


@pytest.mark.parametrize("value", ["'NaN'::numeric(10, 2)", "'294276-12-31'::timestamp", "'294276-12-31'::timestamptz"])
def test_what_the_lake_cannot_hold_of_postgres_stops_the_load(from_postgres, value):
    with pytest.raises(DatasetError) as caught:
        from_postgres(f"select {value} as v")
    assert caught.value.code in ("source.contract", "source.query_failed")
    assert caught.value.hint


MARIA = [
    ("cast(-5 as signed)", "INTEGER", "-5"),
    ("cast(18446744073709551615 as unsigned)", "UBIGINT", "18446744073709551615"),
    ("cast(1.10 as decimal(12,3))", "DECIMAL(12,3)", "1.100"),
    ("0.1e0 + 0.2e0", "DOUBLE", "0.30000000000000004"),
    ("1e300", "DOUBLE", "1e+300"),
    ("cast('2024-02-29' as date)", "DATE", "2024-02-29"),
    ("cast('2024-02-29 10:00:00.000001' as datetime(6))", "TIMESTAMP", "2024-02-29 10:00:00.000001"),
    ("cast('-26:00:00.25' as time(2))", "VARCHAR", "-26:00:00.25"),
    ("'ä € 😀'", "VARCHAR", "ä € 😀"),
    ("x'00ff'", "BLOB", "\\x00\\xFF"),
]


def test_types_of_mariadb(from_maria):
    check(from_maria, MARIA)


def test_columns_of_mariadb(maria, from_maria):
    maria.run(
        "create or replace table odd (t tinyint(1), b bit(9), f float, d double, e enum('a','b'), s set('x','y'), y year,"
        " ts timestamp(6) null, n decimal(38,5), w decimal(65,2));"
        "insert into odd values (5, b'101010101', 0.1, -1.5e-7, 'b', 'x,y', 2024, '2024-07-01 12:00:00', 1.5, 12.5)"
    )
    found = from_maria("select * from odd")
    assert found.rows == [
        ("5", "\\x01U", "0.1", "-1.5e-07", "b", "x,y", "2024", "2024-07-01 10:00:00", "1.50000", "12.5")
    ]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "'0000-00-00'"),
        ("datetime", "'2024-02-00 00:00:00'"),
        ("decimal(65,10)", "12345678901234567890.1234567891"),
        ("decimal(65,30)", "0.1234567890123456789"),
    ],
)
def test_what_the_lake_cannot_hold_of_mariadb_stops_the_load(maria, from_maria, kind, value):
    maria.run(f"set sql_mode = ''; create or replace table zero (v {kind}); insert into zero values ({value})")
    with pytest.raises(DatasetError) as caught:
        from_maria("select v from zero")
    assert caught.value.code == "source.contract"


def test_types_of_sqlite(from_sqlite):
    database, load = from_sqlite
    database.execute("create table t (i integer, r real, t text, b blob, d date, x numeric, e)")
    rows = [
        (9223372036854775807, 0.1, "ä", b"\0\xff", "2024-01-05", 1, None),
        (None, 0.1 + 0.2, "", None, None, 2.5, None),
        (-1, 1e300, None, b"", "0000-00-00", 2**53, None),
    ]
    database.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?)", rows)
    database.commit()
    found = load("select * from t -- all of it")
    assert found.types == ["BIGINT", "DOUBLE", "VARCHAR", "BLOB", "VARCHAR", "DOUBLE", "VARCHAR"]
    assert found.rows == [
        ("9223372036854775807", "0.1", "ä", "\\x00\\xFF", "2024-01-05", "1.0", None),
        (None, "0.30000000000000004", "", None, None, "2.5", None),
        ("-1", "1e+300", None, "", "0000-00-00", "9007199254740992.0", None),
    ]


@pytest.mark.parametrize("values", [(2**53 + 1, 0.5), (b"\xff", "a")])
def test_what_the_lake_cannot_hold_of_sqlite_stops_the_load(from_sqlite, values):
    database, load = from_sqlite
    database.execute("create table t (v)")
    database.executemany("insert into t values (?)", [(value,) for value in values])
    database.commit()
    with pytest.raises(DatasetError) as caught:
        load("select v from t")
    assert caught.value.code in ("source.contract", "source.query_failed")


@pytest.mark.parametrize("sql", ["delete from t", "select nothing from t", "selec 1", "select 1; delete from t"])
def test_a_query_that_the_database_refuses_is_told_in_its_words(
    from_postgres, from_maria, from_sqlite, postgres, maria, sql
):
    database, load = from_sqlite
    postgres.run("create table if not exists t (i integer)")
    maria.run("create table if not exists t (i integer)")
    database.execute("create table t (i integer)")
    database.execute("insert into t values (1)")
    database.commit()
    for each in (from_postgres, from_maria, load):
        with pytest.raises(DatasetError) as caught:
            each(sql)
        assert caught.value.code == "source.query_failed", caught.value
        assert "LINE 1" not in str(caught.value)
    assert database.execute("select count(*) from t").fetchone() == (1,)


@pytest.mark.parametrize(
    ("sql", "named"), [('select * from "gone"', "gone"), ("""select '": {' as a, absent from t""", "column: absent")]
)
def test_quotes_in_a_query_hide_no_words_of_the_database(from_sqlite, sql, named):
    database, load = from_sqlite
    database.execute("create table t (i integer)")
    database.commit()
    with pytest.raises(DatasetError) as caught:
        load(sql)
    assert caught.value.message.endswith(named)


def test_all_that_a_session_reads_of_postgres_is_of_one_moment(postgres, tmp_path):
    import duckdb

    postgres.run("drop table if exists one, two; create table one as select 1 as v; create table two as select 1 as v")
    options = {
        "host": "127.0.0.1",
        "port": str(postgres.port),
        "database": "shop",
        "user": "andon",
        "password": PASSWORD,
    }
    found = []
    with closing(DatabaseSession(Connection("shop", "postgres"), options, tmp_path, writes=[tmp_path])) as session:
        for table in ("one", "two"):
            columns = session.describe(f"select v from {table}", "x.sql")
            path = tmp_path / f"{table}.parquet"
            session.write(f"select v from {table}", columns, [Column("v", "INTEGER", 1)], str(path), "x.sql")
            found.append(duckdb.sql(f"select v from '{path}'").fetchone())
            postgres.run("update one set v = v + 1; update two set v = v + 1")
    assert found == [(1,), (1,)]
    assert postgres.run("select v from two") == "3"


def test_a_session_reaches_nothing_but_its_database_and_what_it_writes(from_sqlite, tmp_path):
    database, _ = from_sqlite
    database.execute("create table t (v)")
    database.commit()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    options = {"path": str(tmp_path / "shop.db")}
    with closing(
        DatabaseSession(Connection("shop", "sqlite"), options, tmp_path, writes=[tmp_path / "out"])
    ) as session:
        with pytest.raises(DatasetError):
            session.describe(f"select * from read_csv('{tmp_path}/secret.csv')", "x.sql")
        with pytest.raises(DatasetError):
            columns = session.describe("select v from t", "x.sql")
            session.write(
                "select v from t", columns, [Column("v", "VARCHAR", 1)], str(tmp_path / "elsewhere.parquet"), "x.sql"
            )


def test_a_query_that_calls_what_writes_changes_nothing(postgres, maria, from_postgres, from_maria):
    postgres.run("drop table if exists kept; create table kept as select 1 as i")
    postgres.run("create or replace function spoil() returns int language sql as 'delete from kept returning 1'")
    maria.run("create or replace sequence numbers")
    for load, writes in ((from_postgres, "spoil()"), (from_maria, "nextval(numbers)")):
        with pytest.raises(DatasetError) as caught:
            load(f"select {writes} as v")
        assert "read" in caught.value.message.lower()
    assert (postgres.run("select count(*) from kept"), maria.run("select nextval(numbers)")) == ("1", "1")


def test_what_a_server_lets_pass_beside_reading_is_taken_back(postgres, from_postgres):
    with contextlib.suppress(DatasetError):  # newer servers refuse it
        from_postgres("select lo_from_bytea(0, 'a') as v")
    assert postgres.run("select count(*) from pg_largeobject_metadata") == "0"


def test_a_query_that_fails_leaves_the_others_of_its_session(postgres, tmp_path):
    options = {
        "host": "127.0.0.1",
        "port": str(postgres.port),
        "database": "shop",
        "user": "andon",
        "password": PASSWORD,
    }
    with closing(DatabaseSession(Connection("shop", "postgres"), options, tmp_path, writes=[tmp_path])) as session:
        assert session.describe("select 1 as v", "x.sql")
        for bad in ("select nothing", "selec"):
            with pytest.raises(DatasetError):
                session.describe(bad, "x.sql")
        columns = session.describe("select 1 / (v - 1) as v from generate_series(1, 2) t (v)", "x.sql")
        with pytest.raises(DatasetError):
            session.rows("select 1 / (v - 1) as v from generate_series(1, 2) t (v)", columns, None, "x.sql")
        assert session.rows("select 5 as v", session.describe("select 5 as v", "x.sql"), None, "x.sql") == [(5,)]


def test_what_a_server_says_of_a_query_is_told_without_the_query(from_postgres, from_maria):
    for load, sql, words in (
        (from_maria, "select 'a' as b, 'Connection refused'\nfrom one where nothing = 'a'", "exist"),
        (from_maria, "select nothing,\n 'x'\nfrom (select 1) t", "Unknown column 'nothing'"),
        (from_postgres, "select nothing, 'Connection refused'", 'column "nothing" does not exist'),
        (from_postgres, "select 1 as a, 2 as a", "returns two columns called `a`"),
    ):
        with pytest.raises(DatasetError) as caught:
            load(sql)
        assert (caught.value.code, words in caught.value.message) == ("source.query_failed", True), caught.value
        assert caught.value.hint
        assert "select" not in caught.value.message


def test_a_server_that_says_nothing_is_not_waited_for_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("andon.sources.databases.mysql._PATIENCE", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        options = {"host": "127.0.0.1", "port": str(silent.getsockname()[1]), "database": "shop", "password": PASSWORD}
        with pytest.raises(DatasetError) as caught:
            DatabaseSession(Connection("shop", "mysql"), options, tmp_path)
    assert (caught.value.code, "said nothing" in caught.value.message) == ("source.unreachable", True)


def test_a_server_that_breaks_off_between_rows_is_told_as_one_that_cannot_be_reached(maria, from_maria):
    listed = "select id from information_schema.processlist where info like '%seq_1_to%' and id <> connection_id()"

    def end() -> None:
        for _ in range(100):
            for number in maria.run(listed).split():
                maria.run(f"kill {number}")
                return
            time.sleep(0.05)

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(DatasetError) as caught:
        from_maria("select seq, sleep(0.002) as s from seq_1_to_5000")
    ending.join()
    assert (caught.value.code, caught.value.retryable) == ("source.unreachable", True)
    assert "broke off" in caught.value.message or "ost connection" in caught.value.message
