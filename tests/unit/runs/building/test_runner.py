"""The runner: order, side by side, failures and what is skipped for them, recording, adoption, and being stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from queue import SimpleQueue

import pytest

from andon.errors import ConflictError, DatasetError, MachineError
from andon.model.build import Build
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult
from andon.model.event import TaskEnded, TaskMoved, TaskStarted
from andon.model.plan import Action, Step
from andon.runs.building import runner as module
from andon.runs.building.outcome import Asked, Outcome, Progress
from andon.runs.building.runner import Runner


def step(dataset: str, *needs: str, action: Action = Action.BUILD) -> Step:
    return Step(dataset, action, "new", needs)


def outcome(dataset: str, *, version: str | None = None, fresh: bool = True, **more: object) -> Outcome:
    build = Build(f"b-{dataset}", f"k-{dataset}", dataset, "d", version or f"v-{dataset}", 1)
    return Outcome(None, build, build.version, 3, fresh, **more)


class Bench:
    """A runner whose steps are functions, with all that it said and recorded."""

    def __init__(self, workers: int = 2, **does: object) -> None:
        self.does = does
        self.events: list[object] = []
        self.recorded: list[list[str]] = []
        self.began: list[str] = []
        self.seen: dict[str, dict[str, str]] = {}
        self.cancelled = threading.Event()
        self.interrupted = threading.Event()
        self.winners: dict[str, Build] = {}
        self.runner = Runner(
            self.execute, self.record, self.events.append, workers, self.cancelled, self.interrupted.set
        )

    def execute(self, taken: Step, versions: Mapping[str, str]) -> Outcome:
        self.began.append(taken.dataset)
        self.seen[taken.dataset] = dict(versions)
        act = self.does.get(taken.dataset.replace(".", "_"))
        if isinstance(act, BaseException):
            raise act
        return act() if callable(act) else act or outcome(taken.dataset)

    def record(self, outcomes: Sequence[Outcome]) -> dict[str, Build]:
        self.recorded.append([o.build.dataset for o in outcomes])
        return {o.build.key: self.winners.get(o.build.key, o.build) for o in outcomes}

    @property
    def kept(self) -> list[str]:
        """All datasets that were recorded."""
        return [dataset for each in self.recorded for dataset in each]

    def statuses(self, progress: Progress) -> dict[str, str]:
        return {r.dataset: str(r.status) for r in progress.results}


def test_steps_are_taken_when_what_they_need_is_there():
    bench = Bench(workers=1)
    progress = bench.runner.run([step("m.a"), step("m.b", "m.a"), step("m.c", "m.b", "m.known")], {"m.known": "v"})
    assert bench.began == ["m.a", "m.b", "m.c"]
    assert bench.seen["m.c"] == {"m.known": "v", "m.a": "v-m.a", "m.b": "v-m.b"}
    assert progress.versions == {"m.known": "v", "m.a": "v-m.a", "m.b": "v-m.b", "m.c": "v-m.c"}
    assert set(progress.builds) == {"m.a", "m.b", "m.c"}
    assert bench.kept == ["m.a", "m.b", "m.c"]
    kinds = [type(event) for event in bench.events]
    assert kinds == [TaskStarted, TaskEnded] * 3


def test_no_steps_are_no_work():
    bench = Bench()
    progress = bench.runner.run([], {"m.known": "v"})
    assert (progress.results, bench.recorded, bench.events) == ([], [], [])


def test_what_does_not_wait_runs_side_by_side_and_no_more_than_the_workers():
    running, most, lock = [0], [0], threading.Lock()
    both = threading.Barrier(2)

    def work(dataset):
        def act():
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            both.wait(10)
            with lock:
                running[0] -= 1
            return outcome(dataset)

        return act

    bench = Bench(workers=2, **{f"m_{n}": work(f"m.{n}") for n in "abcd"})
    bench.runner.run([step(f"m.{n}") for n in "abcd"], {})
    assert most[0] == 2


def test_a_failure_skips_what_follows_and_nothing_else():
    failure = DatasetError("build.failed", "no", where="m.a", hint="look")
    bench = Bench(m_a=failure)
    progress = bench.runner.run([step("m.a"), step("m.b", "m.a"), step("m.c", "m.b"), step("m.other")], {})
    assert bench.statuses(progress) == {"m.a": "failed", "m.b": "skipped", "m.c": "skipped", "m.other": "ok"}
    results = {r.dataset: r for r in progress.results}
    assert results["m.a"].error["code"] == "build.failed"
    assert results["m.b"].reason == results["m.c"].reason == "m.a failed"
    assert bench.kept == ["m.other"]
    assert "m.b" not in bench.began


def test_what_is_held_before_is_skipped_with_why():
    bench = Bench()
    progress = bench.runner.run([step("m.b", "m.a")], {"m.a": "v"}, {"m.a": "m.a is held by a check"})
    assert [(r.dataset, str(r.status), r.reason) for r in progress.results] == [
        ("m.b", "skipped", "m.a is held by a check")
    ]


def test_a_check_that_holds_stops_what_reads_it_and_keeps_the_result():
    def check(label: str, status: CheckStatus) -> CheckResult:
        return CheckResult(
            key="k",
            check="c",
            dataset="m.a",
            label=label,
            text=label,
            kind=CheckKind.ROW,
            severity=Severity.HOLD,
            status=status,
        )

    found = (check("n > 0", CheckStatus.FAIL), check("n < 9", CheckStatus.ERROR))
    bench = Bench(m_a=outcome("m.a", asked=Asked(found, found)))
    progress = bench.runner.run([step("m.a"), step("m.b", "m.a")], {})
    assert bench.statuses(progress) == {"m.a": "held", "m.b": "skipped"}
    assert progress.results[0].reason == "`n > 0` does not hold and 1 more"
    assert progress.results[1].reason == "m.a is held by a check"
    assert progress.checks == list(found)
    assert progress.versions["m.a"] == "v-m.a"
    assert bench.recorded == [["m.a"]]


def test_a_drop_is_told_and_no_work():
    bench = Bench()
    progress = bench.runner.run([step("m.a", action=Action.DROP)], {})
    assert bench.statuses(progress) == {"m.a": "ok"}
    assert bench.began == []


def test_a_result_that_was_there_is_reuse_and_is_not_recorded():
    bench = Bench(m_a=outcome("m.a", fresh=False, note="built before, in run 3"))
    progress = bench.runner.run([step("m.a")], {})
    (result,) = progress.results
    assert (str(result.action), result.reason, result.rows) == ("reuse", "built before, in run 3", 3)
    assert bench.recorded == []


def test_of_two_who_built_one_key_the_first_to_record_counts_but_not_in_the_middle():
    bench = Bench(workers=1)
    bench.winners["k-m.a"] = Build("theirs", "k-m.a", "m.a", "d", "v-theirs", 2)
    progress = bench.runner.run([step("m.a"), step("m.b", "m.a")], {})
    assert bench.seen["m.b"]["m.a"] == "v-m.a"  # read as it was built here
    assert progress.versions["m.a"] == "v-theirs"
    assert progress.builds["m.a"].id == "theirs"


def test_long_work_is_recorded_meanwhile(monkeypatch):
    monkeypatch.setattr(module, "RECORD_EVERY", 0.02)

    def slow():
        time.sleep(0.1)
        return outcome("m.b")

    bench = Bench(workers=1, m_b=slow)
    bench.runner.run([step("m.a"), step("m.b"), step("m.c")], {})
    assert len(bench.recorded) > 1
    assert sorted(bench.kept) == ["m.a", "m.b", "m.c"]


@pytest.mark.parametrize("error", [MachineError("machine.disk", "full", hint="free some"), ValueError("a defect")])
def test_an_error_of_the_machine_or_a_defect_ends_it_all_and_keeps_what_was_built(error):
    def late():
        time.sleep(0.1)
        raise error

    bench = Bench(workers=1, m_b=late)
    with pytest.raises(type(error)):
        bench.runner.run([step("m.a"), step("m.b"), step("m.c")], {})
    assert bench.recorded == [["m.a"]]
    assert bench.cancelled.is_set()
    assert "m.c" not in bench.began


def test_what_runs_is_interrupted_when_the_caller_is():
    before = set(threading.enumerate())
    """Who hears of the steps may raise, as Ctrl-C does: what runs is interrupted and waited for, what was built is kept."""
    going = threading.Event()

    def endless():
        going.set()
        assert bench.interrupted.wait(10)
        raise DatasetError("build.interrupted", "stopped")

    bench = Bench(workers=2, m_b=endless)

    def report(event: object) -> None:
        if isinstance(event, TaskEnded):
            going.wait(10)
            raise KeyboardInterrupt

    runner = Runner(bench.execute, bench.record, report, 2, bench.cancelled, bench.interrupted.set)
    with pytest.raises(KeyboardInterrupt):
        runner.run([step("m.b"), step("m.a"), step("m.c", "m.b")], {})
    assert bench.interrupted.is_set()
    assert not [t for t in threading.enumerate() if t.name.startswith("andon-") and t not in before]


def test_what_a_step_tells_of_itself_is_reported_while_it_runs(monkeypatch):
    monkeypatch.setattr(module, "RECORD_EVERY", 0.02)
    moves: SimpleQueue[tuple[str, str]] = SimpleQueue()
    told = threading.Event()

    def report(event: object) -> None:
        bench.events.append(event)
        if isinstance(event, TaskMoved):
            told.set()

    def slow() -> Outcome:
        moves.put(("m.a", "half"))
        moves.put(("m.other", "is no step that runs"))
        assert told.wait(10)
        return outcome("m.a")

    bench = Bench(m_a=slow)
    runner = Runner(bench.execute, bench.record, report, 1, bench.cancelled, bench.interrupted.set, moves)
    runner.run([step("m.a")], {})
    assert [e for e in bench.events if isinstance(e, TaskMoved)] == [TaskMoved("m.a", "half")]


def test_what_was_cancelled_from_outside_is_interrupted_until_it_hears(monkeypatch):
    monkeypatch.setattr(module, "RECORD_EVERY", 0.02)
    times: list[float] = []
    heard = threading.Event()

    def interrupt() -> None:
        times.append(time.monotonic())
        if len(times) > 2:  # the first ones come between two statements, and are lost
            heard.set()

    def deaf():
        assert heard.wait(10)
        raise DatasetError("build.interrupted", "stopped")

    bench = Bench(m_a=deaf)
    bench.cancelled.set()
    runner = Runner(bench.execute, bench.record, bench.events.append, 2, bench.cancelled, interrupt)
    progress = runner.run([step("m.a")], {})
    assert bench.statuses(progress) == {"m.a": "failed"}
    assert len(times) >= 3


def test_a_record_that_fails_is_the_error():
    bench = Bench()
    error = ConflictError("lake.ref_moved", "moved", hint="again")

    def record(outcomes: Sequence[Outcome]) -> dict[str, Build]:
        raise error

    runner = Runner(bench.execute, record, bench.events.append, 1, bench.cancelled, bench.interrupted.set)
    with pytest.raises(ConflictError):
        runner.run([step("m.a")], {})
