"""Sources that are asked of a database: loads are versions, undo sticks, and what goes wrong leaves `main` as it was."""

from __future__ import annotations

import os
import random
import sqlite3
from decimal import Decimal

import pytest

from andon.errors import ProjectError
from andon.service.sources import accept_source
from kit.clones import Clone
from kit.empty_engine import database
from kit.servers import PASSWORD

SOURCE = "/*---\nconnection: shop\nkey: id\n---*/\nselect id, customer, amount from orders\n"
TOTALS = "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n"


class Shop:
    """An application's database, as a DuckDB file: every load opens it anew."""

    def __init__(self, path) -> None:
        self.path = path

    def __call__(self, sql: str) -> None:
        with database(self.path) as connection:
            connection.execute(sql)


@pytest.fixture
def shop(tmp_path) -> Shop:
    found = Shop(tmp_path / "shop.duckdb")
    found("create table orders (id integer, customer varchar, amount decimal(10, 2))")
    found("insert into orders values (1, 'ada', 10), (2, 'ben', 20), (3, 'ada', 5)")
    return found


@pytest.fixture
def clone(tmp_path, shop) -> Clone:
    made = Clone(tmp_path / "acme")
    made.write("andon.toml", f'[connections.shop]\nkind = "duckdb"\npath = "{shop.path}"\n')
    made.write("sources/shop/orders.sql", SOURCE)
    made.write("datasets/marts/totals.sql", TOTALS)
    made.run()
    return made


def totals(clone: Clone, at: str | None = None) -> list[tuple]:
    return [(customer, float(amount)) for customer, amount in clone.ask("select * from marts.totals", at)]


BEFORE = [("ada", 15.0), ("ben", 20.0)]
AFTER = [("ada", 15.0), ("ben", 20.0), ("cleo", 7.0)]
LATER = [("ada", 15.0), ("ben", 20.0), ("cleo", 8.0)]


def test_a_run_asks_what_is_new_and_a_refresh_each_time(clone, shop):
    assert totals(clone) == BEFORE
    shop("insert into orders values (4, 'cleo', 7)")
    head = clone.head()
    assert clone.run().run is None
    assert totals(clone) == BEFORE
    clone.refresh()
    assert totals(clone) == AFTER
    assert totals(clone, head.id) == BEFORE


def test_a_load_that_brings_nothing_leaves_the_branch(clone, shop):
    head = clone.head().id
    shop("create table other as from orders; drop table orders; create table orders as from other order by id desc")
    result = clone.refresh()
    assert (result.published, result.commit, clone.head().id) == (True, head, head)


def test_an_undone_load_stays_out_until_the_database_holds_something_else(clone, shop):
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    clone.undo()
    assert totals(clone) == BEFORE
    for _ in range(2):
        result = clone.refresh()
        assert totals(clone) == BEFORE
        assert any("undone" in task.reason for task in result.tasks)
        clone.run()
        assert totals(clone) == BEFORE
    shop("update orders set amount = 8 where id = 4")
    clone.refresh()
    assert totals(clone) == LATER


def test_an_undone_load_is_let_in_by_a_person(clone, shop):
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    clone.undo()
    clone.accept("sources/shop/orders.sql")
    clone.refresh()
    assert totals(clone) == AFTER


@pytest.mark.parametrize("how", ["the query", "on a branch"])
def test_a_load_that_came_with_code_is_undone_with_it(clone, shop, how):
    shop("insert into orders values (4, 'cleo', 7)")
    if how == "on a branch":
        clone.branch("dev")
        clone.refresh(branch="dev")
        clone.write("datasets/marts/n.sql", "select count(*) as n from shop.orders")
        clone.run(branch="dev")
        clone.publish("dev")
    else:
        clone.write("sources/shop/orders.sql", SOURCE.replace("from orders", "from orders where true"))
        clone.run()
    assert totals(clone) == AFTER
    clone.undo()
    for _ in range(2):
        clone.refresh()
        assert totals(clone) == BEFORE
        clone.run()
        assert totals(clone) == BEFORE
    clone.accept("sources/shop/orders.sql")
    clone.refresh()
    assert totals(clone) == AFTER


