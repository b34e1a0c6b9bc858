"""What a query can reach: the datasets of its commit and nothing else. Two walls, each tried without the other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from andon.errors import UsageError
from andon.service.row_diffs import RowOptions
from kit.clones import Clone, closing

SECRET = "canary7f3a"

#: `{f}` stands for a CSV file outside of the lake, `{j}` for a JSON file, `{p}` for a Parquet file, `{d}` for their folder.
READING = {
    "a recursive CTE whose anchor reads the file": """
        with recursive "{f}" as (select * from "{f}" union all select * from "{f}" where false) select * from "{f}"
        with recursive "{f}"(a, b) using key (a) as (from "{f}" union select * from "{f}" where false) from "{f}"
        with recursive "{f}" as materialized (from "{f}" union all from "{f}" where false) from "{f}"
        with recursive "{f}" as not materialized (from "{f}" union all from "{f}" where false) from "{f}"
        with recursive "{f}" as (select * from (select * from "{f}") union from "{f}" where false) from "{f}"
        with recursive "{f}" as ((with z as (from "{f}") from z) union all from "{f}" where false) from "{f}"
        with recursive "{f}" as (with z as (from "{f}") from z union all from "{f}" where false) from "{f}"
        with recursive z as (with recursive "{f}" as (from "{f}" union all from "{f}" where false) from "{f}") from z
        select * from (with recursive "{f}" as (from "{f}" union all from "{f}" where false) from "{f}")
        select (with recursive "{f}" as (select a from "{f}" union all select a from "{f}" where false) select a from "{f}")
        with recursive "{j}" as (from "{j}" union all from "{j}" where false) from "{j}"
        with recursive "{p}" as (from "{p}" union all from "{p}" where false) from "{p}"
        from shop.orders where customer in (with recursive "{f}" as (select a from "{f}" union select a from "{f}") from "{f}")""",
    "a CTE that is not in scope where it is read": """
        with "{f}" as (select * from "{f}") from "{f}"
        with recursive "{f}" as (from "{f}") from "{f}"
        with x as (from "{f}"), "{f}" as (select 1) from x
        with recursive x as (from "{f}"), "{f}" as (select 1) from x
        with recursive x as (select a from "{f}" union all select a from x where false), "{f}" as (select 1) from x
        select * from (with "{f}" as (select 1 c) from "{f}") s, "{f}"
        (with "{f}" as (select 'x' a, 'y' b) from "{f}") union all from "{f}"
        select (with "{f}" as (select 1 c) select c from "{f}"), (select a from "{f}" limit 1)
        with "{f}" as (select 1 c) from "main"."{f}"
        with "{f}" as (select 1 c) from recurring."{f}"
        with "{F}" as (select 1 c), y as (with "ä{f}" as (select 2 c) from "Ä{f}") from y""",
    "the file by its name": """
        from '{f}'
        from "{f}"
        table "{f}"
        select * from '{j}'
        select * from '{p}'
        select * from 'file://{f}'
        select * from '{d}/*.csv'
        select * from '{d}/../{leaf}/canary.csv'
        select a from shop.orders, '{f}'
        select a from shop.orders natural join "{f}"
        select * from shop.orders where exists (from "{f}")
        select * from shop.orders where customer = any(select a from "{f}")
        select (select a from "{f}" limit 1) as a
        select array(select a from "{f}")
        select * from shop.orders order by (select a from "{f}" limit 1)
        select * from shop.orders limit (select count(*) from "{f}")
        select customer from shop.orders group by all having count(*) > (select count(*) from "{f}")
        select customer from shop.orders qualify row_number() over () < (select count(*) from "{f}")
        select distinct on ((select a from "{f}" limit 1)) customer from shop.orders
        select sum(amount) filter (where exists (from "{f}")) from shop.orders
        select sum(amount) over (partition by (select a from "{f}" limit 1)) from shop.orders
        select list_transform([1], lambda x: (select a from "{f}" limit 1))
        values ((select a from "{f}" limit 1))
        select 1 union all (select 2 from "{f}")
        select * from (values ((select a from "{f}" limit 1))) t(x)
        select o.id, l.* from shop.orders o, lateral (select a from "{f}" where o.id > 0) l
        pivot "{f}" on a in ('x') using count(*)
        pivot shop.orders on customer in (select a from "{f}") using sum(amount)
        unpivot "{f}" on a, b
        select * from unnest((select [a] from "{f}" limit 1))
        select * from range((select count(*) from "{f}"))
        from (describe "{f}")
        from (summarize "{f}")
        describe "{f}"
        summarize "{f}"
        select * from "{d}"."canary.csv"
        select * from "{d}/canary".csv
        select * from "{d}/x/..".".canary.csv\"""",
    "a function that reads files": """
        from read_csv('{f}')
        from read_csv_auto('{f}')
        from read_json('{j}')
        from read_ndjson_objects('{j}')
        from read_parquet('{p}')
        from parquet_scan('{p}')
        from parquet_metadata('{p}')
        from parquet_schema('{p}')
        from read_text('{f}')
        from read_blob('{f}')
        from glob('{d}/*')
        from sniff_csv('{f}')
        from system.main.read_csv('{f}')
        from "READ_TEXT"('{f}')
        from query('from ''{f}''')
        from query_table('{f}')
        from query_table(['{f}'])
        from json_execute_serialized_sql(json_serialize_sql('from ''{f}'''))
        select * from shop.orders, lateral (from read_text('{f}'))
        select (select content from read_text('{f}'))
        from read_duckdb('{f}')
        from sqlite_scan('{f}', 'x')""",
}
STATE = """
    from pg_settings
    from pg_catalog.pg_settings
    with recursive pg_settings as (from pg_settings union all from pg_settings where false) from pg_settings
    with recursive duckdb_settings as (from duckdb_settings union all from duckdb_settings where false) from duckdb_settings
    with recursive sqlite_master as (from sqlite_master union all from sqlite_master where false) from sqlite_master
    with pg_settings as (from pg_settings) from pg_settings
    with x as (from duckdb_views), duckdb_views as (select 1) from x
    from duckdb_settings()
    from duckdb_secrets()
    from duckdb_views()
    from duckdb_databases()
    from pragma_database_list
    from pragma_table_info('shop.orders')
    from information_schema.tables
    from system.information_schema.tables
    from main.sqlite_master
    select current_setting('temp_directory')
    select getenv('HOME')
    select getvariable('x')
    select current_query()
    from which_secret('s3://x', 's3')
    from enable_logging(storage := 'file', storage_path := '/tmp/x')
    from enable_profiling()
    from checkpoint()
    from test_all_types()
    from memory.main.x
    from lake_1.shop.orders
    from "lake_1"."shop"."orders"
    from "shop.orders"
    from (show tables)
    from (show databases)""".strip().split("\n")
