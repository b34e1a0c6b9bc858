"""Databases that are asked only for what is new: what is published is what one full load would give, as far as the mode promises."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from andon.errors import ProjectError
from kit.clones import Clone
from kit.empty_engine import database
from kit.servers import PASSWORD

START = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - as a database without zones has it
KEYED = "key: id\nload: {{by: cursor, column: ts, lookback: {lookback}, compare: {compare}}}"
UPSERTED = "key: id\nload: {{by: cursor, column: ts, lookback: {lookback}}}"
APPENDED = "load: {{by: cursor, column: ts, lookback: {lookback}}}"


class Clock:
    """A clock that goes on by an hour with each question."""

    def __init__(self) -> None:
        self.now = (START + timedelta(days=100)).replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(hours=1)
        return self.now


class Shop:
    """A table `orders(id, v, ts)` in some database, and a project that loads it."""

    def __init__(self, root, kind: str, run: Callable[[str], object], toml: str, cursor: str = "timestamp") -> None:
        self.kind, self.run = kind, run
        self.clone = Clone(root / "acme", clock=Clock(), environ={"SHOP_PASSWORD": PASSWORD})
        self.clone.write("andon.toml", toml)
        self.run("drop table if exists orders")
        types = {"sqlite": {"timestamp": "text"}, "maria": {"timestamp": "datetime(6)", "text": "varchar(40)"}}
        self.run(f"create table orders (id integer, v integer, ts {types.get(kind, {}).get(cursor, cursor)})")

    def source(self, front: str, sql: str = "select id, v, ts from orders", **values: object) -> None:
        self.clone.write(
            "sources/shop/orders.sql", f"/*---\nconnection: shop\n{front.format(**values)}\n---*/\n{sql}\n"
        )

    def insert(self, number: int, v: int, ts: object) -> None:
        self.run(f"insert into orders values ({number}, {v}, {'null' if ts is None else repr(str(ts))})")

    def loaded(self) -> list[tuple]:
        return sorted(self.clone.ask("select id, v, ts::varchar from shop.orders"), key=repr)

    def refresh(self) -> str:
        """Load; returns what the task says."""
        result = self.clone.refresh()
        (task,) = (task for task in result.tasks if task.dataset == "shop.orders")
        assert task.error is None, task.error
        return task.reason


def shop_of(kind: str, root, servers: pytest.FixtureRequest, cursor: str = "timestamp") -> Shop:
    if kind == "duckdb":

        def run(sql: str) -> None:
            with database(root / "shop.duckdb") as connection:
                connection.execute(sql)

        return Shop(root, kind, run, f'[connections.shop]\nkind = "duckdb"\npath = "{root}/shop.duckdb"\n', cursor)
    if kind == "sqlite":
        opened = sqlite3.connect(root / "shop.db", isolation_level=None)
        toml = f'[connections.shop]\nkind = "sqlite"\npath = "{root}/shop.db"\n'
        return Shop(root, kind, opened.execute, toml, cursor)
    server = servers.getfixturevalue(kind)
    return Shop(root, kind, server.run, server.connection(), cursor)


@pytest.fixture
def shop(tmp_path, request) -> Shop:
    return shop_of("duckdb", tmp_path, request)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


KINDS = ["duckdb", "sqlite", "postgres", "maria"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_story(kind, tmp_path, request):
    """Late rows, rows with the greatest cursor, corrections, deletions, undo: on each kind of database."""
    shop = shop_of(kind, tmp_path, request)
    shop.source(KEYED, lookback="2h", compare="1w")
    for number, hours in ((1, 0), (2, 1), (3, 1)):
        shop.insert(number, number, at(hours))
    shop.clone.run()
    files = shop.clone.leaves()["shop.orders"]
    assert shop.refresh() == "the database holds nothing new"
    assert shop.clone.leaves()["shop.orders"] == files
    shop.insert(4, 4, at(1))  # as late as the greatest
    shop.insert(5, 5, f"{at(0)}.000001" if kind == "sqlite" else at(0) + timedelta(microseconds=1))
    shop.insert(6, 6, None)
    assert shop.refresh() == "3 rows new or changed; 1 row without `ts`: asked for each time"
    assert [row[0] for row in shop.loaded()] == [1, 2, 3, 4, 5, 6]
    assert ".000001" in shop.loaded()[4][2]
    before = shop.loaded()
    shop.run(f"update orders set v = 30, ts = '{at(3)}' where id = 3")
    shop.run("delete from orders where id = 1")
    assert shop.refresh().startswith("1 row new or changed")
    assert {row[0]: row[1] for row in shop.loaded()} == {1: 1, 2: 2, 3: 30, 4: 4, 5: 5, 6: 6}
    shop.clone.undo()
    assert "undone" in shop.refresh()
    assert shop.loaded() == before
    shop.run("update orders set v = 31 where id = 3")
    shop.refresh()
    assert {row[0]: row[1] for row in shop.loaded()} == {1: 1, 2: 2, 3: 31, 4: 4, 5: 5, 6: 6}
    shop.clone.clock.now += timedelta(weeks=1)
    assert "1 row gone" in shop.refresh()
    assert [row[0] for row in shop.loaded()] == [2, 3, 4, 5, 6]


#: A type, a value, and the least one above it.
CURSORS = {
    "duckdb": [
        ("bigint", "9007199254740993", "9007199254740994"),
        ("date", "'2026-02-27'", "'2026-02-28'"),
        ("timestamptz", "'2026-02-28 12:00:00.000001+00'", "'2026-02-28 12:00:00.000002+00'"),
        ("decimal(20, 3)", "12345678901234567.001", "12345678901234567.002"),
        ("varchar", "'it''s a'", "'it''s b'"),
    ],
    "sqlite": [("integer", "7", "8"), ("text", "'it''s a'", "'it''s b'")],
    "postgres": [
        ("bigint", "9007199254740993", "9007199254740994"),
        ("date", "'2026-02-27'", "'2026-02-28'"),
        ("timestamptz", "'2026-02-28 12:00:00.000001+00'", "'2026-02-28 12:00:00.000002+00'"),
        ("timestamp", "'2026-02-28 12:00:00.000001'", "'2026-02-28 12:00:00.000002'"),
        ("numeric(20, 3)", "12345678901234567.001", "12345678901234567.002"),
        ("text", "'it''s \\ a'", "'it''s \\ b'"),
    ],
    "maria": [
        ("bigint", "9007199254740993", "9007199254740994"),
        ("date", "'2026-02-27'", "'2026-02-28'"),
        ("timestamp(6)", "'2026-02-28 12:00:00.000001'", "'2026-02-28 12:00:00.000002'"),
        ("datetime(6)", "'2026-02-28 12:00:00.000001'", "'2026-02-28 12:00:00.000002'"),
        ("decimal(20, 3)", "12345678901234567.001", "12345678901234567.002"),
        ("varchar(40)", "'it''s \\\\ a'", "'it''s \\\\ b'"),
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_cursors_of_each_type_go_on_where_they_were(kind, tmp_path, request):
    """Nothing is asked for again but what has the greatest cursor, and nothing above it is missed."""
    shop = shop_of(kind, tmp_path, request)
    for n, (type_, first, _) in enumerate(CURSORS[kind]):
        shop.run(f"drop table if exists t{n}")
        shop.run(f"create table t{n} (id integer, v integer, ts {type_})")
        shop.run(f"insert into t{n} values (1, 0, {first})")
        front = "/*---\nconnection: shop\nload: {by: cursor, column: TS}\n---*/\n"
        shop.clone.write(f"sources/shop/t{n}.sql", f"{front}select id, v, ts from t{n}\n")
    shop.clone.run()
    for n, (_, first, later) in enumerate(CURSORS[kind]):
        shop.run(f"insert into t{n} values (2, 0, {first}), (3, 0, {later})")
    assert {task.reason for task in shop.clone.refresh().tasks} == {"2 rows new"}
    for n, (_, _, later) in enumerate(CURSORS[kind]):
        shop.run(f"insert into t{n} values (4, 0, {later})")
        shop.run(f"update t{n} set v = 9 where id = 1")  # below the greatest: not asked for
    assert {task.reason for task in shop.clone.refresh().tasks} == {"1 row new"}
    for n in range(len(CURSORS[kind])):
        assert sorted(shop.clone.ask(f"select id, v from shop.t{n}")) == [(1, 0), (2, 0), (3, 0), (4, 0)]
    head = shop.clone.head().id
    assert shop.clone.refresh().commit == head


@pytest.mark.parametrize("seed", range(int(os.environ.get("ANDON_LOADS", "2"))))
def test_with_a_comparison_each_load_gives_what_a_full_one_would(shop, seed):
    """The law: whatever happened to the rows since, as long as a change moves the cursor, each load shows the database as it is.

    Undone loads stay out while they would come to the same rows; branches have cursors of their own.
    """
    chance = random.Random(seed)
    shop.source(KEYED, lookback="1h", compare="1s")
    shop.insert(0, 0, at(0))
    shop.clone.run()
    hour, next_id, undone = 0.0, 1, set[tuple]()
    shown = [shop.loaded()]
    for step in range(14):
        what = chance.choice(("insert", "insert", "update", "delete", "late", "none", "load", "load", "undo", "branch"))
        hour += chance.choice((0, 0, 0.5, 3))
        here = [row[0] for row in held(shop)]
        if what in ("insert", "late", "none"):
            back = chance.choice((0.5, 30)) if what == "late" else 0
            shop.insert(next_id, step, None if what == "none" else at(hour - back))
            next_id += 1
        elif what == "update" and here:
            shop.run(f"update orders set v = {step}, ts = '{at(hour)}' where id = {chance.choice(here)}")
        elif what == "delete" and here:
            shop.run(f"delete from orders where id = {chance.choice(here)}")
        elif what == "undo" and len(shown) > 1:
            shop.clone.undo()
            undone.add(tuple(shown.pop()))
        elif what == "branch":
            name = f"b{step}"
            shop.clone.branch(name)
            shop.clone.refresh(branch=name)
            assert sorted(shop.clone.ask("select id, v, ts::varchar from shop.orders", name), key=repr) in (
                held(shop),
                shown[-1],
            )
        elif what == "load":
            shop.refresh()
            if held(shop) != shown[-1] and tuple(held(shop)) not in undone:
                shown.append(held(shop))
        assert shop.loaded() == shown[-1], (seed, step, what)


def held(shop: Shop) -> list[tuple]:
    """What the database holds now."""
    with database(shop.clone.root.parent / "shop.duckdb", read_only=True) as connection:
        return sorted(connection.execute("select id, v, ts::varchar from orders").fetchall(), key=repr)


@pytest.mark.parametrize("seed", range(int(os.environ.get("ANDON_LOADS", "2"))))
def test_what_is_only_added_is_added_once(shop, seed):
    """The law without a key: each row stands there as often as it ever stood in the database at a load, rows that are equal included."""
    chance = random.Random(seed)
    shop.source(APPENDED, lookback="1000h")
    shop.insert(0, 0, at(0))
    shop.clone.run()
    promised = Counter(map(tuple, held(shop)))
    undone = set[tuple]()
    shown = [promised]
    for step in range(14):
        what = chance.choice(("insert", "insert", "again", "delete", "load", "load", "undo"))
        if what == "insert":
            shop.insert(chance.randrange(4), 0, chance.choice((at(step), at(step - 30), None)))
        elif what == "again":
            shop.run("insert into orders select * from orders limit 1")
        elif what == "delete":
            shop.run("delete from orders where rowid = (select max(rowid) from orders)")
        elif what == "undo" and len(shown) > 1:
            shop.clone.undo()
            undone.add(tuple(sorted(shown.pop().items(), key=repr)))
        elif what == "load":
            shop.refresh()
            comes = shown[-1] | Counter(map(tuple, held(shop)))
            if comes != shown[-1] and tuple(sorted(comes.items(), key=repr)) not in undone:
                shown.append(comes)
        assert Counter(map(tuple, shop.loaded())) == shown[-1], (seed, step, what)


def test_sqlite_is_asked_for_no_old_row(tmp_path, request):
    """There only values say what a column is: those of old rows are not looked at again."""
    shop = shop_of("sqlite", tmp_path, request)
    shop.source(UPSERTED, lookback="1h")
    for number, hours in ((1, 0), (2, 9)):
        shop.insert(number, number, at(hours))
    shop.clone.run()
    shop.run("update orders set v = 'two' where id = 1")
    assert shop.refresh() == "the database holds nothing new"
    shop.run(f"update orders set v = 'two', ts = '{at(9)}' where id = 1")
    (task,) = shop.clone.refresh().tasks
    assert (task.error or {})["code"] == "source.contract"


def test_a_cursor_that_goes_back_asks_for_all(shop):
    shop.source(UPSERTED, lookback="1h")
    for number, hours in ((1, 0), (2, 5)):
        shop.insert(number, 0, at(hours))
    shop.clone.run()
    shop.run("delete from orders")
    shop.insert(3, 0, at(1))  # a copy from before was put in its place
    assert "went back from 2026-03-01 17:00:00" in shop.refresh()
    assert [row[0] for row in shop.loaded()] == [1, 2, 3]
    shop.insert(4, 0, at(1.5))
    assert shop.refresh() == "1 row new or changed"


def test_one_wrong_clock_does_not_hide_what_comes(shop):
    shop.source(APPENDED, lookback="1h")
    shop.insert(1, 0, "2126-01-01")
    shop.insert(2, 0, "infinity")
    shop.insert(3, 0, at(0))
    shop.clone.run()
    shop.insert(4, 0, at(0))  # as late as the greatest one that may be true
    assert shop.refresh() == "1 row new; 2 rows with `ts` in the future: asked for each time until then"
    assert [row[0] for row in shop.loaded()] == [1, 2, 3, 4]


def test_only_files_with_rows_that_changed_are_written_anew(shop):
    shop.source(UPSERTED, lookback="1h")
    for day in range(3):
        shop.run(f"insert into orders select i + {day * 1000}, 0, timestamp '{at(day * 24)}' from range(1000) t(i)")
        shop.clone.run() if day == 0 else shop.refresh()
    before = files(shop)
    assert len(before) == 3
    shop.run(f"update orders set v = 1, ts = '{at(60)}' where id = 1500")
    shop.refresh()
    after = files(shop)
    assert (before[0] in after, before[1] in after, before[2] in after, len(after)) == (True, False, True, 4)
    assert shop.clone.ask("select count(*), sum(v), count(distinct id) from shop.orders") == [(3000, 1, 3000)]


def files(shop: Shop) -> list[str]:
    with shop.clone.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves["shop.orders"]
        return [file.path for file in lake.objects.versions([leaf.version])[leaf.version].files]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: s.source(UPSERTED, "select id, v + 1 as v, ts from orders", lookback="1h"), "its query"),
        (lambda s: s.source(UPSERTED.replace("key: id", "key: [id, v]"), lookback="1h"), "its query, key"),
        (lambda s: s.source(UPSERTED.replace("key: id", "key: id\nrecorded: 1"), lookback="1h"), "its query"),
    ],
)
def test_what_a_load_can_not_go_on_from_is_loaded_whole(shop, change, why):
    shop.source(UPSERTED, lookback="1h")
    shop.insert(1, 0, at(0))
    shop.insert(2, 0, at(9))
    shop.clone.run()
    shop.run("update orders set v = 5 where id = 1")  # without a new cursor: only a whole load sees it
    shop.refresh()
    assert shop.loaded()[0][1] == 0
    change(shop)
    (task,) = shop.clone.run().tasks
    assert task.reason.startswith(f"all rows: {why}")
    assert shop.loaded()[0][1] >= 5
    shop.source(UPSERTED, lookback="8h")
    assert shop.clone.run().run is not None


@pytest.mark.parametrize("how", ["run", "refresh"])
def test_all_rows_are_loaded_where_somebody_wants_that(shop, how):
    shop.source(UPSERTED, lookback="1h")
    shop.insert(1, 0, at(0))
    shop.insert(2, 0, at(9))
    shop.clone.run()
    shop.run("update orders set v = 5 where id = 1")
    (task,) = getattr(shop.clone, how)(full=True).tasks
    assert (task.error, task.note) == (None, "all rows: asked for")
    assert shop.loaded()[0][1] == 5


def test_another_lookback_goes_on(shop):
    shop.source(UPSERTED, lookback="1h")
    shop.insert(1, 0, at(0))
    shop.insert(2, 0, at(9))
    shop.clone.run()
    shop.run("update orders set v = 5 where id = 1")
    shop.source(UPSERTED, lookback="10h")
    shop.clone.run()
    assert shop.refresh() == "1 row new or changed"


def test_new_columns_load_whole(shop):
    shop.source(UPSERTED + "\nschema: add", "select * from orders", lookback="1h")
    shop.insert(1, 0, at(0))
    shop.insert(2, 0, at(9))
    shop.clone.run()
    shop.run("alter table orders add column country varchar default 'NL'")
    assert shop.refresh() == "all rows: its columns changed"
    assert shop.clone.ask("select count(country) from shop.orders") == [(2,)]


def test_a_query_that_fails_half_way_leaves_all_as_it_was(tmp_path, request):
    shop = shop_of("postgres", tmp_path, request)
    shop.source(UPSERTED, "select id, 10 / (5 - v) as v, ts from orders", lookback="1h")
    shop.insert(1, 0, at(0))
    shop.clone.run()
    before = shop.loaded(), files(shop)
    for number in range(2, 40):
        shop.insert(number, 5 if number == 39 else 0, at(number))
    result = shop.clone.refresh()
    assert not result.published
    assert "division by zero" in str(result.tasks[0].error)
    assert (shop.loaded(), files(shop)) == before
    folder = shop.clone.root / ".andon/lake/data/shop"
    assert [f"data/shop/{each.name}" for each in folder.iterdir()] == before[1]
    shop.run("update orders set v = 4 where id = 39")
    shop.refresh()
    assert len(shop.loaded()) == 39


def test_an_undone_load_does_not_come_back_by_a_whole_one(shop):
    shop.source(UPSERTED, lookback="1h")
    shop.insert(1, 0, at(0))
    shop.clone.run()
    before = shop.loaded()
    shop.insert(2, 0, at(1))
    shop.refresh()
    shop.clone.undo()
    result = shop.clone.refresh(force=True)
    assert any("undone" in task.reason for task in result.tasks)
    assert shop.loaded() == before
    shop.clone.accept("sources/shop/orders.sql")
    shop.refresh()
    assert len(shop.loaded()) == 2


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("load: append", "needs a column that tells what is new"),
        ("load: {{by: time, column: ts}}", "`load.by` must be `cursor`"),
        ("load: {{by: cursor}}", "must say `column`"),
        ("load: {{by: cursor, column: ts, lookback: soon}}", "must be a span of time or a whole number"),
        ("load: {{by: cursor, column: ts, lookback: 3 mo}}", "in days: `93d`"),
        ("load: {{by: cursor, column: ts, lookback: 1h, compare: 1y}}", "in days: `372d`"),
        ("load: {{by: cursor, column: ts, compare: 1d}}", "needs to know what identifies a row"),
        ("load: {{by: cursor, column: ts, look: 1d}}", "there is no key `look`"),
        ("load: full", "must be one of `replace`"),
    ],
)
def test_what_can_not_be_meant_is_told_by_the_file(shop, front, words):
    shop.source(front)
    with pytest.raises(ProjectError) as caught:
        shop.clone.run()
    assert any(words in f"{one.message} {one.hint}" for one in caught.value.problems)


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("load: {{by: cursor, column: tz}}", "returns no column `tz`"),
        ("load: {{by: cursor, column: price}}", "can't tell what is new"),
        ("load: {{by: cursor, column: id, lookback: 1h}}", "`lookback: 1h` is a time"),
        ("load: {{by: cursor, column: ts, lookback: 100}}", "`lookback: 100` is a number"),
        ("key: nr\nload: {{by: cursor, column: ts}}", "returns no column `nr`"),
    ],
)
def test_what_the_query_does_not_return_is_told_by_the_plan(shop, front, words):
    shop.source(front, "select *, 0.5::double as price from orders")
    shop.insert(1, 0, at(0))
    (error,) = [task.error for task in shop.clone.run().tasks if task.error]
    assert words in error["message"]