def test_a_branch_that_holds_an_undone_load_does_not_bring_it_back(clone, shop):
    clone.branch("dev")
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh(branch="dev")
    clone.refresh()
    clone.undo()
    clone.publish("dev")
    assert (totals(clone), totals(clone, "dev")) == (BEFORE, AFTER)
    clone.accept("sources/shop/orders.sql")
    clone.publish("dev")
    assert totals(clone) == AFTER


def test_undos_in_any_order_lead_to_no_load_that_was_undone(clone, shop):
    shop("insert into orders values (4, 'cleo', 7)")
    older = clone.refresh().commit
    shop("update orders set amount = 8 where id = 4")
    clone.refresh()
    with clone.opened() as service:
        service.reverting.revert(service.reverting.find(older))
    clone.undo()
    assert totals(clone) == BEFORE
    clone.refresh()
    assert totals(clone) == BEFORE
    clone.redo()
    clone.redo()
    assert totals(clone) == LATER


def test_an_undone_load_does_not_come_back_under_another_name(clone, shop):
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    clone.undo()
    clone.write("sources/shop/orders.sql", None)
    clone.write("sources/shop/sold.sql", SOURCE)
    clone.write("datasets/marts/totals.sql", TOTALS.replace("shop.orders", "shop.sold"))
    result = clone.run(drop=True)
    (error,) = [task.error for task in result.tasks if task.error]
    assert error["code"] == "source.undone"
    assert totals(clone) == BEFORE
    clone.accept(error["hint"].split("`")[1].split()[-1])
    clone.run(drop=True)
    assert totals(clone) == AFTER


def test_a_redo_brings_an_undone_load_back_without_the_database(clone, shop):
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    clone.undo()
    shop.path.unlink()
    clone.redo()
    assert totals(clone) == AFTER


def test_what_a_branch_loaded_is_published_as_it_was_looked_at(clone, shop):
    clone.branch("dev")
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh(branch="dev")
    shop("update orders set amount = 8 where id = 4")
    assert (totals(clone), totals(clone, "dev")) == (BEFORE, AFTER)
    clone.publish("dev")
    assert totals(clone) == AFTER
    clone.refresh()
    assert totals(clone) == LATER


def test_of_two_loads_the_later_one_is_published(clone, shop):
    clone.branch("dev")
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh(branch="dev")
    shop("update orders set amount = 8 where id = 4")
    clone.refresh()
    clone.write("datasets/marts/count.sql", "select count(*) as n from shop.orders\n")
    clone.run(branch="dev")
    clone.publish("dev")
    assert (totals(clone), clone.ask("from marts.count")) == (LATER, [(4,)])
    clone.branch("other")
    shop("update orders set amount = 9 where id = 4")
    clone.refresh()
    shop("update orders set amount = 10 where id = 4")
    clone.refresh(branch="other")
    clone.publish("other")
    assert totals(clone)[-1] == ("cleo", 10.0)


def test_a_branch_that_loaded_nothing_takes_nothing_back(clone, shop):
    clone.branch("dev")
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    clone.publish("dev")
    assert totals(clone) == AFTER


def test_another_query_is_asked_by_a_run(clone, shop):
    clone.write("sources/shop/orders.sql", SOURCE.replace("from orders", "from orders where amount > 5"))
    clone.run()
    assert totals(clone) == [("ada", 10.0), ("ben", 20.0)]


def test_layout_and_comments_of_a_query_ask_nothing(clone, shop):
    clone.write("sources/shop/orders.sql", SOURCE.replace("from orders", "\n  from orders -- all of them"))
    shop.path.unlink()
    clone.run()
    assert totals(clone) == BEFORE


