"""Where raw files lie, in the folder or only in the lake, makes no difference to what a source reads.

Folders by chance publish, undo and redo raw files of two sources, on main or a branch. In another folder, which has some of the raw files,
sources are renamed, added, dropped, and given other patterns, and raw files changed, deleted and added. The same folder, given all that is
published and that it lacks, plans the same.
"""

from __future__ import annotations

import os
import random
import shutil
from contextlib import suppress
from pathlib import Path

from andon.errors import ConflictError
from andon.lake.named_files import raw_path
from andon.lake.undo import PUBLISHES
from andon.model.build import InputFile
from andon.runs.planning.bases import common_base
from andon.runs.planning.gather import Gatherer
from andon.runs.planning.raw_common import means
from kit.clones import Clone

SCENARIOS = int(os.environ.get("ANDON_HISTORIES", "6"))
FIRST = int(os.environ.get("ANDON_HISTORIES_FROM", "0"))
#: How often the folder that each history leads to is edited.
EDITED = 5

PATHS = [f"raw/{kind}_{number}.csv" for kind in "ab" for number in (1, 2, 3)]
PATTERNS = ["raw/a_*.csv", "raw/b_*.csv", "raw/*.csv", "raw/a_[12].csv", "raw/?_3.csv"]
NAMES = ("one", "two", "three")


