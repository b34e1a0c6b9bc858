"""Keeps the incidents of one lake up to its records: what runs noticed becomes incidents, and what is right again ends them.

Nothing has to be told at the moment when it happens: `catch_up` reads the records from where they were read last, and within the
transaction that writes what follows it looks again how far that is. Whoever comes next does what somebody who was killed left undone, and
nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.record import Record, replace
from andon.model.incident import Incident, IncidentEvent, IncidentSignal
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.case import Batch, Case
from andon.operations.incidents.clock import is_said_right, jump, may_clear, read_anew
from andon.operations.incidents.life import Right, clear, take, woken
from andon.operations.incidents.renamed import carried
from andon.operations.incidents.seeing import Seeing
from andon.operations.messages.asked_by_itself import no_longer_asked
from andon.state.incidents import Seen
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.runs.inspection.history import CheckHistory
    from andon.state.runs import RunRecord
    from andon.workspace.workspace import Workspace

#: At the first time so many runs are read.
_RUNS = 200
#: What is noticed and right again at once is told in so many steps.
_STEPS = 3


class SignalLook(Record):
    """What somebody looked for, and found: signals that stand as long as they are found.

    Attributes:
        kinds: what was looked for; what stands of these kinds and was not found is right again.
        signals: what was found.
    """

    kinds: frozenset[SignalKind]
    signals: tuple[Signal, ...] = ()


class IncidentKeeper:
    """Keeps the incidents of one lake."""

    def __init__(self, workspace: Workspace, history: CheckHistory) -> None:
        self._workspace = workspace
        self._store = workspace.incidents
        self._seeing = Seeing(workspace, history)

    def catch_up(self, branch: str, look: SignalLook | None = None) -> list[Incident]:
        """Bring the incidents of a branch up to what is recorded; returns those that changed.

        Args:
            look: what was found beside the records.
        """
        lake = self._workspace.lake
        if lake.database.is_read_only or lake.refs.find(branch) is None:
            return []
        look = self._with_clock(branch, self._with_cords(branch, look or SignalLook(frozenset())))
        changed: dict[int, Incident] = {}
        for step in range(_STEPS):
            found = self._step(View.at(self._workspace, branch), branch, look, is_first=step == 0)
            changed.update({incident.number: incident for incident in found})
            if not found:
                break
        return [changed[number] for number in sorted(changed)]

    def forget_branches(self) -> None:
        """End what stands on branches that are gone."""
        refs, lake = self._workspace.lake.refs, self._workspace.lake
        gone = [branch for branch in self._store.branches() if refs.find(branch) is None]
        if not gone or lake.database.is_read_only:
            return
        now = to_text(self._workspace.clock())
        with lake.database.write() as transaction:
            for branch in gone:
                cases = self._cases(self._store.standing(branch, transaction), transaction)
                right = {s.fingerprint: Right("the branch is gone", s.times) for case in cases for s in case.standing}
                for case in clear(cases, right, {}, now, 0):
                    self._keep(transaction, case, now)

    def change(self, number: int, what: Callable[[Case, str], Case]) -> Incident | None:
        """Do something by hand with an incident; None where there is none of this number.

        Args:
            what: the incident after it, from the incident and now (ISO text). What it raises leaves all as it was.
        """
        now = to_text(self._workspace.clock())
        with self._workspace.lake.database.write() as transaction:
            incident = self._store.find(number, transaction)
            if incident is None:
                return None
            (case,) = self._cases([incident], transaction)
            after = what(case, now)
            self._keep(transaction, after, now)
        return after.incident

    # -- what there is

    def _with_cords(self, branch: str, look: SignalLook) -> SignalLook:
        """What was looked for, and what people hold."""
        cords = tuple(
            Signal(
                branch,
                cord.dataset,
                SignalKind.CORD,
                "cord",
                Lamp.FAIL,
                cord.said,
                cord.pulled,
                who=cord.who,
                details={"cord": cord.number, "reason": cord.reason},
            )
            for cord in self._workspace.cords.standing(branch)
        )
        return SignalLook(look.kinds | {SignalKind.CORD}, (*look.signals, *cords))

    def _with_clock(self, branch: str, look: SignalLook) -> SignalLook:
        """What was looked for, and whether the machine's clock jumped; of all branches but the default one nobody asks. A clock that is
        right is noted. That one is right again is said together with what is late by it, and not while nobody looked for that."""
        workspace = self._workspace
        if branch != workspace.default_branch:
            return look
        now, uptime, database = workspace.clock(), workspace.uptime(), workspace.lake.database
        reading = workspace.clocks.of(uptime.machine) if uptime is not None else None
        newest = self._newest(branch)
        found = jump(branch, now, uptime, reading, newest)
        is_whole = SignalKind.LATE in look.kinds
        known = self._of_clock(branch) if found is not None or is_whole else None
        is_taken = found is not None and known is not None and is_said_right(found, *known)
        if found is not None and not is_taken:
            return SignalLook(look.kinds | {SignalKind.CLOCK}, (*look.signals, found))
        anew = read_anew(now, uptime, reading if not is_taken else None)
        if anew is not None and not database.is_read_only:
            workspace.clocks.put(anew)
        is_told = is_whole and (known is None or may_clear(known[0], now, uptime, newest))
        return SignalLook(look.kinds | {SignalKind.CLOCK}, look.signals) if is_told or is_taken else look

    def _of_clock(self, branch: str) -> tuple[IncidentSignal, bool] | None:
        """What stands of a clock, and whether a person closed its incident all the same."""
        for case in self._cases([*self._store.standing(branch), *self._store.judged(branch)]):
            for signal in case.standing:
                if signal.kind is SignalKind.CLOCK:
                    return signal, case.is_over
        return None

    def _newest(self, branch: str) -> str:
        """The time of the newest record of a branch: of its head, and of the newest pass."""
        workspace = self._workspace
        passes = workspace.decisions.passes(branch, 1)
        return max([workspace.lake.refs.resolve(branch).time, *(line.last for line in passes)])

    def _step(self, view: View, branch: str, look: SignalLook, *, is_first: bool) -> list[Incident]:
        """Read what nobody read yet, and see what of it is right by now; what was found by a look is taken in once."""
        seen = self._store.seen(self._workspace.lake.database, branch)
        runs = self._runs(branch, seen)
        standing = self._cases([*self._store.standing(branch), *self._store.judged(branch)])
        is_moved = seen is None or seen.commit != view.commit.id
        looked = tuple(s for s in look.signals if not _is_kept_old(s, standing)) if is_first else ()
        if not runs and not standing and not is_moved and not looked:
            return []
        now = to_text(self._workspace.clock())
        waits = _waiting_for_another(standing)
        shown = self._seeing.shown(view) if is_moved or waits else []
        reads = self._reads(view, runs, is_new=seen is None)
        known = {s.fingerprint: s for case in standing for s in case.standing}
        told = known.keys() | {signal.fingerprint for read in reads for signal in read.batch.signals}
        reads += _beside([s for s in shown if s.fingerprint not in told], now)
        reads += _beside([s for s in shown if s.fingerprint in waits and self._seeing.is_current(view, s.dataset)], now)
        reads += _beside([s for s in looked if s.fingerprint in waits or not _is_known(s, known)], now)
        step = _Step(
            branch=branch,
            reads=tuple(reads),
            waiting=frozenset(run.number for run in runs if run.status == "running"),
            needs={name: said.definition.inputs for name, said in view.project.datasets.items()},
            right=self._seeing.right(view, standing, look.kinds, look.signals),
            carried={
                signal.fingerprint: other
                for case in standing
                for signal in ([] if case.is_over else case.standing)
                if (other := carried(self._workspace, view, case.incident, signal, shown)) is not None
            },
            commit=view.commit.id,
            now=now,
        )
        sleeps = any(woken(case, now) is not case for case in standing)
        if not reads and not step.right and not sleeps and seen is not None and _seen(seen, step) == seen:
            return []
        with self._workspace.lake.database.write() as transaction:
            return self._write(transaction, step)

    def _reads(self, view: View, runs: Sequence[RunRecord], *, is_new: bool) -> list[_Read]:
        """What runs that ended noticed, in the order of their ends; where nobody looked before only what is wrong still."""
        ended = sorted((run for run in runs if run.status != "running"), key=lambda run: (run.ended or "", run.number))
        reads = [_Read(run.number, self._seeing.of_run(view, run)) for run in ended]
        return [replace(each, batch=self._seeing.still_wrong(view, each.batch)) for each in reads] if is_new else reads

    def _runs(self, branch: str, seen: Seen | None) -> list[RunRecord]:
        """The runs that nobody read yet."""
        runs = self._workspace.runs
        if seen is None:
            from andon.state.runs import RunFilter

            return runs.newest(_RUNS, only=RunFilter(branch=branch))
        waited = [run for number in seen.waiting if (run := runs.find(number)) is not None]
        return [*waited, *runs.after(branch, seen.number)]

    # -- what follows

    def _write(self, transaction: Transaction, step: _Step) -> list[Incident]:
        seen = self._store.seen(transaction, step.branch)
        unread = [read for read in step.reads if not read.run or _is_unread(read.run, seen)]
        prints = {signal.fingerprint for read in unread for signal in read.batch.signals}
        prints |= {other.fingerprint for other in step.carried.values()}
        earlier = self._store.of_signals(prints, transaction)
        there = [*self._store.standing(step.branch, transaction), *self._store.judged(step.branch, transaction)]
        cases = self._cases({one.number: one for one in (*there, *earlier.values())}.values(), transaction)
        before = {case.number: case for case in cases}
        cases = [woken(_carried(case, step.carried), step.now) for case in cases]
        for read in unread:
            if read.batch.signals:
                earlier = self._earlier(cases, read.batch, earlier)
                cases = take(cases, earlier, read.batch, step.needs, self._next(transaction, cases))
        at = max((read.batch.at for read in unread if read.run), default=step.now)
        if step.right:
            cases = clear(cases, step.right, step.needs, at, self._next(transaction, cases))
        self._store.mark_seen(transaction, step.branch, _seen(seen, step))
        changed = [case for case in cases if before.get(case.number) != case]
        for case in changed:
            self._keep(transaction, case, step.now)
        return [case.incident for case in changed]

    def _next(self, transaction: Transaction, cases: Sequence[Case]) -> int:
        return max(self._store.next_number(transaction), *(case.number + 1 for case in cases), 1)

    def _earlier(self, cases: Sequence[Case], batch: Batch, stored: Mapping[str, Incident]) -> dict[str, Incident]:
        """By fingerprint the newest incident that has it, by what was decided in this step where that is later than what is stored."""
        found = dict(stored)
        for case in sorted(cases, key=lambda case: case.number):
            found.update({s.fingerprint: case.incident for s in case.signals})
        return {s.fingerprint: found[s.fingerprint] for s in batch.signals if s.fingerprint in found}

    def _cases(self, incidents: Iterable[Incident], reader: Transaction | None = None) -> list[Case]:
        found = list(incidents)
        signals = self._store.signals((incident.number for incident in found), reader)
        return [Case(incident, tuple(signals[incident.number])) for incident in found]

    def _keep(self, transaction: Transaction, case: Case, now: str) -> None:
        self._store.put(transaction, case.incident)
        self._store.drop_signals(transaction, case.number, case.gone)
        self._store.put_signals(transaction, case.number, [s for s in case.signals if s.fingerprint in case.touched])
        for told in case.told:
            event = IncidentEvent(0, case.number, now, told.kind, told.who, case.incident.state, told.what, told.body)
            self._store.add_event(transaction, event)
        if case.incident.state.is_over:
            no_longer_asked(self._workspace, transaction, case.number, now)


class _Read(Record):
    """What a run noticed; `run` is 0 for what was found beside the records."""

    run: int
    batch: Batch


class _Step(Record):
    """What is to be written of what was read.

    Attributes:
        waiting: runs that go on.
        right: `{fingerprint: what is right in what readers see}`.
        carried: `{fingerprint: the same, by the name or the words that it has now}`.
    """

    branch: str
    reads: tuple[_Read, ...]
    waiting: frozenset[int]
    needs: Mapping[str, Sequence[str]]
    right: Mapping[str, Right]
    carried: Mapping[str, IncidentSignal]
    commit: str
    now: str


def _beside(signals: Sequence[Signal], now: str) -> list[_Read]:
    return [_Read(0, Batch(tuple(signals), now))] if signals else []


def _is_known(signal: Signal, known: Mapping[str, IncidentSignal]) -> bool:
    """Whether it stands, in these very words; what runs ask, too, in the words of the run that met it."""
    before = known.get(signal.fingerprint)
    if signal.kind.is_of_runs:
        return before is not None
    return before is not None and (before.what, before.lamp, before.is_held) == (
        signal.what,
        signal.lamp,
        signal.is_held,
    )


def _is_kept_old(signal: Signal, cases: Iterable[Case]) -> bool:
    """Whether a dataset is found late of which what came is kept from readers: whoever keeps it says why."""
    is_late = signal.kind is SignalKind.LATE or bool(signal.details.get("age"))
    return is_late and any(
        each.is_held and signal.dataset in (each.dataset, *each.details.get("held", ()))
        for case in cases
        if not case.is_over
        for each in case.standing
        if each.fingerprint != signal.fingerprint
    )


def _waiting_for_another(cases: Iterable[Case]) -> set[str]:
    """The signals that stand in an incident of which something came right since they were met."""
    found = set()
    for case in cases:
        cleared = max((signal.cleared for signal in case.signals if signal.cleared is not None), default="")
        found |= {signal.fingerprint for signal in case.standing if not case.is_over and signal.last < cleared}
    return found


def _is_unread(run: int, seen: Seen | None) -> bool:
    """Whether nobody read it meanwhile."""
    return seen is None or run > seen.number or run in seen.waiting


def _seen(seen: Seen | None, step: _Step) -> Seen:
    """How far the records are read after a step; another process may have come further."""
    read = {each.run for each in step.reads if each.run}
    newest = max([*read, *step.waiting, seen.number if seen is not None else 0])
    before = set(seen.waiting) if seen is not None else set()
    fresh = {run for run in step.waiting if _is_unread(run, seen)}
    return Seen(newest, tuple(sorted((before | fresh) - read)), step.commit)


def _carried(case: Case, carried: Mapping[str, IncidentSignal]) -> Case:
    """The incident with signals that have another name now."""
    for place, signal in enumerate(case.signals):
        other = carried.get(signal.fingerprint)
        if other is None or signal.cleared is not None or case.find(other.fingerprint) is not None:
            continue
        case = replace(case.put(other, place), gone=case.gone | {signal.fingerprint})
        if case.incident.dataset == signal.dataset:
            title = other.what if case.incident.title == signal.what else case.incident.title
            case = replace(case, incident=replace(case.incident, dataset=other.dataset, title=title))
    return case
