"""What a query allows of a table that grows: which inputs may get more rows, and which rows hang on which."""

import pytest

from andon.model.growth import Grain
from andon.sql.growth.query import grows_with, rows_apart

EVENTS = [("id", "BIGINT"), ("ts", "TIMESTAMP"), ("c", "VARCHAR"), ("v", "DOUBLE")]
SCHEMAS = {
    "shop.events": EVENTS,
    "shop.more": EVENTS,
    "shop.cust": [("c", "VARCHAR"), ("day", "DATE"), ("id", "BIGINT")],
}


@pytest.mark.parametrize(
    "sql",
    [
        "select id, v * 2 as w from shop.events where v > 1 order by v",
        "select e.* from shop.events e join shop.cust c using (c)",
        "select e.* from shop.events e left join shop.cust c using (c)",
        "select e.* from shop.cust c right join shop.events e using (c)",
        "select id, unnest([1, 2]) as n from shop.events",
        "with t as (select * from shop.events) select * from t where c in (select c from shop.cust)",
        "select * from shop.events e where exists (select 1 from shop.cust k where k.c = e.c)",
        "select id, (select max(day) from shop.cust k where k.c = e.c) as m from shop.events e",
        "select e.* from shop.events e asof left join shop.cust k on e.c = k.c and e.ts >= k.day",
    ],
)
def test_rows_of_these_come_one_by_one(sql):
    assert grows_with(sql, SCHEMAS, (), ["shop.events"]).inputs == {"shop.events"}


def test_parts_beside_each_other_grow_together():
    sql = "select * from shop.events union all select * from shop.more"
    assert grows_with(sql, SCHEMAS, (), ["shop.events"]).inputs == {"shop.events", "shop.more"}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select count(*) as n from shop.events", "grouped"),
        ("select *, row_number() over () as n from shop.events", "window"),
        ("select distinct c from shop.events", "distinct"),
        ("select * from shop.events limit 3", "limit"),
        ("select a.* from shop.events a join shop.events b using (id)", "joined with each other"),
        ("select k.* from shop.cust k left join shop.events e using (c)", "which rows of the other"),
        ("select k.* from shop.cust k where c in (select c from shop.events)", "which rows of the other"),
        ("select k.*, e.v from shop.cust k full join shop.events e using (c)", "which rows of the other"),
        ("select c from shop.events union select c from shop.cust", "union all"),
        ("select c from shop.events except select c from shop.cust", "except"),
        ("select id from shop.events union all select 1", "written out"),
        ("select id from shop.events positional join (select 1 as n)", "positional"),
        (
            "with recursive t as (select id from shop.events union all select id - 1 from t where id > 0) from t",
            "recurs",
        ),
        ("select k.id, (select sum(v) from shop.events e where e.c = k.c) as s from shop.cust k", "grouped"),
    ],
)
def test_of_these_a_new_row_changes_more(sql, why):
    found = grows_with(sql, SCHEMAS, (), ["shop.events"])
    assert not found.inputs
    assert why in found.reason


@pytest.mark.parametrize(
    ("sql", "columns", "inputs", "whole"),
    [
        ("select c, count(*) as n from shop.events group by c", ["c"], {"shop.events": "c"}, []),
        (
            "select * from shop.events qualify row_number() over (partition by id order by ts desc) = 1",
            ["id"],
            {"shop.events": "id"},
            [],
        ),
        (
            "select k.c, count(e.id) as n from shop.cust k left join shop.events e on e.c = k.c group by 1",
            ["c"],
            {"shop.cust": "c", "shop.events": "c"},
            [],
        ),
        (
            "select 'w' as src, id from shop.events union all select 'm', id from shop.more",
            ["id"],
            {"shop.events": "id", "shop.more": "id"},
            [],
        ),
        ("select distinct on (c) * from shop.events order by ts", ["c"], {"shop.events": "c"}, []),
        (
            "select id from shop.events where c in (select c from shop.cust)",
            ["id"],
            {"shop.events": "id"},
            ["shop.cust"],
        ),
        (
            "select id from shop.events except select id from shop.cust",
            ["id"],
            {"shop.events": "id", "shop.cust": "id"},
            [],
        ),
        (
            "select id, k.day from shop.events e cross join (select max(day) as day from shop.cust) k",
            ["id"],
            {"shop.events": "id"},
            ["shop.cust"],
        ),
        (
            "with t as (select id, v from shop.events) select id, sum(v) as s from t group by id",
            ["id"],
            {"shop.events": "id"},
            [],
        ),
        ("select id, sum(v) over (partition by c) as s from shop.events", ["id"], {}, ["shop.events"]),
        ("select k.c from shop.events e left join shop.cust k on e.c = k.c", ["c"], {}, ["shop.cust", "shop.events"]),
        ("select id + 1 as id from shop.events", ["id"], {}, ["shop.events"]),
        ("select id from shop.events order by ts limit 5", ["id"], {}, ["shop.events"]),
        ("select id, c from shop.events group by rollup (id, c)", ["id"], {}, ["shop.events"]),
        ("select distinct on (c) id from shop.events", ["id"], {}, ["shop.events"]),
        ("select id from shop.events union all select (select max(id) from shop.events)", ["id"], {}, ["shop.events"]),
    ],
)
def test_which_keys_hang_on_which(sql, columns, inputs, whole):
    found = rows_apart(sql, SCHEMAS, (), columns)
    assert {name: ways for name, ways in found.inputs.items()} == {name: ((by,),) for name, by in inputs.items()}
    assert sorted(found.whole) == whole


@pytest.mark.parametrize(
    ("expression", "grain", "is_told"),
    [
        ("ts", Grain.HOUR, True),
        ("date_trunc('day', ts)", Grain.DAY, True),
        ("date_trunc('day', ts)", Grain.WEEK, True),
        ("date_trunc('week', ts)", Grain.WEEK, True),
        ("date_trunc('week', ts)", Grain.MONTH, False),
        ("date_trunc('month', ts)", Grain.DAY, False),
        ("date_trunc('month', ts)::date", Grain.YEAR, True),
        ("ts::date", Grain.DAY, True),
        ("ts::date", Grain.HOUR, False),
        ("ts::date::timestamp", Grain.MONTH, True),
        ("ts + interval 1 day", Grain.DAY, False),
        ("cast(c as timestamp)", Grain.DAY, False),
    ],
)
def test_intervals_are_kept_by_what_cuts_to_a_part_of_them(expression, grain, is_told):
    sql = f"select {expression} as d, count(*) as n from shop.events group by 1"
    assert bool(rows_apart(sql, SCHEMAS, (), ["d"], grain).inputs) == is_told


def test_what_can_not_be_read_has_a_reason():
    assert grows_with("select nothing from shop.events", SCHEMAS, (), ["shop.events"]).reason
    assert rows_apart("select nothing from shop.events", SCHEMAS, (), ["nothing"]).reason