def failing(clone: Clone) -> tuple[str, str]:
    """Code and message of the error that the source's task ends with; `main` is as it was."""
    head = clone.head().id
    result = clone.refresh()
    assert (result.published, clone.head().id) == (False, head)
    assert totals(clone) == BEFORE
    (error,) = [task.error for task in result.tasks if task.error]
    return error["code"], error["message"]


def test_a_database_that_is_gone(clone, shop):
    shop.path.unlink()
    code, message = failing(clone)
    assert code == "source.unreachable"
    assert "shop" in message


def test_what_several_sources_fail_for_is_said_once(clone, shop):
    for name in ("again", "more"):
        clone.write(f"sources/shop/{name}.sql", SOURCE)
    shop.path.unlink()
    (told,) = [notice for notice in clone.plan().notices if "will fail" in notice]
    assert told.startswith("shop.again, shop.more will fail: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table orders drop column amount", "amount"),
        ("alter table orders alter column amount type double", "was DECIMAL(10,2) and is DOUBLE"),
        ("drop table orders", "orders"),
    ],
)
def test_a_schema_that_changed_is_told_and_accepted(clone, shop, change, words):
    shop(change)
    _, message = failing(clone)
    assert words in message


def test_another_type_is_read_once_it_is_accepted(clone, shop):
    shop("alter table orders alter column amount type double")
    failing(clone)
    with clone.opened() as service:
        accept_source(service.workspace, "shop.orders")
    clone.run()
    assert clone.leaves()["shop.orders"] is not None
    assert totals(clone) == BEFORE
    assert clone.ask("select distinct typeof(amount) from shop.orders") == [("DOUBLE",)]


def test_the_healthy_part_is_published_while_one_database_is_down(clone, shop, tmp_path):
    other = Shop(tmp_path / "other.duckdb")
    other("create table orders as select 1 as id, 'x' as customer, 1.5::decimal(10, 2) as amount")
    toml = clone.read("andon.toml") or ""
    clone.write("andon.toml", f'{toml}[connections.other]\nkind = "duckdb"\npath = "{other.path}"\n')
    clone.write("sources/other/orders.sql", SOURCE.replace("connection: shop", "connection: other"))
    clone.run()
    other.path.unlink()
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    assert totals(clone) == AFTER
    assert clone.ask("select amount from other.orders") == [(Decimal("1.50"),)]


class TestSQLite:
    """There only values say what a column is."""

    @pytest.fixture
    def lite(self, tmp_path) -> tuple[Clone, sqlite3.Connection]:
        database = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
        database.execute("create table orders (id integer primary key, customer text, amount, note)")
        database.execute("insert into orders values (1, 'ada', 10, null), (2, 'ben', 2.5, null)")
        made = Clone(tmp_path / "acme")
        made.write("andon.toml", f'[connections.shop]\nkind = "sqlite"\npath = "{tmp_path}/shop.db"\n')
        made.write("sources/shop/orders.sql", "/*---\nconnection: shop\n---*/\nselect * from orders\n")
        made.run()
        return made, database

    def types(self, clone: Clone) -> list[tuple]:
        return clone.ask("select distinct typeof(id), typeof(amount), typeof(note) from shop.orders")

    def test_a_table_that_is_emptied_and_filled_again_stays_what_it_was(self, lite):
        clone, database = lite
        assert self.types(clone) == [("BIGINT", "DOUBLE", "VARCHAR")]
        database.execute("delete from orders")
        clone.refresh()
        assert clone.ask("select count(*) from shop.orders") == [(0,)]
        database.execute("insert into orders values (3, 'cleo', 7, null)")
        clone.refresh()
        assert self.types(clone) == [("BIGINT", "DOUBLE", "VARCHAR")]

    def test_a_column_without_values_becomes_what_its_first_ones_are(self, lite):
        clone, database = lite
        database.execute("update orders set note = 5 where id = 1")
        clone.refresh()
        assert self.types(clone) == [("BIGINT", "DOUBLE", "BIGINT")]
        database.execute("update orders set note = 'five' where id = 2")
        assert not clone.refresh().published
        assert self.types(clone) == [("BIGINT", "DOUBLE", "BIGINT")]


