"""What every catalog database must do. An adapter joins by a line in `ADAPTERS`."""

import threading

import pytest

from andon.base.database import SqliteDatabase, migrate
from andon.errors import MachineError

ADAPTERS = {"sqlite": lambda place: SqliteDatabase(place / "catalog.db")}
STEPS = (("create table counter (name text primary key, number bigint not null)",),)


@pytest.fixture(params=ADAPTERS)
def database(request, tmp_path):
    made = ADAPTERS[request.param](tmp_path)
    migrate(made, "test", STEPS)
    yield made
    made.close()


def test_a_transaction_is_whole_or_not_there(database):
    with database.write() as transaction:
        transaction.execute("insert into counter (name, number) values (?, ?)", ["a", 1])
    with pytest.raises(ZeroDivisionError), database.write() as transaction:
        transaction.execute("update counter set number = ? where name = ?", [9, "a"])
        raise ZeroDivisionError
    assert database.query("select number from counter") == [(1,)]


def test_a_write_tells_how_many_rows_it_touched(database):
    with database.write() as transaction:
        transaction.execute_many("insert into counter (name, number) values (?, ?)", [("a", 1), ("b", 2)])
        assert transaction.execute("update counter set number = 0 where number > ?", [1]) == 1
        assert transaction.execute("delete from counter where name = ?", ["zzz"]) == 0


def test_what_a_writer_read_is_true_until_it_commits(database):
    """Read, add one, write: in eight threads at once nothing is lost."""
    with database.write() as transaction:
        transaction.execute("insert into counter (name, number) values ('n', 0)")

    def add():
        for _ in range(10):
            with database.write() as transaction:
                ((number,),) = transaction.query("select number from counter where name = 'n'")
                transaction.execute("update counter set number = ? where name = 'n'", [number + 1])

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.query("select number from counter") == [(80,)]


def test_readers_see_only_what_was_committed(database):
    seen = []
    with database.write() as transaction:
        transaction.execute("insert into counter (name, number) values ('n', 1)")
        reader = threading.Thread(target=lambda: seen.append(database.query("select count(*) from counter")))
        reader.start()
        reader.join()
    assert seen == [[(0,)]]
    assert database.query("select count(*) from counter") == [(1,)]


def test_migrations_run_once_and_in_order(database):
    steps = (*STEPS, ("alter table counter add column note text",))
    migrate(database, "test", steps)
    migrate(database, "test", steps)
    assert database.query("select name, number, note from counter") == []


def test_a_newer_format_is_refused(database):
    migrate(database, "test", (*STEPS, ("create table more (x bigint)",)))
    with pytest.raises(MachineError) as caught:
        migrate(database, "test", STEPS)
    assert caught.value.code == "lake.format"


def test_components_have_formats_of_their_own(database):
    migrate(database, "other", (("create table other (x bigint)",),))
    assert database.query("select * from other") == []


def test_a_wrong_statement_is_an_error_of_the_machine(database):
    with pytest.raises(MachineError) as caught:
        database.query("select * from nowhere")
    assert caught.value.code == "machine.database"
