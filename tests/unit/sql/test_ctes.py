"""One CTE of a query alone: whatever stands around it, its text stays where it was."""

from __future__ import annotations

import pytest

from andon.sql.ctes import ctes_of, part_of
from andon.sql.parse import engine

QUERIES = [
    "with a as (select 1 as x), b as (select x + 1 as x from a), c as (select x * 10 as x from b) select * from c",
    "with recursive n(x) as (select 1 union all select x + 1 from n where x < 4), m as (select max(x) as x from n) from m",
    'with "A B" as (select 1 as x), b as materialized (from "A B") select * from b',
    "with a as not materialized (select ')' as x, 'with z as (' as y), b as (from a) select * from b",
    "with a as (with b as (select 3 as x) select * from b), b as (select x + 1 as x from a) select * from b",
    "/* with */ with -- as (\n a as (select 1 as x), /* , */ b as (select x from a where x in (select x from a)) from b",
]


@pytest.mark.parametrize("query", QUERIES)
def test_each_part_gives_what_it_gives_in_the_whole(query: str) -> None:
    database = engine()
    for cte in ctes_of(query):
        part = part_of(query, cte.name)
        assert part is not None
        head = query[: ctes_of(query)[-1].end]
        assert database.execute(part).fetchall() == database.execute(f'{head} from "{cte.name}"').fetchall()
        assert part[cte.start : cte.end] == query[cte.start : cte.end]


def test_what_is_not_needed_may_be_wrong() -> None:
    query = "with a as (select 1 as x), wrong as (select nope from nowhere), b as (from a) select this is no SQL"
    assert [cte.name for cte in ctes_of(query)] == ["a", "wrong", "b"]
    part = part_of(query, "B")
    assert part is not None
    assert "nowhere" not in part
    assert engine().execute(part).fetchall() == [(1,)]


def test_a_name_of_a_schema_needs_no_part() -> None:
    found = ctes_of("with orders as (select 1 as x), b as (select * from shop.orders) from b")
    assert found[1].needs == ()


#: None of these begins with a list of parts that can be read.
NONE = ["", "select 1", "with", "with a", "with a as (select", "with a as select 1", "with a as (nonsense of), b"]


@pytest.mark.parametrize("text", [*NONE, "(with a as (select 1) from a)"])
def test_what_has_no_parts(text: str) -> None:
    assert ctes_of(text) == ()
    assert part_of(text, "a") is None