@pytest.mark.parametrize("seed", range(int(os.environ.get("ANDON_LOADS", "3"))))
def test_in_any_order_of_loads_undos_and_acceptances_no_undone_load_is_shown(clone, shop, seed, each_by_itself):
    """The law: what is shown is what the database holds, unless exactly that was undone; then what was shown before."""
    chance = random.Random(seed)
    held = BEFORE
    shown, undone = [BEFORE], set[tuple]()
    for _ in range(9):
        step = chance.choice(("change", "change", "refresh", "refresh", "refresh", "undo", "accept", "run"))
        if step == "change":
            amount = chance.choice((7, 8))
            shop("delete from orders where id = 4")
            shop(f"insert into orders values (4, 'cleo', {amount})")
            held = AFTER if amount == 7 else LATER
        elif step == "undo" and len(shown) > 1:
            clone.undo()
            undone.add(tuple(shown.pop()))
        elif step == "accept" and undone:
            clone.accept("sources/shop/orders.sql")
            undone.clear()
        elif step == "run":
            clone.run()
        elif step == "refresh":
            clone.refresh()
            if held != shown[-1] and tuple(held) not in undone:
                shown.append(held)
        assert totals(clone) == shown[-1], (seed, step)


def test_a_new_column_is_asked_about_or_added(clone, shop):
    clone.write("sources/shop/orders.sql", SOURCE.replace("select id, customer, amount", "select *"))
    clone.run()
    shop("alter table orders add column country varchar")
    code, message = failing(clone)
    assert (code, "country" in message) == ("source.contract", True)
    text = clone.read("sources/shop/orders.sql") or ""
    clone.write("sources/shop/orders.sql", text.replace("key: id", "key: id\nnew_columns: add"))
    clone.run()
    assert clone.ask("select count(country), count(*) from shop.orders") == [(0, 3)]


def test_a_connection_that_nobody_named(clone):
    clone.write("sources/shop/orders.sql", SOURCE.replace("connection: shop", "connection: shp"))
    result = clone.run()
    (error,) = [task.error for task in result.tasks if task.error]
    assert (error["code"], error["hint"]) == ("project.bad_value", "did you mean `shop`?")


