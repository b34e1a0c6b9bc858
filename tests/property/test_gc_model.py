"""Whatever happens between collections: nothing that a ref, its history, an undo, a run or a reader needs is lost, and all else goes.

A lake is driven at random: publishes, runs that take long, branches, tags, undo, redo, renames, readers, a clock that goes on, collections
that are looked at, done, and interrupted at any step. What is needed is told by a model of plain dictionaries.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from andon.base.clock import from_text, to_text
from andon.base.sqlite import SqliteDatabase
from andon.errors import DamagedError
from andon.lake.collecting import Collector
from andon.lake.commits import Draft
from andon.lake.lake import Lake
from andon.lake.leases import Hold
from andon.lake.local_storage import LocalStorage
from andon.lake.refs import RefMove
from andon.lake.roots import RootPin, Roots, roots
from andon.lake.undo import redo_target, undo_target
from andon.model.build import Build
from andon.model.commit import Commit, CommitKind, Leaf, State
from andon.model.version import Column, Version
from kit.lake_objects import build, stored

DATASETS = ("m.a", "m.b", "n.c")
VIEW = "n.view"
#: Days that each dataset is kept; None is for ever.
KEEP: dict[str, int | None] = {"m.a": 5, "m.b": 20, "n.c": None, "m.z": 5, VIEW: 5}
GRACE, RUNS = timedelta(days=2), timedelta(days=10)

branches = st.sampled_from(["main", "main", "dev"])
datasets = st.sampled_from(DATASETS)
numbers = st.integers(1, 4)
_ids = itertools.count(1)


class Struck(Exception):
    """A process was killed here."""


@dataclass
class Running:
    """A run that built and did not publish yet."""

    branch: str
    base: Commit
    changes: dict[str, Leaf]
    hold: Hold


@dataclass
class Model:
    """What was shown: by branch the commits and since when, the tags, the runs."""

    histories: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    runs: dict[str, datetime] = field(default_factory=dict)


class CollectingMachine(RuleBasedStateMachine):
    """Every rule acts on the lake and on the model."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.lake = self.open()
        #: another process, that reads
        self.other = self.open()
        self.model = Model()
        self.running: list[Running] = []
        #: what somebody else does in the midst of a collection
        self.beside: dict[str, Callable[[], None]] = {}
        self.reading: list[tuple[Hold, list[Version]]] = []

    def open(self) -> Lake:
        database = SqliteDatabase(self.place / "catalog.db")
        return Lake.open(database, LocalStorage(self.place / "lake"), lambda: self.now, "ana")

    def teardown(self) -> None:
        try:
            self.all_else_goes()
        finally:
            for lake in (self.lake, self.other):
                lake.leases.close()
                lake.database.close()
            shutil.rmtree(self.place, ignore_errors=True)

    @initialize()
    def begin(self) -> None:
        self.model.histories["main"] = [(self.lake.refs.resolve("main").id, self.now)]
        self.publish("main", {"m.a": 1, "m.b": 1, "n.c": 1}, with_view=True)

    # -- what happens to a lake

    @rule(branch=branches, changes=st.dictionaries(datasets, numbers, min_size=1), with_view=st.booleans())
    def publish(self, branch: str, changes: dict[str, int], with_view: bool) -> None:
        if branch in self.model.histories:
            self.finish(self.begun(branch, changes, with_view=with_view))

    @precondition(lambda self: len(self.running) < 2)
    @rule(branch=branches, changes=st.dictionaries(datasets, numbers, min_size=1))
    def begin_a_run(self, branch: str, changes: dict[str, int]) -> None:
        if branch in self.model.histories:
            self.running.append(self.begun(branch, changes))

    @precondition(lambda self: self.running)
    @rule(is_killed=st.booleans())
    def end_a_run(self, is_killed: bool) -> None:
        run = self.running.pop(0)
        if is_killed or run.branch not in self.model.histories:
            run.hold.release()
        else:
            self.finish(run)

    @rule(branch=branches, new=st.sampled_from(["m.z", "m.b"]))
    def rename(self, branch: str, new: str) -> None:
        if branch in self.model.histories:
            head = self.lake.refs.resolve(branch)
            leaves = dict(self.lake.commits.state(head).leaves)
            old = "m.b" if new == "m.z" else "m.z"
            if old in leaves and new not in leaves:
                leaves[new] = leaves.pop(old)
                self.commit(branch, head, leaves, CommitKind.CHANGE)

    @rule(branch=branches)
    def undo(self, branch: str) -> None:
        if branch in self.model.histories:
            head = self.lake.refs.resolve(branch)
            target = undo_target(self.lake.commits.first_parents(head))
            if target is not None and target.root == head.root and target.parent is not None:
                before = self.lake.commits.get(target.parent)
                self.commit(branch, head, before.root, CommitKind.UNDO, target.id)  # never says that it is gone

    @rule(branch=branches)
    def redo(self, branch: str) -> None:
        if branch in self.model.histories:
            head = self.lake.refs.resolve(branch)
            choice = redo_target(self.lake.commits.first_parents(head))
            if choice is not None and choice.undo.root == head.root and choice.undo.parent is not None:
                before = self.lake.commits.get(choice.undo.parent)
                self.commit(branch, head, before.root, CommitKind.REDO, choice.undo.id)

    @rule(back=st.integers(0, 6), is_tag=st.booleans())
    def branch_or_tag_from_the_past(self, back: int, is_tag: bool) -> None:
        line = list(itertools.islice(self.lake.commits.first_parents(self.lake.refs.resolve("main")), back + 1))
        commit = line[-1]
        name = f"t{next(_ids)}" if is_tag else "dev"
        if name in self.model.histories or name in self.model.tags:
            return
        is_whole = self.is_whole(commit)
        try:
            self.lake.move(RefMove(name, "tag" if is_tag else "branch", None, "made"), commit.id, "ana")
        except DamagedError as error:
            told = error
        else:
            told = None
        if told is not None:
            assert (told.code, is_whole) == ("lake.gone", False)
            assert commit.id not in self.heads()
            return
        assert self.is_whole(commit)
        if is_tag:
            self.model.tags[name] = commit.id
        else:
            self.model.histories[name] = [(commit.id, self.now)]

    @rule()
    def drop_the_branch(self) -> None:
        if "dev" in self.model.histories:
            head = self.lake.refs.resolve("dev")
            self.lake.move(RefMove("dev", "branch", head.id, "drop"), None, "ana")
            del self.model.histories["dev"]

    @rule()
    def something_is_left_behind(self) -> None:
        self.lake.storage.write(self.lake.storage.new_path("data/m", "left", ".parquet"), b"nobody's")

    @precondition(lambda self: len(self.reading) < 2)
    @rule(back=st.integers(0, 3))
    def begin_to_read(self, back: int) -> None:
        """In another process, what an earlier commit shows, as far as it may be read."""
        lake = self.other
        hold = lake.leases.take()
        line = list(itertools.islice(lake.commits.first_parents(lake.refs.resolve("main")), back + 1))
        tables = lake.going.tables(
            lake.database, [leaf.version for leaf in lake.commits.state(line[-1]).leaves.values()]
        )
        self.reading.append((hold, [v for v in tables.values() if not lake.objects.is_lost(v)]))

    @precondition(lambda self: self.reading)
    @rule()
    def end_to_read(self) -> None:
        hold, _ = self.reading.pop(0)
        hold.release()

    # -- collections

    @rule()
    def look(self) -> None:
        before = self.files(), self.lake.going.all()
        self.collector().find()
        assert (self.files(), self.lake.going.all()) == before

    @rule(days=st.sampled_from([0, 1, 4, 8, 30]))
    def collect(self, days: float) -> None:
        self.now += timedelta(days=days)
        self.collector().collect()
        self.now += GRACE
        self.nothing_that_is_needed_is_lost()
        self.collector().collect()

    @rule()
    def collect_at_once(self) -> None:
        self.collector(timedelta()).collect()

    @precondition(lambda self: self.running)
    @rule(
        grace=st.sampled_from([GRACE, timedelta()]), when=st.sampled_from(["needed", "sealing"]), days=st.integers(0, 9)
    )
    def collect_while_a_run_ends(self, grace: timedelta, when: str, days: int) -> None:
        """It publishes just after it was looked what is needed, or just before files are closed."""
        self.now += timedelta(days=days)
        self.beside[when] = lambda: self.end_a_run(is_killed=False)
        self.collector(grace).collect()
        self.beside.clear()

    @rule(
        grace=st.sampled_from([GRACE, timedelta()]), when=st.sampled_from(["needed", "sealing"]), back=st.integers(0, 6)
    )
    def collect_while_a_tag_is_made(self, grace: timedelta, when: str, back: int) -> None:
        self.beside[when] = lambda: self.branch_or_tag_from_the_past(back, is_tag=True)
        self.collector(grace).collect()
        self.beside.clear()

    @rule(grace=st.sampled_from([GRACE, timedelta()]), at=st.integers(0, 8))
    def collect_and_be_struck(self, grace: timedelta, at: int) -> None:
        steps = itertools.count()

        def step() -> None:
            if next(steps) == at:
                raise Struck

        lake = self.open()
        try:
            strike(lake, step)
            with suppress(Struck):
                self.collector(grace, lake).collect()
        finally:
            lake.database.close()

    # -- the laws

    @invariant()
    def nothing_that_is_needed_is_lost(self) -> None:
        if not self.model.histories:
            return
        lost = {v.id: why for v, why in self.needed() if self.lake.objects.is_lost(v)}
        assert lost == {}

    @invariant()
    def what_is_read_stays(self) -> None:
        for _, versions in self.reading:
            assert all(Path(self.lake.storage.engine_path(f.path)).exists() for v in versions for f in v.files)

    def all_else_goes(self) -> None:
        for run in self.running:
            run.hold.release()
        for hold, _ in self.reading:
            hold.release()
        self.running, self.reading = [], []
        if not self.model.histories:
            return
        self.collector().collect()
        self.now += GRACE
        self.collector().collect()
        self.now += GRACE  # what the first one found needed for a day more
        self.collector().collect()
        self.nothing_that_is_needed_is_lost()
        kept = {file.path for version in [*(v for v, _ in self.needed()), *self.undone()] for file in version.files}
        kept |= {path for path, row in self.lake.going.all().items() if row.state == "marked"}
        assert self.files() <= kept

    # -- the model

    def heads(self) -> set[str]:
        return {self.lake.refs.resolve(name).id for name in self.model.histories} | set(self.model.tags.values())

    def needed(self) -> list[tuple[Version, str]]:
        """All tables that must be whole, with why."""
        found: dict[str, str] = {}
        for name in (*self.model.histories, *self.model.tags):
            self.shows(found, name, f"{name} shows it")
        for branch, history in self.model.histories.items():
            for (commit, _), (_, until) in itertools.pairwise(history):
                for dataset, leaf in self.leaves(commit).items():
                    days = KEEP[dataset]
                    if days is None or until > self.now - timedelta(days=days):
                        found.setdefault(leaf.version, f"{branch} showed it until {until}")
        for name, made in self.model.runs.items():
            if made >= self.now - RUNS:
                self.shows(found, name, name)
        for run in self.running:
            self.shows(found, run.base.id, "a run goes on from it")
        tables = self.lake.going.tables(self.lake.database, found)
        return [(version, found.get(version.id, "a view reads it")) for version in tables.values()]

    def undone(self) -> list[Version]:
        """What an undo or a redo brings back."""
        found: dict[str, str] = {}
        for name in self.model.histories:
            history = list(self.lake.commits.first_parents(self.lake.refs.resolve(name)))
            target, choice = undo_target(history), redo_target(history)
            for commit in (target, choice.undo if choice is not None else None):
                if commit is not None and commit.parent is not None:
                    self.shows(found, commit.parent, "undo")
        return list(self.lake.going.tables(self.lake.database, found).values())

    def shows(self, found: dict[str, str], ref: str, why: str) -> None:
        for leaf in self.lake.commits.state(self.lake.refs.resolve(ref)).leaves.values():
            found.setdefault(leaf.version, why)

    def leaves(self, commit: str) -> dict[str, Leaf]:
        return dict(self.lake.commits.state(self.lake.commits.get(commit)).leaves)

    def is_whole(self, commit: Commit) -> bool:
        shown = [leaf.version for leaf in self.leaves(commit.id).values()]
        tables = self.lake.going.tables(self.lake.database, shown).values()
        return all(Path(self.lake.storage.engine_path(f.path)).exists() for v in tables for f in v.files)

    def files(self) -> set[str]:
        root = self.place / "lake"
        return {path.relative_to(root).as_posix() for path in (root / "data").rglob("*") if path.is_file()}

    # -- what runs and collections do

    def begun(self, branch: str, changes: dict[str, int], *, with_view: bool = False) -> Running:
        hold = self.lake.leases.take()
        base = self.lake.refs.resolve(branch)
        leaves = {dataset: self.built(dataset, number) for dataset, number in changes.items()}
        if with_view:
            leaves[VIEW] = self.viewed({**self.leaves(base.id), **leaves})
        return Running(branch, base, leaves, hold)

    def built(self, dataset: str, number: int) -> Leaf:
        objects, key = self.lake.objects, f"key-{dataset}-{number}"
        known = objects.builds_by_key([key]).get(key)
        if known is None or objects.is_lost(objects.versions([known.version])[known.version]):
            # built again it may be other bytes
            version = stored(self.lake, dataset, number + 10 * (known is not None and number % 2))
            known = objects.record([(version, build(version, key))])[key]
            assert not objects.is_lost(objects.versions([known.version])[known.version])
        return Leaf("sql", "table", f"def-{dataset}", key, known.id, known.version, ((f"{dataset}.sql", "s"),))

    def viewed(self, leaves: dict[str, Leaf]) -> Leaf:
        inputs = {name: leaves[name].version for name in ("m.a", "n.c") if name in leaves}
        key = f"view-{sorted(inputs.items())}"
        made = Build(f"view-build-{next(_ids)}", key, VIEW, "def-view", key, 1, inputs)
        known = self.lake.objects.record([(Version(key, VIEW, (Column("n", "INTEGER", 1),), (), True), made)])[key]
        return Leaf("sql", "view", "def-view", key, known.id, key, (("view.sql", "s"),))

    def finish(self, run: Running) -> None:
        """T2: a commit on a ref of its own, then on top of what the branch shows by now."""
        name = f"run:{next(_ids)}"
        leaves = {**self.leaves(run.base.id), **run.changes}
        draft = Draft((run.base.id,), CommitKind.CHANGE, "ana", name, to_text(self.now))
        self.lake.commit(draft, State(leaves, {}), [RefMove(name, "run", None, "run")])
        self.model.runs[name] = self.now
        head = self.lake.refs.resolve(run.branch)
        self.commit(run.branch, head, {**self.leaves(head.id), **run.changes}, CommitKind.CHANGE)
        run.hold.release()

    def commit(
        self, branch: str, head: Commit, content: dict[str, Leaf] | str, kind: CommitKind, target: str | None = None
    ) -> None:
        draft = Draft((head.id,), kind, "ana", str(next(_ids)), to_text(self.now), target=target)
        state = content if isinstance(content, str) else State(content, {})
        made = self.lake.commit(draft, state, [RefMove(branch, "branch", head.id, "moved")])
        self.model.histories[branch].append((made.id, from_text(made.time)))

    def collector(self, grace: timedelta = GRACE, lake: Lake | None = None) -> Collector:
        lake = lake or self.lake

        def needed() -> Roots:
            pins = [RootPin(run.base.id, "a run goes on from it") for run in self.running]
            found = roots(lake, lambda _: self.cutoff, to_text(self.now - RUNS), pins)
            self.beside.pop("needed", nothing)()
            return found

        def sealing(_: object) -> set[str]:
            self.beside.pop("sealing", nothing)()
            return set()

        return Collector(lake, needed, set, sealing, grace)

    def cutoff(self, dataset: str, _: str) -> str:
        days = KEEP[dataset]
        return "" if days is None else to_text(self.now - timedelta(days=days))


def nothing() -> None:
    pass


def strike(lake: Lake, step) -> None:
    """Have a process die before or after any transaction, and before any file goes."""
    database, storage = lake.database, lake.storage
    write, delete = database.write, storage.delete

    class Writing:
        def __init__(self, *beside):
            self.beside = beside

        def __enter__(self):
            step()
            self.inner = write(*self.beside)
            return self.inner.__enter__()

        def __exit__(self, *error):
            done = self.inner.__exit__(*error)
            if error[0] is None:
                step()
            return done

    def deleting(path: str) -> None:
        step()
        delete(path)

    database.write, storage.delete = Writing, deleting


TestCollecting = CollectingMachine.TestCase
TestCollecting.settings = settings(
    max_examples=int(os.environ.get("ANDON_COLLECTIONS", "25")),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
