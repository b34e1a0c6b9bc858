"""The board: how the lake stands, what needs a person, all datasets in lanes from sources to insights.

What is looked up is kept by the commit, the branches and the runs; asked again while nothing moved, only the clock counts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.document import Document, to_json
from andon.base.hashing import content_id
from andon.base.lru import Lru
from andon.base.record import Record
from andon.base.text import plural
from andon.errors import AndonError
from andon.lake.refs import MAIN
from andon.model.commit import shows_the_same
from andon.model.lamp import Lamp
from andon.model.request import RequestState, ranked
from andon.model.run import TaskStatus
from andon.project.folder.scan import scan
from andon.runs.goal import RunOptions
from andon.service.insight_documents import InsightState
from andon.service.insights import pin_of
from andon.service.lanes import CommitLanes, Lane, filled_lanes, lanes_of
from andon.service.needs import (
    NOTHING_AROUND,
    Need,
    NeedKind,
    NextStep,
    WaitingBranch,
    around_of,
    incidents_by_need,
    need_of_insight,
    need_of_question,
    need_of_request,
    needs_of,
    nobody,
)
from andon.service.troubles import worst
from andon.workspace.view import View

if TYPE_CHECKING:
    from datetime import datetime

    from andon.catalog.search import Catalogs
    from andon.catalog.use import UseBook
    from andon.lake.refs import Ref
    from andon.model.commit import Commit
    from andon.model.insight import Insight
    from andon.model.request import DataRequest
    from andon.model.trouble import Trouble
    from andon.service.dataset_questions import QuestionDesk
    from andon.service.runs import Runs
    from andon.service.troubles import Troubles
    from andon.state.insight_looks import InsightLook
    from andon.state.runs import RunRecord
    from andon.workspace.workspace import Workspace

#: Branches whose changes are remembered; runs among which those that go on are; characters of a mark.
_KEPT, _RUNS, _MARK = 64, 20, 16
#: Seconds after which the folder is looked at again.
_LOOK_AGAIN = 2.0


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


class Board:
    """Tells how one workspace's lake stands."""

    def __init__(
        self,
        workspace: Workspace,
        catalogs: Catalogs,
        uses: UseBook,
        troubles: Troubles,
        runs: Runs,
        questions: QuestionDesk,
        kept: BoardKept,
    ) -> None:
        self._workspace = workspace
        self._runs = runs
        self._questions = questions
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
        return list(self._needs(view, tuple(self._troubles.of(view)), error).needs)

    def _sight(self, at: str | None) -> _Sight:
        view = View.at(self._workspace, at)
        troubles = tuple(self._troubles.of(view))
        running = tuple(run for run in self._workspace.runs.newest(_RUNS) if run.status == "running")
        busy = frozenset(self._busy([run for run in running if run.branch == view.ref]))
        needs = self._needs(view, troubles, self._folder_error(view))
        numbers = tuple(run.number for run in running)
        key = (view.ref, view.commit.id, troubles, busy, numbers, needs.mark)
        mark = self._kept.marks.get(key)
        if mark is None:
            seen = [view.ref, view.commit.id, to_json(troubles), sorted(busy), list(numbers), needs.mark]
            mark = content_id(seen)[:_MARK]
            self._kept.marks.put(key, mark)
        return _Sight(view, troubles, running, busy, needs.needs, mark)

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
                lanes=filled_lanes(self._lanes(view), lamps, sight.busy),
            )
            self._kept.documents.put(sight.mark, found)
        return found

    def _needs(self, view: View, troubles: tuple[Trouble, ...], error: AndonError | None) -> _MarkedNeeds:
        """Who reads what is counted once a minute: it is of thirty days."""
        now = self._workspace.clock()
        heads = tuple((ref.name, ref.commit) for ref in self._lake.refs.of_kind("branch")) if view.ref == MAIN else ()
        failed = self._troubles.known(view).failed
        incidents = self._workspace.incidents.standing(view.ref)
        numbers = tuple((incident.number, incident.dataset) for incident in incidents)
        told = None if error is None else str(error)
        looks = self._moved(view)
        asked = self._asked(view, now)
        at = to_text(now)[:16]
        people = tuple((each.number, len(each.people)) for each in asked)
        mark = self._workspace.dataset_questions.mark()
        key = (
            view.ref,
            view.commit.id,
            troubles,
            heads,
            told,
            failed and failed.number,
            numbers,
            looks,
            people,
            mark,
            at,
        )
        found = self._kept.needs.get(key)
        if found is None:
            waiting = self._waiting(view)
            # all datasets are read for it, and mostly nothing needs anybody
            around = around_of(self._lanes(view), self._uses, now) if troubles or waiting else NOTHING_AROUND
            others = [_of_folder(error)] if error is not None else []
            others += [_of_run(failed)] if failed is not None else []
            others += _of_insights(view.project.insights, looks)
            others += [need_of_request(each) for each in asked]
            # the lake's, as requests are
            others += [need_of_question(each) for each in (self._questions.open(view) if view.ref == MAIN else ())]
            known = incidents_by_need(incidents, self._workspace.incidents.signals(number for number, _ in numbers))
            needs = tuple(needs_of(troubles, around, waiting, others, known))
            found = _MarkedNeeds(needs, content_id([need.to_json() for need in needs])[:_MARK])
            self._kept.needs.put(key, found)
        return found

    def _asked(self, view: View, now: datetime) -> list[DataRequest]:
        """Requests that nobody takes care of, what weighs most first; they are the lake's, and stand where most look."""
        if view.ref != MAIN:
            return []
        waiting = ranked(self._workspace.requests.waiting(), now.date())
        return [each for each in waiting if each.state is RequestState.OPEN]

    def _moved(self, view: View) -> tuple[InsightLook, ...]:
        """The insights of a branch that were found not to be true any more."""
        looks = self._workspace.insight_looks.of(view.ref).values()
        return tuple(each for each in looks if each.state in (InsightState.MOVED, InsightState.FAILED))

    def _folder_error(self, view: View) -> AndonError | None:
        """What stands in the way of a run of the folder, where it works on this branch.

        Who asks first waits for the plan that tells it. After that the folder is looked at once in two seconds, however many ask, and
        the plan is made aside: when a file of the project or the branch changed, and once a minute for all that lies elsewhere.
        """
        if view.ref != self._workspace.branch():
            return None
        kept, now = self._kept, time.monotonic()
        last = kept.last_look
        if last is not None and now - last.at < _LOOK_AGAIN:
            return last.error
        files = {path: fact.sha256 for path, fact in scan(self._workspace.root, self._workspace.cache).items()}
        minute = to_text(self._workspace.clock())[:16]
        key = (view.commit.id, content_id(files), minute)

        def look() -> None:
            kept.last_look = _FolderLook(key, time.monotonic(), self._planned(view.ref))

        if last is None:
            look()
        elif last.key == key:
            kept.last_look = _FolderLook(key, now, last.error)
        else:
            kept.aside(look)
        return kept.last_look.error if kept.last_look is not None else None

    def _planned(self, branch: str) -> AndonError | None:
        try:
            self._runs.steps(RunOptions(branch=branch))
        except AndonError as error:
            return error
        return None

    def _lanes(self, view: View) -> CommitLanes:
        found = self._kept.lanes.get(view.commit.root)
        if found is None:
            entries = self._catalogs.contents(view.commit).entries
            found = lanes_of(entries, view.project.insights)
            self._kept.lanes.put(view.commit.root, found)
        return found

    def _busy(self, runs: Sequence[RunRecord]) -> set[str]:
        """The datasets that runs are at now."""
        tasks = [task for run in runs for task in self._workspace.runs.own_tasks(run.number)]
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
            known = _Change(made_there(self._workspace, main, ref.commit))
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