class TestPostgres:
    """What only a server can do."""

    @pytest.fixture
    def served(self, postgres, tmp_path) -> Clone:
        postgres.run(
            "drop table if exists orders; create table orders (id int primary key, customer text, amount numeric(10, 2))"
        )
        postgres.run("insert into orders values (1, 'ada', 10), (2, 'ben', 20), (3, 'ada', 5)")
        made = Clone(tmp_path / "acme", environ={"SHOP_PASSWORD": PASSWORD})
        made.write("andon.toml", postgres.connection())
        made.write("sources/shop/orders.sql", SOURCE)
        made.write("datasets/marts/totals.sql", TOTALS)
        made.run()
        return made

    def test_the_same_story(self, served, postgres):
        assert totals(served) == BEFORE
        postgres.run("insert into orders values (4, 'cleo', 7)")
        served.refresh()
        assert totals(served) == AFTER
        served.undo()
        served.refresh()
        assert totals(served) == BEFORE

    def test_a_wrong_password_is_never_printed(self, served):
        served.environ["SHOP_PASSWORD"] = "hunter 2\\'"
        code, message = failing(served)
        assert code == "source.unreachable"
        assert "lets nobody in" in message
        assert "hunter" not in message

    def test_a_query_that_fails_half_way(self, served, postgres):
        postgres.run("update orders set amount = 0 where id = 3")
        served.write(
            "sources/shop/orders.sql", SOURCE.replace("amount from", "(100 / amount)::numeric(10, 2) as amount from")
        )
        result = served.run()
        (error,) = [task.error for task in result.tasks if task.error]
        assert error["code"] == "source.query_failed"
        assert "division by zero" in error["message"]
        assert totals(served) == BEFORE
        assert [*(served.root / ".andon/lake/data/shop").glob("*")] == [
            served.root / ".andon/lake" / leaf for leaf in _files(served, "shop.orders")
        ]

    def test_nothing_is_written_to_the_database(self, served, postgres):
        postgres.run("create or replace function spoil() returns int language sql as 'delete from orders returning 1'")
        served.write("sources/shop/orders.sql", SOURCE.replace("from orders", "from orders where spoil() = 1"))
        result = served.run()
        (error,) = [task.error for task in result.tasks if task.error]
        assert "read-only" in error["message"]
        assert postgres.run("select count(*) from orders") == "3"

    def test_all_that_a_run_loads_of_a_connection_is_of_one_moment(self, served, postgres):
        postgres.run(
            "drop table if exists give, take; create table give as select 0 as v; create table take as select 0 as v"
        )
        for name in ("give", "take"):
            served.write(f"sources/shop/{name}.sql", f"/*---\nconnection: shop\n---*/\nselect v from {name}\n")
        served.write(
            "datasets/marts/sum.sql", "select g.v + t.v as total, t.v as moved from shop.give g, shop.take t\n"
        )
        moving = postgres.session()
        step = "begin; update give set v = v - 1; select pg_sleep(0.002); update take set v = v + 1; commit;"
        moving.stdin.write(f"{step}\n" * 1500)
        moving.stdin.flush()
        try:
            moments = []
            for run in (served.run, served.refresh, served.refresh, served.refresh):
                run()
                moments += served.ask("from marts.sum")
        finally:
            moving.kill()
            moving.wait()
        assert {total for total, _ in moments} == {0}
        assert len({moved for _, moved in moments}) > 1, "it moved meanwhile"


def _files(clone: Clone, dataset: str) -> list[str]:
    with clone.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves[dataset]
        return [file.path for file in lake.objects.versions([leaf.version])[leaf.version].files]


def test_all_that_is_wrong_with_a_connection_is_told_at_once(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", '[connections.shop]\nkind = "postgres"\nhots = "x"\npassword = "hunter2"\n')
    with pytest.raises(ProjectError) as caught:
        clone.run()
    text = str(caught.value)
    assert all(word in text for word in ("hots", "database", "password"))
    assert "hunter2" not in text


def test_lineage_leads_to_the_connection(clone):
    with clone.opened() as service:
        trail = service.lineages.lineage("marts.totals.amount").to_json()
    names = {node["id"]: node["kind"] for node in trail["nodes"]}
    assert names["connection:shop"] == "database"
    assert ("connection:shop", "shop.orders") in {(edge["from"], edge["to"]) for edge in trail["edges"]}


def test_rows_in_another_order_that_were_undone_stay_out(clone, shop):
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    clone.undo()
    shop("create table other as from orders; drop table orders; create table orders as from other order by id desc")
    clone.refresh()
    assert totals(clone) == BEFORE


def test_a_load_of_rows_from_before_is_that_load(clone, shop):
    first = clone.leaves()["shop.orders"]
    shop("insert into orders values (4, 'cleo', 7)")
    clone.refresh()
    shop(
        "delete from orders where id = 4; create table other as from orders; drop table orders; alter table other rename to orders"
    )
    clone.refresh()
    assert clone.leaves()["shop.orders"] == first


def test_values_that_only_a_comparison_tells_apart_are_another_load(clone, shop):
    shop("update orders set customer = case id when 1 then 'ben' when 2 then 'ada' else customer end")
    clone.refresh()
    assert totals(clone) == [("ada", 25.0), ("ben", 10.0)]
    clone.undo()
    clone.refresh()
    assert totals(clone) == BEFORE
