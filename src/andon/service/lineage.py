"""Where a number comes from and whom it reaches: the lineage of any commit, and what a change of a part of it would touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from andon.base.hashing import content_id
from andon.base.names import did_you_mean
from andon.checks.language.lines import mentions_of, reads_column
from andon.checks.language.mentions import pairs_in
from andon.errors import UsageError
from andon.model.commit import Commit, State
from andon.model.dataset import CheckLine
from andon.model.lineage import (
    Edge,
    EdgeKind,
    Graph,
    Level,
    Node,
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

if TYPE_CHECKING:
    from andon.runs.planning.gather import Gathered
    from andon.workspace.workspace import Workspace

#: Part of the cache's keys: raised when what is kept changes its meaning.
_FORMAT = "1"
_RECENT = "recent"
#: Graphs of the newest commits that were asked for; each is large.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Trail:
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
    graph: Graph = field(repr=False)
    whole: Graph = field(repr=False)
    depth: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As in `lineage --json`."""
        return {"commit": self.commit.id, "start": self.start.id, **self.graph.to_json()}


@dataclass(frozen=True, slots=True)
class NamedCheck:
    """A check of another dataset, or a rule across datasets, that reads what was asked for; `dataset` is None for a rule."""

    dataset: str | None
    text: str
    file: str
    line: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As in `impact --json`."""
        return {"dataset": self.dataset, "text": self.text, "file": self.file, "line": self.line}


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of a dataset, a column or a file would reach.

    Attributes:
        readers: datasets, the nearest first.
        insights: nodes of insights, by name, each with the steps that it is away.
        checks: checks elsewhere that look at it.
    """

    commit: Commit
    start: Node
    readers: tuple[Reader, ...]
    insights: tuple[tuple[Node, int], ...]
    checks: tuple[NamedCheck, ...]
    radius: Radius

    def to_json(self) -> dict[str, Any]:
        """As in `impact --json`."""
        return {
            "commit": self.commit.id,
            "start": self.start.id,
            "datasets": [r.to_json() for r in self.readers],
            "insights": [
                {
                    "insight": insight_name(n.id),
                    "title": n.name,
                    "kind": n.type,
                    "owner": n.owner,
                    "decision": n.decision,
                    "hops": hops,
                }
                for n, hops in self.insights
            ],
            "checks": [c.to_json() for c in self.checks],
            "owners": list(self.radius.owners),
        }


