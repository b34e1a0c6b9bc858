"""The watch over reads that go around their transaction sees them: all tests rely on it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from andon.base.sqlite import SqliteDatabase
from kit.inside import AroundTransaction


def test_a_read_around_an_open_transaction_is_seen(tmp_path: Path) -> None:
    database, other = SqliteDatabase(tmp_path / "one.db"), SqliteDatabase(tmp_path / "two.db")
    with database.write() as transaction:
        transaction.execute("create table a (n integer)")
        assert transaction.query("select n from a") == []
        assert other.query("select 1") == [(1,)]
        with pytest.raises(AroundTransaction):
            database.query("select n from a")
        found: list[object] = []
        reader = threading.Thread(target=lambda: found.extend(database.query("select count(*) from sqlite_master")))
        reader.start()
        reader.join()
        assert found == [(0,)], "of another thread it is another matter"
    assert database.query("select n from a") == []
    database.close()
    other.close()
