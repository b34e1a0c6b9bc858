"""How much datasets are used, and by whom: people count, days go by, and what Andon asks itself is nobody's read."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.base.clock import to_text
from andon.base.database import migrate
from andon.base.sqlite import SqliteDatabase
from andon.catalog.readers import readers_of
from andon.catalog.use import DAYS, UseBook
from andon.state.queries import Queries, QueryRecord
from andon.state.schema import MIGRATIONS

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Queries:
    database = SqliteDatabase(tmp_path / "catalog.db")
    migrate(database, "state", MIGRATIONS)
    return Queries(database)


def line(
    who: str, *datasets: str, ago: float = 0, face: str = "http", columns: tuple[str, ...] | None = None
) -> QueryRecord:
    at = to_text(NOW - timedelta(days=ago))
    return QueryRecord(at, who, face, "select 1", datasets, "c", 0.1, 1, None, columns)


def test_people_count_and_not_their_questions(log: Queries) -> None:
    for record in (
        *(line("robot", "a.x") for _ in range(50)),
        line("ana", "a.x", "a.y", ago=3),
        line("ben", "a.y", face="show"),
        line("ben", "a.y", face="due"),
        line("cem", "a.y", ago=DAYS + 1),
    ):
        log.add(record)
    uses = UseBook(log).uses(NOW)
    assert {name: (use.readers, use.reads) for name, use in uses.items()} == {"a.x": (2, 51), "a.y": (1, 1)}
    assert uses["a.y"].last == to_text(NOW - timedelta(days=3))


def test_what_is_counted_step_by_step_is_what_is_counted_at_once(log: Queries) -> None:
    pick, now = random.Random(5), NOW - timedelta(days=60)
    book = UseBook(log)
    for _ in range(150):
        now += timedelta(hours=pick.choice((1, 9, 40)))
        for _ in range(pick.randrange(0, 3)):
            ago = (NOW - now) / timedelta(days=1)
            log.add(line(pick.choice("abcd"), *pick.sample(["s.a", "s.b", "s.c"], 2), ago=ago))
        if pick.random() < 0.3:
            assert book.uses(now) == UseBook(log).uses(now)
            assert book.people(["s.a", "s.b"], now) == UseBook(log).people(["s.a", "s.b"], now)
    log.drop_before("9999")
    assert book.uses(now) == {}


def test_readers_of_a_dataset_by_door_and_column(log: Queries) -> None:
    for record in (
        line("ana", "a.x", columns=("a.x.id", "a.x.day")),
        line("ana", "a.x", "a.y", face="python", columns=("a.x.id", "a.y.z")),
        line("ana", "a.x", face="http"),
        line("ben", "a.x", ago=1, columns=("a.x.day",)),
        line("cem", "a_x", "aax", "a.xx", columns=("a.xx.id",)),
        line("old", "a.x", ago=DAYS + 2),
        line("robot", "a.x", columns=("a.x.id", "a.x.day")),
    ):
        log.add(record)
    lines = log.answered(to_text(NOW - timedelta(days=DAYS)), "a.x")
    used = {
        line.seq: {"a.x": [c.removeprefix("a.x.") for c in line.columns or () if c.startswith("a.x.")]}
        for line in lines
    }
    found = readers_of(lines, "a.x", used, lambda line: line.who == "robot")
    assert [(p.person, p.reads, p.doors, p.columns) for p in found.people] == [
        ("ana", 3, ["http", "python"], ["id", "day"]),
        ("ben", 1, ["http"], ["day"]),
    ]
    assert [(c.column, c.readers, c.reads) for c in found.columns] == [("day", 2, 2), ("id", 1, 2)]
    assert [(t.tool, t.reads, t.columns) for t in found.tools] == [("robot", 1, ["day", "id"])]


def test_what_comes_by_the_clock_is_nobody(log: Queries) -> None:
    log.add(line("ana", "a.x", ago=2))
    before = UseBook(log).uses(NOW)
    for hour in range(24 * 20, 0, -6):  # a tool that refreshes, cron, and Andon itself
        log.add(line("metabase", "a.x", "a.y", ago=hour / 24))
        log.add(line("ana", "a.y", ago=hour / 24))
    log.add(line("andon", "a.x", ago=1))
    book = UseBook(log)
    assert book.uses(NOW) == before
    assert book.people(["a.x", "a.y"], NOW) == {"ana"}
    log.add(line("metabase", "a.x", ago=0.3))  # another question: somebody sits there
    assert book.uses(NOW)["a.x"].readers == 2
    assert "a.y" not in book.uses(NOW)
