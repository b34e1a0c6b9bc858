"""Columns of a source that change: what its policy takes is told, the rest holds and says whom it would hit."""

from __future__ import annotations

import pytest

from kit.clones import Clone
from kit.empty_engine import database
from kit.servers import PASSWORD

SOURCE = "/*---\nconnection: shop\nkey: id\nschema: {schema}\nchecks: amount >= 0\n---*/\nselect * from orders\n"


class Shop:
    """A database as a DuckDB file: every load opens it anew."""

    def __init__(self, path) -> None:
        self.path = path

    def __call__(self, sql: str) -> None:
        with database(self.path) as connection:
            connection.execute(sql)


@pytest.fixture
def shop(tmp_path) -> Shop:
    found = Shop(tmp_path / "shop.duckdb")
    found("create table orders (id integer, amount decimal(6, 2)); insert into orders values (1, 10), (2, 20)")
    return found


def cloned(tmp_path, shop, schema: str) -> Clone:
    made = Clone(tmp_path / "acme")
    made.write("andon.toml", f'[connections.shop]\nkind = "duckdb"\npath = "{shop.path}"\n')
    made.write("sources/shop/orders.sql", SOURCE.format(schema=schema))
    made.write("datasets/marts/total.sql", "select sum(amount) as amount from shop.orders\n")
    made.write("insights/sales.yml", "title: Sales\nkind: decision\nowner: ana\nuses: [marts.total]\n")
    assert made.run().published
    return made


MOVES = {
    "add": "alter table orders add column country varchar default 'NL'",
    "wider": "alter table orders alter column id type bigint",
    "digits": "alter table orders alter column amount type decimal(12, 2)",
    "text": "alter table orders alter column amount type varchar",
    "narrow": "alter table orders alter column id type smallint",
    "gone": "alter table orders drop column amount",
}
TAKEN = {"exact": set(), "add": {"add"}, "widen": {"add", "wider", "digits"}}


@pytest.mark.parametrize("schema", TAKEN)
def test_what_the_policy_takes_is_told_and_the_rest_holds(tmp_path, shop, schema):
    """The law, over every change and policy; the database is put back after a change that holds."""
    clone = cloned(tmp_path, shop, schema)
    for name, change in MOVES.items():
        kept = clone.head().id
        shop("create or replace table before as from orders")
        shop(change)
        result = clone.refresh()
        assert result.published == (name in TAKEN[schema]), name
        if result.published:
            (told,) = [notice for notice in result.notices if f"(`schema: {schema}`)" in notice]
            assert "new column `country` VARCHAR" in told or "and is" in told
            assert clone.ask("select count(*) from shop.orders") == [(2,)]
        else:
            assert clone.head().id == kept
            (error,) = [task.error for task in result.tasks if task.error]
            assert error["code"] == "source.contract"
            shop("drop table orders; alter table before rename to orders")
        assert clone.refresh().commit == clone.head().id
    with clone.opened() as service:
        history = service.history.schema_log("shop.orders")
    assert [change.verdict for change in reversed(history)][1:] == [
        "additive" if name == "add" else "wider" for name in MOVES if name in TAKEN[schema]
    ]
    assert {change.commit.author for change in history} == {"ana"}


def test_what_holds_says_whom_it_would_hit(tmp_path, shop):
    clone = cloned(tmp_path, shop, "add")
    shop(MOVES["gone"])
    (error,) = [task.error for task in clone.refresh().tasks if task.error]
    assert (
        "it reaches column `marts.total.amount`, check `amount >= 0`, insight `sales`; `andon source accept"
        in (error["hint"])
    )
    shop("alter table orders add column amount decimal(9, 2) default 1")
    (error,) = [task.error for task in clone.refresh().tasks if task.error]
    assert "`schema: widen` takes it" in error["hint"]


def test_parquet_files_widen(tmp_path):
    import duckdb

    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    (clone.root / "raw").mkdir(parents=True)

    def file(name: str, value: str) -> None:
        duckdb.sql(f"copy (select {value} as n) to '{clone.root}/raw/{name}.parquet'")

    clone.write("sources/s/p.sql", "/*---\nschema: widen\n---*/\nselect * from read_parquet('raw/p*.parquet')\n")
    file("p1", "7::integer")
    assert clone.run().published
    file("p2", "7000000000::bigint")
    assert clone.refresh().published
    assert clone.ask("select typeof(n) from s.p") == [("BIGINT",), ("BIGINT",)]
    file("p3", "'x'")
    assert not clone.refresh().published


def test_a_server_widens(postgres, tmp_path):
    postgres.run("drop table if exists orders; create table orders (id int primary key, amount numeric(6, 2))")
    postgres.run("insert into orders values (1, 10)")
    clone = Clone(tmp_path / "acme", environ={"SHOP_PASSWORD": PASSWORD})
    clone.write("andon.toml", postgres.connection())
    clone.write("sources/shop/orders.sql", SOURCE.format(schema="widen"))
    assert clone.run().published
    postgres.run("alter table orders alter column id type bigint, alter column amount type numeric(9, 2), add c text")
    result = clone.refresh()
    assert (result.published, len(result.notices)) == (True, 3)
    assert clone.ask("select typeof(id), typeof(amount), c from shop.orders") == [("BIGINT", "DECIMAL(9,2)", None)]


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("schema: ad", "did you mean `add`?"),
        ("schema: add\nnew_columns: add", "keep `schema`"),
        ("new_columns: all", "`add` takes new columns"),
    ],
)
def test_a_policy_that_is_none(tmp_path, front, words):
    from andon.errors import ProjectError

    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write("raw/p.csv", "a\n1\n")
    clone.write("sources/s/p.sql", f"/*---\n{front}\n---*/\nfrom 'raw/p.csv'\n")
    with pytest.raises(ProjectError) as caught:
        clone.run()
    assert any(words in (problem.hint or "") for problem in caught.value.problems)


def test_what_was_kept_by_the_earlier_word_is_read(tmp_path, shop):
    import json

    from andon.lake.packing import definition_of, definition_text

    clone = cloned(tmp_path, shop, "add")
    with clone.opened() as service:
        leaf = clone.leaves()["shop.orders"]
        found = service.workspace.lake.objects.definitions([leaf.definition])[leaf.definition]
    said = json.loads(definition_text(found))
    assert said.pop("schema") == "add"
    assert definition_of(json.dumps({**said, "new_columns": "add"})) == found
    assert definition_of(json.dumps({**said, "new_columns": "stop"})).schema == "exact"
