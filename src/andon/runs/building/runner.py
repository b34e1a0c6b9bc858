"""Taking a plan's steps in parallel, in dependency order. A failure stops only what is downstream of it.

The runner knows order, threads, progress and batching; what a step does is the `execute` that it is given, and what a
result is recorded by is the `record` that it is given.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import NamedTuple

from andon.base.threads import stop
from andon.errors import AndonError
from andon.model.build import Build
from andon.model.check import CheckStatus
from andon.model.check_result import CheckResult
from andon.model.event import Reporter, TaskEnded, TaskMoved, TaskStarted
from andon.model.plan import Action, Step
from andon.model.quarantine import is_aside
from andon.model.run import TaskResult, TaskStatus
from andon.runs.building.outcome import Execute, Outcome, Progress

#: New results are recorded at least this often (seconds), so that an interrupted run keeps what it built.
RECORD_EVERY = 0.5

#: Makes outcomes durable; gives back the build that counts for each key.
Record = Callable[[Sequence[Outcome]], Mapping[str, Build]]

#: So many steps for each thread are handed over at a time: it goes on with the next one while it is looked at what the last one came to.
_HANDED_OVER = 2


class _Took(NamedTuple):
    """What a step came to, and the seconds that it took."""

    outcome: Outcome | BaseException
    seconds: float


class Runner:
    """Runs the steps of one plan.

    Args:
        execute: takes one step.
        record: keeps what was built.
        report: hears of every start and end, in the thread that called `run`.
        workers: how many steps at a time.
        cancelled: set to stop; what runs is interrupted by `interrupt`.
        moves: by dataset how far steps are, as they tell it.
    """

    def __init__(
        self,
        execute: Execute,
        record: Record,
        report: Reporter,
        workers: int,
        cancelled: threading.Event,
        interrupt: Callable[[], None],
        moves: SimpleQueue[tuple[str, str]] | None = None,
    ) -> None:
        self._moves = moves
        self._begun: SimpleQueue[Step] = SimpleQueue()
        #: what ended the run, for steps that did not begin yet
        self._ending: BaseException | None = None
        self._execute = execute
        self._record = record
        self._report = report
        self._workers = workers
        self._cancelled = cancelled
        self._interrupt = interrupt

    def run(
        self, steps: Sequence[Step], versions: Mapping[str, str], held: Mapping[str, str] | None = None
    ) -> Progress:
        """Take `steps`; `versions` are those of datasets that have no step, `held` says why nothing may read some of them.

        Returns:
            What became of them.

        Raises:
            MachineError: when the machine fails (a full disk): it would fail every further step as well; a damaged file fails its readers.
            KeyboardInterrupt: after everything was stopped and what was built is recorded.
        """
        progress = Progress(versions=dict(versions), failed=dict(held or {}))
        state = _State(steps)
        unrecorded: list[Outcome] = []
        recording: Future[Mapping[str, Build]] | None = None
        winners: dict[str, Build] = {}
        recorded_at = time.monotonic()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="andon-task")
        recorder = ThreadPoolExecutor(1, thread_name_prefix="andon-record")
        running: dict[Future[_Took], Step] = {}
        try:
            while state.ready or running:
                while state.ready and len(running) < self._workers * _HANDED_OVER:
                    step = state.ready.pop(0)
                    self._start(step, progress, state, pool, running)
                if not running:
                    continue
                self._tell_begun()
                done, _ = wait(running, timeout=RECORD_EVERY, return_when=FIRST_COMPLETED)
                if self._cancelled.is_set():
                    self._interrupt()  # again, since one that comes before a statement begins is lost
                self._tell_begun()
                self._tell(running)
                for future in done:
                    step = running.pop(future)
                    outcome = self._finish(step, future, progress, state)
                    if outcome is not None and outcome.fresh and not outcome.recorded:
                        unrecorded.append(outcome)
                if (
                    unrecorded
                    and time.monotonic() - recorded_at > RECORD_EVERY
                    and (recording is None or recording.done())
                ):
                    # The disk is waited for beside the work, not between it.
                    winners.update(recording.result() if recording is not None else {})
                    recording = recorder.submit(self._record, tuple(unrecorded))
                    unrecorded.clear()
                    recorded_at = time.monotonic()
        except BaseException:
            self._cancelled.set()
            stop(pool, running, self._interrupt)
            with contextlib.suppress(AndonError):  # what ended the run is the error to tell
                self._keep(recording, unrecorded)
            recorder.shutdown()
            raise
        pool.shutdown()
        try:
            winners.update(self._keep(recording, unrecorded))
        finally:
            recorder.shutdown()
        # Only now: until here all tasks read one and the same content of each dataset, the one that was built here.
        _adopt(winners, progress)
        return progress

    def _start(
        self,
        step: Step,
        progress: Progress,
        state: _State,
        pool: ThreadPoolExecutor,
        running: dict[Future[_Took], Step],
    ) -> None:
        lost = [p for p in step.needs if p in progress.failed]
        if is_aside(step.dataset):  # what was set aside of a result that a check holds is held with it, not missing
            lost = [p for p in lost if p not in progress.builds]
        if lost:
            why = progress.failed[step.dataset] = progress.failed[lost[0]]
            result = TaskResult(step.dataset, step.action, why, TaskStatus.SKIPPED)
            self._end(result, progress, state)
            return
        if step.action is Action.DROP:
            self._end(TaskResult(step.dataset, step.action, step.reason, TaskStatus.OK), progress, state)
            return
        running[pool.submit(self._take, step, progress.versions)] = step

    def _take(self, step: Step, versions: Mapping[str, str]) -> _Took:
        """Take a step, in a thread of the pool."""
        if self._ending is not None:
            return _Took(self._ending, 0.0)
        self._begun.put(step)
        began = time.perf_counter()
        try:
            outcome: Outcome | BaseException = self._execute(step, versions)
        except BaseException as error:  # noqa: BLE001 - it is looked at where all ends are
            outcome = error
            if not isinstance(error, AndonError) or error.stops_run:
                self._ending = error
        return _Took(outcome, time.perf_counter() - began)

    def _tell_begun(self) -> None:
        """Report what began since it was told last."""
        while not self._begun.empty():
            step = self._begun.get()
            self._report(TaskStarted(step.dataset, step.action))

    def _finish(self, step: Step, future: Future[_Took], progress: Progress, state: _State) -> Outcome | None:
        took = future.result()
        outcome, seconds = took.outcome, took.seconds
        if isinstance(outcome, BaseException):
            if not isinstance(outcome, AndonError) or outcome.stops_run:
                raise outcome
            progress.failed[step.dataset] = f"{step.dataset} failed"
            document = outcome.to_json()
            self._end(
                TaskResult(step.dataset, step.action, step.reason, TaskStatus.FAILED, seconds=seconds, error=document),
                progress,
                state,
            )
            return None
        progress.builds[step.dataset] = outcome.build
        progress.keys[step.dataset] = outcome.build.key
        progress.versions[step.dataset] = outcome.version_id
        action = step.action
        if action is Action.BUILD and not outcome.fresh:
            action = Action.REUSE
        progress.checks += outcome.asked.results
        holding = outcome.asked.holding
        status, reason = TaskStatus.OK, outcome.note or step.reason
        if holding:
            progress.failed[step.dataset] = f"{step.dataset} is held by a check"
            status, reason = TaskStatus.HELD, _held_by(holding)
        result = TaskResult(
            step.dataset,
            action,
            reason,
            status,
            outcome.rows,
            seconds + outcome.ahead,
            outcome.version_id,
            note=outcome.told,
        )
        self._end(result, progress, state)
        return outcome

    def _tell(self, running: Mapping[Future[_Took], Step]) -> None:
        """Report how far steps are that run: of each the last that it told."""
        last: dict[str, str] = {}
        while self._moves is not None and not self._moves.empty():
            dataset, text = self._moves.get()
            last[dataset] = text
        for step in running.values():
            if step.dataset in last:
                self._report(TaskMoved(step.dataset, last[step.dataset]))

    def _end(self, result: TaskResult, progress: Progress, state: _State) -> None:
        progress.results.append(result)
        state.done(result.dataset)
        self._report(TaskEnded(result))

    def _keep(self, recording: Future[Mapping[str, Build]] | None, outcomes: Sequence[Outcome]) -> dict[str, Build]:
        """Wait for what is being recorded and record the rest; the builds that count, by key."""
        winners = dict(recording.result()) if recording is not None else {}
        if outcomes:
            winners.update(self._record(outcomes))
        return winners


def _held_by(checks: Sequence[CheckResult]) -> str:
    more = f" and {len(checks) - 1} more" if len(checks) > 1 else ""
    word = "does not hold" if checks[0].status is CheckStatus.FAIL else "could not run"
    return f"`{checks[0].spoken}` {word}{more}"


def _adopt(winners: Mapping[str, Build], progress: Progress) -> None:
    """Of two who built one key the first to record it counts."""
    for build in winners.values():
        progress.builds[build.dataset] = build
        progress.versions[build.dataset] = build.version


class _State:
    """Which steps wait for which."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = {step.dataset: step for step in steps}
        self._waits = {step.dataset: {p for p in step.needs if p in self._steps} for step in steps}
        self._readers: dict[str, list[str]] = {step.dataset: [] for step in steps}
        for dataset, parents in self._waits.items():
            for parent in parents:
                self._readers[parent].append(dataset)
        self.ready: list[Step] = [step for step in steps if not self._waits[step.dataset]]

    def done(self, dataset: str) -> None:
        """`dataset` ended: what waited for it alone is ready."""
        for reader in self._readers[dataset]:
            self._waits[reader].discard(dataset)
            if not self._waits[reader]:
                self.ready.append(self._steps[reader])
