"""The log of queries: in the order in which they were asked, whole, by many at once."""

from __future__ import annotations

import threading
import time

from andon.base.database import Database
from andon.state.queries import Queries, QueryRecord


def record(number: int, **more: object) -> QueryRecord:
    values: dict[str, object] = {
        "at": "2026-11-01T00:00:00.000000Z",
        "who": "ana",
        "face": "cli",
        "sql": f"select {number}",
        "datasets": ("a.x", "b.y"),
        "commit": "c1",
        "seconds": 0.25,
        "rows": number,
        "error": None,
    }
    return QueryRecord(**(values | more))  # type: ignore[arg-type]


def test_a_line_comes_back_as_it_was_written(database: Database) -> None:
    queries = Queries(database)
    lines = [record(1), record(2, datasets=(), commit=None, rows=None, error="no such column `ä`", face="python")]
    for line in lines:
        queries.add(line)
    assert queries.newest() == lines[::-1]


def test_the_newest_come_first_even_of_one_moment(database: Database) -> None:
    queries = Queries(database)
    for number in range(5):
        queries.add(record(number))
    assert [line.rows for line in queries.newest(3)] == [4, 3, 2]
    assert Queries(database).newest(0) == []


def test_no_line_is_lost_by_many_who_ask_at_once(database: Database) -> None:
    queries = Queries(database)
    threads = [threading.Thread(target=queries.add, args=[record(number)]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line.rows or 0 for line in queries.newest()) == list(range(16))
    assert database.query("select seq from query_log order by seq") == [(number,) for number in range(1, 17)]


def test_lines_that_come_at_once_are_written_together_and_seen_at_once(database: Database) -> None:
    queries, failed = Queries(database), []
    threads = [
        threading.Thread(target=lambda n=n: [queries.add_soon(record(n * 10 + k), failed.append) for k in range(10)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queries.add(record(99))
    assert [line.rows for line in queries.newest(1)] == [99]
    assert sorted(line.rows or 0 for line in queries.newest(50)) == [*range(40), 99]
    queries.add_soon(record(100), failed.append)
    assert [line.rows for line in queries.newest(1)] == [100]
    assert failed == []


def test_lines_are_written_without_anybody_looking(database: Database) -> None:
    queries = Queries(database)
    queries.add_soon(record(1), lambda _: None)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not Queries(database).newest():
        time.sleep(0.01)
    assert [line.rows for line in Queries(database).newest()] == [1]


def test_what_is_older_is_forgotten(database: Database) -> None:
    queries = Queries(database)
    for day in (1, 2, 3):
        queries.add(
            record(day, at=f"2026-11-0{day}T00:00:00.000000Z", columns=("a.x.id",), shape="s", exact="e", bytes=5)
        )
    assert queries.drop_before("2026-11-03T00:00:00.000000Z") == 2
    assert [(line.rows, line.columns, line.shape, line.bytes) for line in queries.newest()] == [
        (3, ("a.x.id",), "s", 5)
    ]
    queries.add(record(4))
    assert database.query("select seq from query_log order by seq") == [(3,), (4,)]


def test_a_log_of_an_older_format_is_read_on(tmp_path) -> None:
    from andon.base.database import migrate
    from andon.base.sqlite import SqliteDatabase
    from andon.state.schema import MIGRATIONS

    database = SqliteDatabase(tmp_path / "old.db")
    migrate(database, "state", MIGRATIONS[:2])
    with database.write() as transaction:
        transaction.execute(
            "insert into query_log (seq, at, who, face, sql, datasets, commit_id, seconds, rows, error)"
            " values (1, '2026-11-01T00:00:00.000000Z', 'ana', 'cli', 'select 1', '[]', 'c', 0.5, 1, null)"
        )
    migrate(database, "state", MIGRATIONS)
    queries = Queries(database)
    queries.add(record(2, shape="s"))
    assert [(line.rows, line.shape, line.columns) for line in queries.newest()] == [(2, "s", None), (1, None, None)]
    database.close()
