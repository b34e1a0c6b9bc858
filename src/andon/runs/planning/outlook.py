"""What changes mean and whom they concern: verdict and reach of a plan's steps, and of the difference of two commits.

Worked out only where a person or a program looks at a plan or a difference; a run that was not asked pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.graph import Closures
from andon.base.record import Record, field, replace
from andon.model.commit import Commit, State
from andon.model.dataset import Definition
from andon.model.plan import Action, Step
from andon.model.reach import Reach
from andon.model.verdict import Verdict, VerdictKind
from andon.model.version import Columns

if TYPE_CHECKING:
    from andon.lineage.kept import LineageGraphs
    from andon.model.lineage import Graph
    from andon.runs.planning.changes import Changes
    from andon.runs.planning.gather import Gathered
    from andon.runs.planning.steps import SourceInput
    from andon.workspace.workspace import Workspace


class _Between(Record):
    """Code of one commit beside the state of another."""

    definitions: Mapping[str, Definition]
    state: State
    sources: Mapping[str, SourceInput] = field(default_factory=dict)


class Outlook:
    """Verdicts and reaches for one workspace."""

    def __init__(self, workspace: Workspace, graphs: Callable[[], LineageGraphs]) -> None:
        self._graphs = graphs
        self._workspace = workspace
        self._lake = workspace.lake

    def of_plan(
        self,
        steps: Sequence[Step],
        gathered: Gathered,
        bound: Mapping[str, Columns],
        changes: Changes,
    ) -> tuple[Step, ...]:
        """The steps with verdict, reach and what breaks."""
        concerned = {s.dataset for s in steps if s.action in (Action.BUILD, Action.VIEW, Action.DROP) or s.code_changed}
        if not concerned:
            return tuple(steps)
        from andon.model.lineage import Radii

        leaves = gathered.state.leaves
        changes.will_remake(
            {s.dataset for s in steps if s.dataset in leaves and _will_be(s) != leaves[s.dataset].version}
        )
        ahead = graph_ahead(self._workspace, gathered, bound)
        before = self._graphs().graph(gathered.head)
        rows = self._lake.objects.row_counts(leaves[s.dataset].version for s in steps if s.dataset in leaves)
        counts = {
            s.dataset: (rows.get(leaves[s.dataset].version) or (0, 0))[0] or 0 for s in steps if s.dataset in leaves
        }
        built = {s.dataset: s for s in steps if s.action is Action.BUILD}
        edited = {s.dataset for s in steps if s.code_changed}
        made_after = _made_after(steps)
        radii, radii_before = Radii(ahead), Radii(before)
        result = []
        for step in steps:
            if step.dataset not in concerned:
                result.append(step)
                continue
            verdict = changes.whole(step.dataset) if step.action is not Action.DROP else None
            if not (step.code_changed or step.action is Action.DROP):
                result.append(replace(step, verdict=verdict))
                continue
            again = made_after.names_in(made_after.reached(step.dataset))
            uncertain = [d for d in again if (found := changes.whole(d)) is None or found.rows]
            among_all = radii_before if step.action is Action.DROP else radii
            radius = among_all.of([*_touched(step.dataset, verdict), *uncertain])
            concerns = tuple(sorted({*radius.datasets, *uncertain} - {step.dataset}))
            among = [built[d] for d in (step.dataset, *again) if d in built]
            known = [s.seconds for s in among if s.seconds is not None]
            reach = Reach(
                concerns,
                radius.insights,
                radius.owners,
                len(among),
                sum(counts.get(s.dataset, 0) for s in among),
                sum(known) if known else None,
            )
            broken = (*step.breaks, *_broken(before, step.dataset, verdict, edited))
            result.append(replace(step, verdict=verdict, reach=reach, breaks=tuple(dict.fromkeys(broken))))
        return tuple(result)

    def between(self, a: Commit, b: Commit, datasets: Iterable[str] | None = None) -> dict[str, Verdict]:
        """What the changes of code from `a` to `b` mean, by dataset; what is new or gone or has only other data has no verdict."""
        before, after = self._lake.commits.state(a), self._lake.commits.state(b)
        wanted = set(after.leaves if datasets is None else datasets) & before.leaves.keys() & after.leaves.keys()
        changed = {d for d in wanted if before.leaves[d].definition != after.leaves[d].definition}
        if not changed:
            return {}
        from andon.runs.planning.changes import Changes

        objects = self._lake.objects
        new = objects.definitions({after.leaves[d].definition for d in changed})
        old = objects.definitions({before.leaves[d].definition for d in changed})
        definitions = {d: new[after.leaves[d].definition] for d in changed if after.leaves[d].definition in new}
        needed = {i for x in definitions.values() for i in x.inputs} | changed
        versions = objects.versions({after.leaves[d].version for d in needed if d in after.leaves})
        columns = {
            d: versions[after.leaves[d].version].types
            for d in needed
            if d in after.leaves and after.leaves[d].version in versions
        }
        changes = Changes(self._workspace, _Between(definitions, before), columns, old)
        found = {d: changes.own(d) for d in sorted(changed)}
        return {d: verdict for d, verdict in found.items() if verdict is not None}

    def concerned(self, commit: Commit, datasets: Iterable[str], verdicts: Mapping[str, Verdict]) -> Reach:
        """Whom a difference that is published as `commit` concerns."""
        from andon.model.lineage import blast_radius

        graph = self._graphs().graph(commit)
        start = [node for name in datasets for node in _touched(name, verdicts.get(name))]
        radius = blast_radius(graph, start)
        return Reach(radius.datasets, radius.insights, radius.owners)


def graph_ahead(workspace: Workspace, gathered: Gathered, bound: Mapping[str, Columns]) -> Graph:
    """What the graph will be once a plan's code is published; only what changed is traced.

    Args:
        gathered: what the plan was made from.
        bound: the columns that changed SQL returns, as the plan bound them.
    """
    from andon.lineage.graph import Loaded, Parts, build_graph
    from andon.runs.planning.bound_columns import columns_by_dataset

    leaves = {d: leaf for d, leaf in gathered.state.leaves.items() if d in gathered.definitions}
    versions = workspace.lake.objects.versions(leaf.version for d, leaf in leaves.items() if d not in bound)
    columns: dict[str, Sequence[tuple[str, str]]] = {
        d: versions[leaf.version].types for d, leaf in leaves.items() if leaf.version in versions
    }
    columns.update(columns_by_dataset(bound))
    loaded = {d: Loaded(s.contract, tuple(f.path for f in s.files)) for d, s in gathered.sources.items()}
    project = gathered.project
    parts = Parts(gathered.definitions, columns, loaded, project.datasets, project.insights)
    return build_graph(parts, workspace.cache)


def _made_after(steps: Sequence[Step]) -> Closures[str]:
    """For each dataset, those that a plan makes again because they read it, or what is made again because of it."""
    readers: dict[str, list[str]] = {}
    for step in steps:
        if step.action in (Action.BUILD, Action.VIEW):
            for name in step.needs:
                readers.setdefault(name, []).append(step.dataset)
    return Closures(sorted(s.dataset for s in steps), lambda name: readers.get(name, ()), str)


def _will_be(step: Step) -> str | None:
    """The version that a dataset will have; None as long as that is not known."""
    return None if step.action is Action.BUILD else step.version


def _touched(dataset: str, verdict: Verdict | None) -> list[str]:
    """The nodes of the lineage that a change starts from: single columns where it is known which."""
    if verdict is None or verdict.rows or verdict.key_changed:
        return [dataset]
    from andon.model.lineage import column_id

    if verdict.kind is VerdictKind.NONE:
        return []
    return [column_id(dataset, name) for name in sorted(verdict.touched)]


def _broken(graph: Graph, dataset: str, verdict: Verdict | None, edited: Collection[str]) -> list[str]:
    """What reads a column that is gone, has another name or another type: columns and datasets of what is published, but for those that
    are edited with it, which fit."""
    if verdict is None or verdict.kind is not VerdictKind.CONTRACT:
        return []
    from andon.model.lineage import column_id, readers

    names = [*verdict.dropped, *(old for old, _ in verdict.renamed), *(name for name, _, _ in verdict.retyped)]
    start = [column_id(dataset, name) for name in names]
    start = [node for node in start if node in graph.nodes] or ([dataset] if verdict.key_changed else [])
    found = []
    for reader in readers(graph, start):
        if reader.hops == 1 and reader.dataset not in edited:
            found += [column_id(reader.dataset, name) for name in reader.columns] or [reader.dataset]
    return found
