"""The laws of `test_gc_model`, where several machines share a lake by rows of its catalog: a clock of the database that leaps and is set
back, processes that are killed, that are silent for long, and come back.

What is read stays while the lease holds; a lease holds for whoever is not silent for long while the clock goes as it should; and whoever
lost theirs finds out by asking. What was swept away since its writer was silent is never named.
"""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from andon.errors import ConflictError, DamagedError
from andon.lake import lease_rows
from andon.lake.lake import Lake
from andon.lake.lease_rows import EXPIRES
from andon.lake.leases import Hold
from andon.model.version import Version
from kit.lake_objects import build, stored
from kit.machines import ClockedDatabase, MachineStorage, rows_of
from property.test_gc_model import GRACE, CollectingMachine, Running

_NEVER = 1e8


class SharedMachine(CollectingMachine):
    """As `CollectingMachine`; `lake` and `other` are processes of two machines."""

    def __init__(self) -> None:
        lease_rows.BEAT = _NEVER  # beats are rules here
        self.seconds = 1e9
        #: seconds since each process was heard of
        self.silent = {"lake": 0.0, "other": 0.0}
        #: held by who was silent for long
        self.may_be_lost: list[Hold] = []
        #: whether the clock does what no clock should
        self.is_clock_wrong = False
        self.killed: list[Lake] = []
        self.writing: list[tuple[Lake, Version, object]] = []
        super().__init__()

    def open(self) -> Lake:
        database = ClockedDatabase(self.place / "catalog.db", lambda: self.seconds)
        return Lake.open(database, MachineStorage(self.place / "lake"), lambda: self.now, "ana")

    @initialize(is_clock_wrong=st.booleans())
    def begin_by_a_clock(self, is_clock_wrong: bool) -> None:
        self.is_clock_wrong = is_clock_wrong

    # -- clocks and processes

    @rule(seconds=st.sampled_from([10, 60, 110, 130, 1000]))
    def time_passes(self, seconds: float) -> None:
        self.seconds += seconds
        for name in self.silent:
            self.silent[name] += seconds
        self.may_be_lost += [hold for name, hold in self.holds() if self.silent[name] > EXPIRES]

    @rule(seconds=st.sampled_from([-100_000, -30, 100_000]))
    def the_clock_is_set(self, seconds: float) -> None:
        if seconds < 0 or self.is_clock_wrong:
            self.seconds += seconds

    @rule(which=st.sampled_from(["lake", "other"]))
    def is_heard_of(self, which: str) -> None:
        """A beat: what is not read any more is let go, and the leases are renewed."""
        lake: Lake = getattr(self, which)
        rows = rows_of(lake)
        assert rows.at_beat is not None
        rows.at_beat()
        rows.renew()
        self.silent[which] = 0

    @rule()
    def the_reader_is_killed(self) -> None:
        """What it held goes on to be held until it is silent for long."""
        self.killed.append(self.other)
        self.other = self.open()
        self.reading, self.silent["other"] = [], 0

    @precondition(lambda self: not self.writing)
    @rule(number=st.integers(11, 19))
    def somebody_begins_to_write(self, number: int) -> None:
        """On another machine: a file that no version names yet."""
        writer = self.open()
        lock = writer.locks.writing()
        lock.__enter__()
        self.writing.append((writer, stored(writer, "m.a", number), lock))

    @precondition(lambda self: self.writing)
    @rule(is_killed=st.booleans())
    def they_name_what_they_wrote(self, is_killed: bool) -> None:
        writer, version, lock = self.writing.pop()
        if is_killed:
            self.killed.append(writer)
            return
        is_there = all((self.place / "lake" / file.path).exists() for file in version.files)
        try:
            made = writer.objects.record([(version, build(version, f"late-{version.id}"))])
        except (ConflictError, DamagedError):
            assert not is_there
        else:
            known = writer.objects.versions([each.version for each in made.values()])
            assert not any(writer.objects.is_lost(each, anew=True) for each in known.values())
        lock.__exit__(None, None, None)  # type: ignore[attr-defined]
        writer.database.close()

    @rule(grace=st.sampled_from([GRACE, timedelta()]), at=st.integers(0, 12))
    def collect_and_be_struck(self, grace: timedelta, at: int) -> None:
        """What a collector held that was killed is held until it is silent for long."""
        super().collect_and_be_struck(grace, at)
        for _ in range(2):
            self.time_passes(EXPIRES / 2 + 1)
            self.is_heard_of("lake")
            self.is_heard_of("other")

    # -- runs that were silent

    def finish(self, run: Running) -> None:
        """A run that was silent may come too late; then it fails, and what it names is not lost."""
        held = run.hold.holds()
        try:
            super().finish(run)
        except DamagedError:
            assert not held
            run.hold.release()

    # -- the laws

    @invariant()
    def what_is_read_stays(self) -> None:
        for hold, versions in self.reading:
            if hold.holds():
                assert all((self.place / "lake" / f.path).exists() for v in versions for f in v.files)

    @invariant()
    def who_is_heard_of_keeps_what_it_holds(self) -> None:
        if self.is_clock_wrong:
            return
        for _, hold in self.holds():
            assert hold.holds() or any(hold is each for each in self.may_be_lost)

    def holds(self) -> list[tuple[str, Hold]]:
        """What is held, and by whom."""
        return [("other", hold) for hold, _ in self.reading] + [("lake", run.hold) for run in self.running]

    def all_else_goes(self) -> None:
        for writer, _, _ in self.writing:
            self.killed.append(writer)
        self.writing = []
        rows_of(self.lake).standing()  # a clock that was set back is noticed by who looks
        self.seconds += EXPIRES + 1
        rows_of(self.lake).renew()
        super().all_else_goes()

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            for lake in self.killed:
                lake.database.close()


TestSharedCollecting = SharedMachine.TestCase
TestSharedCollecting.settings = settings(
    max_examples=int(os.environ.get("ANDON_COLLECTIONS", "15")),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