class Scenario:
    def __init__(self, place: Path, seed: int) -> None:
        self.pick = random.Random(seed)
        self.place = place
        self.environ = {"ANDON_STORAGE": str(place / "lake"), "ANDON_CATALOG": str(place / "lake" / "catalog.db")}
        self.ana = Clone(place / "ana", "ana", environ=self.environ)
        self.branch = self.pick.choice(["main", "main", "dev"])
        self.published = False
        self.log: list[str] = []

    def play(self) -> None:
        self.write(self.ana, "andon.toml", "")
        self.source(self.ana, "one", "raw/a_*.csv")
        self.source(self.ana, "two", self.pick.choice(PATTERNS[1:]))
        for path in PATHS:
            if path.endswith("_1.csv") or self.pick.random() < 0.5:
                self.raw(self.ana, path)
        self.write(self.ana, "raw/a_3.csv", "v\n3\n")  # so that every pattern fits something
        self.ana.run()
        if self.branch != "main":
            self.ana.branch(self.branch)
        for _ in range(self.pick.randint(0, 2)):
            self.ana_goes_on()
        bare = self.some_of(self.ana)
        for _ in range(self.pick.randint(0, 2)):
            self.ana_goes_on()
        for number in range(EDITED):
            edited = Clone(self.place / f"edited_{number}", "ben", environ=self.environ)
            shutil.copytree(bare.root, edited.root)
            for _ in range(self.pick.randint(1, 4)):
                self.edit(edited)
            self.same(edited, self.completed(edited))

    def ana_goes_on(self) -> None:
        step = self.pick.choice(["raw", "raw", "code", "undo", "redo"])
        self.log.append(f"ana: {step}")
        kind = self.ana.head(self.branch).kind
        with self.ana.opened() as service:
            if step == "undo" and self.published and kind in PUBLISHES:
                service.undoing.undo(self.branch)
                return
            if step == "redo" and kind == "undo":
                service.undoing.redo(self.branch)
                return
        if step == "code":
            self.source(self.ana, "two", self.pick.choice(PATTERNS))
        for path in self.pick.sample(PATHS, 2):
            is_gone = not path.endswith("_1.csv") and path != "raw/a_3.csv" and self.pick.random() < 0.3
            self.raw(self.ana, path, is_gone=is_gone)
        self.published = self.ana.run(branch=self.branch).run is not None

    def some_of(self, clone: Clone) -> Clone:
        """A folder with the code and some of the raw files, which has seen the branch, and perhaps another lake."""
        bare = Clone(self.place / "bare", "ben", environ=self.environ)
        bare_of_raw = self.pick.random() < 0.3
        shutil.copytree(clone.root, bare.root, ignore=shutil.ignore_patterns(".andon"))
        for path in PATHS:
            if (bare.root / path).exists() and (bare_of_raw or self.pick.random() < 0.5):
                self.write(bare, path, None)
        if self.pick.random() < 0.3:
            other = str(self.place / "other")
            places = {"ANDON_STORAGE": other, "ANDON_CATALOG": f"{other}/catalog.db"}
            Clone(bare.root, "ben", environ=places).run()
            self.log.append("ben: run in another lake")
        if self.pick.random() < 0.8:
            self.log.append("ben: run")
            with suppress(
                ConflictError
            ):  # what was undone has not come back here yet: then it knows nothing of the branch
                bare.run(branch=self.branch)
        return bare

    def edit(self, clone: Clone) -> None:
        kind = self.pick.choice(["rename", "new", "pattern", "pattern", "drop", "split", "raw", "raw", "delete"])
        here = [name for name in NAMES if (clone.root / f"sources/s/{name}.sql").exists()]
        if kind in ("rename", "drop", "split") and here:
            name = self.pick.choice(here)
            text = clone.read(f"sources/s/{name}.sql")
            self.write(clone, f"sources/s/{name}.sql", None)
            if kind == "rename":
                self.write(clone, "sources/s/three.sql", text)
            elif kind == "split":
                self.source(clone, "left", "raw/[a]_*.csv")
                self.source(clone, "right", "raw/[!a]_*.csv")
        elif kind in ("new", "pattern"):
            name = "three" if kind == "new" else self.pick.choice(NAMES[:2])
            self.source(clone, name, self.pick.choice(PATTERNS))
        elif kind == "raw":
            self.raw(clone, self.pick.choice(PATHS))
        elif kind == "delete" and (path := self.pick.choice(PATHS)) and (clone.root / path).exists():
            self.write(clone, path, None)

    def completed(self, bare: Clone) -> Clone:
        """The folder with all that is published and that it never had, but for files on which sources do not agree."""
        full = Clone(bare.root.with_name(f"{bare.root.name}_full"), "ben", environ=self.environ)
        shutil.copytree(bare.root, full.root)
        with full.opened() as service:
            lake = service.workspace.lake
            base = common_base(service.workspace, self.branch)
            had = {path for common in base.raw.values() for path in common.files} if base is not None else set()
            state = lake.commits.state(lake.refs.resolve(self.branch))
            builds = Gatherer(service.workspace).source_builds(state).values()
            definitions = lake.objects.definitions(build.definition for build in builds)
            for path in PATHS:
                told = {
                    {f.path: f.sha256 for f in build.files}.get(path)
                    for build in builds
                    if means(definitions[build.definition], path)
                }
                sha = told.pop() if len(told) == 1 else None
                if sha is not None and path not in had and not (full.root / path).exists():
                    content = lake.storage.read(raw_path(InputFile(path, sha, 0))).decode()
                    self.write(full, path, content)
        return full

    def same(self, bare: Clone, full: Clone) -> None:
        assert self.planned(bare) == self.planned(full), "\n".join(self.log)

    def planned(self, clone: Clone) -> object:
        """What each source would read, or what must be decided first."""
        with clone.opened() as service:
            workspace = service.workspace
            gatherer = Gatherer(workspace)
            head = workspace.lake.refs.resolve(self.branch)
            try:
                found = gatherer.gather(head, gatherer.folder(), common_base(workspace, self.branch))
            except ConflictError as error:
                return error.details["files"]
        return {
            name: ([(f.path, f.sha256) for f in source.files], source.kept_because)
            for name, source in found.sources.items()
        }

    # -- writing

    def write(self, clone: Clone, path: str, text: str | None) -> None:
        clone.write(path, text)
        self.log.append(f"{clone.root.name}: {path} = {(text or 'gone').strip()!r}")

    def source(self, clone: Clone, name: str, pattern: str) -> None:
        text = f"select v from read_csv('{pattern}', columns = {{'v': 'BIGINT'}}, header = true)\n"
        self.write(clone, f"sources/s/{name}.sql", text)

    def raw(self, clone: Clone, path: str, *, is_gone: bool = False) -> None:
        if not is_gone:
            self.write(clone, path, f"v\n{self.pick.randint(1, 9)}\n")
        elif (clone.root / path).exists():
            self.write(clone, path, None)


def test_what_the_lake_keeps_is_read_as_what_the_folder_has(tmp_path):
    for seed in range(FIRST, FIRST + SCENARIOS):
        (tmp_path / str(seed)).mkdir()
        Scenario(tmp_path / str(seed), seed).play()
