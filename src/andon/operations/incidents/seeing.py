"""What is seen of a branch: what its runs noticed, what is wrong in what readers see, and what of it is right again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from andon.base.clock import SKEW, to_text
from andon.base.record import replace
from andon.checks.language.mentions import is_age
from andon.lake.refs import MAIN
from andon.model.check import CheckStatus
from andon.model.commit import CommitKind
from andon.model.incident import IncidentSignal
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.case import Batch, Case
from andon.operations.incidents.life import Right
from andon.operations.incidents.of_runs import signal_of_check, signals_of, speaks
from andon.runs.looked import asked_sources, below, last_look
from andon.state.runs import RunFilter, RunRecord
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.runs.inspection.history import CheckHistory
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace

#: How a check that was asked comes out.
_ANSWERED = (CheckStatus.PASS, CheckStatus.FAIL)
#: So many runs are looked through for one that published since.
_RUNS = 50


class Seeing:
    """Sees what is wrong and what is right, of one lake."""

    def __init__(self, workspace: Workspace, history: CheckHistory) -> None:
        self._workspace = workspace
        self._history = history

    def of_run(self, view: View, run: RunRecord) -> Batch:
        """What a run noticed of what readers have."""
        at = run.ended or run.started
        if not self._is_of_readers(run):
            return Batch((), at, run.number)
        from andon.runs.inspection.personal import discreet_kept  # which knows the language of checks

        met = self._workspace.check_results.of_run(run.number)
        marked = masked_columns(self._workspace, view.commit) if met else {}
        checks = [discreet_kept(check, marked) for check in met]
        own = self._own_code(run.base, run.commit) if any(speaks(check) for check in checks) else frozenset[str]()
        signals = signals_of(run, self._workspace.runs.own_tasks(run.number), checks, own)
        had = self._had(run)
        return Batch(tuple(s for s in signals if not s.dataset or s.dataset in had), at, run.number, run.base)

    def shown(self, view: View) -> list[Signal]:
        """What checks say against what readers see, whoever brought it there; on a branch what differs from `main`."""
        failing = self._workspace.check_results.failing()
        names = [name for name, leaf in view.state.leaves.items() if leaf.version in failing.get(name, ())]
        if names and view.ref != MAIN:
            of_main = self._main_versions()
            names = [name for name in names if view.state.leaves[name].version != of_main.get(name)]
        if not names:
            return []
        from andon.runs.inspection.personal import discreet_kept

        marked, at = masked_columns(self._workspace, view.commit), view.commit.time
        own = self._own_code(next(iter(view.commit.parents), None), view.commit.id)
        return [
            signal_of_check(
                view.ref, discreet_kept(result, marked), at, result.run, view.commit.id, held=(), is_own=name in own
            )
            for name in names
            for result in self._results(view, name)
            if speaks(result)
        ]

    def is_current(self, view: View, dataset: str) -> bool:
        """Whether a dataset was made from what readers see of its inputs now."""
        leaves = view.state.leaves
        leaf = leaves.get(dataset)
        build = self._workspace.lake.objects.builds([leaf.build]).get(leaf.build) if leaf is not None else None
        return build is not None and all(
            name not in leaves or leaves[name].version == version for name, version in build.inputs.items()
        )

    def still_wrong(self, view: View, batch: Batch) -> Batch:
        """What a run noticed, but for what is right by now."""
        left = tuple(signal for signal in batch.signals if self._why_right(view, _as_noticed(signal)) is None)
        return replace(batch, signals=left)

    def right(
        self, view: View, cases: Iterable[Case], looked: frozenset[SignalKind], found: Sequence[Signal]
    ) -> dict[str, Right]:
        """What of that which stands is right in what readers see, and why: `{fingerprint: right}`.

        Args:
            looked: the kinds of signals that were looked for, and what was `found`.
        """
        now = {signal.fingerprint for signal in found}
        told: dict[str, Right] = {}
        for case in cases:
            for signal in case.standing:
                why = None
                if signal.kind in looked:
                    why = self._why_unfound(view, signal) if signal.fingerprint not in now else None
                elif signal.kind.is_of_runs or signal.run is not None:
                    why = self._why_right(view, signal)
                elif signal.dataset and self._is_gone(view, signal.dataset):
                    why = "it is there no more"
                if why is not None:
                    told[signal.fingerprint] = Right(why, signal.times)
        return told

    # -- runs

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

    def _had(self, run: RunRecord) -> set[str]:
        """The datasets that readers had before a run, or have by it: what is new and came to nothing is seen by who made it."""
        commits = self._workspace.lake.commits
        named = [run.base, *([run.commit] if run.commit is not None and run.published else [])]
        known = commits.known(named)
        return {name for each in named if each in known for name in commits.state(commits.get(each)).leaves}

    def _own_code(self, before: str | None, after: str | None) -> frozenset[str]:
        """The datasets that have other code in a commit than in the one before, and read what they read there: what is wrong with them
        came with that."""
        commits = self._workspace.lake.commits
        if before is None or after is None or len(commits.known([before, after])) < len({before, after}):
            return frozenset()
        old, new = (commits.state(commits.get(each)).leaves for each in (before, after))
        changed = [name for name, leaf in new.items() if name not in old or old[name].definition != leaf.definition]
        builds = self._workspace.lake.objects.builds(new[name].build for name in changed)
        return frozenset(
            name
            for name in changed
            if new[name].build in builds
            and all(
                each in old and old[each].version == version for each, version in builds[new[name].build].inputs.items()
            )
        )

    def _main_versions(self) -> dict[str, str]:
        ref = self._workspace.lake.refs.find(MAIN)
        if ref is None:
            return {}
        commits = self._workspace.lake.commits
        return {name: leaf.version for name, leaf in commits.state(commits.get(ref.commit)).leaves.items()}

    # -- right again

    def _why_unfound(self, view: View, signal: IncidentSignal) -> str:
        """Why what was found by a look is found no more."""
        if signal.kind is SignalKind.CLOCK:
            return "by all that is known the clock is right"
        if signal.kind is not SignalKind.CORD:
            return "it is as it should be"
        cord = next(iter(self._workspace.cords.of_dataset(view.ref, signal.dataset)), None)
        if cord is None or cord.released_by is None:
            return "nobody holds it any more"
        return f"{cord.released_by} let it go on" + (f": {cord.note}" if cord.note else "")

    def _results(self, view: View, name: str) -> list[CheckResult]:
        """What the checks of a dataset say; an age is judged by now, where that can be told: it grows with no run."""
        found = self._history.of_commit(name, view.commit, view.state, view.project)
        if not any(is_age(result.text) for result in found):
            return found
        ages = self._history.ages(view.commit, view.state, view.project, self._workspace.clock(), [name])
        now = {result.check: result for result in ages}
        return [now.get(result.check, result) if result.status in _ANSWERED else result for result in found]

    def _is_gone(self, view: View, dataset: str) -> bool:
        return dataset not in view.state.leaves and dataset not in view.project.datasets

    def _why_right(self, view: View, signal: IncidentSignal) -> str | None:
        """Why what was met is right again in what readers see; None where it is not, or nobody knows."""
        if signal.dataset and self._is_gone(view, signal.dataset):
            return "it is there no more"
        if signal.is_held and not self._was_settled(view, signal):
            return None
        if "check" not in signal.details:
            return "it was built since" if signal.dataset else "a run since came to its end"
        leaf = view.state.leaves.get(signal.dataset)
        if leaf is None:
            return None
        asked = to_text(self._workspace.clock())
        result = next((each for each in self._results(view, signal.dataset) if each.check == signal.subject), None)
        if result is None:
            return f"`{signal.details['check']}` is asked no more"
        if result.accepted is not None:
            return f"`{signal.details['check']}` was accepted"
        is_right = result.status is CheckStatus.PASS and not result.quarantined  # as long as no row is set aside
        is_of_now = (result.at or "") >= asked
        if is_right and is_age(result.text) and not is_of_now and (result.at or "") <= signal.last:
            return None  # it was young enough then
        if is_right and result.version == leaf.version:
            return f"`{signal.details['check']}` passes"
        return None

    def _was_settled(self, view: View, signal: IncidentSignal) -> bool:
        """Whether what a run kept back or could not build came to an end since: all that it kept back because of this."""
        if signal.run is None:
            return True
        run = self._workspace.runs.find(signal.run)
        if run is None:
            return True
        names = signal.details.get("held") or ([signal.dataset] if signal.dataset else [])
        unfinished = {task.dataset for task in self._workspace.runs.unfinished(run.number)}
        if any(name in unfinished and not self._was_looked_at(view, name, run) for name in names):
            return False
        is_whole = not run.published and not signal.details.get("held")
        return not is_whole or self._was_looked_at(view, "", run) or self._published_since(run)

    def _was_looked_at(self, view: View, dataset: str, run: RunRecord) -> bool:
        """Whether a dataset (all of them, without a name) was brought up to date since a run."""
        waits: set[str] = set()
        if dataset:
            definitions = {name: said.definition for name, said in view.project.datasets.items()}
            asked = asked_sources(definitions)
            waits = asked | below(definitions, asked)
        look = last_look(self._workspace.looks.of(view.ref), dataset, is_of_files=dataset not in waits)
        return look is not None and look.at > self._time_of(run)

    def _time_of(self, run: RunRecord) -> str:
        """When a run was made: one that lies ahead of now was made by a wrong clock, and after the one before it."""
        latest = to_text(self._workspace.clock() + SKEW)
        if run.logical_time <= latest:
            return run.logical_time
        newest = self._workspace.runs.newest(_RUNS, only=RunFilter(branch=run.branch))
        times = (each.logical_time for each in newest if each.number < run.number and each.logical_time <= latest)
        return max(times, default=latest)

    def _published_since(self, run: RunRecord) -> bool:
        newest = self._workspace.runs.newest(_RUNS, only=RunFilter(branch=run.branch))
        return any(other.number > run.number and other.published for other in newest)


def _as_noticed(signal: Signal) -> IncidentSignal:
    return IncidentSignal(
        signal.fingerprint,
        signal.dataset,
        signal.kind,
        signal.subject,
        signal.lamp,
        signal.what,
        signal.at,
        signal.at,
        1,
        signal.run,
        None,
        signal.is_held,
        signal.details,
    )
