"""A pass: what is due is decided once, cut into jobs, and each job that nobody else works on is claimed, run and told."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from andon.base.cancel import CancelToken
from andon.base.clock import to_text
from andon.base.duration import read_duration
from andon.base.process import spoken
from andon.base.record import Record, replace
from andon.errors import AndonError, MachineError
from andon.model.decision import Decision, DueStanding
from andon.model.event import Event
from andon.model.run import RunResult
from andon.model.tick import Tick, TickJob, TickWaiting
from andon.operations.scheduling.ends import interruption, noted, outcome_of, trouble_of, well_of
from andon.operations.scheduling.jobs import ScheduledJob, jobs, with_turns
from andon.operations.scheduling.renewing import renewed
from andon.runs.goal import Listener, RunOptions
from andon.state.claims import LONGEST, Claim, ClaimLease, Refused, Turn

if TYPE_CHECKING:
    from andon.operations.scheduling.looking import DueDecisions, Looking
    from andon.workspace.workspace import Workspace

_log = logging.getLogger(__name__)

#: Builds the branch's own code and publishes what is healthy.
Refresh = Callable[[RunOptions, Listener], RunResult]


class _Look(Record):
    """What a pass found before it began, the claims as they stood among it."""

    branch: str
    options: RunOptions
    claims: Mapping[str, Claim]


class Passes:
    """Makes passes over one lake.

    Args:
        looking: decides what is due, and records it.
        chance: numbers from 0 to 1, by which retries don't all come at one moment.
    """

    def __init__(
        self, workspace: Workspace, looking: Looking, refresh: Refresh, chance: Callable[[], float] = random.random
    ) -> None:
        self._workspace = workspace
        self._looking = looking
        self._refresh = refresh
        self._chance = chance
        settings = workspace.settings
        self._length = min(length_of(str(settings.get("schedule.lease")), 60.0), LONGEST)
        self._width = max(1, int(settings.get("engine.at_once")))

    def tick(self, branch: str, trigger: str, listener: Listener, now: datetime | None = None) -> Tick:
        """Bring up to date what is due, and is neither paused, nor waits for a retry, nor is worked on by another process.

        Args:
            listener: hears of all its runs, from their threads one at a time; stops them.
            now: the time that counts; None means the clock.

        Raises:
            AndonError: what is due can't be told. What happens to a run is told by its job.
        """
        began = time.perf_counter()
        moment = now or self._workspace.clock()
        still = self._looking.still(branch, trigger, moment)
        if still is not None:
            return Tick(branch, to_text(moment), trigger, (), (), still, time.perf_counter() - began)
        # Before it is decided what is to do: where a claim moves from here on, somebody else may do it.
        claims = self._workspace.claims.of(branch)
        decided = self._looking.look(branch, now)
        self._looking.note(decided, trigger)
        due = decided.due
        waiting = {each.dataset: _waits(each, decided) for each in decided.decisions if _is_back(each)}
        done: tuple[TickJob, ...] = ()
        if due:
            lake, look = self._workspace.lake, _Look(branch, RunOptions(branch=branch, now=now), claims)
            leaves = lake.commits.state(lake.commits.get(decided.head)).leaves
            definitions = lake.objects.definitions(leaves[each.dataset].definition for each in due)
            cut = with_turns(
                jobs(decided.book, decided.decisions),
                {definition.dataset: definition for definition in definitions.values()},
                self._workspace.places.connection_of,
                self._workspace.at_once,
            )
            done = self._run_all(cut, look, listener, waiting)
        listed = tuple(waiting[name] for name in sorted(waiting))
        if not due:
            self._looking.keep_still(decided, trigger, listed)
        return Tick(branch, decided.at, trigger, tuple(due), done, listed, time.perf_counter() - began)

    # -- doing it

    def _run_all(
        self, jobs: Collection[ScheduledJob], look: _Look, listener: Listener, waiting: dict[str, TickWaiting]
    ) -> tuple[TickJob, ...]:
        """Run jobs, as many at once as may be; what can't be claimed is put to `waiting`."""
        told, open_jobs, lock = [], list(jobs), threading.Lock()

        def report(event: Event) -> None:
            with lock:
                listener.report(event)

        heard = replace(listener, report=report)
        running: set[Future[TickJob]] = set()
        stopping = CancelToken()
        with ThreadPoolExecutor(self._width, "andon-job") as pool, listener.cancel.calling(stopping.cancel):
            try:
                while (open_jobs and not stopping.is_cancelled) or running:
                    for job in list(open_jobs):
                        if len(running) == self._width or stopping.is_cancelled:
                            break
                        taken = self._take(job, look)
                        if isinstance(taken, ClaimLease):
                            open_jobs.remove(job)
                            running.add(pool.submit(self._run, job, taken, look, heard, stopping))
                        elif not (running and taken.kind == "turn"):  # else one of ours may have that place
                            open_jobs.remove(job)
                            waiting.update({d: replace(taken, dataset=d) for d in job.datasets})
                    if running:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        told += [each.result() for each in done]
            except BaseException:
                stopping.cancel()
                raise
        return tuple(sorted(told, key=lambda job: job.datasets))

    def _take(self, job: ScheduledJob, look: _Look) -> ClaimLease | TickWaiting:
        """Claim what a job works on, or why it waits."""
        workspace = self._workspace
        turns = (Turn("engine", self._width), *job.turns)
        taken = workspace.claims.take(look.branch, job.datasets, self._length, look.claims, turns)
        if isinstance(taken, Refused):
            if taken.is_stale:
                why = f"another pass took `{taken.name}` meanwhile"
                return TickWaiting("", "stale", why, None)
            if taken.name in {turn.at for turn in turns}:
                return TickWaiting("", "turn", f"all places at the {taken.name} are taken", taken.until)
            return TickWaiting("", "claimed", f"`{taken.name}` is being made by {spoken(taken.by)}", taken.until)
        lost = sorted(taken.lost & set(job.datasets))
        if lost:
            found = interruption(lost, workspace.attempts.of(look.branch), workspace.clock(), self._chance())
            with workspace.lake.database.write() as transaction:
                workspace.attempts.put(transaction, look.branch, found)
                if any(each.failures > 1 for each in found):
                    workspace.claims.release(transaction, taken)
                    why = f"{found[0].message}, again and again"
                    return TickWaiting("", "retry", why, found[0].again)
        return taken

    def _run(
        self, job: ScheduledJob, lease: ClaimLease, look: _Look, listener: Listener, stopping: CancelToken
    ) -> TickJob:
        """Run a job and note what came of it."""
        claims, cancel, began = self._workspace.claims, CancelToken(), time.perf_counter()
        result: RunResult | None = None
        error: AndonError | None = None
        hears = replace(listener, cancel=cancel, may_publish=lambda transaction: claims.require(transaction, lease))
        with stopping.calling(cancel.cancel), renewed(claims, lease, self._length, cancel) as renewal:
            try:
                result = self._refresh(replace(look.options, select=job.datasets), hears)
            except AndonError as failure:
                error = failure
            except Exception as defect:  # noqa: BLE001 - one job's defect is told, and stops no other
                _log.exception("a scheduled run met a defect")
                message = f"a defect in Andon: {type(defect).__name__}: {defect}"
                error = MachineError("internal.error", message, hint="please report it")
        is_lost = renewal.is_lost or (error is not None and error.code == "run.claim_lost")
        outcome = outcome_of(result, error, is_lost=is_lost, is_stopped=stopping.is_cancelled)
        trouble = trouble_of(job.datasets, result, error) if outcome not in ("lost", "interrupted") else {}
        if not self._release(lease, look, trouble, result) and not (result is not None and result.run is not None):
            outcome, trouble, result = "lost", {}, None
        return TickJob(
            datasets=job.datasets,
            outcome=outcome,
            run=result.run if result is not None else None,
            commit=result.commit if result is not None and result.run is not None else None,
            published=result is not None and result.published,
            failed=tuple(sorted(trouble)),
            seconds=time.perf_counter() - began,
            error=error.to_json() if error is not None else None,
        )

    def _release(
        self,
        lease: ClaimLease,
        look: _Look,
        trouble: Mapping[str, Mapping[str, object]],
        result: RunResult | None,
    ) -> bool:
        """Note what failed and what is well again, and give the claim back; False, and nothing is noted, where that was lost."""
        workspace = self._workspace
        marks = self._looking.marks(look.branch, list(trouble)) if trouble else {}
        now = workspace.clock()
        found = noted(trouble, workspace.attempts.of(look.branch), now, self._chance(), marks)
        well = well_of(result, trouble)
        with workspace.lake.database.write() as transaction:
            is_held = workspace.claims.is_held(transaction, lease)
            if is_held:
                workspace.attempts.put(transaction, look.branch, found, well)
            workspace.claims.release(transaction, lease)
        return is_held


def _is_back(decision: Decision) -> bool:
    """Whether something keeps it back: of what merely waits for its time nothing is told."""
    return decision.standing is DueStanding.HELD_BACK


def _waits(decision: Decision, decided: DueDecisions) -> TickWaiting:
    held, failure = decided.known.held.get(decision.dataset), decided.known.failures.get(decision.dataset)
    if held is not None:
        kind = str(held.kind)
    elif failure is not None:
        kind = "retry" if failure.again is not None else "failed"
    else:
        kind = "above"
    return TickWaiting(decision.dataset, kind, decision.reason, decision.next)


def length_of(text: str, default: float) -> timedelta:
    """The length of a setting that states one in less than months; else `default` seconds."""
    duration = read_duration(text)
    seconds = duration.seconds if duration is not None and not duration.months else 0.0
    return timedelta(seconds=seconds or default)
