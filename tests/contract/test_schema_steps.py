"""Tables of the catalog: a database of any earlier format is brought to that of a new one, and Postgres takes the same statements."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from andon.base.database import migrate
from andon.base.sqlite import SqliteDatabase
from andon.lake.schema import MIGRATIONS as LAKE
from andon.state.schema import MIGRATIONS as STATE
from kit.clones import FILES, Clone
from kit.servers import PostgresServer

COMPONENTS = {"lake": LAKE, "state": STATE}
#: What the steps are made of that lakes were made by: these are never edited. A new step joins the list when it has landed.
LANDED = {
    "lake": ["192ccc65a3e4", "05da025df7e0"],
    "state": [
        *("ec27f021634a", "df076768e8b8", "55ed4452b0c3", "cc6efbc4bbc4", "a874d36ec8c4", "002085f5c590"),
        "3a17e86dd787",
    ],
}


def tables(database: SqliteDatabase) -> list[tuple[object, ...]]:
    found = []
    for (name,) in database.query("select name from sqlite_master where type = 'table' order by name"):
        columns = database.query(f"select name, type, \"notnull\", dflt_value, pk from pragma_table_info('{name}')")
        found.append((name, tuple(columns)))
    return [*found, *database.query("select name, sql from sqlite_master where type = 'index' order by name")]


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_step_that_landed_is_never_edited(component: str):
    made = [sha256("\n".join(step).encode()).hexdigest()[:12] for step in COMPONENTS[component]]
    assert made == LANDED[component]


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_earlier_format_becomes_the_newest(component: str, tmp_path: Path):
    steps: Sequence[Sequence[str]] = COMPONENTS[component]
    new = SqliteDatabase(tmp_path / "new.db")
    migrate(new, component, steps)
    for number in range(1, len(steps)):
        old = SqliteDatabase(tmp_path / f"{number}.db")
        migrate(old, component, steps[:number])
        migrate(old, component, steps)
        assert tables(old) == tables(new), f"format {number}"
        old.close()
    new.close()


def test_a_lake_of_the_format_before_is_opened_and_goes_on(tmp_path: Path):
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    before = clone.head().id
    with clone.opened() as service:
        database = service.workspace.lake.database
        with database.write() as transaction:  # as the version before the newest step left it
            transaction.execute("drop table clock_reading")
            transaction.execute("update format set number = ? where component = 'state'", [len(STATE) - 1])
    clone.write("raw/orders_09.csv", "id,customer,amount\n9,eve,3\n")
    with clone.opened() as service:
        service.scheduling.tick()
        assert service.workspace.lake.database.query("select machine from clock_reading")
    assert clone.head().parents == (before,), "the file that came since is brought up to date, on what was there"


def test_postgres_takes_every_statement(postgres: PostgresServer):
    told = [statement for steps in COMPONENTS.values() for step in steps for statement in step]
    postgres.run("create schema catalog_steps; set search_path = catalog_steps;" + ";\n".join(told))
    made = postgres.run("select count(*) from pg_tables where schemaname = 'catalog_steps'")
    assert int(made.strip().splitlines()[-1]) == sum(statement.startswith("create table") for statement in told)
