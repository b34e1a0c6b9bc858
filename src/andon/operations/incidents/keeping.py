"""Keeps the incidents of one lake up to its records: what runs noticed becomes incidents, and what is right again ends them.

Nothing has to be told at the moment when it happens: `catch_up` reads the records of runs from where it last stopped, within the
transaction that writes what follows. Whoever comes next does what somebody who was killed left undone, and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.record import Record
from andon.model.check import CheckStatus
from andon.model.commit import CommitKind
from andon.model.incident import Incident, IncidentEvent, IncidentSignal
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.life import Batch, Case, clear, take
from andon.operations.incidents.of_runs import signals_of
from andon.runs.inspection.personal import discreet_kept
from andon.runs.looked import asked_sources, below, last_look
from andon.state.runs import RunFilter, RunRecord
from andon.workspace.masks import masked_columns
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from andon.base.database import Transaction
    from andon.runs.inspection.history import CheckHistory
    from andon.workspace.workspace import Workspace

#: So many runs are read in one step; at the first time only the newest of them.
_RUNS = 200


class Look(Record):
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
        self._history = history
        self._store = workspace.incidents

    def catch_up(self, branch: str, look: Look | None = None) -> list[Incident]:
        """Bring the incidents of a branch up to what is recorded; returns those that changed.

        Args:
            look: what was found beside the records of runs.
        """
        if self._workspace.lake.database.is_read_only or self._workspace.lake.refs.find(branch) is None:
            return []
        view = View.at(self._workspace, branch)
        batches = self._batches(view, branch)
        standing = self._store.standing(branch)
        if not batches and not standing and (look is None or not look.signals):
            return []
        right = self._right(view, standing, look)
        needs = {name: said.definition.inputs for name, said in view.project.datasets.items()}
        now = to_text(self._workspace.clock())
        if look is not None and look.signals:
            batches.append(_Read(0, Batch(look.signals, now)))
        with self._workspace.lake.database.write() as transaction:
            return self._write(transaction, branch, batches, needs, right, now)

    # -- what there is

    def _batches(self, view: View, branch: str) -> list[_Read]:
        """What the runs noticed that nobody read yet, in their order."""
        seen = self._store.seen(self._workspace.lake.database, branch)
        runs = self._workspace.runs.newest(_RUNS, only=RunFilter(branch=branch))
        found = []
        for run in sorted(runs, key=lambda run: run.number):
            if seen is not None and run.number <= seen:
                continue
            if run.status == "running":
                break  # read when it ended, and what came after it then
            found.append(_Read(run.number, self._batch(view, run)))
        return found

    def _batch(self, view: View, run: RunRecord) -> Batch:
        at = run.ended or run.started
        if not self._is_of_readers(run):
            return Batch((), at, run.number)
        marked = masked_columns(self._workspace, view.commit)
        checks = [discreet_kept(check, marked) for check in self._workspace.check_results.of_run(run.number)]
        signals = signals_of(run, self._workspace.runs.tasks(run.number), checks)
        return Batch(tuple(signals), at, run.number, run.base)

    def _is_of_readers(self, run: RunRecord) -> bool:
        """Whether a run was about what readers have: a change that was held or failed is seen by who made it."""
        if run.status == "moved":
            return False
        if run.published or run.kind == CommitKind.REFRESH:
            return True
        if run.commit is None or run.status != "held":
            return False
        known = self._workspace.lake.commits.known([run.commit])
        return bool(known) and self._workspace.lake.commits.get(run.commit).kind is CommitKind.REFRESH

    def _right(self, view: View, standing: Sequence[Incident], look: Look | None) -> dict[int, dict[str, str]]:
        """By incident which of its signals are right in what readers see, and why: `{number: {fingerprint: why}}`."""
        signals = self._store.signals(incident.number for incident in standing)
        found_now = {signal.fingerprint for signal in look.signals} if look is not None else set()
        found: dict[int, dict[str, str]] = {}
        for number, own in signals.items():
            for signal in own:
                if signal.cleared is not None:
                    continue
                if signal.kind.is_of_runs or signal.run is not None:
                    why = self._why_right(view, signal)
                elif look is not None and signal.kind in look.kinds and signal.fingerprint not in found_now:
                    why = "it is as it should be"
                else:
                    why = None
                if why is not None:
                    found.setdefault(number, {})[signal.fingerprint] = why
        return found

    def _why_right(self, view: View, signal: IncidentSignal) -> str | None:
        """Why what a run met is right again in what readers see; None where it is not, or nobody knows."""
        if signal.is_held and not self._was_settled(view, signal):
            return None
        if signal.dataset and signal.dataset not in view.state.leaves:
            return "it is there no more"
        if "check" not in signal.details:
            return "it was built since"
        leaf = view.state.leaves[signal.dataset]
        results = self._history.of_commit(signal.dataset, view.commit, view.state, view.project)
        result = next((each for each in results if each.check == signal.subject), None)
        if result is None:
            return f"`{signal.details['check']}` is asked no more"
        if result.accepted is not None:
            return f"`{signal.details['check']}` was accepted"
        if result.status is CheckStatus.PASS and result.version == leaf.version:
            if result.quarantined:  # it is right when no row is set aside any more
                return None
            return f"`{signal.details['check']}` passes"
        return None

    def _was_settled(self, view: View, signal: IncidentSignal) -> bool:
        """Whether what a run kept back or could not build came to an end since."""
        if signal.run is None:
            return False
        run = self._workspace.runs.find(signal.run)
        if run is None:
            return True
        if signal.dataset:
            unfinished = {task.dataset for task in self._workspace.runs.unfinished(signal.run)}
            if signal.dataset not in unfinished:
                return True
        definitions = {name: said.definition for name, said in view.project.datasets.items()}
        asked = asked_sources(definitions)
        waits = asked | below(definitions, asked)
        look = last_look(self._workspace.looks.of(view.ref), signal.dataset, is_of_files=signal.dataset not in waits)
        return look is not None and look.at > run.logical_time

    # -- what follows

    def _write(
        self,
        transaction: Transaction,
        branch: str,
        batches: Sequence[_Read],
        needs: Mapping[str, Sequence[str]],
        right: Mapping[int, Mapping[str, str]],
        now: str,
    ) -> list[Incident]:
        seen = self._store.seen(transaction, branch)
        cases = self._cases(branch, batches)
        before = {case.incident.number: case.incident for case in cases}
        newest = seen
        for read in batches:
            if read.run and seen is not None and read.run <= seen:
                continue  # another one read it meanwhile
            earlier = self._store.of_signals(signal.fingerprint for signal in read.batch.signals)
            number = max(self._store.next_number(transaction), *(c.incident.number + 1 for c in cases), 1)
            cases = take(cases, earlier, read.batch, needs, number)
            newest = max(newest or 0, read.run)
        met = {signal.fingerprint for read in batches for signal in read.batch.signals}
        cases = [
            clear(case, {f: why for f, why in right.get(case.incident.number, {}).items() if f not in met}, now)
            for case in cases
        ]
        if newest is not None and newest != seen:
            self._store.mark_seen(transaction, branch, newest)
        changed = [case for case in cases if case.told or before.get(case.incident.number) != case.incident]
        for case in changed:
            self._keep(transaction, case, now)
        return [case.incident for case in changed]

    def _cases(self, branch: str, batches: Sequence[_Read]) -> list[Case]:
        """The incidents that stand, and the closed ones that what was noticed may open again."""
        prints = {signal.fingerprint for read in batches for signal in read.batch.signals}
        incidents = {incident.number: incident for incident in self._store.standing(branch)}
        incidents.update({each.number: each for each in self._store.of_signals(prints).values()})
        signals = self._store.signals(incidents)
        return [Case(incident, tuple(signals[number])) for number, incident in incidents.items()]

    def _keep(self, transaction: Transaction, case: Case, now: str) -> None:
        number = case.incident.number
        self._store.put(transaction, case.incident)
        self._store.put_signals(transaction, number, [s for s in case.signals if s.fingerprint in case.touched])
        for told in case.told:
            event = IncidentEvent(0, number, now, told.kind, told.who, case.incident.state, told.what, told.body)
            self._store.add_event(transaction, event)


class _Read(Record):
    """What a run noticed; `run` is 0 for what was found beside the records."""

    run: int
    batch: Batch
