"""Claims: one holder at a time, numbers that only grow, and an end for those who don't come back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.clock import system_clock
from andon.base.database import migrate
from andon.base.postgres import PostgresDatabase
from andon.base.process import same_machine, this_process
from andon.base.sqlite import SqliteDatabase
from andon.errors import ConflictError
from andon.state.claims import LONGEST, ClaimLease, Claims, Refused, Turn
from andon.state.schema import MIGRATIONS

MINUTE = timedelta(minutes=1)


class Desk:
    """Claims in a database of their own, with a clock that is set."""

    def __init__(self, folder: Path) -> None:
        self.database = SqliteDatabase(folder / "catalog.db")
        migrate(self.database, "state", MIGRATIONS)
        self.now = datetime(2026, 11, 2, tzinfo=UTC)
        self.claims = Claims(self.database, lambda: self.now)

    def take(self, *names: str, turns: tuple[Turn, ...] = ()) -> ClaimLease | Refused:
        return self.claims.take("main", names, MINUTE, self.claims.of("main"), turns)

    def release(self, lease: ClaimLease) -> None:
        with self.database.write() as transaction:
            self.claims.release(transaction, lease)

    def is_held(self, lease: ClaimLease) -> bool:
        with self.database.write() as transaction:
            try:
                self.claims.require(transaction, lease)
            except ConflictError as error:
                return error.code != "run.claim_lost"
        return True


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.database.close()


def test_all_is_taken_or_nothing(desk: Desk):
    first = desk.take("a", "b")
    assert isinstance(first, ClaimLease)
    refused = desk.take("b", "c")
    assert isinstance(refused, Refused)
    assert (refused.name, refused.is_stale) == ("b", False)
    assert isinstance(desk.take("c"), ClaimLease)
    desk.release(first)
    assert isinstance(desk.take("b", "a"), ClaimLease)
    assert not desk.is_held(first)


def test_what_somebody_took_since_it_was_looked_at_is_left_to_them(desk: Desk):
    seen = desk.claims.of("main")
    first = desk.take("a")
    desk.release(first)  # they did it meanwhile, all of it
    refused = desk.claims.take("main", ["a", "b"], MINUTE, seen)
    assert isinstance(refused, Refused)
    assert refused.is_stale


def test_who_does_not_renew_loses_it_and_who_does_keeps_it(desk: Desk):
    silent, alive = desk.take("a"), desk.take("b")
    desk.now += MINUTE * 0.9
    assert desk.claims.renew(alive, MINUTE)
    desk.now += MINUTE * 0.2
    assert desk.is_held(silent), "nobody took it yet, so it is theirs"
    taken = desk.take("a")
    assert isinstance(taken, ClaimLease)
    assert (taken.lost, taken.tokens["main", "a"]) == ({"a"}, silent.tokens["main", "a"] + 1)
    assert isinstance(desk.take("b"), Refused)
    assert not desk.claims.renew(silent, MINUTE)
    desk.release(silent)  # takes nothing from who has it now
    assert not desk.is_held(silent)
    assert desk.is_held(taken)
    assert desk.is_held(alive)


def test_a_process_that_is_gone_is_waited_for_no_longer(desk: Desk):
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)  # it ended, and who started it did not look yet
    first = desk.take("a")
    with desk.database.write() as transaction:
        transaction.execute("update claim set process = ?", [same_machine(str(gone.pid))])
    taken = desk.take("a")
    assert isinstance(taken, ClaimLease)
    assert taken.lost == {"a"}
    assert not desk.is_held(first)
    gone.wait()


def test_a_process_that_came_back_with_its_number_holds_nothing(desk: Desk):
    """As a container does that was killed and started again: its first process has the number of the one before."""
    assert isinstance(desk.take("a"), ClaimLease)
    assert isinstance(desk.take("a"), Refused), "it is ours"
    with desk.database.write() as transaction:
        transaction.execute("update claim set process = ?", [this_process()[:-8] + "0badcafe"])
    taken = desk.take("a")
    assert isinstance(taken, ClaimLease)
    assert taken.lost == {"a"}


@pytest.mark.parametrize("step", [timedelta(days=-3), timedelta(hours=-2), timedelta(days=400)])
def test_a_clock_that_steps_keeps_nothing_for_ever(desk: Desk, step: timedelta):
    held = desk.take("a")
    desk.now += step
    taken = desk.take("a")
    assert isinstance(taken, ClaimLease), "and the one who had it publishes nothing more"
    assert not desk.is_held(held)
    desk.now -= timedelta(minutes=30)  # a small step back: at most so long is waited
    assert isinstance(desk.take("a"), Refused)
    desk.now += timedelta(minutes=30) + LONGEST
    assert isinstance(desk.take("a"), ClaimLease)


def test_places_are_taken_in_turn(desk: Desk):
    shop = Turn("connection shop", 2)
    first, second = desk.take("a", turns=(shop,)), desk.take("b", turns=(shop,))
    third = desk.take("c", turns=(Turn("engine", 9), shop))
    assert isinstance(third, Refused)
    assert third.name == "connection shop"
    assert isinstance(desk.take("c"), ClaimLease), "nothing of what was refused stays taken"
    desk.release(first)
    assert isinstance(desk.take("d", turns=(shop,)), ClaimLease)
    assert desk.is_held(second)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["take", "renew", "release", "wait"]), st.integers(0, 3)), max_size=25))
def test_nobody_ever_shares_a_claim(steps: list[tuple[str, int]]):
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        desk = Desk(Path(folder))
        leases: list[ClaimLease] = []
        tokens: dict[tuple[str, str], int] = {}
        for what, which in steps:
            if what == "take":
                found = desk.take(*("a", "b", "ab", "c")[which])
                if isinstance(found, ClaimLease):
                    assert all(token > tokens.get(name, 0) for name, token in found.tokens.items())
                    tokens.update(found.tokens)
                    leases.append(found)
            elif what == "wait":
                desk.now += MINUTE * (which / 2)
            elif leases:
                lease = leases[which % len(leases)]
                if what == "renew":
                    assert desk.claims.renew(lease, MINUTE) == desk.is_held(lease)
                else:
                    desk.release(lease)
            held = [name for lease in leases if desk.is_held(lease) for name in lease.tokens]
            assert len(held) == len(set(held))
        desk.database.close()


@pytest.mark.parametrize("ahead", [10, -10])
def test_machines_whose_clocks_differ_go_by_the_one_of_the_catalog(postgres, ahead: int) -> None:
    """Ten minutes, where a claim lasts one: neither takes what the other has, and what is over is free at once."""
    address = postgres.catalog(f"claims{'ahead' if ahead > 0 else 'behind'}")

    def skewed() -> datetime:
        return system_clock() + timedelta(minutes=ahead)

    one, other = PostgresDatabase(address), PostgresDatabase(address)
    migrate(one, "state", MIGRATIONS)
    here, there = Claims(one, system_clock), Claims(other, skewed, skewed)
    held = here.take("main", ["a"], timedelta(minutes=1), {})
    assert isinstance(held, ClaimLease)
    assert isinstance(there.take("main", ["a"], timedelta(minutes=1), there.of("main")), Refused)
    assert here.renew(held, timedelta(seconds=-1))  # it was silent for longer than it lasts
    taken = there.take("main", ["a"], timedelta(minutes=1), there.of("main"))
    assert isinstance(taken, ClaimLease)
    assert isinstance(here.take("main", ["a"], timedelta(minutes=1), here.of("main")), Refused)
    assert there.renew(taken, timedelta(seconds=-1))
    assert isinstance(here.take("main", ["a"], timedelta(minutes=1), here.of("main")), ClaimLease)
    for database in (one, other):
        database.close()
