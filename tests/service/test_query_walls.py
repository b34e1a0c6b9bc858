"""What a query can reach: the datasets of its commit and nothing else. Two walls, each tried without the other."""

from __future__ import annotations

import pytest

from andon.errors import UsageError
from andon.service.row_diffs import RowOptions
from kit.attacks import SECRET, Canary, attacks
from kit.clones import Clone, closing

REFUSED = attacks("refused", "state", "statement")
#: What reads or writes files, for the second wall.
REACHING = [(title, text) for title, text in attacks("refused", "statement") if "{" in text]

#: Queries over datasets that look like the attacks, with what they answer (None: that they do is enough).
GOOD: list[tuple[str, object]] = [
    ("with orders as (select 1 as n) from orders", [(1,)]),
    ("with orders as (from shop.orders) select count(*) from orders", [(3,)]),
    ('with "shop.orders" as (select 5 as n) select * from "shop.orders"', [(5,)]),
    ("with shop as (select 1 as n) select count(*) from shop.orders, shop", [(3,)]),
    ('with "a/b.csv" as (select 7 as n) from "a/b.csv"', [(7,)]),
    ('with "A.CSV" as (select 7 as n) from "a.csv"', [(7,)]),
    ("with x as (select 1 as n), x2 as (from x) from x2", [(1,)]),
    ("with x as (select 1 as n), y as (with x as (select n + 1 as n from x) from x) from y", [(2,)]),
    ("with recursive t(n) as (select 1 union all select n + 1 from t where n < 3) select sum(n) from t", [(6,)]),
    ("with recursive t as (select 1 as n union all select n + 1 from t where n < 3), u as (from t) from u", None),
    (
        'with recursive "t.csv"(n) as (select 1 union all select n + 1 from "t.csv" where n < 3) select max(n) from "t.csv"',
        [(3,)],
    ),
    (
        "with recursive t(k, n) using key (k) as (select 1, 1 union"
        " select t.k, t.n + 1 from t join recurring.t r using (k) where t.n < 4) from t",
        [(1, 4)],
    ),
    (
        "with recursive t as (from (select 1 as n) union all (with z as (from t) select n + 1 from z where n < 3)) select max(n) from t",
        [(3,)],
    ),
    (
        "with t as (select 1 as n), u as (with recursive t(n) as (select n from t union all select n + 1 from t where n < 3)"
        " from t) select max(n) from u",
        [(3,)],
    ),
    ("with t as (select 8 as n) select (select n from t), (select max(n) from (from t))", [(8, 8)]),
    ("with t as (select 8 as n) (from t union all from t)", [(8,), (8,)]),
    ("with t as (select 8 as n) from shop.orders o, lateral (select o.id + n as m from t) l select max(m)", [(11,)]),
    ("select max(v) from shop.orders o, lateral (select o.amount * 2 as v)", [(40,)]),
    ("select * from (pivot shop.orders on customer in ('ada', 'ben') using sum(amount) group by id) limit 1", None),
    ("with t as (from shop.orders) pivot t on customer in ('ada') using sum(amount)", None),
    ("unpivot (select id, amount from shop.orders) on id, amount", None),
    ("select unnest([1, 2]) as n", [(1,), (2,)]),
    ("from unnest([1, 2]) t(n)", [(1,), (2,)]),
    ("select sum(x) from range(4) t(x)", [(6,)]),
    ("select count(*) from generate_series(date '2024-01-01', date '2024-01-03', interval 1 day)", [(3,)]),
    ("""select value from json_each('{"a": 1}')""", [("1",)]),
    ("""select '{"a": [1, 2]}' ->> '$.a[1]' as v""", [("2",)]),
    ("select json_group_array(id) from shop.orders", None),
    ("select 'canary.csv' as name, 'read_text' as f, 'from ''x.csv''' as t", None),
    ("select customer, sum(amount) over (partition by customer order by id) from shop.orders", None),
    ("from SHOP.Orders select count(*)", [(3,)]),
    ('select count(*) from "shop"."orders"', [(3,)]),
    ("select o.customer from shop.orders o semi join marts.best b using (customer) order by 1 limit 1", [("ben",)]),
    ("select pg_typeof(id) from shop.orders limit 1", None),
    ("select count(*) from shop.orders using sample 2 rows", [(2,)]),
    ("values (1), (2)", [(1,), (2,)]),
]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    from kit.clones import FILES

    root = tmp_path_factory.mktemp("walls")
    clone = Clone(root / "acme")
    clone.fill(FILES)
    clone.run()
    with closing(clone.open()) as service:
        version = clone.leaves()["marts.totals"].version
        files = service.workspace.lake.objects.versions([version])[version].files
        other = service.workspace.lake.storage.engine_path(files[0].path)
        yield service, Canary(root / "outside", other)


