"""Where a number comes from and whom it reaches: the lineage of any commit, and what a change of a part of it would touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.document import Document, Documented
from andon.base.names import did_you_mean
from andon.base.record import values_of
from andon.checks.language.lines import mentions_of, reads_column
from andon.checks.language.mentions import pairs_in
from andon.errors import UsageError
from andon.model.commit import Commit
from andon.model.dataset import CheckLine
from andon.model.lineage import (
    EdgeDocument,
    Graph,
    Node,
    NodeDocument,
    NodeKind,
    Radius,
    Reader,
    blast_radius,
    downstream,
    insight_name,
    part,
    readers,
)
from andon.model.project import Project
from andon.service.asked_queries import queries_reached
from andon.workspace.code import project_at
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.lineage.kept import LineageGraphs
    from andon.workspace.workspace import Workspace


class TrailDocument(Document):
    """The lineage of a dataset, a column or a file."""

    commit: str
    start: str
    nodes: list[NodeDocument]
    edges: list[EdgeDocument]


class Trail(Documented):
    """The lineage of a dataset, a column or a file at one commit.

    Attributes:
        start: the node that was asked for.
        up, down: which ways were gone.
        graph: what was found, with the start.
        whole: all of the commit.
    """

    commit: Commit
    start: Node
    up: bool
    down: bool
    graph: Graph
    whole: Graph
    depth: int | None = None

    def document(self) -> TrailDocument:
        """As in `lineage --json`."""
        return TrailDocument(commit=self.commit.id, start=self.start.id, **values_of(self.graph.document()))


class NamedCheck(Document):
    """A check of another dataset, or a rule across datasets, that reads what was asked for; `dataset` is None for a rule."""

    dataset: str | None
    text: str
    file: str
    line: int | None = None


class ReachedInsight(Document):
    """An insight that a change would reach."""

    insight: str
    title: str
    kind: str | None
    owner: str | None
    decision: str | None
    hops: int


class ImpactDocument(Document):
    """What a change would reach."""

    commit: str
    start: str
    datasets: list[Reader]
    insights: list[ReachedInsight]
    queries: list[str]
    checks: list[NamedCheck]
    owners: list[str]


class Impact(Documented):
    """What a change of a dataset, a column or a file would reach.

    Attributes:
        readers: datasets, the nearest first.
        insights: nodes of insights, by name, each with the steps that it is away.
        queries: saved queries that read it.
        checks: checks elsewhere that look at it.
    """

    commit: Commit
    start: Node
    readers: tuple[Reader, ...]
    insights: tuple[tuple[Node, int], ...]
    queries: tuple[str, ...]
    checks: tuple[NamedCheck, ...]
    radius: Radius

    def document(self) -> ImpactDocument:
        """As in `impact --json`."""
        return ImpactDocument.about(
            self,
            commit=self.commit.id,
            start=self.start.id,
            datasets=self.readers,
            insights=[
                ReachedInsight.about(n, insight=insight_name(n.id), title=n.name, kind=n.type, hops=hops)
                for n, hops in self.insights
            ],
            owners=self.radius.owners,
        )


class Lineages:
    """The lineage of one workspace's lake."""

    def __init__(self, workspace: Workspace, graphs: LineageGraphs) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._graphs = graphs

    def graph(self, at: str | None = None) -> Graph:
        """All of a commit, from raw files to insights.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        return self._graphs.graph(View.at(self._workspace, at).commit)

    def lineage(
        self, target: str, at: str | None = None, *, up: bool = True, down: bool = True, depth: int | None = None
    ) -> Trail:
        """Where `target` comes from and where it goes.

        Args:
            target: `schema.dataset`, `schema.dataset.column`, or a raw file by path or pattern.
            at: the commit to look at; None means the branch's head.
            depth: how many steps from dataset to dataset; None means all.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`, `lake.column_not_found`.
        """
        commit, graph, start = self._find(target, at)
        found = part(graph, [start.id], up=up, down=down, depth=depth)
        return Trail(commit, start, up, down, found, graph, depth)

    def impact(self, target: str, at: str | None = None) -> Impact:
        """What a change of `target` would reach; arguments and errors are those of `lineage`."""
        commit, graph, start = self._find(target, at)
        reached: dict[str, int] = {}
        spots = downstream(graph, [start.id]).hops
        for spot, hops in spots.items():
            if graph.nodes[spot.node].kind is NodeKind.INSIGHT:
                reached[spot.node] = min(hops, reached.get(spot.node, hops))
        return Impact(
            commit,
            start,
            readers(graph, [start.id]),
            tuple((graph.nodes[node], reached[node]) for node in sorted(reached)),
            queries_reached(self._workspace, self._project(commit), graph, spots),
            tuple(self._checks(commit, graph, start)),
            blast_radius(graph, [start.id]),
        )

    def events(self, trail: Trail) -> list[dict[str, Any]]:
        """A trail as OpenLineage run events, one for each of its datasets, in the order in which they were built."""
        from andon.lineage.openlineage import run_events

        state = self._lake.commits.state(trail.commit)
        leaves = {n.id: state.leaves[n.id] for n in trail.graph.nodes.values() if n.id in state.leaves}
        builds = self._lake.objects.builds(leaf.build for leaf in leaves.values())
        made = {name: builds[leaf.build] for name, leaf in leaves.items() if leaf.build in builds}
        return run_events(trail.graph, trail.whole, made, f"andon://{self._workspace.root.name}")

    # -- what is asked for

    def _find(self, target: str, at: str | None) -> tuple[Commit, Graph, Node]:
        view = View.at(self._workspace, at)
        graph = self._graphs.graph(view.commit)
        node = graph.nodes.get(target) or _of_any_case(graph, target) or _file(graph, target)
        if node is None:
            raise _not_found(graph, target, view.ref)
        return view.commit, graph, node

    def _project(self, commit: Commit) -> Project:
        return project_at(self._workspace, self._lake.commits.state(commit))

    # -- checks elsewhere

    def _checks(self, commit: Commit, graph: Graph, start: Node) -> list[NamedCheck]:
        """Checks of other datasets, and rules, that name the dataset of `start`, and its column if it is one."""
        holder = graph.nodes[graph.holder(start.id)]
        if holder.kind is not NodeKind.DATASET:
            return []
        column = start.name if start.kind is NodeKind.COLUMN else None
        project = self._project(commit)
        target = project.datasets.get(holder.id)
        key = target.definition.key if target is not None else ()
        found = [
            NamedCheck(name, line.text, line.file, line.line)
            for name, dataset in sorted(project.datasets.items())
            if name != holder.id
            for line in dataset.checks
            if _looks_at(line, holder.id, column, key)
        ]
        return found + self._rules(project, graph, holder.id, column)

    def _rules(self, project: Project, graph: Graph, dataset: str, column: str | None) -> list[NamedCheck]:
        reading = [rule for rule in project.rules if dataset in rule.datasets]
        if column is not None and reading:
            from andon.lineage.graph import TraceQuestion, trace

            questions = {
                rule.file: TraceQuestion(rule.meaning, rule.sql, _schemas(graph, rule.datasets), rule.macros)
                for rule in reading
            }
            traced = trace(questions, self._workspace.cache)
            reading = [
                rule
                for rule in reading
                # one that can't be traced may read any column
                if traced[rule.file].fallback is not None
                or (dataset, column) in traced[rule.file].influence.union(*traced[rule.file].columns.values())
            ]
        return [NamedCheck(None, rule.name, rule.file) for rule in reading]


def _schemas(graph: Graph, datasets: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    return {
        name: [(graph.nodes[c].name, graph.nodes[c].type or "") for c in graph.columns_of.get(name, ())]
        for name in datasets
        if name in graph.nodes
    }


def _looks_at(line: CheckLine, dataset: str, column: str | None, key: Sequence[str]) -> bool:
    """Whether a line names the dataset; for a column, whether it may read that one."""
    text = line.text if line.for_column is None else f"{line.for_column} {line.text}"
    if dataset not in pairs_in([text]):
        return False
    return bool(mentions_of(text, dataset)) if column is None else reads_column(text, dataset, column, key)


def _of_any_case(graph: Graph, target: str) -> Node | None:
    """A node by its id in any case, as SQL takes names."""
    wanted = target.lower()
    return next((n for n in graph.nodes.values() if n.kind is not NodeKind.INSIGHT and n.id.lower() == wanted), None)


def _file(graph: Graph, target: str) -> Node | None:
    """The node of a raw file that a pattern covers."""
    return next((n for n in graph.nodes.values() if n.kind is NodeKind.FILE and target in n.files), None)


def _not_found(graph: Graph, target: str, ref: str) -> UsageError:
    parts = target.split(".", 2)
    dataset = ".".join(parts[:2]).lower()
    if len(parts) > 2 and dataset in graph.nodes:
        columns = [graph.nodes[c].name for c in graph.columns_of.get(dataset, ())]
        return UsageError(
            "lake.column_not_found",
            f"`{dataset}` has no column `{parts[2]}` at {ref}",
            where=target,
            hint=did_you_mean(parts[2], columns) or "it has " + ", ".join(f"`{name}`" for name in columns[:8]),
        )
    known = [
        n.id
        for n in graph.nodes.values()
        if n.kind in (NodeKind.DATASET, NodeKind.FILE, NodeKind.DATABASE, NodeKind.API)
    ]
    return UsageError(
        "lake.dataset_not_found",
        f"no dataset is named `{dataset if len(parts) > 2 else target}` at {ref}",
        where=target,
        hint=did_you_mean(target, known) or "`andon ls` lists all datasets",
    )


# -- kept as plain values: thousands of small objects take ten times as long to read
