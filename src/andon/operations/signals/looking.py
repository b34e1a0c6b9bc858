"""Looks at a branch for what nobody had to meet: late, out of the usual, not governed. Nothing is asked of data.

Each published build is judged once, by whoever first comes by after it, and what was learned is kept. A look where nothing changed reads
how far that is, what was learned, and who uses what: as many statements however many datasets there are.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.checks.language.parse import parse_check
from andon.lake.undo import with_undone
from andon.model.check import Check, Watch
from andon.model.commit import CommitKind
from andon.model.dataset import Kind
from andon.model.signal import LOOKED_AGAIN, SignalKind
from andon.operations.incidents.keeping import SignalLook
from andon.operations.incidents.of_runs import signal_of_check, speaks
from andon.operations.scheduling.cadence import LINES, silences
from andon.operations.signals.arrivals import expected_by
from andon.operations.signals.keeping import oldest_rows
from andon.operations.signals.sampling import personal_values
from andon.operations.signals.standing import (
    LOOKED_FOR,
    drifted,
    kept_too_long,
    late,
    overdue,
    silent,
    undeclared,
    ungoverned,
    unusual,
)
from andon.operations.signals.unusual import unusual_bytes, unusual_rows, unusual_seconds
from andon.proposals.names import looks_personal
from andon.state.usual import Judged, UsualKind
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from andon.catalog.use import UseBook
    from andon.model.check_result import CheckResult
    from andon.model.decision import Silence
    from andon.model.signal import Signal
    from andon.model.version import Version
    from andon.operations.signals.standing import Deadline
    from andon.runs.inspection.history import CheckHistory
    from andon.state.usual import BuiltNumbers
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: How far back numbers are looked at; `watch` looks at as many days.
_HISTORY = timedelta(days=180)
#: So many of the last builds are compared by what their versions say.
_COMPARED = 40
#: A dataset is in use where so many people read it, or an insight rests on it.
_PEOPLE = 2


class SignalLooker:
    """Looks at the branches of one lake."""

    def __init__(self, workspace: Workspace, uses: UseBook, history: CheckHistory) -> None:
        self._workspace = workspace
        self._history = history
        self._store = workspace.usual
        self._uses = uses

    def look(self, view: View, deadlines: Sequence[Deadline]) -> SignalLook:
        """What is found of the branch that `view` is the head of.

        Args:
            deadlines: what its datasets promise.
        """
        branch, now = view.ref, self._workspace.clock()
        datasets = {name: said for name, said in view.project.datasets.items() if name in view.state.leaves}
        signals = late(branch, deadlines, now) + self._old(view)
        if deadlines:
            signals += silent(branch, self._silences(branch, now))
        if self._workspace.settings.get("signals.learned"):
            judged = self._judged(view)
            signals += overdue(branch, judged, {each.dataset for each in deadlines}, now)
            found = unusual(branch, judged)
            is_watched = {
                each.dataset for each in found if each.kind is SignalKind.VOLUME and _watches_rows(view, each.dataset)
            }
            signals += [s for s in found if s.kind is not SignalKind.VOLUME or s.dataset not in is_watched]
        if self._workspace.settings.get("signals.governance"):
            signals += ungoverned(branch, datasets, self._used(view), now)
            judged = self._judged(view)
            signals += undeclared(branch, datasets, judged) + drifted(branch, datasets, judged)
            signals += kept_too_long(branch, datasets, oldest_rows(self._workspace, view, datasets), now)
        return SignalLook(LOOKED_FOR, tuple(signals))

    def until(self, view: View, deadlines: Sequence[Deadline]) -> datetime:
        """Until when the clock alone changes nothing of what a look finds; who uses what is looked at each hour."""
        now = self._workspace.clock()
        dues = [from_text(each.due) for each in self._store.judged(view.ref) if each.due is not None]
        dues += [from_text(each.due) + each.grace for each in deadlines]
        dues += [now + (from_text(age.value) - from_text(age.limit)) for age in self._ages(view) if not age.failed]
        datasets = {name: said for name, said in view.project.datasets.items() if name in view.state.leaves}
        if self._workspace.settings.get("signals.governance"):
            kept = oldest_rows(self._workspace, view, datasets)
            dues += [
                said.over(at) for name, at in kept.items() if at is not None and (said := datasets[name].retention)
            ]
        if deadlines and self._silences(view.ref, now):
            return now  # it is over as soon as somebody looks again
        return min([now + LOOKED_AGAIN, *(due for due in dues if due > now)])

    def _ages(self, view: View) -> list[CheckResult]:
        return self._history.ages(view.commit, view.state, view.project, self._workspace.clock())

    def _old(self, view: View) -> list[Signal]:
        """What checks of age say by now, with no run that asked."""
        failing = [age for age in self._ages(view) if speaks(age)]
        if not failing:
            return []
        from andon.runs.inspection.personal import discreet_kept  # which knows the language of checks

        marked, at = masked_columns(self._workspace, view.commit), to_text(self._workspace.clock())
        told = [discreet_kept(age, marked) for age in failing]
        return [signal_of_check(view.ref, age, at, None, view.commit.id, held=()) for age in told]

    def _silences(self, branch: str, now: datetime) -> list[Silence]:
        return silences(self._workspace.decisions.passes(branch, LINES), now)

    def _used(self, view: View) -> set[str]:
        """The datasets that people use, or decide by."""
        names = self._workspace.lake.former_names
        uses = self._uses.uses(self._workspace.clock(), lambda: names.of(view.commit, view.state))
        read = {name for name, use in uses.items() if use.readers >= _PEOPLE}
        return read.union(*(insight.datasets for insight in view.project.insights))

    def _judged(self, view: View) -> list[Judged]:
        """What was learned of the builds that readers see."""
        self._judge(view)
        leaves = view.state.leaves
        found = self._store.judged(view.ref)
        return [each for each in found if each.dataset in leaves and leaves[each.dataset].version == each.version]

    def _judge(self, view: View) -> None:
        """Judge what was built since somebody did."""
        branch, database = view.ref, self._workspace.lake.database
        seen, newest = self._store.seen(branch), self._store.newest_run()
        if seen == newest or database.is_read_only:
            return
        built = self._store.built(branch, seen)
        known = self._store.judged_runs(branch)
        fresh = [name for name, run in built.items() if known.get(name, -1) < run]
        since = to_text(self._workspace.clock() - _HISTORY)
        numbers = self._store.numbers(branch, fresh, since)
        versions = self._versions(numbers)
        is_asked = self._workspace.settings.get("signals.governance")
        shown = {str(history[-1].version) for history in numbers.values()}
        last = [versions[id] for id in shown if id in versions] if is_asked else []
        values = personal_values(self._workspace, sorted(last, key=lambda version: version.dataset)) if last else {}
        before = {each.dataset: each for each in self._store.judged(branch) if each.kind is UsualKind.COLUMNS}
        undone = self._undone(view) if numbers else frozenset()
        judged = []
        for name, history in numbers.items():
            judged += self._learned(view, history, versions, undone)
            judged += _of_columns(history, versions, values, before.get(name))
        with database.write() as transaction:
            self._store.put(transaction, branch, judged, newest)

    def _learned(
        self,
        view: View,
        history: Sequence[BuiltNumbers],
        versions: Mapping[str, Version],
        undone: frozenset[str],
    ) -> list[Judged]:
        last = history[-1]
        said = view.project.datasets.get(last.dataset)
        is_source = said is not None and said.definition.kind is Kind.SOURCE
        version = versions.get(last.version or "")
        personal = [name for name, _ in version.types if looks_personal(name)] if version is not None else []
        arrivals = [
            each
            for place, each in enumerate(history)
            if (not place or each.version != history[place - 1].version) and each.commit not in undone
        ]
        due = expected_by([from_text(each.at) for each in arrivals]) if is_source else None
        last_at = arrivals[-1].at if arrivals else last.at

        def of(kind: UsualKind, what: str | None, at: str = last.at, due: str | None = None) -> Judged:
            return Judged(last.dataset, kind, last.run, last.version, at, what, due)

        return [
            of(UsualKind.ROWS, unusual_rows(history, undone)),
            of(UsualKind.SECONDS, unusual_seconds(history, undone)),
            of(UsualKind.BYTES, unusual_bytes(history, undone, {id: each.bytes for id, each in versions.items()})),
            of(UsualKind.ARRIVAL, None, last_at, to_text(due) if due is not None else None),
            of(UsualKind.PERSONAL, ",".join(personal) or None),
        ]

    def _versions(self, numbers: Mapping[str, Sequence[BuiltNumbers]]) -> Mapping[str, Version]:
        ids = {each.version for history in numbers.values() for each in history[-_COMPARED:]} - {None}
        return self._workspace.lake.objects.versions(id for id in ids if id is not None)

    def _undone(self, view: View) -> frozenset[str]:
        """Publishes of the branch that are taken back."""
        history = self._workspace.lake.commits.first_parents(view.commit)
        return frozenset(c.id for c, is_undone in with_undone(history) if is_undone and c.kind is not CommitKind.UNDO)


def _of_columns(
    history: Sequence[BuiltNumbers],
    versions: Mapping[str, Version],
    values: Mapping[str, Mapping[str, str]],
    known: Judged | None,
) -> list[Judged]:
    """What is told of a build's columns: which hold values of people, and which came with a refresh and were not there before."""
    last = history[-1]
    version = versions.get(last.version or "")
    if version is None:
        return []
    names = [name for name, _ in version.types]
    came = [name for name in json.loads(known.what) if name in names] if known is not None and known.what else []
    before = versions.get(history[-2].version or "") if len(history) > 1 else None
    if last.is_refresh and before is not None:
        there = {name for name, _ in before.types}
        came += [name for name in names if name not in there and name not in came]
    if not last.is_refresh:
        came = []  # who changed the code saw its columns
    found = values.get(version.id) or {}

    def of(kind: UsualKind, what: object) -> Judged:
        told = json.dumps(what, ensure_ascii=False) if what else None
        return Judged(last.dataset, kind, last.run, last.version, last.at, told)

    return [of(UsualKind.VALUES, dict(found)), of(UsualKind.COLUMNS, came)]


def _watches_rows(view: View, dataset: str) -> bool:
    """Whether a check of the dataset itself watches how many rows it has."""
    for line in view.project.datasets[dataset].checks:
        check = parse_check(line.text, dataset=dataset, columns=None, key=None) if "watch" in line.text else None
        if isinstance(check, Check) and isinstance(check.form, Watch) and check.form.expression.lower() == "count(*)":
            return True
    return False
