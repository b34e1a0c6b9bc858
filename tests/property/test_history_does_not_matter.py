"""However a branch came to what it publishes, its tables are those of a fresh lake given the same code and data, row by row.

Folders by chance edit code and raw files, several in one publish, deleted ones too; they run whole and in part, refresh, undo the
newest and older publishes, undo after that, redo, accept, pull, and publish a branch; checks hold parts back, a catalog is restored
from a backup. After each step what main shows is made anew in a lake of its own. Three laws beside that one: a folder that works
alone publishes what lies in it; no command takes from a folder what the lake does not hold; and wherever it came to, the commands
that messages name lead out.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from andon.base.hashing import digest
from andon.errors import AndonError, ConflictError
from andon.lake.named_files import raw_path
from andon.lake.undo import PUBLISHES, with_undone
from andon.model.run import RunResult, TaskStatus
from andon.project.folder.scan import is_code_path
from andon.service.pull import pull
from kit.clones import Clone
from kit.lake_places import on_servers, places
from kit.lakes import Judge

SCENARIOS = int(os.environ.get("ANDON_HISTORIES", "4"))
FIRST = int(os.environ.get("ANDON_HISTORIES_FROM", "0"))
STEPS = int(os.environ.get("ANDON_HISTORY_STEPS", "10"))

#: What may stand in the way of a step; that nothing is done then is part of what is judged.
EXPECTED = ("lake.nothing_to", "lake.folder_dirty", "project.", "usage.", "source.", "run.held")

#: What is done, and how often.
VERBS = {
    "run": 4,
    "part": 1,
    "correct": 2,
    "refresh": 2,
    "undo": 1,
    "older": 1,
    "mixed": 1,
    "redo": 1,
    "accept": 1,
    "aside": 1,
    "pull": 1,
    "restore": 0.5,
}

SOURCES = ("a", "b")
#: Queries with a number by which they can be edited.
DATASETS = {
    "sorted": "select v, {0} * z as z from s.a order by v {1}, z",
    "first": "select v from d.sorted where v > {0} - 3 limit 2",
    "sum": "select coalesce({0} * sum(v), 0)::bigint as n from d.sorted",
    "count": "/*---\nchecks: n < 9\n---*/\nselect count(*) + {0} as n from s.b",
    "inverse": "select {0} / z as y from s.b",
    "both": "select {0} * v as v from (select v from s.b union all select v from d.first)",
    "all": "select n from d.sum union all select n * {0} from d.count",
}
#: What is always there, so that most edits can be linked.
ALWAYS = ("sorted", "first", "sum", "count")
PYTHON = """from andon import dataset, read

@dataset()
def py(rows=read("d.first")):
    return rows.project("v * {0} as v")
