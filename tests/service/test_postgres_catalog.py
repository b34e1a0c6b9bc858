"""A lake whose catalog is in Postgres: nothing else is different, and what happens to the server loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from andon.base.postgres import PostgresDatabase
from andon.errors import MachineError, UsageError
from andon.service.restoring import restore
from kit.clones import FILES, Clone
from kit.cut_line import Line
from kit.past_lakes import make, read
from kit.servers import PASSWORD, PostgresServer
from kit.shops import FILES as SHOP
from kit.shops import ORDERS, Shop


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    return postgres.catalog(f"lake_{uuid4().hex[:12]}")


def project(root: Path, address: str, storage: Path | None = None) -> Clone:
    clone = Clone(root, environ={"LAKE": address})
    place = f'storage = "{storage}"\n' if storage else ""
    clone.fill({**FILES, "andon.toml": f'catalog = "${{env:LAKE}}"\n{place}'})
    return clone


def test_the_loop_is_the_same_and_no_file_is_a_catalog(tmp_path, address) -> None:
    clone = project(tmp_path / "acme", address)
    first = clone.run()
    clone.switch("try", create=True)
    clone.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    clone.run(branch="try")
    clone.publish("try")
    assert clone.ask("from marts.count") == [(4,)]
    clone.undo()
    assert clone.ask("from marts.count") == [(3,)]
    clone.redo()
    assert clone.ask("from marts.count") == [(4,)]
    assert clone.ask("from marts.count", first.commit) == [(3,)]
    with clone.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
        assert service.reproducing.reproduce("marts.totals").verdict.holds
        assert not service.workspace.lake.database.is_read_only
    assert not list(clone.root.glob(".andon/catalog*"))


def test_what_is_collected_there_is_gone_and_the_lake_goes_on(tmp_path, address) -> None:
    shop = Shop(tmp_path / "acme")
    shop.environ = {"LAKE": address}
    shop.fill({**SHOP, "andon.toml": f'catalog = "${{env:LAKE}}"\n{SHOP["andon.toml"]}'})
    shop.run()
    for days, amount in ((1, 7), (40, 8)):
        shop.later(days)
        shop.load(f"{ORDERS}4,cleo,{amount}\n")
    there = shop.files()
    shop.collect()
    assert shop.files() < there
    shop.load(f"{ORDERS}4,cleo,9\n")  # what a new commit needs is looked at within its transaction
    shop.undo()
    assert shop.ask("select amount::int from marts.totals where customer = 'cleo'") == [(8,)]
    with shop.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
        assert service.reproducing.reproduce("marts.totals@run:1").verdict.holds
        assert service.backups.make(str(tmp_path / "kept")).backup.whole
    assert shop.repair("marts.totals@run:1").left == []
    again = Shop(tmp_path / "again")
    again.environ = {"LAKE": ".andon/catalog.db"}
    restore(tmp_path / "kept", again.root, environ={"HOME": str(tmp_path), **again.environ}, clock=shop.clock)
    again.now = shop.now
    with again.opened() as service:
        assert service.verifying.verify(all=True).damaged == []


def test_two_folders_share_it(tmp_path, address) -> None:
    one = project(tmp_path / "one", address, tmp_path / "lake")
    two = project(tmp_path / "two", address, tmp_path / "lake")
    one.run()
    two.run()
    two.write("datasets/marts/count.sql", "select count(*) + 5 as n from shop.orders\n")
    two.run()
    assert one.ask("from marts.count") == [(8,)]
    one.undo()
    assert two.ask("from marts.count") == [(3,)]


def test_a_server_that_was_away_is_found_again_by_who_is_open(tmp_path, tmp_path_factory, postgres) -> None:
    server = PostgresServer(tmp_path_factory.mktemp("own"))
    try:
        clone = project(tmp_path / "acme", server.catalog("acme"))
        clone.run()
        with clone.opened() as service:
            assert service.querying.ask("from marts.count").fetch() == [(3,)]
            server.stop()
            again = threading.Timer(0.5, server.start)
            again.start()
            assert service.querying.ask("from marts.count").fetch() == [(3,)]
            again.join()
            service.undoing.undo()
        assert "marts.count" not in clone.leaves()
    finally:
        server.stop()


def test_who_writes_in_many_threads_keeps_no_reader_waiting(address) -> None:
    """Each waits for its turn without a connection of its own, of which there are sixteen."""
    database = PostgresDatabase(address)
    with database.write() as transaction:
        transaction.execute("create table counter (name text primary key, number bigint not null)")
        transaction.execute("insert into counter (name, number) values ('n', 0)")

    def add() -> None:
        with database.write() as transaction:
            ((number,),) = transaction.query("select number from counter")
            time.sleep(0.02)
            transaction.execute("update counter set number = ?", [number + 1])

    writers = [threading.Thread(target=add) for _ in range(40)]
    for each in writers:
        each.start()
    began, waited = time.monotonic(), 0.0
    while any(each.is_alive() for each in writers):
        asked = time.monotonic()
        database.query("select number from counter")
        waited = max(waited, time.monotonic() - asked)
    assert database.query("select number from counter") == [(40,)]
    assert waited < (time.monotonic() - began) / 2
    database.close()


@pytest.mark.parametrize(
    ("old", "new", "said"), [("//andon:", "//nobody:", "authentication"), ("/shop?", "/none?", "does not exist")]
)
def test_who_is_refused_is_told_why_at_once(tmp_path, address, old, new, said) -> None:
    clone = project(tmp_path / "acme", address.replace(old, new))
    with pytest.raises(MachineError, match=said) as raised:
        clone.run()
    assert not raised.value.retryable
    assert PASSWORD not in str(raised.value)


def test_a_server_has_one_identity_however_it_is_called(tmp_path, address) -> None:
    """Two that spell it otherwise are no two catalogs, of which one could not read what the other one names."""
    one = project(tmp_path / "one", address, tmp_path / "lake")
    two = project(tmp_path / "two", address.replace("@127.0.0.1", "@localhost"), tmp_path / "lake")
    one.run()
    two.run()
    with two.opened() as service:
        assert service.collecting.collect().refused == []
    assert len([note for note in (tmp_path / "lake" / ".catalogs").iterdir() if note.name != "storage"]) == 1


def test_a_storage_that_is_not_the_one_of_the_catalog_is_refused(tmp_path, address) -> None:
    """Else what is published there is what nobody else can read."""
    one = project(tmp_path / "one", address)
    one.run()
    two = project(tmp_path / "two", address)
    with pytest.raises(MachineError) as raised:
        two.run()
    assert raised.value.code == "lake.elsewhere"
    assert "storage" in str(raised.value.hint)
    assert one.ask("from marts.count") == [(3,)]


@pytest.mark.parametrize("text", ["select 'a\0b' from marts.count", "select '\ud800' from marts.count"])
def test_a_question_that_is_no_text_is_refused_at_its_place_and_kept_in_the_log(tmp_path, address, text) -> None:
    clone = project(tmp_path / "one", address)
    clone.run()
    with clone.opened() as service:
        with pytest.raises(UsageError) as raised:
            service.querying.ask(text)
        assert (raised.value.code, raised.value.where) == (
            "usage.not_one_select",
            "query:1:10" if "a" in text[:9] else "query:1:9",
        )
        assert [kept.error for kept in service.workspace.query_log.newest()] != []


def test_what_is_no_catalog_is_not_made_by_asking_for_it(tmp_path, project) -> None:
    project.run()
    for source, target in (
        ("nope.db", "new.db"),
        (".andon/catalog.db", "raw"),
        (".andon/catalog.db", ".andon/catalog.db"),
    ):
        with project.opened() as service, pytest.raises(UsageError) as raised:
            service.catalogs.copy(source, target)
        assert raised.value.code == "usage.bad_argument"
    assert not list(project.root.glob("*.db"))


@pytest.fixture
def line(postgres: PostgresServer) -> Iterator[Line]:
    made = Line(postgres.port)
    yield made
    made.close()


@pytest.mark.parametrize("loses", ["answer", "commit"])
def test_what_became_of_a_commit_whose_answer_was_lost_is_asked(tmp_path, postgres, address, line, loses) -> None:
    clone = project(tmp_path / "acme", address.replace(f":{postgres.port}/", f":{line.port}/"))
    clone.run()
    clone.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    with clone.opened() as service:
        line.loses_commit(loses)
        commits = len(service.history.log())
        if loses == "answer":
            service.undoing.undo()
            assert len(service.history.log()) == commits + 1
        else:
            with pytest.raises(MachineError) as raised:
                service.undoing.undo()
            assert raised.value.retryable
            assert len(service.history.log()) == commits
            service.undoing.undo()
            assert len(service.history.log()) == commits + 1
        assert line.lost == 1
    assert "marts.count" not in clone.leaves()


def test_who_may_only_read_reads(tmp_path, postgres, address) -> None:
    clone = project(tmp_path / "acme", address)
    clone.run()
    schema = address.rpartition("=")[2]
    postgres.run(f"create role reader_{schema} login password '{PASSWORD}'")
    with clone.opened() as service:
        for statement in service.catalogs.grants(readers=f"reader_{schema}").statements:
            postgres.run(statement)
    reader = Clone(clone.root, environ={"LAKE": address.replace("//andon:", f"//reader_{schema}:")})
    assert reader.ask("from marts.count") == [(3,)]
    with reader.opened() as service:
        assert service.workspace.lake.database.is_read_only
    reader.write("datasets/marts/count.sql", "select 1 as n\n")
    with pytest.raises(MachineError) as raised:
        reader.run()
    assert raised.value.code == "machine.read_only"


def test_a_catalog_is_copied_to_postgres_and_back_and_all_is_as_it_was(tmp_path, address) -> None:
    """Work goes on in each from where the other one was."""
    made = make(tmp_path / "shop")
    then = read(made.root)
    with made.opened() as service:
        rows = service.workspace.lake.database.tables().keys()
        assert "lake_commit" in rows
        copied = service.catalogs.copy(".andon/catalog.db", address)
        assert copied.rows > 100
        assert "let%20me" not in str(copied)
        with pytest.raises(UsageError):
            service.catalogs.copy(".andon/catalog.db", address)
    there = Clone(made.root, environ={"ANDON_CATALOG": address})
    assert read(made.root, {"ANDON_CATALOG": address}) == then
    there.undo()
    later = read(made.root, {"ANDON_CATALOG": address})
    with there.opened() as service:
        service.catalogs.copy(address, "back.db")
    assert read(made.root, {"ANDON_CATALOG": "back.db"}) == later
    assert read(made.root) == then


def test_a_backup_comes_back_into_a_schema_in_which_no_lake_is(tmp_path, postgres, address) -> None:
    clone = project(tmp_path / "acme", address)
    clone.run()
    clone.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    clone.run()
    clone.undo()
    with clone.opened() as service:
        service.backups.make(str(tmp_path / "kept"))
    then = read(clone.root, {"LAKE": address})
    with pytest.raises(UsageError) as raised:
        restore(tmp_path / "kept", tmp_path / "again", environ={"LAKE": address})
    assert raised.value.code == "usage.exists"
    assert PASSWORD not in str(raised.value)
    assert not (tmp_path / "again").exists()
    other = postgres.catalog(f"lake_{uuid4().hex[:12]}")
    found = restore(tmp_path / "kept", tmp_path / "again", environ={"LAKE": other})
    assert found.catalog == PostgresDatabase(other).place
    assert read(tmp_path / "again", {"LAKE": other}) == then == read(clone.root, {"LAKE": address})
    again = Clone(tmp_path / "again", environ={"LAKE": other})
    again.redo()
    assert again.ask("from marts.count") == [(4,)]
    assert clone.ask("from marts.count") == [(3,)]
    assert not list(again.root.glob(".andon/catalog*"))


@pytest.mark.parametrize("bad", ["postgresql://h/d?schema=A;b", "postgresql://h/d?schema="])
def test_a_name_that_is_none_of_a_schema_is_refused(bad) -> None:
    with pytest.raises(UsageError) as raised:
        PostgresDatabase(bad)
    assert raised.value.code == "usage.bad_argument"


def test_a_password_is_nowhere_to_be_seen(tmp_path) -> None:
    database = PostgresDatabase("postgresql://ana:very%20secret@127.0.0.1:1/shop?connect_timeout=1&schema=acme")
    assert database.place == "postgresql://127.0.0.1:1/shop?schema=acme"
    with pytest.raises(UsageError) as raised:
        project(tmp_path / "acme", "postgresql://ana:very%20secret@127.0.0.1/shop?schema=A").run()
    assert "secret" not in str(raised.value)
