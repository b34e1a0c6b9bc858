"""Datasets as they are at a commit: list, one page, and where folder and branch stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from andon.base.graph import reach, reverse
from andon.base.names import quote_name
from andon.errors import AndonError
from andon.lake.refs import MAIN
from andon.model.check_result import CheckResult
from andon.model.commit import Commit, Leaf, State
from andon.model.dataset import Dataset
from andon.model.project import Insight, Project
from andon.model.version import Version
from andon.project.load import load
from andon.runs.goal import RunOptions
from andon.workspace.missing import no_dataset

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.plan import Plan
    from andon.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """One line of `ls`."""

    dataset: str
    kind: str
    materialize: str
    rows: int | None
    bytes: int
    owner: str | None
    tags: tuple[str, ...]
    description: str | None
    version: str

    def to_json(self) -> dict[str, Any]:
        """As in `ls --json`."""
        return {
            "dataset": self.dataset,
            "kind": self.kind,
            "materialize": self.materialize,
            "rows": self.rows,
            "bytes": self.bytes,
            "owner": self.owner,
            "tags": list(self.tags),
            "description": self.description,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """All that is known about one dataset at one commit.

    Attributes:
        reads, read_by: datasets directly upstream and downstream.
        insights: insights that it serves, directly or through what reads it.
        sample: up to ten rows.
        contract: for sources: how its files are read, as lines.
        checks: what checks said of this version.
        iceberg: place of metadata that any Iceberg reader can be pointed at (tables only).
    """

    commit: Commit
    dataset: str
    leaf: Leaf
    version: Version
    build: Build | None
    info: Dataset | None
    reads: tuple[str, ...]
    read_by: tuple[str, ...]
    insights: tuple[Insight, ...]
    sample: list[tuple[Any, ...]]
    contract: tuple[str, ...]
    code: str
    iceberg: str | None
    checks: tuple[CheckResult, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As in `show --json`."""
        info, build = self.info, self.build
        described = {c.name: c for c in info.columns} if info else {}
        return {
            "dataset": self.dataset,
            "commit": self.commit.id,
            "kind": self.leaf.kind,
            "materialize": self.leaf.materialize,
            "description": info.description if info else None,
            "owner": info.owner if info else None,
            "tags": list(info.tags) if info else [],
            "caveats": list(info.caveats) if info else [],
            "checks": [c.to_json() for c in self.checks],
            "accepted": [a.to_json() for a in self.commit.acceptances if a.dataset == self.dataset],
            "key": list(info.definition.key) if info else [],
            "definition": self.leaf.definition,
            "version": self.version.id,
            "rows": self.version.rows,
            "bytes": self.version.bytes,
            "columns": [
                {
                    "name": c.name,
                    "type": c.type,
                    "field_id": c.field_id,
                    "description": described[c.name].description if c.name in described else None,
                }
                for c in self.version.columns
            ],
            "reads": list(self.reads),
            "read_by": list(self.read_by),
            "insights": [i.name for i in self.insights],
            "files": [f.path for f in self.version.files],
            "build": _build_json(build) if build else None,
            "contract": list(self.contract),
            "sample": [[_plain(v) for v in row] for row in self.sample],
            "code": self.code,
            "iceberg": self.iceberg,
        }


