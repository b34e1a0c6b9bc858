"""What is known against the datasets of a commit: checks that say no, runs that came to nothing or are held, promises that are broken.

All of it is recorded already: nothing is asked, planned or built. It is kept by the commit and by the runs there were; only what the
clock alone makes late is told anew each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.lru import Lru
from andon.base.record import Record
from andon.model.check import Severity
from andon.model.lamp import Lamp
from andon.model.run import TaskStatus
from andon.model.schedule import RuleKind
from andon.model.signal import SignalKind
from andon.model.trouble import Trouble, TroubleKind
from andon.runs.inspection.personal import discreet_kept
from andon.runs.inspection.settle import found_words, outcome
from andon.runs.looked import asked_sources, below, last_look
from andon.runs.planning.cords import held_back
from andon.runs.planning.due import TIMED, due_at
from andon.state.runs import RunRecord
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.model.run import TaskResult
    from andon.operations.scheduling.books import ScheduleBooks
    from andon.runs.inspection.history import CheckHistory
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: So many runs are looked through, of all branches.
_RUNS = 50
_KEPT = 16
#: Signals that no data are wrong by, or that trouble or the rows set aside tell; those that nothing else tells.
_UNTOLD = (
    SignalKind.CHECK,
    SignalKind.GOVERNANCE,
    SignalKind.COST,
    SignalKind.CORD,
    SignalKind.COMPLAINT,
    SignalKind.REPEAT,
)
_UNUSUAL = (SignalKind.VOLUME, SignalKind.WATCH)


class Promised(Record):
    """What a dataset promises of its age.

    Attributes:
        last: when it was brought up to date (ISO text), or for `max_age` of when its data are.
        due: when the first of its rules is broken (ISO text).
        rule: that rule, as written.
        is_of_data: whether its data are older than that it was brought up to date.
    """

    dataset: str
    last: str
    due: str
    rule: str
    is_of_data: bool = False


class KnownTroubles(Record):
    """What is known of a commit and its branch.

    Attributes:
        recorded: trouble that was met.
        promised: the datasets that state times, whichever come first.
        failed: the newest run of the branch, where it failed as a whole.
    """

    recorded: tuple[Trouble, ...]
    promised: tuple[Promised, ...]
    failed: RunRecord | None = None


class Troubles:
    """Tells what is known against datasets, of one lake."""

    def __init__(self, workspace: Workspace, history: CheckHistory, books: ScheduleBooks) -> None:
        self._workspace = workspace
        self._history = history
        self._books = books
        self._kept: Lru[tuple[object, ...], KnownTroubles] = Lru(_KEPT)

    def of(self, view: View) -> list[Trouble]:
        """All of a commit, by dataset, the worst first. Of a commit that is no branch's head, what its checks say of it."""
        known = self.known(view)
        found = [*known.recorded, *late(known.promised, self._workspace.clock())]
        return sorted(found, key=lambda trouble: (trouble.dataset, -trouble.lamp.gravity))

    def lamps(self, view: View) -> dict[str, Lamp]:
        """How datasets stand; what nothing is known against is not in it."""
        return worst(self.of(view))

    def incidents(self, view: View) -> list[tuple[str, Lamp, str, str]]:
        """What open incidents of a branch's head say that no trouble does: dataset, how bad, what, since when. Nothing of what comes to
        a dataset that trouble is known with, but for numbers that are unusual."""
        if not self._is_head(view):
            return []
        incidents = self._workspace.incidents
        troubled = {each.dataset for each in self.of(view)}
        signals = incidents.signals(each.number for each in incidents.standing(view.ref))
        return [
            (each.dataset, each.lamp, f"incident {number} is open: {each.what}", each.first)
            for number, found in signals.items()
            for each in found
            if each.cleared is None
            and each.dataset in view.state.leaves
            and each.kind not in _UNTOLD
            and (each.kind in _UNUSUAL or each.dataset not in troubled)
        ]

    def known(self, view: View) -> KnownTroubles:
        """What is recorded, and when promises are broken; kept as long as nothing new is recorded."""
        branch = view.ref if self._is_head(view) else None
        runs = self._workspace.runs.newest(_RUNS)
        people = self._by_people(view) if branch is not None else []
        key = (
            branch,
            view.commit.id,
            tuple((run.number, run.status) for run in runs),
            self._looked(branch),
            tuple(people),
        )
        found = self._kept.get(key)
        if found is None:
            recorded = [*self._checks(view)]
            if branch is not None:
                own = [run for run in runs if run.branch == branch]
                recorded += [*self._runs(view, own), *people]
                found = KnownTroubles(tuple(recorded), tuple(self._promised(view, branch)), self._failed(branch, own))
            else:
                found = KnownTroubles(tuple(recorded), ())
            self._kept.put(key, found)
        return found

    def _is_head(self, view: View) -> bool:
        ref = self._workspace.lake.refs.find(view.ref)
        return ref is not None and ref.kind == "branch"

    def _looked(self, branch: str | None) -> object:
        looks = self._workspace.looks.of(branch) if branch is not None else {}
        return tuple(sorted((name, look.at, look.data) for name, look in looks.items()))

    def _checks(self, view: View) -> list[Trouble]:
        failing = self._workspace.check_results.failing()
        marked = masked_columns(self._workspace, view.commit) if failing else {}
        found = []
        for name, leaf in view.state.leaves.items():
            if leaf.version in failing.get(name, ()):
                results = self._history.of_commit(name, view.commit, view.state, view.project)
                kept = [discreet_kept(result, marked) for result in results]
                found += [said for result in kept if (said := _said(result)) is not None]
        return found

    def _runs(self, view: View, runs: Sequence[RunRecord]) -> list[Trouble]:
        """What the newest runs of a branch left behind, but for what was looked at since and is as it should be."""
        ended = [run for run in runs if run.status in ("held", "failed")]
        if not ended:
            return []
        looks = self._workspace.looks.of(view.ref)
        waits = _asked_or_below(view)
        found: dict[str, Trouble] = {}
        for run in ended:
            tasks = self._workspace.runs.unfinished(run.number)
            is_held = any(task.status is TaskStatus.HELD for task in tasks)
            checks = self._workspace.check_results.of_run(run.number) if is_held else []
            holding = {result.dataset: result for result in checks if result.holds}
            for task in tasks:
                look = last_look(looks, task.dataset, is_of_files=task.dataset not in waits)
                if look is None or look.at <= run.logical_time:
                    found.setdefault(task.dataset, _of_task(run, task, holding.get(task.dataset)))
        return list(found.values())

    def _by_people(self, view: View) -> list[Trouble]:
        """What people hold, and complain of."""
        found = []
        cords = self._workspace.cords.standing(view.ref)
        if cords:
            definitions = {name: said.definition for name, said in view.project.datasets.items()}
            held, own = held_back(cords, definitions, {}), {cord.dataset: cord for cord in cords}
            for name in sorted(held.keys() & view.state.leaves.keys()):
                lamp = Lamp.FAIL if name in own else Lamp.BLOCKED
                since = own[name].pulled if name in own else None
                found.append(Trouble(name, TroubleKind.CORD, lamp, held[name], since))
        incidents = self._workspace.incidents
        complaints = [each.number for each in incidents.standing(view.ref) if each.kind is SignalKind.COMPLAINT]
        for signals in incidents.signals(complaints).values():
            found += [
                Trouble(signal.dataset, TroubleKind.COMPLAINT, Lamp.WARN, signal.what, signal.first)
                for signal in signals
                if signal.cleared is None and signal.dataset in view.state.leaves
            ]
        return found

    def _failed(self, branch: str, runs: Sequence[RunRecord]) -> RunRecord | None:
        """The newest run of a branch that ended, where it failed as a whole: no task of it says why."""
        ended = next((run for run in runs if run.status != "running"), None)
        if ended is None or ended.status != "failed" or self._workspace.runs.tasks(ended.number):
            return None
        look = last_look(self._workspace.looks.of(branch), "", is_of_files=True)
        return ended if look is None or look.at <= ended.logical_time else None

    def _promised(self, view: View, branch: str) -> list[Promised]:
        book = self._books.of(view.commit, view.state)
        timed = {
            name: rules
            for name in book.with_rules
            if (rules := [rule for rule in book.entries[name].rules if rule.kind in TIMED])
        }
        if not timed:
            return []
        waits = book.asked_or_below
        looks = self._workspace.looks.of(branch)
        made = self._workspace.lake.objects.made(view.state.leaves[name].build for name in timed)
        found = []
        for name, rules in timed.items():
            look = last_look(looks, name, is_of_files=name not in waits)
            built = made.get(view.state.leaves[name].build)
            times = [look.at] if look is not None else []
            times += [built] if built is not None else []
            if not times:
                continue
            done = max(times)
            # `max_age` is of the data: brought up to date without what it reads, a dataset is no newer
            data = look.data if look is not None and look.data < look.at else done
            due = []
            for rule in rules:
                last = data if rule.kind is RuleKind.MAX_AGE else done
                at = due_at(rule.kind, rule.text, from_text(last), rule.zone)
                if at is not None:
                    due.append((at, Promised(name, last, to_text(at), rule.spoken, is_of_data=last < done)))
            if due:
                found.append(min(due, key=lambda pair: (pair[0], pair[1].rule))[1])
        return found


