"""However a branch came to what it publishes, its tables are those of a fresh lake given the same code and data.

Folders by chance edit code and raw files, several in one publish, deleted ones too; they run, refresh, undo the newest and older publishes,
undo after that, redo, accept, pull, and publish a branch. After each step what main shows is made anew in a lake of its own. A folder
that works alone publishes what lies in it, and no command takes from a folder what the lake does not hold.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from andon.base.hashing import digest
from andon.errors import AndonError
from andon.lake.undo import PUBLISHES, with_undone
from andon.model.run import RunResult
from andon.project.folder.scan import is_code_path
from andon.runs.planning.raw_files import raw_path
from andon.service.pull import pull
from kit.clones import Clone
from kit.lakes import Judge

SCENARIOS = int(os.environ.get("ANDON_HISTORIES", "2"))
FIRST = int(os.environ.get("ANDON_HISTORIES_FROM", "0"))
STEPS = int(os.environ.get("ANDON_HISTORY_STEPS", "10"))

#: What may stand in the way of a step; that nothing is done then is part of what is judged.
EXPECTED = ("lake.folder_conflict", "lake.nothing_to", "lake.folder_dirty", "project.", "usage.", "source.", "run.held")

#: What is done, and how often.
VERBS = {
    "run": 4,
    "correct": 2,
    "refresh": 1,
    "undo": 1,
    "older": 1,
    "mixed": 1,
    "redo": 1,
    "accept": 1,
    "aside": 1,
    "pull": 1,
}

SOURCES = ("a", "b")
DATASETS = {
    "one": ("sum(v)", "s.a"),
    "two": ("sum(n)", "d.one"),
    "three": ("count(*)", "s.b"),
    "four": ("sum(n)", "(from d.two union all from d.three)"),
    "five": ("sum(v)", "(from s.a union all from s.b)"),
}
#: What is always there, so that most edits can be linked.
ALWAYS = ("one", "two", "three")


class Scenario:
    """A lake, the folders that work on it, and what was done."""

    def __init__(self, place: Path, seed: int) -> None:
        self.pick = random.Random(seed)
        self.place = place
        environ = {"ANDON_STORAGE": str(place / "lake"), "ANDON_CATALOG": str(place / "lake" / "catalog.db")}
        count = self.pick.choice([1, 2])
        self.clones = [Clone(place / name, name, environ=environ) for name in ("ana", "ben")[:count]]
        self.log: list[str] = []
        self.judge = Judge()
        self.seen: dict[str, dict] = {}
        self.before: dict[str, str] = {}

    def play(self) -> None:
        first = self.clones[0]
        first.write("andon.toml", "")
        for name in SOURCES:
            first.write(f"sources/s/{name}.sql", source(name, 1))
            first.write(f"raw/{name}_1.csv", csv(self.pick.randint(1, 9)))
        for name in ALWAYS:
            first.write(f"datasets/d/{name}.sql", dataset(name, 1))
        first.run()
        for other in self.clones[1:]:
            shutil.copytree(first.root, other.root, ignore=shutil.ignore_patterns(".andon"))
            other.run()
        self.judged(first)
        for _ in range(STEPS):
            clone = self.pick.choice(self.clones)
            self.edit(clone)
            verb = self.pick.choices(list(VERBS), list(VERBS.values()))[0]
            self.log.append(f"{clone.author}: {verb}")
            self.before = files(clone)
            done = self.act(verb, clone)
            self.keeps(clone)
            self.judged(clone, done)

    # -- what is done

    def edit(self, clone: Clone) -> None:
        for _ in range(self.pick.choice([0, 1, 2, 2, 3])):
            kind = self.pick.choice(["code", "code", "raw", "raw", "raw"])
            if kind == "raw":
                path = f"raw/{self.pick.choice(SOURCES)}_{self.pick.randint(1, 3)}.csv"
                content = csv(self.pick.randint(1, 9)) if path.endswith("_1.csv") or self.pick.random() < 0.7 else None
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

    def run(self, clone: Clone) -> RunResult:
        return clone.run()

    def refresh(self, clone: Clone) -> None:
        clone.refresh()

    def undo(self, clone: Clone) -> None:
        clone.undo()

    def redo(self, clone: Clone) -> None:
        clone.redo()

    def older(self, clone: Clone) -> None:
        with clone.opened() as service:
            history = with_undone(service.workspace.lake.commits.first_parents(clone.head()))
            live = [c for c, is_undone in history if not is_undone and c.kind in PUBLISHES]
            if len(live) > 2:
                service.reverting.revert(self.pick.choice(live[1:-1]))

    def mixed(self, clone: Clone) -> None:
        self.older(clone)
        clone.undo()

    def correct(self, clone: Clone) -> RunResult:
        """Undo, and correct all that is kept out."""
        clone.undo()
        for path in sorted(clone.rejected()):
            self.write(clone, path, written(path, self.pick.randint(5, 99)))
        return clone.run()

    def accept(self, clone: Clone) -> None:
        if rejected := sorted(clone.rejected()):
            clone.accept(self.pick.choice(rejected))

    def aside(self, clone: Clone) -> None:
        clone.run(branch="dev")
        clone.publish("dev")

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
        try:
            return getattr(self, verb)(clone)
        except AndonError as error:
            if not error.code.startswith(EXPECTED):
                raise AssertionError(f"{error.code}: {error}\n{self.told()}") from error
            self.log.append(f"  {error.code}")
            if verb not in ("aside", "mixed", "correct"):  # of two steps the first may have been taken
                assert self.clones[0].head() == head, self.told()
            return None

    # -- the judge

    def judged(self, clone: Clone, done: object = None) -> None:
        with clone.opened() as service:
            assert self.judge.wrong(service, "main") is None, self.told()
            behind = self.judge.left_behind(service, "main")
            assert not behind, (behind, self.told())
        head = clone.head()
        if head.root not in self.seen:
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


def is_free(run: RunResult) -> bool:
    """Whether a run published without meeting what an undo keeps out."""
    is_kept = any(str(task.action) == "keep" for task in run.tasks)
    return run.published and not is_kept and not any("undone" in notice for notice in run.notices)


def source(name: str, factor: int) -> str:
    return f"select {factor} * v as v from read_csv('raw/{name}_*.csv')\n"


def dataset(name: str, factor: int) -> str:
    value, place = DATASETS[name]
    return f"select coalesce({factor} * {value}, 0)::bigint as n from {place}\n"


def written(path: str, number: int) -> str:
    """Another content of a file."""
    if path == "andon.toml":
        return f"# {number}\n"
    if path.startswith("raw/"):
        return csv(number)
    return (dataset if path.startswith("datasets/") else source)(Path(path).stem, number)


def csv(value: int) -> str:
    return f"v,w\n{value},1\n"


def files(clone: Clone) -> dict[str, str]:
    found = (p for p in clone.root.rglob("*") if p.is_file() and ".andon" not in p.parts)
    return {p.relative_to(clone.root).as_posix(): p.read_text() for p in found}


def tables(clone: Clone) -> dict[str, tuple]:
    with clone.opened() as service:
        found = {}
        for name in clone.leaves():
            answer = service.querying.ask(f"from {name}", "main")
            found[name] = (list(zip(answer.columns, answer.types, strict=True)), Counter(answer.fetch()))
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
