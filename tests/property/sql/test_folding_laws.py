"""A query put into another one gives the rows that it gave through the dataset, whatever both look like, or nothing is given out."""

from __future__ import annotations

import contextlib
import os

import duckdb  # noqa: TID253 - the engine itself is asked
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.sql.dropping import without_column
from andon.sql.folding import folded_in
from andon.sql.tokens import tokens

#: More of them find more, and take their time.
EXAMPLES = int(os.environ.get("ANDON_FOLDING", "60"))

INNER = (
    "select a, b, c from shop.t",
    "select a, sum(b) as b, max(c) as c from shop.t group by a",
    "with x as (select * from shop.t) -- x it is\nselect a, b, c from x where b > 1",
    "from shop.t",
    "select a, b, 'it''s\n  so' as c from shop.t union all select 0, 0, '-- no'",
    "with recursive n as (select 1 as a union all select a + 1 from n where a < 3) select a, a * 2 as b, 'n' as c from n",
    'select distinct a, b /* in /* nested */ */, c from shop.t where "shop".t.a is not null',
    "values (1, 2, 'v'), (3, 4, 'w')",
)
READER = (
    "select * from {x}",
    "from {x} select a, b where a > 1",
    "-- the first\nselect z.a, z.b as v from {x} as z join shop.t as t on t.a = z.a",
    "select x.a, count(*) as n from {x} group by x.a",
    "with x as (select 7 as a), y as (select * from {x}) select y.a, x.a as one from y, x",
    'WITH\n  staging_x as (select a from {x})\nselect a from staging_x union select b from {x} as "Y"',
    "with recursive r as (select 1 as a union all select a + 1 from r where a < 2) select r.a, {x}.b from r join {x} using (a)",
    "select (select max(b) from {x}) as m, exists(from {x} where a = 1) as e",
    "select a, b, row_number() over (partition by a order by b, c) as n from {x}",
    "select a from shop.t where a in (select a from {x}) -- {x} is staging.x",
    "(select a, c from {x}) except (select a, 'b' from shop.t)",
    "select max(b) from {x}",
    "select (select max(b) from {x})",
    "select staging.x.a as a from staging.x",
    "select x as whole from {x}",
    "select count(*) from {x} x1, lateral (select x1.a as q)",
    "select * from (pivot {x} on c in ('u', 'v') using sum(b) group by a)",
)
NAMES = ("staging.x", '"staging"."x"', "STAGING.X", "staging . x")


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(config={"threads": 1}) as opened:
        opened.execute("create schema shop; create schema staging")
        yield opened


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[tuple]]:
    found = connection.execute(sql)
    return [each[0] for each in found.description], sorted(found.fetchall(), key=repr)


@given(
    inner=st.sampled_from(INNER),
    reader=st.sampled_from(READER),
    name=st.sampled_from(NAMES),
    data=st.lists(st.tuples(st.integers(0, 3) | st.none(), st.integers(0, 4), st.sampled_from("uvw")), max_size=6),
    is_view=st.booleans(),
)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_put_in_gives_the_same_rows(connection, inner, reader, name, data, is_view):
    text = reader.replace("{x}", name)
    connection.execute("create or replace table shop.t (a bigint, b bigint, c varchar)")
    for left in ("view", "table"):
        with contextlib.suppress(duckdb.CatalogException):
            connection.execute(f"drop {left} if exists staging.x")
    if data:
        connection.executemany("insert into shop.t values (?, ?, ?)", data)
    if "values" in inner:
        inner = f"select col0 as a, col1 as b, col2 as c from ({inner})"
    kind = "view" if is_view else "table"
    connection.execute(f"create {kind} staging.x as {inner}")
    types = {
        n: str(t) for n, t in zip(*(lambda r: (r.columns, r.types))(connection.sql("from staging.x")), strict=True)
    }
    bound = {n: str(t) for n, t in zip(*(lambda r: (r.columns, r.types))(connection.sql(inner)), strict=True)}
    assert bound == types, "the engine keeps what it computes"
    made = folded_in(text, "staging.x", inner, {"b": "BIGINT"} if "sum(b)" in inner else {}, ["staging.x: said"])
    if made is None:
        assert "(select max(b)" in reader or "staging.x.a" in reader or "{x}.b" in reader or "pivot" in reader, text
        return
    assert not any(t.name == "staging" and made[t.end :].lstrip().startswith(".") for t in tokens(made))
    comments = [line for line in text.split("\n") + inner.split("\n") if line.lstrip().startswith("--")]
    assert all(line.strip() in made for line in comments), "comments stay"
    before = rows(connection, text)
    connection.execute(f"drop {kind} staging.x")
    assert rows(connection, made) == before


LISTS = (
    "select {list} from shop.t",
    "with w as (select a, b, c from shop.t)\nselect\n  {list}\nfrom w\nwhere a > 0 order by all",
    "from shop.t\nselect {list}",
    "select {list} from shop.t order by a, c",
    "select distinct {list} from shop.t",
)
ITEMS = (
    "a",
    "t.b",
    "b + 1 as more",
    "{'k': [a, 2], 'z': 1} as st",
    "'x, y' as quoted",
    "case when a > 1 then 'from' end as c",
)


@given(st.sampled_from(LISTS), st.lists(st.sampled_from(ITEMS), min_size=2, max_size=5, unique=True), st.data())
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_a_query_without_a_column_gives_the_others_as_before(connection, shape, items, data):
    sql = shape.replace("{list}", ",\n  ".join(items).replace("t.b", "b" if "w\n" in shape else "t.b"))
    connection.execute("create or replace table shop.t as select i % 3 as a, i as b, 'c' as c from range(5) r(i)")
    names, before = rows(connection, sql)
    gone = data.draw(st.sampled_from(names))
    made = without_column(sql, gone.lower())
    if made is None:
        return
    others = [at for at, name in enumerate(names) if name != gone]
    assert rows(connection, made) == (
        [names[at] for at in others],
        sorted((tuple(r[a] for a in others) for r in before), key=repr),
    )
