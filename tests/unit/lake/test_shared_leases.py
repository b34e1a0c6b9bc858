"""Leases in the catalog: of processes of several machines, each with objects of its own, by a clock of the database that a test sets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.base.clock import system_clock
from andon.errors import ConflictError, MachineError
from andon.lake import lease_rows
from andon.lake.collecting import collecting
from andon.lake.lake import Lake
from andon.lake.lease_rows import BEAT, EXPIRES
from kit.lake_objects import build, stored
from kit.machines import ClockedDatabase, MachineStorage, rows_of


class Machines:
    """Machines that share a lake."""

    def __init__(self, place: Path) -> None:
        self.place, self.now = place, 1e9
        self.lakes: list[Lake] = []

    def one(self) -> Lake:
        database = ClockedDatabase(self.place / "catalog.db", lambda: self.now)
        lake = Lake.open(database, MachineStorage(self.place / "lake"), system_clock, "ana")
        self.lakes.append(lake)
        return lake


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setattr(lease_rows, "BEAT", 1e6)
    made = Machines(tmp_path)
    yield made
    for lake in made.lakes:
        lake.leases.close()
        lake.database.close()


def closes_something(lake: Lake) -> None:
    epoch = lake.going.epoch()
    with lake.database.write() as transaction:
        transaction.execute("delete from epoch")
        transaction.execute("insert into epoch (number) values (?)", [epoch + 1])


def test_who_reads_is_seen_by_all_until_it_is_given_back(machines: Machines) -> None:
    one, two = machines.one(), machines.one()
    assert two.leases.others() == []
    first = one.leases.take()
    closes_something(two)
    second = one.leases.take()
    assert (first.epoch, second.epoch) == (0, 1)
    rows_of(one).at_beat()  # type: ignore[misc]
    assert [note.epoch for note in two.leases.others()] == [0]
    first.release()
    rows_of(one).at_beat()  # type: ignore[misc]
    assert [note.epoch for note in two.leases.others()] == [1]
    second.release()
    assert [note.epoch for note in one.leases.others()] == []  # its own is exact
    assert two.leases.others() == []


def test_most_reads_write_nothing(machines: Machines) -> None:
    lake = machines.one()
    lake.leases.take().release()
    changes = lake.database.query("select total_changes()")
    for _ in range(5):
        lake.leases.take().release()
    assert lake.database.query("select total_changes()") == changes


def test_who_was_silent_for_long_loses_it_to_who_looks_and_takes_it_again(machines: Machines) -> None:
    reader, collector = machines.one(), machines.one()
    hold = reader.leases.take()
    machines.now += EXPIRES - 1
    rows_of(reader).renew()
    machines.now += EXPIRES - 1
    assert len(collector.leases.others()) == 1
    assert hold.holds()
    machines.now += 2
    assert hold.holds()  # nobody decided anything by it yet
    assert collector.leases.others() == []
    assert not hold.holds()
    closes_something(collector)
    again = reader.leases.take()
    assert again.holds()
    assert not hold.holds()
    assert again.epoch == 1
    assert [note.epoch for note in collector.leases.others()] == [1]


def test_a_lease_that_nobody_asked_about_is_missed_before_it_is_relied_on(machines: Machines) -> None:
    reader, collector = machines.one(), machines.one()
    reader.leases.take().release()  # the row stays for the next one
    machines.now += EXPIRES + 1
    assert collector.leases.others() == []
    closes_something(collector)
    hold = reader.leases.take()
    assert hold.holds()
    assert [note.epoch for note in collector.leases.others()] == [1]


def test_a_clock_that_was_set_back_holds_nothing_for_long(machines: Machines) -> None:
    reader, collector = machines.one(), machines.one()
    reader.leases.take()
    machines.now -= 1e6
    assert len(collector.leases.others()) == 1
    machines.now += EXPIRES + 1
    assert collector.leases.others() == []


def test_nobody_is_alone_while_somebody_writes_and_who_comes_waits(machines: Machines) -> None:
    one, two = machines.one(), machines.one()
    with one.locks.writing(), two.locks.writing(), two.locks.alone() as is_alone:
        assert not is_alone
    order = []

    def write() -> None:
        with one.locks.writing():
            order.append("written")

    with two.locks.alone() as is_alone:
        assert is_alone
        with one.locks.alone() as other:
            assert not other
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.3)
        order.append("swept")
    writer.join()
    assert order == ["swept", "written"]


def test_one_collects_and_who_lost_it_takes_nothing_more_away(machines: Machines) -> None:
    one, two = machines.one(), machines.one()
    with collecting(one) as require:
        with pytest.raises(ConflictError) as raised, collecting(two):
            pass
        assert raised.value.code == "lake.busy"
        require()
        machines.now += EXPIRES + 1
        with collecting(two) as other:
            other()
            with pytest.raises(ConflictError, match="silent"):
                require()
    with collecting(one):
        pass


def test_what_was_swept_meanwhile_is_not_named_by_a_late_writer(machines: Machines) -> None:
    writer, collector = machines.one(), machines.one()
    with writer.locks.writing():
        version = stored(writer, "m.a", 7)
        with collector.database.write() as transaction:
            transaction.execute(
                "insert into going (path, dataset, size, state, epoch, since) values (?, '', 1, 'gone', 1, '')",
                [version.files[0].path],
            )
        collector.storage.delete(version.files[0].path)
        with pytest.raises(ConflictError, match="taken away") as raised:
            writer.objects.record([(version, build(version, "k"))])
    assert raised.value.retryable
    assert writer.database.query("select id from version") == []


def test_leases_are_renewed_beside_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_rows, "BEAT", 0.02)
    machines = Machines(tmp_path)
    lake = machines.one()
    with lake.leases.reading():
        machines.now += 50
        end = time.monotonic() + 10
        while lake.database.query("select renewed from lease") != [(machines.now,)]:
            assert time.monotonic() < end
            time.sleep(0.01)
    lake.leases.close()
    assert lake.database.query("select count(*) from lease") == [(0,)]
    lake.database.close()


def test_a_catalog_that_is_away_is_no_reason_to_stop_renewing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_rows, "BEAT", 0.02)
    machines = Machines(tmp_path)
    lake = machines.one()
    write, failed = lake.database.write, threading.Event()

    def away(*_: object) -> object:
        failed.set()
        raise MachineError("machine.database", "away")

    with lake.leases.reading() as hold:
        lake.database.write = away  # type: ignore[method-assign,assignment]
        assert failed.wait(10)
        lake.database.write = write  # type: ignore[method-assign]
        machines.now += 50
        end = time.monotonic() + 10
        while lake.database.query("select renewed from lease") != [(machines.now,)]:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert hold.holds()
    lake.leases.close()
    lake.database.close()


def test_it_is_renewed_more_often_than_it_ends() -> None:
    assert BEAT * 3 < EXPIRES
