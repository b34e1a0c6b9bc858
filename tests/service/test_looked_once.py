"""Files of sources are looked into once for what they hold: plans ask again when a file, the source or its past is another."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from msgspec import msgpack

from andon.runs.planning import inspected
from andon.sources import contract as contracts

FILE = "raw/orders_05.csv"
SOURCE = "sources/shop/orders.sql"


class Looks:
    """Which sources were looked into, and which were asked for their columns, since somebody asked last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._found: list[str] = []
        establish, columns = contracts.establish, inspected.Inspected.columns

        def looked(definition, *given):
            self._found.append(f"look {definition.dataset}")
            return establish(definition, *given)

        def asked(inspecting, definition, source, ask):
            def counted():
                self._found.append(f"ask {definition.dataset}")
                return ask()

            return columns(inspecting, definition, source, counted)

        monkeypatch.setattr(contracts, "establish", looked)
        monkeypatch.setattr(inspected.Inspected, "columns", asked)

    def __call__(self) -> list[str]:
        found, self._found = self._found, []
        return found


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(monkeypatch)


BOTH = ["look shop.orders", "ask shop.orders"]


def test_a_second_plan_looks_into_nothing(project, looks: Looks) -> None:
    first = project.plan().to_json()["steps"]
    assert looks() == BOTH
    assert project.plan().to_json()["steps"] == first
    assert looks() == []
    project.run()
    assert looks() == []
    assert project.ask("select sum(amount) from shop.orders") == [(35,)]


def test_what_shapes_the_answer_is_asked_again(project, looks: Looks) -> None:
    project.plan()
    looks()
    before = (project.root / FILE).read_text()
    project.write(FILE, before.replace("10", "11"))
    project.plan()
    assert looks() == BOTH
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,1\n")
    project.plan()
    assert looks() == BOTH
    project.write(
        SOURCE, "select id, customer, amount from read_csv('raw/orders_*.csv', types = {'amount': 'DOUBLE'})\n"
    )
    project.plan()
    assert looks() == BOTH
    project.write("raw/orders_06.csv", None)
    project.write(FILE, before)
    project.write(SOURCE, "select id, customer, amount from read_csv('raw/orders_*.csv')\n")
    project.plan()
    assert looks() == []  # as at first


def test_errors_are_not_kept(project, looks: Looks) -> None:
    project.write(FILE, "id,customer,amount\n1,ada\n")
    for _ in range(2):
        assert project.plan().notices
        assert looks() == ["look shop.orders"]


def test_new_files_of_a_loaded_source_are_held_once(project, looks: Looks) -> None:
    project.run()
    project.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,1\n")
    looks()
    project.plan()
    assert looks() == ["look shop.orders"]
    project.plan()
    assert looks() == []
    project.run()
    assert looks() == []
    assert project.ask("select sum(amount) from shop.orders") == [(36,)]


def test_a_file_that_is_written_to_meanwhile_is_not_known(project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found in other bytes than those that were hashed is no fact about these."""
    before = (project.root / FILE).read_text()
    establish = contracts.establish

    def edited(*given):
        project.write(FILE, before.replace("10", "007"))  # text by its zeros
        try:
            return establish(*given)
        finally:
            project.write(FILE, before)

    monkeypatch.setattr(contracts, "establish", edited)
    project.plan()
    monkeypatch.setattr(contracts, "establish", establish)
    project.run()
    assert project.ask("select sum(amount) from shop.orders") == [(35,)]


INJECTED = "INTEGER) , (select 1 from read_text('/etc/hostname')"
WRONG = {
    "no reads": lambda c: {"datasets": [1]},
    "reads of nothing": lambda c: {**c, "reads": []},
    "reads that are none": lambda c: {**c, "reads": [1]},
    "another call": lambda c: {"reads": [{**c["reads"][0], "call": "0"}]},
    "another format": lambda c: {"reads": [{**c["reads"][0], "format": "parquet"}]},
    "no partitions": lambda c: {"reads": [{k: v for k, v in c["reads"][0].items() if k != "partitions"}]},
    "partitions of SQL": lambda c: {"reads": [{**c["reads"][0], "partitions": [["year", INJECTED]]}]},
    "columns of SQL": lambda c: {"reads": [{**c["reads"][0], "columns": [["id", INJECTED]]}]},
    "columns that are none": lambda c: {"reads": [{**c["reads"][0], "columns": 7}]},
    "a skip of SQL": lambda c: {"reads": [{**c["reads"][0], "dialect": {**c["reads"][0]["dialect"], "skip": "0, x"}}]},
    "a record of its own": lambda c: {**c, "recorded": 3},
}


def test_what_is_no_contract_is_not_known(project, looks: Looks) -> None:
    before = project.plan().to_json()["steps"]
    looks()
    for name, wrong in WRONG.items():
        with closing(sqlite3.connect(project.root / ".andon/cache.db")) as connection, connection:
            kept = connection.execute("select key, value from kept where key like '%:contract.%'").fetchall()
            assert len(kept) == 1
            value = msgpack.encode(wrong(msgpack.decode(kept[0][1])))
            connection.execute("update kept set value = ? where key = ?", [value, kept[0][0]])
            columns = msgpack.encode([["id", INJECTED]])
            changed = connection.execute("update kept set value = ? where key like '%:source columns.%'", [columns])
            assert changed.rowcount == 1
        assert project.plan().to_json()["steps"] == before, name
        assert looks() == BOTH, name


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_json('raw/year=2026/a.json')",
        "select * from read_parquet('raw/year=2026/a.parquet')",
        "select * from read_csv('raw/year=2026/a.csv', types = {'v': 'AMOUNT(18,2,$)'})",
    ],
)
def test_contracts_of_all_formats_are_known(project, looks: Looks, sql: str) -> None:
    import duckdb

    project.write("raw/year=2026/a.json", '{"n": {"a b": [1, 2]}, "t": "2026-01-02 03:04:05", "d": 1.5}\n' * 3)
    project.write("raw/year=2026/a.csv", 'v,w\n$1.50,2026-01-01\n"$1,200.00",2026-01-02\n')
    with closing(duckdb.connect()) as connection:
        into = project.root / "raw/year=2026/a.parquet"
        kinds = (
            "1.5::decimal(9,2) as d, {'x y': [1]} as n, map {'k': date '2026-01-01'} as m, 'a'::enum('a', 'it''s') as e"
        )
        connection.execute(f"copy (select range as i, {kinds}, null::timestamptz as z from range(3)) to '{into}'")
    project.write("sources/more/one.sql", sql + "\n")
    plan = project.plan().to_json()["steps"]
    assert "look more.one" in looks()
    assert project.plan().to_json()["steps"] == plan
    assert looks() == []
    project.run()
    assert looks() == []
