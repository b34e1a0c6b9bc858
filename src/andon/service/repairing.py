"""Mending a lake: damaged and lost data files are built again by their recipe, copies of raw files are taken from the project.

A file is put in place only where it is, byte for byte, what was written, so that no version gets another id and no row of the catalog
changes. What can't be had so is left as it is, with why.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.errors import AndonError, DamagedError
from andon.lake.collecting import collecting
from andon.lake.named_files import sealed_files
from andon.lake.reached import DATA, FILES, MADE, PACKAGE, RAW
from andon.lake.wrong_objects import BUILD
from andon.model.repair import LakeRepair, MendedFile, UnmendedPart
from andon.runs.planning.raw_files import RawFiles, kept_copy
from andon.service.bringing_back import BringingBack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from andon.lake.reached import Reached
    from andon.model.build import Build
    from andon.model.commit import Commit
    from andon.model.verification import DamagedPart
    from andon.runs.rebuilding.again import Rebuilder
    from andon.service.verifying import Verifying
    from andon.workspace.workspace import Workspace

_ROW = "what stands in the catalog comes back only from a backup of it"
_MADE = "what a run of an analysis made is made again by `andon analysis run`, as another run"


class Repairing:
    """Mends one lake.

    Args:
        verifying: finds what is damaged.
    """

    def __init__(self, workspace: Workspace, verifying: Verifying) -> None:
        self._workspace = workspace
        self._verifying = verifying

    def repair(
        self,
        names: Sequence[str] = (),
        at: str | None = None,
        *,
        told: Callable[[int, int, int, int], None] | None = None,
    ) -> LakeRepair:
        """Read all that branches, tags and runs reach, and mend what is damaged; or bring back what is gone of some datasets, of a commit.

        Args:
            names: `schema.name`, or `schema.name@REF`: only what these read is mended, be it damaged or gone.
            at: the commit of those that name none; without names all of its datasets.
            told: as of `Verifying.verify`.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`.
            ConflictError: `lake.busy` where files are taken away at this moment.
            MachineError: the catalog can't be read.
        """
        if names or at is not None:
            return BringingBack(self._workspace).bring(names, at)
        begun = time.monotonic()
        found = self._verifying.verify(all=True, told=told)
        files = [part for part in found.damaged if part.kind in FILES]
        mended: list[MendedFile] = []
        why: dict[str, str] = {}
        if files:
            reached, _ = self._verifying.reached(all=True)
            with collecting(self._workspace.lake), self._workspace.lake.locks.writing():
                mended = _Mending(self._workspace, reached, files).all(why)
        done = {each.name for each in mended}
        if done:
            self._verifying.note(replace(found, damaged=[part for part in found.damaged if part.name not in done]))
        return LakeRepair(
            files=found.files,
            bytes=found.bytes,
            seconds=round(time.monotonic() - begun, 3),
            mended=mended,
            left=[
                UnmendedPart(
                    part.kind,
                    part.name,
                    part.what,
                    part.dataset,
                    why.get(part.name, _MADE if part.kind == MADE else _ROW),
                )
                for part in found.damaged
                if part.name not in done
            ],
        )


class _Mending:
    """Files that are damaged, and what they can be made of."""

    def __init__(self, workspace: Workspace, reached: Reached, files: list[DamagedPart]) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._reached = reached
        self._damaged = {part.name: part for part in files}
        self._mended: list[MendedFile] = []

    def all(self, why: dict[str, str]) -> list[MendedFile]:
        """Mend what can be: what was mended may be what another file is made of, so it goes on until nothing comes of it.

        Args:
            why: takes, by path, why a file could not be mended.
        """
        self._copies()
        self._raw(why)
        self._packages(why)
        before = -1
        while before != len(self._mended):
            before = len(self._mended)
            for path in [path for path, part in self._damaged.items() if part.kind == DATA]:
                if path in self._damaged:
                    why[path] = self._data(path)
        self._lake.intact.flush()
        return self._mended

    def _copies(self) -> None:
        """Put copies of this machine back where the lake lies elsewhere: they are what was written, whatever it was made of."""
        storage = self._lake.storage
        if storage.shares_locks:
            return
        named = sealed_files(self._lake.database, kept_copy)
        for path in storage.have_there((named[path] for path in self._damaged if path in named), anew=True):
            self._done(path, "put back from the copy of this machine")

    def _raw(self, why: dict[str, str]) -> None:
        raw = RawFiles(self._workspace.root, self._lake.storage, self._lake.intact)
        wanted = {kept_copy(f).path: f for build in self._reached.builds.values() for f in build.files}
        for path in [path for path, part in self._damaged.items() if part.kind == RAW]:
            file = wanted[path]
            try:
                new = raw.keep([file])
                self._lake.storage.make_durable(new)
                self._done(path, f"copied again from `{file.path}`")
            except AndonError as error:
                why[path] = f"the project has no file with that content any more: {error.message}"

    def _packages(self, why: dict[str, str]) -> None:
        """Fetch wheels once more from where they came."""
        from andon.engines.python.index import IndexUnreachable
        from andon.engines.python.keeping import fetch_wheel

        wheels = self._reached.wheels()
        for path in [path for path, part in self._damaged.items() if part.kind == PACKAGE]:
            wheel = wheels[path]
            with tempfile.TemporaryDirectory(prefix="andon-wheel-") as folder:
                target = Path(folder, wheel.file)
                try:
                    if fetch_wheel(wheel.name, wheel.sha256, target):
                        self._lake.packages.put(wheel, target)
                        self._done(path, f"fetched again: `{wheel.file}`")
                    else:
                        why[path] = f"no package index has `{wheel.file}` with that content any more"
                except IndexUnreachable as error:
                    why[path] = str(error)

    def _data(self, path: str) -> str:
        """Build the versions again that a file is of, the oldest first, until one gives it; returns why it is not there, if so."""
        builds = self._builds(path)
        said = "no commit shows how it was made"
        for build, commit in builds:
            definition = self._lake.objects.definitions([build.definition])[build.definition]
            if definition.asks is not None:
                said = f"it came from {definition.asks}, which says today what it says today"
                continue
            try:
                said = self._built(build, commit)
            except DamagedError as error:
                said = f"what it is made of is damaged, too: {error.message}"
            except AndonError as error:
                said = f"it could not be built again: {error.message}"
            if path not in self._damaged:
                break
        return said

    def _builds(self, path: str) -> list[tuple[Build, Commit]]:
        """How versions with a file came about, the oldest first, each with a commit that shows it."""
        versions = {v.id for v in self._reached.versions.values() if any(f.path == path for f in v.files)}
        builds = [build for build in self._reached.builds.values() if build.version in versions]
        touched = self._reached.touched((BUILD.name, build.id) for build in builds)
        found = []
        for build in sorted(builds, key=lambda b: (b.proof is not None, b.created, b.id)):
            commits = [c for id in touched[BUILD.name, build.id] if (c := self._reached.commits[id]) is not None]
            if commits:
                found.append((build, min(commits, key=lambda c: (c.generation, c.id))))
        return found

    def _built(self, build: Build, commit: Commit) -> str:
        from andon.runs.rebuilding.again import Rebuilder

        with Rebuilder(self._workspace, commit) as rebuilder:
            again = rebuilder.again(build.dataset)[-1]
            if again.is_kept:
                return "it was loaded from outside, and can't be asked for again"
            if again.made.id != again.recorded.id:
                return "its recipe gives other bytes now; `andon reproduce` tells what differs"
            for old, new in zip(again.recorded.files, again.made.files, strict=True):
                if old.path in self._damaged and new.path != old.path:
                    self._put(old.path, rebuilder, new.path, (old.size, old.sha256), build)
        return "its recipe goes on from it, and makes only what came later"

    def _put(self, path: str, rebuilder: Rebuilder, made: str, facts: tuple[int, str], build: Build) -> None:
        storage = rebuilder.lake.storage
        if storage.facts(made) != facts:
            return
        inputs = self._lake.objects.versions(build.inputs.values()).values()
        read = [f.path for version in inputs for f in version.files] + [kept_copy(f).path for f in build.files]
        self._lake.storage.replace(path, storage.local_path(made), self._lake.storage.readers([path, *read]))
        self._lake.intact.note(path, facts[1])
        made_by = f"run {build.run}" if build.run is not None else "its build"
        self._done(path, f"built again as by {made_by}")

    def _done(self, path: str, how: str) -> None:
        part = self._damaged.pop(path)
        self._mended.append(MendedFile(part.kind, path, part.dataset, how))