def test_there_are_many_attacks():
    assert len(REFUSED) >= 450
    assert len(attacks("bounded")) >= 60


def test_the_canary_tells_who_reads_it(asked):
    if not asked[1].tells_reads():
        pytest.skip("this file system keeps no times of access")


@pytest.mark.parametrize("text", [text for _, text in REFUSED])
def test_the_first_wall_refuses_the_text(asked, text):
    service, canary = asked
    canary.forget()
    with pytest.raises(UsageError) as caught:
        service.querying.ask(canary.fill(text)).fetch()
    assert caught.value.code in ("usage.not_one_select", "lake.dataset_not_found")
    assert caught.value.hint or caught.value.problems
    assert SECRET not in str(caught.value)
    assert not canary.is_read
    assert not canary.is_written


@pytest.mark.parametrize("text", [text for _, text in REACHING])
def test_the_second_wall_holds_where_the_first_is_gone(asked, text):
    import duckdb

    service, canary = asked
    canary.forget()
    with service.workspace.readers.wide.reading("walls") as lease:
        lease.ensure(["shop.orders"], service.querying._find(service.workspace.lake.refs.resolve("main")))
        try:
            rows = lease.connection.execute(canary.fill(text)).fetchall()
        except duckdb.Error:
            rows = []
    assert SECRET not in str(rows)
    assert not canary.is_read
    assert not canary.is_written


@pytest.mark.parametrize(
    "text", [t for _, t in attacks("refused") if t.startswith(("with", "from '", "select * from '"))]
)
def test_a_condition_on_differing_rows_reads_no_file_either(asked, text):
    service, canary = asked
    canary.forget()
    head = service.workspace.lake.refs.resolve("main")
    with pytest.raises(UsageError):
        service.row_diffs.between(head, head, ["shop.orders"], RowOptions(where=f"exists ({canary.fill(text)})"))
    assert not canary.is_read


@pytest.mark.parametrize(("text", "answer"), GOOD)
def test_queries_that_only_look_so_are_answered(asked, text, answer):
    rows = asked[0].querying.ask(text).fetch()
    assert answer is None or rows == answer


@pytest.mark.parametrize("form", ["csv", "json", "parquet", "arrow"])
def test_answers_leave_by_the_one_place_where_the_engine_may_write(asked, tmp_path, form):
    import duckdb

    target = tmp_path / f"answer.{form}"
    answer = asked[0].querying.ask("select id, customer from shop.orders order by id")
    assert answer.write(target, form) == 3
    if form != "arrow":
        assert duckdb.sql(f"from '{target}' select count(*)").fetchall() == [(3,)]
    assert not list(asked[0].workspace.folder.state.glob("tmp/**/out-*"))


def test_sorting_more_than_memory_spills_although_access_is_shut(asked, tmp_path):
    from andon.base.temporary import Temporary
    from andon.engines.engine import EngineSettings
    from andon.relations.pool import Readers

    spill = Temporary([tmp_path / "spill"], "read")
    readers = Readers(EngineSettings(1, "60MB", 0, spill), tmp_path / "lake" / "data")
    with readers.wide.reading() as lease:
        rows = lease.connection.execute(
            "select sum(n) from (select row_number() over (order by m) as n from (select md5(x::varchar) as m from range(1500000) t(x)))"
        ).fetchall()
        assert rows == [(1500000 * 1500001 // 2,)]
        assert list(tmp_path.glob("spill/andon-read-*/wide"))
    readers.close()
    assert not list(tmp_path.glob("spill/*"))
