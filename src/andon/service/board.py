"""The board: how the lake stands, what needs a person, all datasets in lanes from sources to insights.

What is looked up is kept by the commit, the branches and the runs; asked again while nothing moved, only the clock counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import Document, to_json
from andon.base.graph import reverse, topological
from andon.base.hashing import content_id
from andon.base.lru import Lru
from andon.base.record import Record
from andon.base.text import plural
from andon.errors import AndonError
from andon.lake.refs import MAIN
from andon.model.commit import shows_the_same
from andon.model.lamp import Lamp
from andon.model.run import TaskStatus
from andon.project.folder.scan import scan
from andon.runs.goal import RunOptions
from andon.service.needs import (
    Need,
    NeedKind,
    NextStep,
    Surroundings,
    WaitingBranch,
    needs_of,
    nobody,
)
from andon.service.troubles import worst
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.catalog.entries import CatalogEntry
    from andon.catalog.search import Catalogs
    from andon.catalog.use import UseBook
    from andon.lake.refs import Ref
    from andon.model.commit import Commit
    from andon.model.project import Insight
    from andon.model.trouble import Trouble
    from andon.service.runs import Runs
    from andon.service.troubles import Troubles
    from andon.state.runs import RunRecord
    from andon.workspace.workspace import Workspace

#: Branches whose changes are remembered; runs among which those that go on are; characters of a mark.
_KEPT, _RUNS, _MARK = 64, 20, 16


class Card(Document):
    """A dataset, or an insight, in its lane.

    Attributes:
        name: of a dataset the whole name; of an insight its own.
        title: what a card says: the last part of a name, an insight's title.
        status: `fail`, `blocked`, `stale`, `warn`, `ok`; an insight's is that of the worst dataset it uses.
        fresh: when what it shows was made (ISO text); of an insight, the oldest of what it uses.
        running: whether a run is at it.
    """

    name: str
    title: str
    status: Lamp
    fresh: str | None
    running: bool
    owner: str | None


class Lane(Document):
    """Cards of one layer: `source`, one `schema`, or `insight`."""

    name: str
    kind: str
    cards: list[Card]


class RunningRun(Document):
    """A run that goes on."""

    run: int
    branch: str
    kind: str
    author: str
    started: str


class BoardDocument(Document):
    """How the lake stands.

    Attributes:
        mark: another one as soon as anything but the clock's own ages differs.
        status: of the worst dataset; `headline` says it in a sentence.
        counts: datasets by status, those that a run is at under `running`, too.
        needs: most readers affected first.
    """

    branch: str
    commit: str
    at: str
    mark: str
    status: Lamp
    headline: str
    counts: dict[str, int]
    needs: list[Need]
    running: list[RunningRun]
    lanes: list[Lane]


class _Lanes(Record):
    """The lanes of a commit, without how things stand."""

    lanes: tuple[tuple[str, str, tuple[CatalogEntry, ...]], ...]
    insights: tuple[Insight, ...]
    readers: Mapping[str, set[str]]
    owners: Mapping[str, str | None]


class Board:
    """Tells how one workspace's lake stands."""

    def __init__(
        self, workspace: Workspace, catalogs: Catalogs, uses: UseBook, troubles: Troubles, runs: Runs, kept: BoardKept
    ) -> None:
        self._workspace = workspace
        self._runs = runs
        self._lake = workspace.lake
        self._catalogs = catalogs
        self._uses = uses
        self._troubles = troubles
        self._kept = kept

    def show(self, at: str | None = None) -> BoardDocument:
        """How the lake stands on the branch that `at` names, or the one that is read.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        return self._document(self._sight(at))

    def mark(self, at: str | None = None) -> str:
        """The mark of what `show` would give now, without making it: who holds a board of that mark has the newest."""
        return self._sight(at).mark

    def needs(self, at: str | None = None, error: AndonError | None = None) -> list[Need]:
        """What needs a person, as on the board.

        Args:
            error: what stands in the way of a run of the folder, as who has asked found it.
        """
        view = View.at(self._workspace, at)
        return self._needs(view, self._troubles.of(view), error)

    def _sight(self, at: str | None) -> _Sight:
        view = View.at(self._workspace, at)
        troubles = tuple(self._troubles.of(view))
        running = tuple(run for run in self._workspace.runs.newest(_RUNS) if run.status == "running")
        busy = frozenset(self._busy([run for run in running if run.branch == view.ref]))
        needs = tuple(self._needs(view, troubles, self._folder_error(view)))
        seen = [view.ref, view.commit.id, to_json(troubles), sorted(busy), [run.number for run in running]]
        mark = content_id([*seen, [need.to_json() for need in needs]])[:_MARK]
        return _Sight(view, troubles, running, busy, needs, mark)

    def _document(self, sight: _Sight) -> BoardDocument:
        found = self._kept.documents.get(sight.mark)
        if found is None:
            view, lamps = sight.view, worst(sight.troubles)
            counts = _counts(view.state.leaves, lamps, sight.busy)
            found = BoardDocument(
                branch=view.ref,
                commit=view.commit.id,
                at=view.commit.time,
                mark=sight.mark,
                status=max(lamps.values(), key=lambda lamp: lamp.gravity, default=Lamp.OK),
                headline=_headline(counts, len(view.state.leaves)),
                counts=counts,
                needs=list(sight.needs),
                running=[
                    RunningRun(run.number, run.branch, run.kind, run.author, run.started) for run in sight.running
                ],
                lanes=_filled(self._lanes(view), lamps, sight.busy),
            )
            self._kept.documents.put(sight.mark, found)
        return found

    def _needs(self, view: View, troubles: Sequence[Trouble], error: AndonError | None) -> list[Need]:
        lanes, now = self._lanes(view), self._workspace.clock()
        around = Surroundings(
            lanes.readers,
            {insight.name: insight.datasets for insight in lanes.insights},
            lanes.owners,
            lambda datasets: self._uses.people(datasets, now),
        )
        others = [_of_folder(error)] if error is not None else []
        return needs_of(troubles, around, self._waiting(view), others)

    def _folder_error(self, view: View) -> AndonError | None:
        """What stands in the way of a run of the folder, where it works on this branch. The plan that tells it is made anew when a file
        of the project changed, and once a minute for all that lies elsewhere."""
        if view.ref != self._workspace.branch():
            return None
        files = {path: fact.sha256 for path, fact in scan(self._workspace.root, self._workspace.cache).items()}
        minute = to_text(self._workspace.clock())[:16]
        key = (view.commit.id, content_id(files), minute)
        found = self._kept.folders.get(key)
        if found is None:
            found = _FolderLook(self._planned(view.ref))
            self._kept.folders.put(key, found)
        return found.error

    def _planned(self, branch: str) -> AndonError | None:
        try:
            self._runs.plan(RunOptions(branch=branch))
        except AndonError as error:
            return error
        return None

    def _lanes(self, view: View) -> _Lanes:
        found = self._kept.lanes.get(view.commit.root)
        if found is None:
            entries = self._catalogs.of(view.commit).entries
            found = _lanes_of(entries, view.project.insights)
            self._kept.lanes.put(view.commit.root, found)
        return found

    def _busy(self, runs: Sequence[RunRecord]) -> set[str]:
        """The datasets that runs are at now."""
        tasks = [task for run in runs for task in self._workspace.runs.tasks(run.number)]
        return {task.dataset for task in tasks if task.status is TaskStatus.RUNNING}

    def _waiting(self, view: View) -> list[WaitingBranch]:
        """Branches that hold something back from `main`, where that is looked at."""
        if view.ref != MAIN:
            return []
        found = []
        for ref in self._lake.refs.of_kind("branch"):
            if ref.name == MAIN or ref.commit == view.commit.id:
                continue
            changed = self._changed(view.commit, ref)
            if changed is not None:
                head = self._lake.commits.get(ref.commit)
                found.append(WaitingBranch(ref.name, head.author, head.time, changed))
        return found

    def _changed(self, main: Commit, ref: Ref) -> tuple[str, ...] | None:
        """What was made on a branch and `main` lacks; None where that is nothing."""
        key = (main.id, ref.commit)
        known = self._kept.changes.get(key)
        if known is None:
            known = _Change(_made_there(self._workspace, main, ref.commit))
            self._kept.changes.put(key, known)
        return known.datasets


@dataclass(frozen=True)
class _Sight:
    """What a board is made of, looked up."""

    view: View
    troubles: tuple[Trouble, ...]
    running: tuple[RunRecord, ...]
    busy: frozenset[str]
    needs: tuple[Need, ...]
    mark: str


class _Change(Record):
    """What a branch changes; None for nothing."""

    datasets: tuple[str, ...] | None


@dataclass(frozen=True)
class _FolderLook:
    """What stood in the way of a run of the folder."""

    error: AndonError | None


class BoardKept:
    """What is kept for all callers of a process."""

    def __init__(self) -> None:
        self.documents: Lru[str, BoardDocument] = Lru(4)
        self.lanes: Lru[str, _Lanes] = Lru(4)
        self.changes: Lru[tuple[str, str], _Change] = Lru(_KEPT)
        self.folders: Lru[tuple[str, str, str], _FolderLook] = Lru(2)


def _made_there(workspace: Workspace, main: Commit, commit: str) -> tuple[str, ...] | None:
    """Datasets that a commit changed since it and `main` parted, and that `main` does not have like that; of shared files alone, none."""
    commits = workspace.lake.commits
    head = commits.get(commit)
    common = commits.merge_base(head, main)
    if common is None or common.id == head.id:
        return None
    here, there = commits.state(head), commits.state(main)
    changed = commits.changed_leaves(common, head)
    datasets = tuple(d for d in changed if not shows_the_same(here.leaves.get(d), there.leaves.get(d)))
    before = commits.shared(common)
    shared = any(
        here.shared.get(path) not in (before.get(path), there.shared.get(path))
        for path in before.keys() | here.shared.keys()
    )
    return datasets if datasets or shared else None


def _lanes_of(entries: Mapping[str, CatalogEntry], insights: Sequence[Insight]) -> _Lanes:
    """Sources first, then schemas in the order in which they read each other, by name within a lane."""
    depth = _depths(entries)
    schemas: dict[str, list[CatalogEntry]] = {}
    for entry in entries.values():
        if entry.kind != "source":
            schemas.setdefault(entry.schema, []).append(entry)

    def place(schema: str) -> tuple[float, str]:
        depths = [depth[entry.dataset] for entry in schemas[schema]]
        return (sum(depths) / len(depths), schema)

    sources = tuple(entry for entry in entries.values() if entry.kind == "source")
    found = [("Sources", "source", sources)] if sources else []
    found += [(schema, "schema", tuple(schemas[schema])) for schema in sorted(schemas, key=place)]
    readers = reverse({name: entry.reads for name, entry in entries.items()})
    owners = {name: entry.owner for name, entry in entries.items()}
    return _Lanes(tuple(found), tuple(insights), readers, owners)


def _depths(entries: Mapping[str, CatalogEntry]) -> dict[str, int]:
    """How many steps a dataset is from what reads nothing."""
    found: dict[str, int] = {}
    for name in topological({name: entry.reads for name, entry in entries.items()}):
        found[name] = 1 + max((found[each] for each in entries[name].reads if each in found), default=-1)
    return found


def _filled(lanes: _Lanes, lamps: Mapping[str, Lamp], busy: Set[str]) -> list[Lane]:
    found = [
        Lane(name, kind, [_card(entry, kind, lamps, busy) for entry in entries]) for name, kind, entries in lanes.lanes
    ]
    built = {entry.dataset: entry.built for _, _, entries in lanes.lanes for entry in entries}
    if lanes.insights:
        cards = [_insight(each, lamps, built, busy) for each in lanes.insights]
        found.append(Lane("Insights", "insight", cards))
    return found


def _card(entry: CatalogEntry, kind: str, lamps: Mapping[str, Lamp], busy: Set[str]) -> Card:
    title = entry.dataset if kind == "source" else entry.name
    return Card(
        entry.dataset, title, lamps.get(entry.dataset, Lamp.OK), entry.built, entry.dataset in busy, entry.owner
    )


def _insight(insight: Insight, lamps: Mapping[str, Lamp], built: Mapping[str, str | None], busy: Set[str]) -> Card:
    used = insight.datasets
    # what is not there serves nobody
    lamp = max(
        (lamps.get(d, Lamp.OK) if d in built else Lamp.FAIL for d in used), key=lambda x: x.gravity, default=Lamp.OK
    )
    times = [time for d in used if (time := built.get(d)) is not None]
    return Card(insight.name, insight.title, lamp, min(times, default=None), not busy.isdisjoint(used), insight.owner)


def _counts(datasets: Mapping[str, object], lamps: Mapping[str, Lamp], busy: Set[str]) -> dict[str, int]:
    counts = {lamp.value: 0 for lamp in reversed(Lamp)}
    for dataset in datasets:
        counts[lamps.get(dataset, Lamp.OK).value] += 1
    return {**counts, "running": len(busy)}


def _headline(counts: Mapping[str, int], total: int) -> str:
    """How the lake stands, in a sentence."""
    if not total:
        return "Nothing is published yet"
    said = {"fail": "failing", "blocked": "blocked", "stale": "stale", "warn": "doubtful"}
    for status, word in said.items():
        if counts[status]:
            return f"{plural(counts[status], 'dataset')} {'is' if counts[status] == 1 else 'are'} {word}"
    return f"{'All ' if total > 1 else ''}{plural(total, 'dataset')} {'is' if total == 1 else 'are'} healthy"


def _of_folder(error: AndonError) -> Need:
    more = f", and {plural(len(error.problems) - 1, 'more problem')} with it" if len(error.problems) > 1 else ""
    first = error.problems[0] if error.problems else None
    place = f"{first.where}: " if first is not None and first.where else ""
    told = first.message if first is not None else error.message
    return Need(
        kind=NeedKind.FOLDER,
        status=Lamp.WARN.value,
        datasets=[],
        what=f"the folder can't be run: {place}{told}{more}",
        since=None,
        run=None,
        affected=nobody(),
        owner=None,
        action=NextStep("See what is wrong", "andon plan", "GET", "/api/v1/plan", None, "/changes"),
    )