def _asked_or_below(view: View) -> set[str]:
    """The sources of a commit that are asked for their rows, and all that reads them."""
    definitions = {name: said.definition for name, said in view.project.datasets.items()}
    asked = asked_sources(definitions)
    return asked | below(definitions, asked)


def late(promised: Sequence[Promised], now: datetime) -> list[Trouble]:
    """The promises that are broken at `now`. Pure."""
    return [
        Trouble(
            each.dataset,
            TroubleKind.LATE,
            Lamp.STALE,
            f"it promises `{each.rule}`, and {_of_when(each)} {each.last[:16].replace('T', ' ')}",
            each.due,
        )
        for each in promised
        if from_text(each.due) <= now
    ]


def _of_when(promised: Promised) -> str:
    return "its data are of" if promised.is_of_data else "was brought up to date at"


def worst(troubles: Sequence[Trouble]) -> dict[str, Lamp]:
    """The lamp of each dataset that there is trouble with. Pure."""
    found: dict[str, Lamp] = {}
    for trouble in troubles:
        before = found.get(trouble.dataset)
        if before is None or trouble.lamp.gravity > before.gravity:
            found[trouble.dataset] = trouble.lamp
    return found


def _said(result: CheckResult) -> Trouble | None:
    """What a check says against what readers see; what is only shown says nothing."""
    if not result.failed or result.severity is Severity.INFO:
        return None
    is_bad = result.holds
    accepted: Mapping[str, object] = result.accepted or {}
    excuse = f", which {accepted['who']} accepted: {accepted['reason']}" if accepted else ""
    value = "" if result.value is None or result.bad is not None else f": it is {found_words(result.value)}"
    what = f"the check `{result.spoken}` {outcome(result)}{value}{excuse}"
    lamp = Lamp.FAIL if is_bad else Lamp.WARN
    return Trouble(result.dataset, TroubleKind.CHECK, lamp, what, result.at, result.run, result.spoken)


def _of_task(run: RunRecord, task: TaskResult, check: CheckResult | None) -> Trouble:
    since, number, name = run.ended or run.started, run.number, task.dataset
    if task.status is TaskStatus.FAILED:
        told = str((task.error or {}).get("message") or "its build failed")
        return Trouble(name, TroubleKind.FAILED, Lamp.FAIL, f"run {number} could not build it: {told}", since, number)
    if task.status is TaskStatus.HELD and task.reason.startswith("reads "):
        what = f"the result of run {number} is kept from readers: it {task.reason}"
        return Trouble(name, TroubleKind.HELD, Lamp.BLOCKED, what, since, number)
    if task.status is TaskStatus.HELD:
        what = f"run {number} is kept from readers: its check {task.reason}"
        spoken = check.spoken if check is not None else None
        return Trouble(name, TroubleKind.HELD, Lamp.FAIL, what, since, number, spoken)
    return Trouble(name, TroubleKind.WAITS, Lamp.BLOCKED, f"run {number} came to nothing before it", since, number)
