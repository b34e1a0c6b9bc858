"""The log of queries: in the order in which they were asked, whole, by many at once."""

from __future__ import annotations

import threading

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