@dataclass(frozen=True, slots=True)
class Status:
    """Where folder and branch stand.

    Attributes:
        plan: what `run` would do now; None if the project has problems or conflicts.
        error: what stands in the way of a plan.
        behind: datasets whose leaf was made by other code than the branch's files say.
        rejected: paths that an undo keeps out.
    """

    branch: str
    commit: Commit
    datasets: int
    plan: Plan | None
    error: AndonError | None
    behind: tuple[str, ...]
    rejected: tuple[str, ...]
    declared_checks: int
    runs: tuple[dict[str, Any], ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """As in `status --json`."""
        moves = self.plan.moves if self.plan else ()
        return {
            "branch": self.branch,
            "commit": self.commit.id,
            "at": self.commit.time,
            "datasets": self.datasets,
            "clean": self.plan is not None and not moves and not self.plan.is_change,
            "changed": [{"dataset": s.dataset, "action": str(s.action), "reason": s.reason} for s in moves],
            "change": bool(self.plan and self.plan.is_change),
            "notices": list(self.plan.notices) if self.plan else [],
            "error": self.error.to_json() if self.error else None,
            "behind": list(self.behind),
            "rejected": list(self.rejected),
            "declared_checks": self.declared_checks,
            "runs": list(self.runs),
        }


class Describe:
    """Describes one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake

    def list(self, at: str | None = None, select: tuple[str, ...] = ()) -> list[DatasetInfo]:
        """All datasets at a commit, by name.

        Raises:
            UsageError: `lake.ref_not_found`, or a selection that names nothing.
        """
        commit = self._lake.refs.resolve(self._workspace.reading(at))
        state = self._lake.commits.state(commit)
        counts = self._lake.objects.row_counts(leaf.version for leaf in state.leaves.values())
        project = self.project(state)
        names = self._select(select, project, state) if select else set(state.leaves)
        found = []
        for name in sorted(names):
            leaf, info = state.leaves[name], project.datasets.get(name)
            rows, size = counts.get(leaf.version, (None, 0))
            found.append(
                DatasetInfo(
                    name,
                    leaf.kind,
                    leaf.materialize,
                    rows,
                    size,
                    info.owner if info else None,
                    info.tags if info else (),
                    info.description if info else None,
                    leaf.version,
                )
            )
        return found

    def show(self, name: str, at: str | None = None) -> Page:
        """The page of a dataset.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`.
        """
        ref = self._workspace.reading(at)
        commit = self._lake.refs.resolve(ref)
        state = self._lake.commits.state(commit)
        leaf = state.leaves.get(name)
        if leaf is None:
            raise no_dataset(name, ref, state.leaves)
        project = self.project(state)
        info = project.datasets.get(name)
        objects = self._lake.objects
        version = objects.versions([leaf.version])[leaf.version]
        build = objects.builds([leaf.build]).get(leaf.build)
        definitions = objects.definitions([x.definition for x in state.leaves.values()])
        needs = {d: definitions[x.definition].inputs for d, x in state.leaves.items() if x.definition in definitions}
        readers = reverse(needs)
        below = {name, *reach(readers, [name])}
        answer = self._workspace.querying.ask_commit(f"select * from {quote_name(name)} limit 10", commit, "show")
        entry = definitions[leaf.definition].entry
        sha = dict(leaf.files).get(entry)
        return Page(
            commit,
            name,
            leaf,
            version,
            build,
            info,
            needs.get(name, ()),
            tuple(sorted(readers.get(name, ()))),
            tuple(i for i in project.insights if below.intersection(i.datasets)),
            answer.fetch(),
            _contract_lines(build),
            objects.text(sha).decode() if sha else "",
            None if version.is_view else self.iceberg(version),
            tuple(self._workspace.checks.of_version(name, version.id)),
        )

    def iceberg(self, version: Version) -> str:
        """Where the Iceberg metadata of a table's version lies, derived when first asked for."""
        import uuid

        from andon.lake.iceberg.location import absolute_in
        from andon.lake.iceberg.metadata import derive, fits, metadata_path

        storage = self._lake.storage
        absolute = absolute_in(storage.url)
        path = metadata_path(version.id)
        if not (storage.exists(path) and fits(storage.read(path), version.id, absolute)):
            derive(
                version,
                storage_url=storage.url,
                write=storage.write,
                table_uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"andon:{version.dataset}")),
                time_ms=0,
            )
        return storage.engine_path(path)

    def status(self, branch: str | None = None) -> Status:
        """Where the folder stands against its branch."""
        name = self._workspace.branch(branch)
        ref = self._lake.refs.find(name)
        commit = self._lake.refs.resolve(name if ref else MAIN)
        state = self._lake.commits.state(commit)
        plan = error = None
        try:
            plan = self._workspace.builds.plan(RunOptions(branch=name))
        except AndonError as found:
            error = found
        project = self.project(state)
        behind = tuple(
            sorted(
                d
                for d, leaf in state.leaves.items()
                if d in project.datasets and project.datasets[d].definition.id != leaf.definition
            )
        )
        runs = tuple(
            {"run": r.number, "status": r.status, "branch": r.branch, "started": r.started, "published": r.published}
            for r in self._workspace.runs.newest(5)
        )
        return Status(
            name,
            commit,
            len(state.leaves),
            plan,
            error,
            behind,
            tuple(sorted({c.path for c in commit.rejected})),
            declared_checks(project),
            runs,
        )

    def project(self, state: State) -> Project:
        """The project that a commit's own files make (with problems, if settings of another version don't fit)."""
        files = state.files()
        return load(files, lambda path: self._lake.objects.text(files[path]), self._workspace.cache)

    def _select(self, select: tuple[str, ...], project: Project, state: State) -> set[str]:
        from andon.project.select import Selectable
        from andon.project.select import select as choose

        datasets = {d: x for d, x in project.datasets.items() if d in state.leaves}
        among = Selectable(
            {d: datasets[d].definition.inputs if d in datasets else () for d in state.leaves},
            {d: x.tags for d, x in datasets.items()},
            {d: x.owner for d, x in datasets.items()},
            {d: x.definition.entry for d, x in datasets.items()},
        )
        return choose(select, among)


def declared_checks(project: Project) -> int:
    """Checks that a project declares: lines of datasets and rules across datasets."""
    lines = sum(len(d.checks) for d in project.datasets.values())
    return lines + sum(1 for path in project.shared if path.startswith("checks/"))


def _contract_lines(build: Build | None) -> tuple[str, ...]:
    if build is None or not build.contract:
        return ()
    from andon.sources.contract import describe

    return tuple(describe(build.contract))


def _build_json(build: Build) -> dict[str, Any]:
    return {
        "id": build.id,
        "key": build.key,
        "run": build.run,
        "created": build.created,
        "seconds": round(build.seconds, 4),
        "engine": dict(build.engine),
        "inputs": dict(build.inputs),
        "files": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in build.files],
        "logical_time": build.logical_time,
        "lock": build.lock,
        "proof": build.proof,
        "log": build.log,
    }


def _plain(value: Any) -> Any:
    """A value as JSON shows it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value)
