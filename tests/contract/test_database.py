"""What every catalog database must do. An adapter joins by a line in `ADAPTERS`."""

import threading
from contextlib import suppress
from uuid import uuid4

import pytest

from andon.base.database import in_batches, migrate
from andon.base.postgres import PostgresDatabase
from andon.base.sqlite import SqliteDatabase
from andon.errors import MachineError, UsageError

ADAPTERS = ("sqlite", "postgres")
STEPS = (("create table counter (name text primary key, number bigint not null)",),)


@pytest.fixture(params=ADAPTERS)
def fresh(request, tmp_path):
    """A database in which nothing is."""
    if request.param == "sqlite":
        made = SqliteDatabase(tmp_path / "catalog.db")
    else:
        server = request.getfixturevalue("postgres")
        made = PostgresDatabase(server.catalog(f"test_{uuid4().hex[:12]}"))
    yield made
    made.close()


@pytest.fixture
def database(fresh):
    migrate(fresh, "test", STEPS)
    return fresh


def test_a_transaction_is_whole_or_not_there(database):
    with database.write() as transaction:
        transaction.execute("insert into counter (name, number) values (?, ?)", ["a", 1])
    with pytest.raises(ZeroDivisionError), database.write() as transaction:
        transaction.execute("update counter set number = ? where name = ?", [9, "a"])
        raise ZeroDivisionError
    assert database.query("select number from counter") == [(1,)]


@pytest.mark.parametrize("text", ["nu\0l", "half \ud800", "latin-1 \udce9"])
def test_what_is_no_text_is_refused_and_nothing_is_lost(database, text):
    with database.write() as transaction:
        transaction.execute("insert into counter (name, number) values (?, ?)", ["a", 1])
    writes = (
        lambda transaction: transaction.execute("insert into counter (name, number) values (?, ?)", [text, 2]),
        lambda transaction: transaction.execute_many("update counter set name = ?", [[text]]),
    )
    for write in writes:
        with pytest.raises(UsageError) as caught, database.write() as transaction:
            transaction.execute("update counter set number = 9")
            write(transaction)
        assert caught.value.code == "usage.bad_argument"
    with suppress(UsageError):
        assert database.query("select number from counter where name = ?", [text]) == []
    assert database.query("select name, number from counter") == [("a", 1)]


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


def test_a_table_is_there_once_its_making_was_committed(database):
    assert database.has_table("counter")
    assert not database.has_table("nowhere")
    with pytest.raises(ZeroDivisionError), database.write() as transaction:
        transaction.execute("create table fleeting (x bigint)")
        raise ZeroDivisionError
    assert not database.has_table("fleeting")


def test_an_index_is_no_table(database):
    with database.write() as transaction:
        transaction.execute("create index counter_number on counter (number)")
    assert not database.has_table("counter_number")


def test_a_database_without_formats_is_brought_to_the_newest(fresh):
    assert not fresh.has_table("format")
    migrate(fresh, "test", STEPS)
    assert fresh.query("select component, number from format") == [("test", 1)]


def test_steps_that_fail_leave_the_format_as_it_was(database):
    steps = (*STEPS, ("alter table counter add column note text", "insert into nowhere (x) values (1)"))
    with pytest.raises(MachineError):
        migrate(database, "test", steps)
    assert database.query("select number from format where component = 'test'") == [(1,)]
    with pytest.raises(MachineError):
        database.query("select note from counter")


def test_two_that_migrate_at_once_do_it_once(database):
    steps = (*STEPS, ("alter table counter add column note text",))
    failed = []

    def bring():
        try:
            migrate(database, "test", steps)
        except MachineError as error:
            failed.append(error)

    threads = [threading.Thread(target=bring) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert database.query("select number from format where component = 'test'") == [(2,)]


def test_a_transaction_reads_what_it_wrote(database):
    with database.write() as transaction:
        transaction.execute("insert into counter (name, number) values ('a', 1)")
        assert transaction.query("select number from counter where name = ?", ["a"]) == [(1,)]


def test_a_closed_database_opens_again_when_it_is_asked(database):
    with database.write() as transaction:
        transaction.execute("insert into counter (name, number) values ('a', 1)")
    database.close()
    assert database.query("select name from counter") == [("a",)]


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (500, [500]), (501, [500, 1]), (1200, [500, 500, 200])]
)
def test_many_values_are_asked_in_batches(database, count, sizes):
    with database.write() as transaction:
        rows = [(f"n{number}", number) for number in range(count)]
        transaction.execute_many("insert into counter (name, number) values (?, ?)", rows)
    found, asked = set(), []
    for marks, batch in in_batches(name for name, _ in rows):
        asked.append(len(batch))
        found.update(database.query(f"select name from counter where name in ({marks})", batch))
    assert asked == sizes
    assert len(found) == count


def test_a_wrong_statement_is_an_error_of_the_machine(database):
    with pytest.raises(MachineError) as caught:
        database.query("select * from nowhere")
    assert caught.value.code == "machine.database"


@pytest.mark.parametrize("number", [1 << 63, -(1 << 63) - 1, 10**30])
def test_a_number_that_no_row_can_have_is_found_nowhere(database, number):
    sql = "select name from counter where number = ?"
    with database.write() as transaction:
        transaction.execute_many(
            "insert into counter (name, number) values (?, ?)", [("most", (1 << 63) - 1), ("least", -(1 << 63))]
        )
        assert transaction.query(sql, [number]) == []
    assert database.query(sql, [number]) == []
    assert database.query(sql.replace("=", "<" if number > 0 else ">") + " order by 1", [number]) == [
        ("least",),
        ("most",),
    ]
