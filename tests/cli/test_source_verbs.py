"""`andon source list`, `check` and `load`: what comes in, seen before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

import andon
from kit.command_line import Andon
from kit.servers import PASSWORD

VISITS = "/*---\nconnection: shop\nkey: id\nload: {by: cursor, column: ts}\n---*/\nselect id, email, ts from visits\n"


@pytest.fixture
def shop(tmp_path: Path) -> Andon:
    """A project over files and a file of DuckDB."""
    project = Andon(tmp_path / "acme")
    project.write("andon.toml", '[connections.shop]\nkind = "duckdb"\npath = "../shop.duckdb"\n')
    project.write("sources/shop/visits.sql", VISITS)
    project.write("sources/shop/days.sql", "select * from read_csv('raw/d*.csv')\n")
    project.write("datasets/marts/n.sql", "select count(*) as n from shop.visits\n")
    project.write("raw/d1.csv", "id,first_name\n1,ada\n")
    run(project, "create table visits (id integer primary key, email varchar, ts timestamp)")
    run(project, "insert into visits values (1, 'a@b.c', '2026-03-01 10:00'), (2, null, '2026-03-01 11:00')")
    return project


def run(project: Andon, sql: str) -> None:
    import duckdb

    with duckdb.connect(str(project.folder / "../shop.duckdb")) as database:
        database.execute(sql)


def states(project: Andon) -> dict[str, tuple]:
    return {each["dataset"]: (each["state"], each["rows"], each["why"]) for each in project.json("source", "list")}


def test_a_source_is_new_published_changed_failed_and_undone(shop):
    assert states(shop) == {
        "shop.days": ("new", None, "`andon run` loads it"),
        "shop.visits": ("new", None, "`andon run` loads it"),
    }
    shop("run", "--yes")
    (days, visits) = shop.json("source", "list")
    assert (days["kind"], days["reads"], days["load"], days["run"]) == ("files", ["raw/d*.csv"], "replace", 1)
    assert (visits["kind"], visits["reads"], visits["load"], visits["rows"]) == ("duckdb", ["shop"], "cursor", 2)
    assert visits["loaded"].startswith("20")
    shop.write("raw/d2.csv", "id,first_name\n2,ben\n")
    assert states(shop)["shop.days"] == ("changed", 1, "its files: raw/d2.csv")
    shop.write("sources/shop/visits.sql", VISITS.replace("from visits", "from visits where id > 0"))
    assert states(shop)["shop.visits"] == ("changed", 2, "its code: `andon run` takes it")
    shop.write("sources/shop/visits.sql", VISITS)
    run(shop, "alter table visits rename to visitors")
    shop("refresh", status=1)
    state, rows, why = states(shop)["shop.visits"]
    assert (state, rows) == ("failed", 2)
    assert "visits" in why
    run(shop, "alter table visitors rename to visits")
    run(shop, "insert into visits values (3, null, '2026-03-01 12:00')")
    shop("source", "load", "shop.visits")
    assert states(shop)["shop.visits"][:2] == ("published", 3)
    shop("undo", "--yes")
    assert states(shop)["shop.visits"] == (
        "undone",
        2,
        "`andon accept --rejected sources/shop/visits.sql` lets it pass",
    )
    assert "undone" in shop("source", "list").out


def test_a_check_says_what_would_come_and_loads_nothing(shop):
    (days, visits) = shop.json("source", "check")
    assert (days["holds"], days["brings"], days["unmarked"]) == (True, "1 new of 1 file", ["first_name"])
    assert (visits["brings"], visits["rows"], visits["unmarked"]) == ("asks shop for all rows", 2, ["email"])
    assert not list((shop.folder / ".andon/lake").glob("data/**/*.parquet"))
    shop("run", "--yes")
    run(shop, "insert into visits values (3, null, '2026-03-01 12:00')")
    (visits,) = shop.json("source", "check", "shop.visits")
    assert visits["brings"].startswith("asks shop for what is new since 2026-03-01 11:00:00")
    assert visits["rows"] == 2  # what is as new as the newest comes again
    run(shop, "alter table visits alter column email type blob")
    (visits,) = shop.json("source", "check", "shop.visits", status=1)
    assert (visits["holds"], visits["error"]["code"]) == (False, "source.contract")
    (shop.folder / "../shop.duckdb").unlink()
    told = shop("source", "check", status=1)
    assert "✗ shop.visits" in told.out
    assert "no such file is there" in told.out
    assert "✓ shop.days" in told.out


def test_a_load_asks_only_what_is_named_and_whole_where_that_is_wanted(shop):
    shop("run", "--yes")
    run(shop, "update visits set email = 'x' where id = 1")  # below the cursor
    run(shop, "insert into visits values (3, null, '2026-03-01 12:00')")
    shop.write("raw/d2.csv", "id,first_name\n2,ben\n")
    done = shop.json("source", "load", "shop.visits")
    assert {task["dataset"] for task in done["tasks"]} == {"shop.visits", "marts.n"}
    assert next(t["note"] for t in done["tasks"] if t["dataset"] == "shop.visits") == "1 row new or changed"
    emails = "select count(*) from shop.visits where email = 'x'"
    assert shop.json("query", emails)["rows"] == [[0]]
    done = shop.json("source", "load", "shop.visits", "--full")
    assert next(t["note"] for t in done["tasks"] if t["dataset"] == "shop.visits") == "all rows: asked for"
    assert shop.json("query", emails)["rows"] == [[1]]
    assert "did you mean `shop.visits`" in shop("source", "load", "shop.visit", status=2).err


@pytest.mark.parametrize("kind", ["duckdb", "sqlite", "postgres", "maria"])
def test_a_new_source_names_a_cursor_that_an_index_serves(kind, tmp_path, request, monkeypatch):
    """It is a comment: as it stands each load is whole; without the `#` the file says how only what is new comes."""
    tables = ["create table a (id int, updated_at {t} not null)", "create table b (id int, changed {t})"]
    made = "create table c (id int primary key, created_at {t} not null, last_modified {t} not null)"
    indexes = [
        "create index b1 on b (changed)",
        "create index c1 on c (created_at)",
        "create index c2 on c (last_modified)",
    ]
    project = Andon(tmp_path / "acme")
    type_ = {"sqlite": "text", "maria": "datetime(6)"}.get(kind, "timestamp")
    if kind == "sqlite":
        import sqlite3

        execute = sqlite3.connect(tmp_path / "shop.db", isolation_level=None).execute
        toml = '[connections.shop]\nkind = "sqlite"\npath = "../shop.db"\n'
    elif kind == "duckdb":
        project.folder.mkdir(parents=True)
        execute, toml = (
            (lambda sql: run(project, sql)),
            '[connections.shop]\nkind = "duckdb"\npath = "../shop.duckdb"\n',
        )
    else:
        server = request.getfixturevalue(kind)
        execute, toml = server.run, server.connection()
        monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    project.write("andon.toml", toml)
    for table in "abc":
        execute(f"drop table if exists {table}")
    for sql in [*tables, made, *indexes]:
        execute(sql.format(t=type_))
    execute("insert into c values (1, '2026-03-01 10:00:00', '2026-03-01 10:00:00')")
    found = {table: project.json("source", "add", f"shop.{table}")["cursor"] for table in "abc"}
    # a file of DuckDB needs no index
    assert found == {"a": "updated_at" if kind == "duckdb" else None, "b": None, "c": "last_modified"}
    text = (project.folder / "sources/shop/c.sql").read_text()
    assert "\n# load: {by: cursor, column: last_modified, lookback: 1h, compare: 1d}\n" in text
    project("run", "shop.c", "--yes")
    project.write("sources/shop/c.sql", text.replace("# load", "load"))
    project("run", "shop.c", "--yes")
    assert [each["load"] for each in project.json("source", "list")] == ["replace", "replace", "cursor"]


def test_the_same_in_python(shop):
    with andon.open(shop.folder) as lake:
        assert [each.state for each in lake.sources] == ["new", "new"]
        assert [each.error for each in lake.sources.check()] == [None, None]
        lake.run()
        run(shop, "insert into visits values (3, null, '2026-03-01 12:00')")
        assert lake.sources.load("shop.visits").published
        assert [each.rows for each in lake.sources.list()] == [1, 3]
        assert lake.sources.accept("shop.days").recorded == 1
        assert lake.sources.pin("shop.days").changed
        assert lake.sources.add("shop.visits", "crm.visits").key == ("id",)
        assert "shop.days (changed)" in repr(lake.sources)