STATEMENTS = """
    copy shop.orders to '{d}/out.csv'
    copy (select 1) to '{d}/out.csv'
    explain analyze copy (select 1) to '{d}/out.csv'
    create table t as from '{f}'
    create macro m() as table from '{f}'
    attach '{d}/out.db'
    export database '{d}/out'
    install httpfs
    load '{f}'
    set enable_external_access = true
    reset allowed_directories
    pragma database_list
    call pragma_version()
    select 1; from '{f}'
    prepare q as from '{f}'
    with x as (delete from shop.orders returning *) from x
    use memory""".strip().split("\n")


def _texts(listed: str) -> list[str]:
    return [line.strip() for line in listed.strip().split("\n")]


READS = [(kind, text) for kind, listed in READING.items() for text in _texts(listed)]

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


class Canary:
    """Files that nobody may read, and whether somebody did."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        folder.mkdir()
        self.folder = folder
        self.csv, self.json, self.parquet = (folder / f"canary.{kind}" for kind in ("csv", "json", "parquet"))
        self.csv.write_text(f"a,b\n{SECRET},1\n")
        self.json.write_text(f'{{"a": "{SECRET}", "b": 1}}\n')
        duckdb.sql(f"copy (select '{SECRET}' as a, 1 as b) to '{self.parquet}'")
        self.files = (self.csv, self.json, self.parquet)

    def fill(self, text: str) -> str:
        filled = (
            text.replace("{f}", str(self.csv)).replace("{F}", str(self.csv).upper()).replace("{leaf}", self.folder.name)
        )
        return filled.replace("{j}", str(self.json)).replace("{p}", str(self.parquet)).replace("{d}", str(self.folder))

    def forget(self) -> None:
        for file in self.files:
            os.utime(file, ns=(0, file.stat().st_mtime_ns))

    @property
    def is_read(self) -> bool:
        """Whether the system saw a read of a file since `forget`; reading moves the time of access forward from 0."""
        return any(file.stat().st_atime_ns for file in self.files)

    def tells_reads(self) -> bool:
        self.forget()
        self.csv.read_bytes()
        return self.is_read


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    from kit.clones import FILES

    root = tmp_path_factory.mktemp("walls")
    clone = Clone(root / "acme")
    for path, text in FILES.items():
        clone.write(path, text)
    clone.run()
    canary = Canary(root / "outside")
    with closing(clone.open()) as service:
        yield service, canary


def test_there_are_many_attacks():
    assert len(READS) + len(STATE) + len(STATEMENTS) >= 120


def test_the_canary_tells_who_reads_it(asked):
    if not asked[1].tells_reads():
        pytest.skip("this file system keeps no times of access")


@pytest.mark.parametrize("text", [t for _, t in READS] + [t.strip() for t in (*STATE, *STATEMENTS)])
def test_the_first_wall_refuses_the_text(asked, text):
    service, canary = asked
    canary.forget()
    with pytest.raises(UsageError) as caught:
        service.querying.ask(canary.fill(text)).fetch()
    assert caught.value.code in ("usage.not_one_select", "lake.dataset_not_found")
    assert caught.value.hint or caught.value.problems
    assert SECRET not in str(caught.value)
    assert not canary.is_read
    assert not [path for path in canary.folder.iterdir() if path not in canary.files]


@pytest.mark.parametrize("text", [t for _, t in READS] + [t.strip() for t in STATEMENTS])
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
    assert not [path for path in canary.folder.iterdir() if path not in canary.files]


@pytest.mark.parametrize("text", [t for _, t in READS if t.startswith(("with", "from '", "select *"))])
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