class _MarkedNeeds(Record):
    """What needs a person, and an id of all of it."""

    needs: tuple[Need, ...]
    mark: str


class _Change(Record):
    """What a branch changes; None for nothing."""

    datasets: tuple[str, ...] | None


@dataclass(frozen=True)
class _FolderLook:
    """What stood in the way of a run of the folder, over which commit and files it was asked, and when (seconds)."""

    key: tuple[str, str, str]
    at: float
    error: AndonError | None


class BoardKept:
    """What is kept for all callers of a process."""

    def __init__(self) -> None:
        self.documents: Lru[str, BoardDocument] = Lru(4)
        self.lanes: Lru[str, CommitLanes] = Lru(4)
        self.needs: Lru[tuple[object, ...], _MarkedNeeds] = Lru(4)
        self.marks: Lru[tuple[object, ...], str] = Lru(8)
        self.changes: Lru[tuple[str, str], _Change] = Lru(_KEPT)
        self.last_look: _FolderLook | None = None
        self._lock = threading.Lock()
        self._aside: threading.Thread | None = None

    def aside(self, work: Callable[[], None]) -> None:
        """Do `work` in a thread of its own, unless such work is being done."""
        with self._lock:
            if self._aside is None or not self._aside.is_alive():
                self._aside = threading.Thread(target=work, name="folder of the board", daemon=True)
                self._aside.start()

    def close(self) -> None:
        """Wait for what is done aside."""
        with self._lock:
            if self._aside is not None:
                self._aside.join()


def made_there(workspace: Workspace, main: Commit, commit: str) -> tuple[str, ...] | None:
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


def _counts(datasets: Mapping[str, object], lamps: Mapping[str, Lamp], busy: Set[str]) -> dict[str, int]:
    counts = {lamp.value: 0 for lamp in reversed(Lamp)}
    for dataset in datasets:
        counts[lamps.get(dataset, Lamp.OK).value] += 1
    return {**counts, "running": len(busy)}


def _headline(counts: Mapping[str, int], total: int) -> str:
    """How the lake stands, in a sentence."""
    if not total:
        return "Nothing is published yet"
    said = {
        "fail": ("is failing", "are failing"),
        "blocked": ("is blocked", "are blocked"),
        "stale": ("is stale", "are stale"),
        "warn": ("has a warning", "have warnings"),
    }
    for status, (one, several) in said.items():
        if counts[status]:
            return f"{plural(counts[status], 'dataset')} {one if counts[status] == 1 else several}"
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


def _of_insights(insights: Sequence[Insight], looks: Sequence[InsightLook]) -> list[Need]:
    """Insights whose answer moved, but for those that were pinned anew since."""
    known = {each.name: each for each in insights}
    return [
        need_of_insight(known[look.insight], look.what, look.at, look.dataset)
        for look in looks
        if look.insight in known and look.pin == pin_of(known[look.insight])
    ]


def _of_run(run: RunRecord) -> Need:
    told = str((run.error or {}).get("message") or "nobody noted why")
    return Need(
        kind=NeedKind.RUN,
        status=Lamp.WARN.value,
        datasets=[],
        what=f"run {run.number} came to nothing: {told}",
        since=run.ended,
        run=run.number,
        affected=nobody(),
        owner=run.author,
        action=NextStep(
            "Look at the run", "andon run", "GET", f"/api/v1/runs/{run.number}", None, f"/runs/{run.number}"
        ),
    )
