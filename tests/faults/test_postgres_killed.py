"""A server of the catalog that ends, and connections that break, at any moment of a publish: what was acknowledged is there once, what
was not is there or not, and asking again by the same request does it once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from andon.base import postgres, postgres_address
from andon.base.postgres import PostgresDatabase
from andon.errors import MachineError
from andon.lake.lake import Lake
from faults.at_once import publish_at_once
from faults.publishers import open_lake, publish_once
from kit.cut_line import Line
from kit.servers import PostgresServer


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    return postgres.catalog(f"killed_{uuid4().hex[:12]}")


@pytest.fixture
def line(postgres: PostgresServer) -> Iterator[Line]:
    made = Line(postgres.port)
    yield made
    made.close()


def commits(lake: Lake) -> list[str]:
    return [commit.message for commit in lake.commits.first_parents(lake.refs.resolve("main"))]


@pytest.mark.parametrize("how", ["commit", "answer"])
def test_wherever_the_line_is_cut_asking_again_does_it_once(
    tmp_path, monkeypatch, postgres, address, line, how
) -> None:
    """At each message that a publish sends: lost itself, or its answer."""
    monkeypatch.setenv("CATALOG", address)
    steady = open_lake(tmp_path)
    monkeypatch.setenv("CATALOG", address.replace(f":{postgres.port}/", f":{line.port}/"))
    lake = open_lake(tmp_path)
    publish_once(lake, "p0", 0)
    for turn in range(1, 60, 2):
        there = commits(steady)
        line.loses_message(turn, how)
        try:
            publish_once(lake, "p0", turn)
        except MachineError as error:
            if not error.retryable:
                raise
        if line.fate is not None:
            break  # it sends no more than that
        publish_once(lake, "p0", turn)
        assert commits(steady) == [f"turn {turn}", *there]
    else:
        pytest.fail("a publish sends more messages than this looks at")
    assert line.lost > 8
    for each in (lake, steady):
        each.database.close()


def test_a_server_that_ends_while_many_publish_loses_nothing(tmp_path, tmp_path_factory, monkeypatch) -> None:
    """It is killed, told to end at once, and its connections are ended, by chance, while publishers go on."""
    server = PostgresServer(tmp_path_factory.mktemp("own"))
    monkeypatch.setenv("CATALOG", server.catalog("shop"))
    chance, over, ended = random.Random(17), threading.Event(), []

    def strike() -> None:
        for what in ("connections", "killed", "connections", "at once", "connections"):
            if over.wait(chance.uniform(0.3, 1.5)):
                return
            if what == "connections":
                server.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'andon'")
            else:
                process = server._process
                assert process is not None
                process.send_signal(signal.SIGQUIT if what == "at once" else signal.SIGKILL)
                process.wait()
                time.sleep(0.3)  # its children notice
                server.start()
            ended.append(what)

    striking = threading.Thread(target=strike)
    try:
        open_lake(tmp_path).database.close()
        striking.start()
        assert publish_at_once(tmp_path, 3, 15, ended=over.set).wrong == []
    finally:
        over.set()
        striking.join()
        server.stop()
    assert ended


def test_who_waits_for_too_long_is_told_and_who_is_silent_loses_the_turn(monkeypatch, address) -> None:
    monkeypatch.setattr(postgres_address, "TURN", 1)
    monkeypatch.setattr(postgres, "TURN", 1)
    one, two = PostgresDatabase(address), PostgresDatabase(address)
    with one.write() as transaction:
        transaction.execute("create table counter (name text primary key)")
    said: list[MachineError] = []

    def write() -> None:
        try:
            with two.write() as transaction:
                transaction.execute("insert into counter (name) values ('two')")
        except MachineError as error:
            said.append(error)

    def busy() -> None:
        with one.write() as transaction:
            for _ in range(20):  # it is at work, and not silent
                transaction.query("select pg_sleep(0.08)")

    other = threading.Thread(target=busy)
    other.start()
    time.sleep(0.3)
    write()
    other.join()
    assert [(error.code, error.retryable) for error in said] == [("machine.database", True)]
    assert "try again" in str(said[0].hint)
    with pytest.raises(MachineError) as raised, one.write() as transaction:
        transaction.execute("insert into counter (name) values ('one')")
        time.sleep(1.5)  # a process that is stopped
        transaction.execute("insert into counter (name) values ('more')")
    assert raised.value.retryable
    write()
    assert one.query("select name from counter") == [("two",)]
    for each in (one, two):
        each.close()


def test_a_statement_that_takes_too_long_is_ended(monkeypatch, address) -> None:
    monkeypatch.setattr(postgres_address, "_STATEMENT", 1)
    database = PostgresDatabase(address)
    with pytest.raises(MachineError) as raised:
        database.query("select pg_sleep(20)")
    assert (raised.value.code, raised.value.retryable) == ("machine.database", True)
    assert database.query("select 1") == [(1,)]
    database.close()


def test_turns_come_in_the_order_in_which_they_were_asked_for(address) -> None:
    """Of processes, each by a database of its own; and one that is killed hands its turn on."""
    lost = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, address], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )
    assert lost.stdout is not None
    assert lost.stdout.readline() == "has it\n"
    order: list[int] = []

    def wait(number: int) -> None:
        database = PostgresDatabase(address)
        with database.turn("main"):
            order.append(number)
        database.close()

    free = PostgresDatabase(address)
    waiting = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    for number, each in enumerate(waiting):
        each.start()
        while free.query("select count(*) from pg_locks where locktype = 'advisory' and not granted") != [
            (number + 1,)
        ]:
            time.sleep(0.02)
    assert order == []
    with free.turn("another"), free.write():
        pass  # nobody waits for the turn of another name
    free.close()
    lost.kill()
    lost.wait()
    for each in waiting:
        each.join()
    assert order == [0, 1, 2, 3, 4]


def test_many_threads_that_read_write_and_take_turns_share_few_connections(address) -> None:
    """As of a server for people: sixty at once, none fails, and never more than sixteen connections."""
    database = PostgresDatabase(address)
    with database.write() as transaction:
        transaction.execute("create table counter (name text primary key, number bigint not null)")
        transaction.execute("insert into counter (name, number) values ('n', 0)")
    failed: list[BaseException] = []
    most = 0
    ((before,),) = database.query("select count(*) - 1 from pg_stat_activity where application_name = 'andon'")

    def work(number: int) -> None:
        nonlocal most
        try:
            for turn in range(3):
                with database.turn(f"branch {(number + turn) % 7}"), database.write() as transaction:
                    transaction.execute("update counter set number = number + 1")
                with database.write([f"branch {number % 7}"]) as transaction:
                    transaction.execute("update counter set number = number + 1")
                ((count,),) = database.query("select count(*) from pg_stat_activity where application_name = 'andon'")
                most = max(most, count - before)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(60)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    assert database.query("select number from counter") == [(6 * len(threads),)]
    assert most <= 16
    database.close()


_HOLDS = """
import sys, time
from andon.base.postgres import PostgresDatabase
with PostgresDatabase(sys.argv[1]).turn("main"):
    print("has it", flush=True)
    time.sleep(60)
"""
