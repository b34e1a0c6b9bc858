"""Tables of the catalog: a database of any earlier format is brought to that of a new one, and Postgres takes what SQLite is asked."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from andon.base.database import Row, Transaction, migrate
from andon.base.sqlite import SqliteDatabase
from andon.lake.schema import MIGRATIONS as LAKE
from andon.model.approval import Approval
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.reproduction_samples import SampleOptions
from andon.service.requests import NewRequest
from andon.state.failed_steps import FailedStep
from andon.state.schema import MIGRATIONS as STATE
from kit.clones import FILES, Clone
from kit.servers import PostgresServer

COMPONENTS = {"lake": LAKE, "state": STATE}
#: What the steps are made of that lakes were made by: these are never edited. A new step joins the list when it has landed.
LANDED = {
    "lake": [
        "192ccc65a3e4",
        "05da025df7e0",
        "847e13cd4c0f",
        "2ebc7590dcbe",
        "f061614502e8",
        "d3a734193ab9",
        "cc1b188bc096",
        "d5d8f3c0dce9",
        "a7fccd8b3b6a",
    ],
    "state": [
        *("ec27f021634a", "df076768e8b8", "55ed4452b0c3", "cc6efbc4bbc4", "a874d36ec8c4", "002085f5c590"),
        *("3a17e86dd787", "1dbec7cde8c1", "2c64566dcba0", "79502025f44b", "dd0deaf56753", "4f180d1e5eae"),
        *("f010f181020c", "084cb55eb5ad", "d4d0da9e61f0", "7b8e00ee893e", "b3636d4c6fb7", "09357d19678b"),
    ],
}
#: The format of a version that lakes were made by; each step since then only makes tables.
_BEFORE = 6
ORDERS = """/*---
refresh: {every: 1d}
checks: |
  amount 0..100 quarantine 50%
---*/
select id, customer, amount from read_csv('raw/orders_*.csv')
"""


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
        with database.write() as transaction:  # as a version left it that knew less
            for statement in (each for step in STATE[_BEFORE:] for each in step):
                transaction.execute(f"drop table {re.match('create table ([a-z_]+)', statement)[1]}")
            transaction.execute("update format set number = ? where component = 'state'", [_BEFORE])
    clone.write("raw/orders_09.csv", "id,customer,amount\n9,eve,3\n")
    with clone.opened() as service:
        service.scheduling.tick()
        assert service.workspace.lake.database.query("select machine from clock_reading")
    assert clone.head().parents == (before,), "the file that came since is brought up to date, on what was there"


class Asked:
    """A transaction that notes what it is asked."""

    def __init__(self, transaction: Transaction, told: set[str]) -> None:
        self._transaction, self._told = transaction, told

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        self._told.add(sql)
        return self._transaction.query(sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        self._told.add(sql)
        return self._transaction.execute(sql, parameters)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._told.add(sql)
        self._transaction.execute_many(sql, rows)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """All that the catalog is asked during a test."""
    told: set[str] = set()
    query, write = SqliteDatabase.query, SqliteDatabase.write

    def noted(self: SqliteDatabase, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        told.add(sql)
        return query(self, sql, parameters)

    @contextmanager
    def noted_write(self: SqliteDatabase, beside: Collection[str] = ()) -> Iterator[Asked]:
        with write(self, beside) as transaction:
            yield Asked(transaction, told)

    monkeypatch.setattr(SqliteDatabase, "query", noted)
    monkeypatch.setattr(SqliteDatabase, "write", noted_write)
    return told


def story(clone: Clone) -> None:
    """A lake to which all sorts of things happen."""
    clone.fill({**FILES, "andon.toml": "[reproduce]\nnightly = 1\n[verify]\nnightly = true\n"})
    clone.write("sources/shop/orders.sql", ORDERS)
    clone.write("analyses/noted.py", "import andon\n\nandon.keep('n', 1)\n")
    clone.write("datasets/marts/dice.sql", "/*---\nallow: [random]\n---*/\nselect random() as x\n")
    clone.run()
    clone.write("raw/orders_09.csv", "id,customer,amount\n9,eve,300\n")
    with clone.opened() as service:
        service.scheduling.tick()
        service.reproducing.reproduce("marts.dice")
        service.workspace.reproductions.missed()
        service.workspace.nights.readings()
        service.workspace.nights.last()
        service.cords.hold("marts.best", "looks odd")
        service.lake_moves.move("../elsewhere")
        service.querying.ask("select count(*) from shop.orders").fetch()
        service.incidents.standing("main")
        service.actions.newest()
        service.quarantine.overview()
        service.suggestions.list(decided=True)
        service.reviewing.review()
        service.schedules.due()
        service.cords.release("marts.best")
        service.scheduling.pause(["shop.orders"], why="a move")
        service.scheduling.tick()
        number = service.requests.ask(NewRequest("orders by weekday", asked_of="ben")).request.number
        service.requests.join(number)
        service.requests.claim(number)
        service.requests.list(with_ended=True)
        service.requests.measures()
        service.requests.answer(number, "marts.best")
        asked = service.dataset_questions.ask("marts.best", "Of which year?").question.number
        service.dataset_questions.answer(asked, "Which do you mean?", settles=False)
        service.dataset_questions.answer(asked, "Of this one.")
        service.dataset_questions.reopen(asked)
        service.dataset_questions.edit(asked, "Of which years?")
        service.dataset_questions.edit(asked, "Of both.", answer=2)
        service.dataset_questions.edit(asked, subject="marts.totals.amount")
        service.dataset_questions.list("marts.totals", with_ended=True)
        service.renaming.rename("marts.totals", "marts.sums", RunOptions(agreed=ANY_PLAN))
        service.dataset_questions.withdraw(asked, answer=2)
        service.reproduction_samples.sample(["marts.*"], SampleOptions(2))
        service.analyses.run("noted")
        service.analyses.show("noted@1")
        service.analyses.log("noted")
        service.analyses.list()
        service.verifying.verify(all=True)
        service.datasets.show("marts.best")
        service.scorecards.scorecard()
        service.undoing.undo()
        service.workspace.failed_steps.add([FailedStep(1, "marts.best", "a definition", {"shop.orders": "a version"})])
        assert service.workspace.failed_steps.find(1, "marts.best") is not None
        with service.workspace.lake.database.write() as transaction:
            approval = Approval("marts.best", "a change", "run:1", "a commit", "ana", "2026-11-30T09:00:00Z")
            assert service.workspace.approvals.add(transaction, approval) == approval
            service.workspace.approvals.withdraw(transaction, approval, "ana", approval.at)
        service.letters.list(all=True)
        service.letters.see([1])
        service.letters.see()
    clone.environ.update(ANDON_RETENTION_KEEP="1s", ANDON_RETENTION_RUNS="1s", ANDON_RETENTION_GRACE="")
    clone.refresh()
    time.sleep(1)
    with clone.opened() as service:
        assert service.collecting.collect(apply=True).files
        service.branches.tag("kept")
        (run,) = service.workspace.lake.database.query("select min(name) from ref where kind = 'run'")
        service.repairing.repair(at=str(run[0]))
        service.verifying.verify(all=True)


def test_postgres_takes_every_statement(postgres: PostgresServer, asked: set[str], tmp_path: Path):
    steps = [statement for each in COMPONENTS.values() for step in each for statement in step]
    story(Clone(tmp_path / "acme"))
    plain = sorted(
        sql for sql in asked if re.match(r"(select|insert|update|delete|with) ", sql) and " format " not in sql
    )
    plain = [sql for sql in plain if "sqlite_master" not in sql]
    assert len(plain) > 100
    prepared = [f"prepare p{number} as {_numbered(sql)}" for number, sql in enumerate(plain)]
    postgres.run("create schema catalog; set search_path = catalog;" + ";\n".join([*steps, *prepared]))
    made = postgres.run("select count(*) from pg_tables where schemaname = 'catalog'")
    assert int(made.strip().splitlines()[-1]) == sum(statement.startswith("create table") for statement in steps)


def _numbered(sql: str) -> str:
    """A statement with its parameters as Postgres names them; none of ours has a question mark in a text."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
