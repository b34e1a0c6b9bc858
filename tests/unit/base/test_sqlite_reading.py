"""A database that is only read: right while somebody writes, after somebody was killed, and nothing is left beside it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from andon.base.sqlite_reading import SqliteReader

#: Writes without an end to the transaction log, and is killed.
KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("pragma journal_mode = wal")
connection.execute("pragma wal_autocheckpoint = 0")
connection.execute("insert into t values (7, 7)")
os._exit(9)
"""


@pytest.fixture
def path(tmp_path) -> Path:
    place = tmp_path / "lake é" / "catalog.db"
    place.parent.mkdir()
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table t (a integer, b integer)")
        connection.execute("insert into t values (1, 1)")
        connection.commit()
    assert [p.name for p in place.parent.iterdir()] == ["catalog.db"]
    return place


def test_nothing_is_left_beside_it(path):
    reader = SqliteReader(path)
    assert reader.query("select a from t where b = ?", [1]) == [(1,)]
    assert [p.name for p in path.parent.iterdir()] == ["catalog.db"]
    with pytest.raises(sqlite3.OperationalError):
        reader.query("insert into t values (2, 2)")
    reader.close()
    assert reader.query("select count(*) from t") == [(1,)]
    reader.close()


def test_what_others_wrote_meanwhile_is_seen(path):
    reader = SqliteReader(path)
    for number in range(2, 6):
        assert reader.query("select count(*) from t") == [(number - 1,)]
        with closing(sqlite3.connect(path)) as writer:
            writer.execute("insert into t values (?, ?)", [number, number])
            writer.commit()
            assert reader.query("select max(a) from t") == [(number,)]
    reader.close()


def test_each_answer_is_of_one_state_while_somebody_writes(path):
    """A writer opens, changes both columns of all rows at once, and closes, again and again."""
    stop, errors = threading.Event(), []

    def write() -> None:
        number = 1
        while not stop.is_set():
            with closing(sqlite3.connect(path, timeout=30)) as connection:
                number += 1
                connection.executemany("insert into t values (?, ?)", [(number, number)] * 50)
                connection.execute("update t set a = ?, b = ?", [number, number])
                connection.commit()

    thread = threading.Thread(target=write)
    thread.start()
    reader = SqliteReader(path)
    try:
        for _ in range(300):
            ((low, high, rows),) = reader.query("select min(a), max(b), count(*) from t")
            if low != high or rows != (high - 1) * 50 + 1:
                errors.append((low, high, rows))
    finally:
        stop.set()
        thread.join()
        reader.close()
    assert errors == []


@pytest.mark.parametrize("what", ["it is copied", "it is looked for"])
def test_a_log_may_end_while(path, what, monkeypatch):
    """Whoever closes the file last takes the index away, then the log: in between it looks as if a killed process had left it."""
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)]).returncode == 9
    path.with_name("catalog.db-shm").unlink()
    reader = SqliteReader(path)
    where = (shutil, "copyfile") if what == "it is copied" else (SqliteReader, "_open")
    real, ended = getattr(*where), []

    def ends_first(*given):
        if not ended:
            ended.append(True)
            with closing(sqlite3.connect(path)) as other:
                other.execute("insert into t values (8, 8)")
                other.commit()
        return real(*given)

    monkeypatch.setattr(*where, ends_first)
    assert reader.query("select max(a) from t") == [(8,)]
    assert ended
    reader.close()


@pytest.mark.parametrize("log", ["with its index", "without it"])
def test_what_a_killed_writer_committed_is_read(path, log):
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert done.returncode == 9
    if log == "without it":
        path.with_name("catalog.db-shm").unlink()
        before = sorted(p.name for p in path.parent.iterdir())
    reader = SqliteReader(path)
    assert reader.query("select max(a) from t") == [(7,)]
    reader.close()
    if log == "without it":
        assert sorted(p.name for p in path.parent.iterdir()) == before