"""


class Scenario:
    """A lake, the folders that work on it, and what was done."""

    def __init__(self, place: Path, seed: int) -> None:
        self.pick = random.Random(seed)
        self.place = place
        environ = places(place)
        count = self.pick.choice([1, 2])
        self.clones = [Clone(place / name, name, environ=environ) for name in ("ana", "ben")[:count]]
        self.log: list[str] = []
        self.verb = "run"
        self.judge = Judge()
        #: datasets that a run in part or a check ever left behind
        self.behind: set[str] = set()
        self.has_python = seed % 4 == 3
        self.backup: Path | None = None
        self.seen: dict[str, dict] = {}
        self.before: dict[str, str] = {}

    def play(self) -> None:
        first = self.clones[0]
        first.write("andon.toml", "")
        for name in SOURCES:
            first.write(f"sources/s/{name}.sql", source(name, 1))
            first.write(f"raw/{name}_1.csv", csv(self.pick.randint(1, 99)))
        for name in ALWAYS:
            first.write(f"datasets/d/{name}.sql", dataset(name, 1))
        if self.has_python:
            first.write("datasets/d/py.py", PYTHON.format(1))
        first.run()
        for other in self.clones[1:]:
            shutil.copytree(first.root, other.root, ignore=shutil.ignore_patterns(".andon"))
            other.run()
        self.judged(first)
        for _ in range(STEPS):
            clone = self.pick.choice(self.clones)
            self.edit(clone)
            verb = self.pick.choices(list(VERBS), list(VERBS.values()))[0]
            if verb == "restore" and on_servers():  # it puts a file in another's place
                continue
            self.verb = verb
            self.log.append(f"{clone.author}: {verb}")
            self.before = files(clone)
            done = self.act(verb, clone)
            self.keeps(clone)
            self.judged(clone, done)
        for clone in self.clones:
            self.way_out(clone)

    # -- what is done

    def edit(self, clone: Clone) -> None:
        for _ in range(self.pick.choice([0, 1, 2, 2, 3])):
            kind = self.pick.choice(["code", "code", "raw", "raw", "raw"])
            if kind == "raw":
                path = f"raw/{self.pick.choice(SOURCES)}_{self.pick.randint(1, 3)}.csv"
                content = csv(self.pick.randint(1, 99)) if path.endswith("_1.csv") or self.pick.random() < 0.7 else None
            elif self.has_python and self.pick.random() < 0.2:
                path, content = "datasets/d/py.py", PYTHON.format(self.pick.randint(1, 3))
            elif self.pick.random() < 0.2:
                name = self.pick.choice(SOURCES)
                path, content = f"sources/s/{name}.sql", source(name, self.pick.randint(1, 3))
            else:
                name = self.pick.choice(list(DATASETS))
                is_gone = name not in ALWAYS and self.pick.random() < 0.4
                path, content = f"datasets/d/{name}.sql", None if is_gone else dataset(name, self.pick.randint(1, 4))
            if content is not None or (clone.root / path).exists():
                clone.write(path, content)
                self.log.append(f"{clone.author}: {path} = {(content or 'gone').strip()}")

    def run(self, clone: Clone, **decided: object) -> RunResult:
        return clone.run(**decided)

    def part(self, clone: Clone, **decided: object) -> None:
        clone.run(self.pick.choice(["d.sorted", "s.b+", "d.sum"]), **decided)

    def refresh(self, clone: Clone, **decided: object) -> None:
        clone.refresh(**decided)

    def undo(self, clone: Clone) -> None:
        clone.undo()

    def redo(self, clone: Clone) -> None:
        clone.redo()

    def older(self, clone: Clone) -> None:
        with clone.opened() as service:
            history = with_undone(service.workspace.lake.commits.first_parents(clone.head()))
            live = [c for c, is_undone in history if not is_undone and c.kind in PUBLISHES]
            for target in self.pick.sample(live[1:-1], max(0, min(4, len(live) - 2))):
                try:
                    if service.reverting.revert(target).published:
                        return
                except ConflictError:  # what it changed was changed again
                    continue

    def mixed(self, clone: Clone) -> None:
        """A dataset and one that reads it are published one by one; the first is undone, then the newest that is left."""
        for name in ("sorted", self.pick.choice(["sum", "first"])):
            self.write(clone, f"datasets/d/{name}.sql", dataset(name, self.pick.randint(5, 99)))
            self.decide(clone, lambda **decided: clone.run(**decided))
        with clone.opened() as service:
            commits = service.workspace.lake.commits
            before = commits.get(clone.head().parent or "")
            standing = {c.id for c, is_undone in with_undone(commits.first_parents(clone.head())) if not is_undone}
            if before.kind in PUBLISHES and before.id in standing:
                service.reverting.revert(before)
        clone.undo()

    def correct(self, clone: Clone, **decided: object) -> RunResult:
        """Undo, and correct one of the files that are kept out, or all."""
        if not decided:
            clone.undo()
            rejected = sorted(clone.rejected())
            for path in rejected if self.pick.random() < 0.5 else rejected[:1]:
                self.write(clone, path, written(path, self.pick.randint(5, 99)))
        return clone.run(**decided)

    def accept(self, clone: Clone) -> None:
        if rejected := sorted(clone.rejected()):
            clone.accept(*self.pick.choice([rejected[:1], ["."], ["raw"] if rejected[-1][:3] == "raw" else rejected]))

    def aside(self, clone: Clone, **decided: object) -> None:
        self.decide(clone, lambda **more: clone.run(branch="dev", **more))
        self.decide(clone, lambda **more: clone.publish("dev", **more))

    def restore(self, clone: Clone) -> None:
        """A backup of the catalog, and at the next time what it holds is put in place."""
        catalog = self.place / "lake" / "catalog.db"
        if self.backup is None:
            self.backup = self.place / "backup.db"
            with sqlite3.connect(catalog) as database, sqlite3.connect(self.backup) as copy:
                database.backup(copy)
            return
        for rest in catalog.parent.glob("catalog.db*"):
            rest.unlink()
        self.backup.rename(catalog)
        self.backup = None

    def pull(self, clone: Clone) -> None:
        with clone.opened() as service:
            found = pull(service.workspace)
        for path in found.conflicts:  # a person decides
            self.write(clone, path, written(path, 2))

    def write(self, clone: Clone, path: str, content: str) -> None:
        """As a person does in the middle of a step."""
        clone.write(path, content)
        self.log.append(f"{clone.author}: {path} = {content.strip()}")
        self.before[path] = content

    def act(self, verb: str, clone: Clone) -> object:
        head = self.clones[0].head()
        act = getattr(self, verb)
        try:
            return self.decide(clone, lambda **decided: act(clone, **decided))
        except AndonError as error:
            if not error.code.startswith(EXPECTED):
                raise AssertionError(f"{error.code}: {error}\n{self.told()}") from error
            self.log.append(f"  {error.code}")
            if verb not in ("aside", "mixed", "correct"):  # of two steps the first may have been taken
                assert self.clones[0].head() == head, self.told()
            return None

    def decide(self, clone: Clone, act: Callable[..., object]) -> object:
        """What `act` comes to; a conflict is ended as its message says: there is none after that."""
        try:
            return act()
        except ConflictError as error:
            if error.code != "lake.folder_conflict":
                raise
            if "the same command" not in (error.hint or ""):  # of an undo
                self.log.append("  conflict")
                return None
            side = self.pick.choice(["mine", "theirs"])
            self.log.append(f"  conflict, {side}: {', '.join(error.details['files'])}")
            chosen = tuple(error.details["files"])
        try:
            return act(**{side: chosen})
        except ConflictError as error:  # code first, then raw files
            if error.code != "lake.folder_conflict":
                raise
            further = tuple(error.details["files"])
        assert not set(further) & set(chosen), self.told()
        return act(**{side: (*chosen, *further)})

    def way_out(self, clone: Clone) -> None:
        """Conflicts decided, what is kept out accepted, what a check holds corrected: then all is published and clean."""
        self.verb = "run"
        self.log.append(f"{clone.author}: way out")
        for path in clone.pull().conflicts:
            self.write(clone, path, written(path, 2))
        self.write(clone, "datasets/d/count.sql", dataset("count", 0))
        for place in sorted(clone.root.glob("raw/b_*.csv")):
            self.write(clone, f"raw/{place.name}", csv(5))
        if clone.rejected():
            clone.accept(".")
        result = self.decide(clone, lambda **decided: clone.run(**decided))
        assert result.published, self.told()
        with clone.opened() as service:
            status = service.standing.status()
            assert status.error is None, (status.error, self.told())
            assert not status.plan.works, self.told()
            assert not status.rejected, self.told()
            assert not self.judge.left_behind(service, "main"), self.told()
        self.judged(clone)

    # -- the judge

    def judged(self, clone: Clone, done: object = None) -> None:
        with clone.opened() as service:
            assert self.judge.wrong(service, "main") is None, self.told()
            behind = self.judge.left_behind(service, "main")
        if is_whole(done):
            assert not behind, (behind, self.told())
        elif self.verb in ("part", "refresh", "run", "correct", "aside"):
            self.behind |= set(behind)  # what was not selected, or held by a check
        else:
            assert set(behind) <= self.behind, (behind, self.told())
        head = clone.head()
        if head.root not in self.seen and not behind:
            published, fresh = tables(clone), self.anew(clone)
            assert published == fresh, (published, fresh, self.told())
            self.seen[head.root] = published
        if len(self.clones) == 1 and isinstance(done, RunResult) and is_free(done):
            assert self.published(clone) == files(clone), self.told()

    def anew(self, clone: Clone) -> dict:
        """The tables of a fresh lake given what main publishes, code and data."""
        place = Path(tempfile.mkdtemp(dir=self.place))
        fresh = Clone(place / "fresh")
        with clone.opened() as service:
            lake = service.workspace.lake
            state = lake.commits.state(clone.head())
            fresh.write("andon.toml", "")
            for path, sha in state.files().items():
                fresh.write(path, lake.objects.text(sha).decode())
            builds = lake.objects.builds(leaf.build for leaf in state.leaves.values())
            for build in builds.values():
                for file in build.files:
                    fresh.write(file.path, lake.storage.read(raw_path(file)).decode())
        if not state.leaves:
            return {}
        fresh.run()
        found = tables(fresh)
        shutil.rmtree(place)
        return found

    def published(self, clone: Clone) -> dict[str, str]:
        with clone.opened() as service:
            lake = service.workspace.lake
            state = lake.commits.state(clone.head())
            found = {path: lake.objects.text(sha).decode() for path, sha in state.files().items()}
            for build in lake.objects.builds(leaf.build for leaf in state.leaves.values()).values():
                found.update({file.path: lake.storage.read(raw_path(file)).decode() for file in build.files})
        return found

    def keeps(self, clone: Clone) -> None:
        """What is gone or another one now is in the lake as it was; raw files are never touched."""
        after = files(clone)
        with clone.opened() as service:
            for path, text in self.before.items():
                if after.get(path) == text:
                    continue
                assert is_code_path(path), (path, self.told())
                assert service.workspace.lake.objects.has_texts([digest(text.encode())]), (path, self.told())

    def told(self) -> str:
        return "\n".join(self.log)


def is_whole(done: object) -> bool:
    """Whether a run published, and held nothing back."""
    return isinstance(done, RunResult) and done.published and all(task.status is TaskStatus.OK for task in done.tasks)


def is_free(run: RunResult) -> bool:
    """Whether a run published without meeting what an undo keeps out."""
    is_kept = any(str(task.action) == "keep" for task in run.tasks)
    return run.published and not is_kept and not any("undone" in notice for notice in run.notices)


def source(name: str, factor: int) -> str:
    return f"select {factor} * v as v, z from read_csv('raw/{name}_*.csv', columns = {{'v': 'BIGINT', 'z': 'DOUBLE'}}, header = true)\n"


def dataset(name: str, number: int) -> str:
    return DATASETS[name].format(number, "asc" if number % 2 else "desc") + "\n"


def written(path: str, number: int) -> str:
    """Another content of a file."""
    if path == "andon.toml":
        return f"# {number}\n"
    if path.startswith("raw/"):
        return csv(number)
    if path.endswith(".py"):
        return PYTHON.format(number)
    return (dataset if path.startswith("datasets/") else source)(Path(path).stem, number)


def csv(number: int) -> str:
    """A few rows: in another order for every second number, with zeros of either sign, enough of them for a check to hold."""
    zero = "-0.0" if number % 3 else "0.0"
    rows = [f"{value},{(zero, -1.0, zero, 3.0, zero)[value]}" for value in range(1 + number % 5)]
    return "v,z\n" + "".join(f"{row}\n" for row in (rows[::-1] if number % 2 else rows))


def files(clone: Clone) -> dict[str, str]:
    found = (p for p in clone.root.rglob("*") if p.is_file() and ".andon" not in p.parts)
    return {p.relative_to(clone.root).as_posix(): p.read_text() for p in found}


def tables(clone: Clone) -> dict[str, tuple]:
    with clone.opened() as service:
        found = {}
        for name in clone.leaves():
            answer = service.querying.ask(f"from {name}", "main")
            found[name] = (list(zip(answer.columns, answer.types, strict=True)), [repr(row) for row in answer.fetch()])
    return found


def play(seed: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        scenario = Scenario(Path(place), seed)
        try:
            scenario.play()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_what_is_published_is_what_a_fresh_lake_makes_of_it() -> None:
    for seed in range(FIRST, FIRST + SCENARIOS):
        play(seed)