class Lineages:
    """The lineage of one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._graphs: dict[str, Graph] = {}

    def graph(self, commit: Commit) -> Graph:
        """All of a commit, from raw files to insights. Known by the commit's content: the engine is started for what is new."""
        found = self._graphs.get(commit.root)
        if found is None:
            key = content_id(["graph", _FORMAT, commit.root])
            known = self._workspace.cache.get("graph", [key]).get(key)
            found = self._graphs[commit.root] = self._made(commit, key) if known is None else _unpack(known)
        return found

    def ahead(self, gathered: Gathered, bound: Mapping[str, Sequence[tuple[str, str]]]) -> Graph:
        """What the graph will be once a plan's code is published; only what changed is traced.

        Args:
            gathered: what the plan was made from.
            bound: the columns that changed SQL returns, as the plan bound them.
        """
        from andon.lineage.graph import Loaded, Parts, build_graph
        from andon.runs.planning.schemas import columns_by_dataset

        leaves = {d: leaf for d, leaf in gathered.state.leaves.items() if d in gathered.definitions}
        versions = self._lake.objects.versions(leaf.version for d, leaf in leaves.items() if d not in bound)
        columns: dict[str, Sequence[tuple[str, str]]] = {
            d: [(c.name, c.type) for c in versions[leaf.version].columns]
            for d, leaf in leaves.items()
            if leaf.version in versions
        }
        columns.update(columns_by_dataset(bound))
        loaded = {d: Loaded(s.contract, tuple(f.path for f in s.files)) for d, s in gathered.sources.items()}
        project = gathered.project
        parts = Parts(gathered.definitions, columns, loaded, project.datasets, project.insights)
        return build_graph(parts, self._workspace.cache)

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
        for spot, hops in downstream(graph, [start.id]).hops.items():
            if graph.nodes[spot.node].kind is NodeKind.INSIGHT:
                reached[spot.node] = min(hops, reached.get(spot.node, hops))
        return Impact(
            commit,
            start,
            readers(graph, [start.id]),
            tuple((graph.nodes[node], reached[node]) for node in sorted(reached)),
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

    # -- the graph of a commit

    def _made(self, commit: Commit, key: str) -> Graph:
        # here, since a commit that is known needs none of what traces
        from andon.lineage.graph import Loaded, Parts, build_graph

        state = self._lake.commits.state(commit)
        objects = self._lake.objects
        definitions = objects.definitions(leaf.definition for leaf in state.leaves.values())
        versions = objects.versions(leaf.version for leaf in state.leaves.values())
        builds = objects.builds(leaf.build for leaf in state.leaves.values() if leaf.kind == "source")
        project = self._project(state)
        parts = Parts(
            {d: definitions[leaf.definition] for d, leaf in state.leaves.items()},
            {d: [(c.name, c.type) for c in versions[leaf.version].columns] for d, leaf in state.leaves.items()},
            {
                d: Loaded(builds[leaf.build].contract, tuple(f.path for f in builds[leaf.build].files))
                for d, leaf in state.leaves.items()
                if leaf.build in builds
            },
            project.datasets,
            project.insights,
        )
        graph = build_graph(parts, self._workspace.cache)
        self._keep(key, graph)
        return graph

    def _project(self, state: State) -> Project:
        return self._workspace.describe.project(state)

    def _keep(self, key: str, graph: Graph) -> None:
        cache = self._workspace.cache
        recent: list[str] = cache.get("graph", [_RECENT]).get(_RECENT, [])
        kept = [key, *(other for other in recent if other != key)]
        gone: dict[str, object] = dict.fromkeys(kept[_KEPT:])
        cache.put("graph", {**gone, key: _pack(graph), _RECENT: kept[:_KEPT]})

    # -- what is asked for

    def _find(self, target: str, at: str | None) -> tuple[Commit, Graph, Node]:
        ref = self._workspace.reading(at)
        commit = self._lake.refs.resolve(ref)
        graph = self.graph(commit)
        node = graph.nodes.get(target) or _of_any_case(graph, target) or _file(graph, target)
        if node is None:
            raise _not_found(graph, target, ref)
        return commit, graph, node

    # -- checks elsewhere

    def _checks(self, commit: Commit, graph: Graph, start: Node) -> list[NamedCheck]:
        """Checks of other datasets, and rules, that name the dataset of `start`, and its column if it is one."""
        holder = graph.nodes[graph.holder(start.id)]
        if holder.kind is not NodeKind.DATASET:
            return []
        column = start.name if start.kind is NodeKind.COLUMN else None
        project = self._project(self._lake.commits.state(commit))
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
            from andon.lineage.graph import Question, trace

            questions = {
                rule.file: Question(rule.meaning, rule.sql, _schemas(graph, rule.datasets), rule.macros)
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
    known = [n.id for n in graph.nodes.values() if n.kind in (NodeKind.DATASET, NodeKind.FILE)]
    return UsageError(
        "lake.dataset_not_found",
        f"no dataset is named `{dataset if len(parts) > 2 else target}` at {ref}",
        where=target,
        hint=did_you_mean(target, known) or "`andon ls` lists all datasets",
    )


# -- kept as plain values: thousands of small objects take ten times as long to read


def _pack(graph: Graph) -> dict[str, Any]:
    nodes = [
        (n.id, str(n.kind), n.name, n.of, n.type, n.owner, n.reason, n.decision, n.files) for n in graph.nodes.values()
    ]
    number = {node: index for index, node in enumerate(graph.nodes)}
    edges = [(number[e.source], number[e.target], str(e.kind), str(e.level)) for e in graph.edges]
    return {"nodes": nodes, "edges": edges}


def _unpack(packed: Mapping[str, Any]) -> Graph:
    kinds = {str(kind): kind for kind in NodeKind}
    edge_kinds, levels = {str(kind): kind for kind in EdgeKind}, {str(level): level for level in Level}
    nodes = [Node(key, kinds[kind], *rest) for key, kind, *rest in packed["nodes"]]
    edges = tuple(
        Edge(nodes[source].id, nodes[target].id, edge_kinds[kind], levels[level])
        for source, target, kind, level in packed["edges"]
    )
    return Graph({node.id: node for node in nodes}, edges)
