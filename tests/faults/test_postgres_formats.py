"""A catalog in Postgres comes to a new format once and whole, whoever opens it at once and whenever who does it is killed. A newer
one stays as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from andon.base.database import Transaction, migrate
from andon.base.postgres import PostgresDatabase
from andon.errors import MachineError
from andon.lake.schema import MIGRATIONS as LAKE
from andon.state.schema import MIGRATIONS as STATE
from kit.clones import Clone
from kit.past_lakes import read, unpacked
from kit.servers import PostgresServer

COMPONENTS = {"lake": LAKE, "state": STATE}
AT_ONCE = 8


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    return postgres.catalog(f"format_{uuid4().hex[:12]}")


def opening(address: str, *statements: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "faults.opening", address, *map(str, statements)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )


def old(address: str, steps: dict[str, int]) -> None:
    """A catalog of an earlier format, in which something is."""
    database = PostgresDatabase(address)
    for component, number in steps.items():
        migrate(database, component, COMPONENTS[component][:number])
    with database.write() as transaction:
        transaction.execute("insert into blob (id, size, body) values ('a', 1, ?)", [b"x"])
    database.close()


def shape(address: str) -> tuple[object, ...]:
    """The formats, tables, columns and indexes of a catalog."""
    database = PostgresDatabase(address)
    try:
        schema = database.schema
        columns = database.query(
            "select table_name, column_name, data_type, is_nullable, collation_name, ordinal_position"
            " from information_schema.columns where table_schema = ? order by table_name, ordinal_position",
            [schema],
        )
        indexes = database.query("select indexname, indexdef from pg_indexes where schemaname = ? order by 1", [schema])
        formats = database.query("select component, number from format order by component")
        return formats, columns, [(name, text.replace(schema, "")) for name, text in indexes]
    finally:
        database.close()


@pytest.fixture(scope="module")
def newest(postgres: PostgresServer) -> tuple[object, ...]:
    address = postgres.catalog("format_newest")
    _, error = (process := opening(address)).communicate(timeout=60)
    assert process.returncode == 0, error
    return shape(address)


@pytest.mark.parametrize("steps", [{}, {"lake": 1, "state": 6}])
def test_of_many_who_open_it_at_once_one_brings_it_to_the_format(address, newest, steps) -> None:
    if steps:
        old(address, steps)
    processes = [opening(address) for _ in range(AT_ONCE)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * AT_ONCE, said
    assert len({out for out, _ in said}) == 1  # one began the lake
    assert shape(address) == newest


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_earlier_format_becomes_the_newest(postgres, component) -> None:
    steps = COMPONENTS[component]
    database = PostgresDatabase(postgres.catalog(f"steps_{component}"))
    migrate(database, component, steps)
    wanted = database.tables()
    database.close()
    for number in range(1, len(steps), 3):
        address = postgres.catalog(f"steps_{component}_{number}")
        database = PostgresDatabase(address)
        migrate(database, component, steps[:number])
        migrate(database, component, steps)
        assert database.tables() == wanted, f"format {number}"
        database.close()


@pytest.mark.parametrize("statements", [3, 40])
def test_who_is_killed_in_the_middle_leaves_it_whole_to_the_next(address, newest, statements) -> None:
    """Even the schema is made in that one transaction."""
    old(address, {"lake": 1, "state": 1})
    before = shape(address)
    killed = opening(address, statements)
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    after = shape(address)
    lake, state = after[0]
    assert after == before or (lake == ("lake", len(LAKE)) and state == ("state", 1))
    _, error = (next_one := opening(address)).communicate(timeout=60)
    assert next_one.returncode == 0, error
    assert shape(address) == newest
    database = PostgresDatabase(address)
    assert database.query("select id from blob where id = 'a'") == [("a",)]
    database.close()


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_catalog_that_is_newer_is_named_and_left_as_it_is(tmp_path, address, component) -> None:
    clone = Clone(tmp_path / "acme", environ={"LAKE": address})
    clone.fill({"andon.toml": 'catalog = "${env:LAKE}"\n'})
    with clone.opened() as service:
        assert service.history.log()
    database = PostgresDatabase(address)
    with database.write() as transaction:
        one_more(transaction, component)
    before = shape(address)
    database.close()
    with pytest.raises(MachineError) as raised, clone.opened() as service:
        service.history.log()
    assert raised.value.code == "lake.format"
    assert "update Andon" in str(raised.value.hint)
    assert shape(address) == before


def one_more(transaction: Transaction, component: str) -> None:
    """What a later version made."""
    transaction.execute("create table of_tomorrow (x bigint)")
    transaction.execute("update format set number = number + 1 where component = ?", [component])


@pytest.mark.parametrize("sample", ["0.1-alpha", "0.1-beta"])
def test_a_lake_of_an_earlier_release_is_copied_there_and_reads_the_same(tmp_path, address, newest, sample) -> None:
    unpacked(sample, tmp_path / "shop")
    with Clone(tmp_path / "shop").opened() as service:
        service.catalogs.copy(".andon/catalog.db", address)
    assert read(tmp_path / "shop", {"ANDON_CATALOG": address}) == read(tmp_path / "shop")
    assert shape(address)[0] == newest[0]
