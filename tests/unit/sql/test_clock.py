"""Temporary macros give the logical time wherever the engine would give the machine's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from andon.sql.clock import shadow_macros
from andon.sql.names import CLOCK_KEYWORDS, CLOCK_NAMES

MOMENT = datetime(2020, 2, 3, 4, 5, 6, 7, tzinfo=UTC)
STAMP = ("TIMESTAMP WITH TIME ZONE", "2020-02-03 04:05:06.000007+00")
EXPECTED = {
    "now()": STAMP,
    "NOW()": STAMP,
    '"now"()': STAMP,
    "get_current_timestamp()": STAMP,
    "transaction_timestamp()": STAMP,
    "CURRENT_TIMESTAMP": STAMP,
    "today()": ("DATE", "2020-02-03"),
    "current_date": ("DATE", "2020-02-03"),
    "CURRENT_DATE": ("DATE", "2020-02-03"),
    "get_current_time()": ("TIME WITH TIME ZONE", "04:05:06.000007+00"),
    "current_time": ("TIME WITH TIME ZONE", "04:05:06.000007+00"),
    "current_localtimestamp()": ("TIMESTAMP", "2020-02-03 04:05:06.000007"),
    "localtimestamp": ("TIMESTAMP", "2020-02-03 04:05:06.000007"),
    "current_localtime()": ("TIME", "04:05:06.000007"),
    "localtime": ("TIME", "04:05:06.000007"),
    "age(timestamp '2020-01-01')": ("INTERVAL", "1 month 2 days"),
    "age(date '2020-01-01')": ("INTERVAL", "1 month 2 days"),
    "(timestamptz '2020-01-01 00:00:00+00').age()": ("INTERVAL", "1 month 2 days"),
    "age(timestamp '2020-01-01', timestamp '2019-01-01')": ("INTERVAL", "1 year"),
    "ago(interval 1 day)": ("TIMESTAMP WITH TIME ZONE", "2020-02-02 04:05:06.000007+00"),
}


def connect() -> Any:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set timezone = 'UTC'")
    return connection


def pin(connection: Any, moment: datetime = MOMENT) -> None:
    for statement in shadow_macros(moment):
        connection.execute(statement)


@pytest.mark.parametrize("text", EXPECTED)
def test_value_and_type(text: str) -> None:
    connection = connect()
    query = f"select typeof(x), x::varchar from (select {text} as x)"
    real = connection.execute(query).fetchall()
    pin(connection)
    pinned = connection.execute(query).fetchall()
    assert pinned == [EXPECTED[text]]
    assert pinned[0][0] == real[0][0], "the type is the engine's own"


@pytest.mark.parametrize(
    "query",
    [
        "select * from v",
        "with c as (select now() as x) select x from c",
        "select (select now())",
        "select x from (select 1) t, lateral (select now() as x) l",
        "select max(now()) over ()",
        "select now() group by now() having now() = now() order by now()",
        "select list_transform([1], lambda i: now())[1]",
        "select x from t",
    ],
)
def test_it_holds_in_every_place(query: str) -> None:
    connection = connect()
    connection.execute("create view v as select now() as x")
    connection.execute("create table t (a integer, x timestamptz default now())")
    pin(connection)
    connection.execute("insert into t (a) values (1)")
    assert connection.execute(f"select (({query})::timestamptz)::varchar").fetchall() == [(STAMP[1],)]


def test_names_of_columns_stay() -> None:
    connection = connect()
    query = "select now(), current_date, age(date '2020-01-01'), localtime"
    names = [column[0] for column in connection.execute(query).description]
    pin(connection)
    assert [column[0] for column in connection.execute(query).description] == names


def test_another_moment_takes_the_place_of_the_first() -> None:
    connection = connect()
    pin(connection)
    pin(connection, datetime(1, 1, 1, tzinfo=UTC))
    assert connection.execute("select today()::varchar").fetchall() == [("0001-01-01",)]


def test_every_name_that_counts_as_clock_is_shadowed() -> None:
    text = " ".join(shadow_macros(MOMENT)).lower()
    for name in CLOCK_NAMES | CLOCK_KEYWORDS:
        assert f"temp macro {name}(" in text
