"""What a change changes for readers, before it is agreed to and after it is published: which rows, as far as that is known or costs
little beside the run itself.

Rows of datasets whose own code changed are compared. For what follows from them a run may cost a tenth more, by an estimate from sizes
alone, so that the same run always says the same; beyond that, the summary tells what needs no reading. A question may cost a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record, field, replace
from andon.model.check_result import CheckResult
from andon.model.commit import Commit, Leaf, shows_the_same, version_shown
from andon.model.plan import Action, Plan, Step
from andon.model.reach import Reach
from andon.model.row_diff import RowCounts, RowDiff
from andon.model.run import RunResult, TaskStatus
from andon.model.verdict import Verdict

if TYPE_CHECKING:
    from andon.runs.inspection.history import CheckHistory
    from andon.runs.planning.outlook import Outlook
    from andon.service.row_diffs import RowDiffs
    from andon.workspace.workspace import Workspace

#: Datasets with other code whose rows are compared after a run; more is for `diff`.
_MOST = 20
#: What comparing may cost beside the run.
_SHARE = 0.1
#: What is read before a question is answered, for all datasets: about a second.
_ASKED_BYTES = 100_000_000

# CPU seconds, as measured: a run without its tasks, a task, a comparison; and bytes that each of the two takes in a second.
_RUN = 0.3
_TASK = 0.01
_COMPARISON = 0.02
_BYTES = 100_000_000

Sizes = Mapping[str, tuple[int | None, int]]


class Shown(Record):
    """What a run on a branch or a publish changed, for people.

    Attributes:
        base: the commit before.
        commit: the commit after.
        rows: how the rows of each dataset differ that was there before, where they were compared.
        others: rows before and after (None for a view's) of those whose content differs and whose rows were not compared.
        verdicts: of the datasets whose code changed.
        totals: rows of each dataset now.
        new, gone: datasets that come, that go; the others are on both sides.
        reach: whom it concerns, beside those whose rows are told.
        checks: what the run that made it asked of it; empty where that is not known or there are none.
        run: the number of that run.
    """

    base: str
    commit: str
    rows: tuple[RowDiff, ...] = ()
    others: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    totals: Mapping[str, int | None] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    reach: Reach | None = None
    checks: tuple[CheckResult, ...] = ()
    run: int | None = None


class RunChanges:
    """Tells what runs changed, for one workspace."""

    def __init__(self, workspace: Workspace, outlook: Outlook, row_diffs: RowDiffs, checks: CheckHistory) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._checks = checks
        self._outlook = outlook
        self._row_diffs = row_diffs

    def of(self, result: RunResult) -> Shown:
        """What a published change of code changed for readers; nothing for a refresh."""
        if not result.changes_readers:
            return Shown(result.base, result.commit)
        commits = self._lake.commits
        before, after = commits.get(result.base), commits.get(result.commit)
        pairs = {d: (old, new) for d, (old, new) in commits.changed_leaves(before, after).items() if old and new}
        moved = {d: pair for d, pair in pairs.items() if pair[0].version != pair[1].version}
        if not moved:
            return Shown(result.base, result.commit)
        own = [d for d, (old, new) in moved.items() if old.definition != new.definition]
        sizes = self._lake.objects.row_counts(leaf.version for pair in moved.values() for leaf in pair)
        compared = self._compared(result, before, after, moved, own, sizes)
        return Shown(
            result.base,
            result.commit,
            tuple(compared[d] for d in moved if d in compared),
            {d: (_rows(sizes, old), _rows(sizes, new)) for d, (old, new) in moved.items() if d not in compared},
            self._outlook.between(before, after, own),
            {d: _rows(sizes, new) for d, (_, new) in moved.items()},
        )

    def ahead(self, plan: Plan, source: str | None = None) -> Shown:
        """What a plan will change for readers, as far as it is known before: of results that are there already, on a branch or held.

        Args:
            source: the branch that the plan publishes.
        """
        commits, objects = self._lake.commits, self._lake.objects
        head = commits.get(plan.base)
        merged = self._lake.refs.resolve(source) if source is not None else None
        checks = self._of_run(merged.run) if merged is not None else ()
        empty = Shown(plan.base, merged.id if merged else plan.base, checks=checks, run=merged.run if merged else None)
        leaves = commits.state(head).leaves
        steps = [s for s in plan.steps if s.action in (Action.REUSE, Action.CHECK, Action.VIEW)]
        ready = [s for s in steps if s.version is not None and s.version != version_shown(leaves.get(s.dataset))]
        dropped = [s for s in plan.steps if s.action is Action.DROP and s.dataset in leaves]
        if not ready and not dropped:
            return empty
        versions = [s.version for s in ready if s.version is not None]
        sizes = objects.row_counts([*versions, *(leaf.version for leaf in leaves.values())])
        totals = {s.dataset: sizes.get(s.version or "", (None, 0))[0] for s in ready}
        there = [s for s in ready if s.dataset in leaves]
        pairs, refs = self._made_already(there[:_MOST], leaves, plan.branch, source)
        compared = self._row_diffs.of_pairs(head, pairs, refs, _ASKED_BYTES)
        new = {dataset: rows for dataset, rows in totals.items() if dataset not in leaves}
        rows = [compared[d] for d in pairs if d in compared]
        rows += [RowDiff(d, rows=RowCounts(added=n)) for d, n in new.items() if n is not None]
        gone = {s.dataset: _rows(sizes, leaves[s.dataset]) for s in dropped}
        rows += [RowDiff(d, rows=RowCounts(removed=n)) for d, n in gone.items() if n is not None]
        return replace(
            empty,
            rows=tuple(rows),
            others={s.dataset: (_rows(sizes, leaves[s.dataset]), totals[s.dataset]) for s in there[_MOST:]},
            totals=totals,
            new=frozenset(new),
            gone=frozenset(gone),
        )

    def _made_already(
        self, steps: Sequence[Step], leaves: Mapping[str, Leaf], branch: str, source: str | None
    ) -> tuple[dict[str, tuple[Leaf | None, Leaf | None]], dict[str, tuple[str, str]]]:
        """What `steps` lead from and to, as leaves, and the two refs by which a person can compare them."""
        builds = self._lake.objects.builds(s.build for s in steps if s.build is not None)
        pairs: dict[str, tuple[Leaf | None, Leaf | None]] = {}
        refs = {}
        for step in steps:
            leaf, build = leaves[step.dataset], builds.get(step.build or "")
            definition = build.definition if build is not None else leaf.definition
            pairs[step.dataset] = leaf, replace(leaf, version=step.version or leaf.version, definition=definition)
            run = f"run:{build.run}" if build is not None and build.run is not None else None
            other = source or run
            if other is not None:
                refs[step.dataset] = branch, other
        return pairs, refs

    def between(self, before: Commit, after: Commit, read: bool = True) -> Shown:
        """What going from one commit to another changes for readers, as far as it is known or costs no more than a second.

        Args:
            read: False tells only what is known without reading a row, and neither verdicts nor whom it reaches.
        """
        commits = self._lake.commits
        moved = {d: pair for d, pair in commits.changed_leaves(before, after).items() if not shows_the_same(*pair)}
        own = [d for d, (old, new) in moved.items() if old and new and old.definition != new.definition]
        known = self._row_diffs.known(before, after, moved)
        if read:
            missing = [d for d in [*own, *(d for d in moved if d not in own)] if d not in known]
            made = self._row_diffs.summary(before, after, missing[:_MOST], total_bytes=_ASKED_BYTES)
            known |= {found.dataset: found for found in made}
        sizes = self._lake.objects.row_counts(leaf.version for pair in moved.values() for leaf in pair if leaf)
        verdicts = self._outlook.between(before, after, own) if read else {}
        reach = self._outlook.concerned(before, moved, verdicts) if read and moved else None
        return Shown(
            before.id,
            after.id,
            tuple(known[d] for d in moved if d in known),
            {
                d: (_rows(sizes, old), _rows(sizes, new))
                for d, (old, new) in moved.items()
                if d not in known and version_shown(old) != version_shown(new)
            },
            verdicts,
            {d: _rows(sizes, new) for d, (_, new) in moved.items()},
            frozenset(d for d, (old, _) in moved.items() if old is None),
            frozenset(d for d, (_, new) in moved.items() if new is None),
            None if reach is None else replace(reach, datasets=tuple(d for d in reach.datasets if d not in moved)),
            self._of_run(after.run) if read else (),
            after.run,
        )

    def undone(self, target: Commit) -> Shown:
        """What taking the publish `target` back changes for readers, before somebody is asked."""
        return self.between(target, self._lake.commits.get(target.parent or ""))

    def of_commit(self, commit: Commit) -> Shown:
        """What is known, without reading a row, of what `commit` changed for readers."""
        return self.between(self._lake.commits.get(commit.parent or ""), commit, read=False)

    def _of_run(self, run: int | None) -> tuple[CheckResult, ...]:
        return tuple(self._checks.of_run(run)) if run is not None else ()

    def _compared(
        self,
        result: RunResult,
        before: Commit,
        after: Commit,
        moved: Mapping[str, tuple[Leaf, Leaf]],
        own: Sequence[str],
        sizes: Sizes,
    ) -> dict[str, RowDiff]:
        """Rows of what is known already, of what has other code, and of what follows from it while that costs little."""
        known = self._row_diffs.known(before, after, moved)
        wanted = [d for d in own[:_MOST] if d not in known]
        built = [t.dataset for t in result.tasks if t.action == Action.BUILD and t.status is TaskStatus.OK]
        if built:
            others = moved.keys() - own - known.keys()
            # in the order of the plan: what is read stands before who reads it
            follow = [t.dataset for t in result.tasks if t.dataset in others]
            costs = {d: cost for d in follow if (cost := _comparison(*moved[d], sizes)) is not None}
            wanted += affordable(costs, _SHARE * self._cost(after, built))
        made = self._row_diffs.summary(before, after, wanted)
        return {**known, **{found.dataset: found for found in made}}

    def _cost(self, commit: Commit, built: Iterable[str]) -> float:
        """CPU seconds, about, of a run that built datasets of `commit`: by what they read and what they are."""
        leaves = self._lake.commits.state(commit).leaves
        there = [leaves[d] for d in built if d in leaves]
        definitions = self._lake.objects.definitions(leaf.definition for leaf in there)
        inputs = [
            name for leaf in there if leaf.definition in definitions for name in definitions[leaf.definition].inputs
        ]
        read = [leaves[name].version for name in inputs if name in leaves]
        versions = [*(leaf.version for leaf in there), *read]
        sizes = self._lake.objects.row_counts(versions)
        return _RUN + _TASK * len(there) + sum(sizes.get(v, (None, 0))[1] for v in versions) / _BYTES


def affordable(costs: Mapping[str, float], allowed: float) -> list[str]:
    """The first of `costs` that together cost no more than is allowed."""
    found = []
    for name, cost in costs.items():
        allowed -= cost
        if allowed < 0:
            break
        found.append(name)
    return found


def _comparison(old: Leaf, new: Leaf, sizes: Sizes) -> float | None:
    """CPU seconds, about, of comparing two tables; None for a view, since nobody knows what its query takes."""
    (old_rows, old_bytes), (new_rows, new_bytes) = (sizes.get(leaf.version, (None, 0)) for leaf in (old, new))
    if old_rows is None or new_rows is None:
        return None
    return _COMPARISON + (old_bytes + new_bytes) / _BYTES


def _rows(sizes: Sizes, leaf: Leaf | None) -> int | None:
    return sizes.get(leaf.version, (None, 0))[0] if leaf is not None else None
