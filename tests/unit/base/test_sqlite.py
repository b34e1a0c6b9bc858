"""The catalog's database in SQLite: what its errors are told as, and whose connections it keeps."""

import sqlite3
import threading

import pytest

from andon.base.sqlite import SqliteDatabase
from andon.errors import MachineError


@pytest.fixture
def database(tmp_path):
    made = SqliteDatabase(tmp_path / "catalog.db")
    with made.write() as transaction:
        transaction.execute("create table t (x blob)")
    yield made
    made.close()


def told(act):
    with pytest.raises(MachineError) as caught:
        act()
    return caught.value.code, caught.value.retryable


def write(database, value=b""):
    with database.write() as transaction:
        transaction.execute("insert into t (x) values (?)", [value])


def test_a_full_database_is_the_disk(database):
    database.query("pragma max_page_count = 4")
    assert told(lambda: write(database, bytes(100_000))) == ("machine.disk", True)
    assert database.query("select count(*) from t") == [(0,)]
    write(database)


def test_what_is_read_only_is_told_so(tmp_path, database):
    write(database)
    database.query("pragma query_only = true")
    assert told(lambda: write(database)) == ("machine.read_only", False)


def test_a_folder_in_place_of_the_file_can_not_be_opened(tmp_path):
    (tmp_path / "catalog.db").mkdir()
    code, _ = told(lambda: SqliteDatabase(tmp_path / "catalog.db").query("select 1"))
    assert code == "machine.disk"  # the folder around is writable, so the room for the log is suspected first


def test_a_lock_held_by_another_process_may_be_tried_again(tmp_path, database):
    other = sqlite3.connect(tmp_path / "catalog.db", isolation_level=None)
    other.execute("begin immediate")
    database.query("pragma busy_timeout = 1")
    with pytest.raises(MachineError) as caught:
        write(database)
    other.close()
    assert (caught.value.code, caught.value.retryable) == ("machine.database", True)
    assert "another process" in caught.value.hint
    write(database)


def test_a_file_of_something_else_is_for_the_doctor(tmp_path):
    (tmp_path / "catalog.db").write_bytes(b"x" * 5000)
    with pytest.raises(MachineError) as caught:
        SqliteDatabase(tmp_path / "catalog.db").query("select 1")
    assert (caught.value.code, caught.value.retryable) == ("machine.database", False)
    assert "doctor" in caught.value.hint


@pytest.mark.parametrize("name", ["full", "locked", "readonly", "disk I/O", "unable to open"])
def test_the_words_of_a_statement_decide_nothing(database, name):
    assert told(lambda: database.query(f'select * from "{name}"')) == ("machine.database", False)


def test_misuse_has_no_number_and_is_told_all_the_same(database):
    assert told(lambda: database.query("select ?", [1, 2])) == ("machine.database", False)


def test_connections_of_ended_threads_are_closed(database):
    for _ in range(20):
        thread = threading.Thread(target=database.query, args=["select 1"])
        thread.start()
        thread.join()
    assert len(database._all) <= 2  # this thread's, and the last one's until another comes


def test_a_failed_commit_frees_the_lock(tmp_path, database):
    with pytest.raises(ZeroDivisionError), database.write():
        raise ZeroDivisionError
    other = SqliteDatabase(tmp_path / "catalog.db")
    write(other)
    other.close()
