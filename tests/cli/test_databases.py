"""`andon query --connection`, `andon source add`, and loads of a database, at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.command_line import Andon


@pytest.fixture
def shop(tmp_path: Path) -> Andon:
    """An empty project beside a file of DuckDB with orders and their lines."""
    import duckdb

    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        database.execute(
            "create table orders (id integer primary key, customer varchar, email varchar, amount decimal(9, 2))"
        )
        database.execute("insert into orders values (1, 'ada', 'a@example.com', 12.5), (2, 'ben', null, 8)")
        database.execute("create schema sales")
        database.execute(
            'create table sales.lines ("Order" integer, line integer, what text, primary key ("Order", line))'
        )
    project = Andon(tmp_path / "acme")
    project.write("andon.toml", '[connections.shop]\nkind = "duckdb"\npath = "../shop.duckdb"\n')
    return project


def test_a_table_becomes_a_source_and_is_loaded(shop, golden):
    added = shop("source", "add", "shop.orders")
    golden("source_add", added.out + (shop.folder / "sources/shop/orders.sql").read_text())
    golden("source_loaded", shop("run", "--yes").err)
    assert shop.json("query", "select count(*) as n from shop.orders")["rows"] == [[2]]
    assert "a@example.com" not in shop("show", "shop.orders").out
    again = shop("refresh").out
    assert "nothing new: main stays at" in again


def test_names_that_need_quotes_and_keys_of_two_columns(shop):
    done = shop.json("source", "add", "shop.sales.lines", "--as", "crm.order_lines")
    assert (done["dataset"], done["key"], done["columns"]) == ("crm.order_lines", ["Order", "line"], 3)
    shop("run", "--yes")
    assert shop.json("query", "select count(*) from crm.order_lines")["rows"] == [[0]]


def test_names_that_are_words_of_the_database_are_quoted(shop):
    import duckdb

    with duckdb.connect(str(shop.folder / "../shop.duckdb")) as database:
        database.execute('create table "order" ("group" integer, "at" timestamp)')
    shop("source", "add", "shop.order", "--as", "shop.all_orders")
    shop("run", "--yes")
    assert shop.json("query", "select count(*) from shop.all_orders")["rows"] == [[0]]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("source", "add", "shop"), "usage.bad_argument"),
        (("source", "add", "shop.orders", "--as", "Bad Name"), "usage.bad_argument"),
        (("source", "add", "shop.nothing"), "source.query_failed"),
        (("source", "add", "shp.orders"), "project.bad_value"),
        (("query", "--connection", "shop", "delete from orders"), "usage.not_one_select"),
        (("query", "--connection", "shop", "select 1; select 2"), "usage.not_one_select"),
        (("query", "--connection", "shop", "select 1) q; drop table orders; --"), "usage.not_one_select"),
        (("query", "--connection", "shop", "select * from read_csv('/etc/passwd')"), "source.query_failed"),
        (("query", "--connection", "shop", "select nothing from orders"), "source.query_failed"),
        (("query", "--connection", "shop", "--at", "main", "select 1"), "usage.bad_argument"),
    ],
)
def test_what_is_refused(shop, words, code):
    status = 2 if code.startswith("usage") else 1
    assert shop.json(*words, status=status)["error"]["code"] == code
    assert not (shop.folder / "sources").exists()


def test_a_table_that_is_not_there_leads_to_one_that_is(shop):
    error = shop.json("source", "add", "shop.ordrs", status=1)["error"]
    assert error["hint"] == "did you mean `shop.orders`?"
    error = shop.json("source", "add", "shop.xyz", status=1)["error"]
    assert error["hint"].startswith("there are `")
    assert "`orders`" in error["hint"]


def test_a_source_that_is_there_stays(shop):
    shop("source", "add", "shop.orders")
    shop.replace("sources/shop/orders.sql", "from orders", "from orders where id > 0")
    assert shop.json("source", "add", "shop.orders", status=2)["error"]["code"] == "usage.exists"
    assert "where id > 0" in (shop.folder / "sources/shop/orders.sql").read_text()


def test_live_answers_in_every_format(shop, golden):
    golden("query_live", shop("query", "--connection", "shop", "select * from orders order by id").out)
    assert (
        shop("query", "--connection", "shop", "select id from orders order by id", "--format", "csv").out
        == "id\n1\n2\n"
    )
    document = shop.json("query", "--connection", "shop", "select amount from orders where id = 1")
    assert (document["connection"], document["types"], document["rows"]) == ("shop", ["DECIMAL(9,2)"], [[12.5]])
    shop("query", "--connection", "shop", "select * from orders", "-o", str(shop.folder / "out.parquet"))
    assert (shop.folder / "out.parquet").stat().st_size > 0
    said = shop("query", "--connection", "shop", "select 1 as one").err
    assert "live from shop" in said


def test_columns_of_a_database_are_not_pinned(shop):
    shop("source", "add", "shop.orders")
    assert "asked of a database" in shop.json("source", "pin", "shop.orders", status=2)["error"]["message"]


def test_the_doctor_looks_for_what_reads_the_databases(shop):
    shop.write("andon.toml", '[connections.crm]\nkind = "sqlite"\npath = "crm.db"\n')
    found = [(each["level"], each["what"]) for each in shop.json("doctor")]
    assert ("ok", "duckdb-extension-sqlite-scanner") in found


def test_a_live_answer_says_what_is_known_of_the_source_that_reads_the_same(shop):
    shop("source", "add", "shop.orders")
    path = shop.folder / "sources/shop/orders.sql"
    path.write_text(
        "/*---\nconnection: shop\nkey: id\ncaveats: [without returns]\ndeprecated: {use: shop.sales}\n---*/\n"
        'select id, amount from "orders"\n'
    )
    shop.write(
        "sources/shop/sales.sql", "/*---\nconnection: shop\nowner: ana\n---*/\nselect 1 as id from sales.lines\n"
    )
    assert "notes" not in shop.json("query", "--connection", "shop", "select * from orders"), "nothing is published"
    shop("run", "--yes")
    known = {("shop.orders", "caveat"), ("shop.orders", "deprecated"), ("shop.orders", "unowned")}
    for sql in ("select count(*) from main.orders as o", "select 1 from sales.lines l, ORDERS o", "from orders"):
        told = shop.json("query", "--connection", "shop", sql)["notes"]
        assert {(note["dataset"], note["kind"]) for note in told} == known, sql
    assert {note["use"] for note in told} == {None, "shop.sales"}
    assert "without returns" in shop("query", "--connection", "shop", "from orders", "--format", "csv").err
    written = shop.json("query", "--connection", "shop", "from orders", "-o", str(shop.folder / "a.parquet"))
    assert len(written["notes"]) == 3
    assert "notes" not in shop.json("query", "--connection", "shop", "select 'orders' from sales.lines limit 0")
