"""Bringing back data that nothing kept: versions are built again by their recipe, and what has the same bytes is put under its old name.

No row of a version, a build or a commit changes: what was gone is there again, as if it had stayed. What comes out otherwise is left, with
why: `andon reproduce` tells whether at least its rows are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from andon.errors import AndonError, DamagedError
from andon.lake.collecting import collecting
from andon.lake.reached import DATA
from andon.model.repair import LakeRepair, MendedFile, UnmendedPart
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.damage import Damage
    from andon.model.version import DataFile, Version
    from andon.runs.rebuilding.again import Again, Rebuilder
    from andon.workspace.workspace import Workspace


class BringingBack:
    """Brings data of one lake back."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake

    def bring(self, names: Sequence[str], at: str | None = None) -> LakeRepair:
        """Build again what datasets read at a commit, where it is gone or damaged.

        Args:
            names: `schema.name`, or `schema.name@REF`; all datasets of the commit without any.
            at: the commit of those that name none.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`.
            ConflictError: `lake.busy` where files are taken away at this moment.
        """
        begun = time.monotonic()
        wanted: dict[str, tuple[View, list[str]]] = {}
        for name in names or [""]:
            dataset, _, place = name.partition("@")
            view = View.at(self._workspace, place or at)
            leaves = [view.leaf(dataset)] if dataset else [*view.state.leaves.values()]
            wanted.setdefault(view.commit.id, (view, []))[1].extend(leaf.version for leaf in leaves)
        mended: dict[str, MendedFile] = {}
        left: dict[str, UnmendedPart] = {}
        files: set[str] = set()
        size = 0
        with collecting(self._lake), self._lake.locks.writing(), self._lake.leases.reading():
            for view, versions in wanted.values():
                tables = self._lake.going.tables(self._lake.database, versions)
                for file in (f for version in tables.values() for f in version.files if f.path not in files):
                    files.add(file.path)
                    size += file.size
                self._there_again(files)
                self._mend(view, tables.values(), mended, left)
            self._lake.intact.flush()
        return LakeRepair(
            files=len(files),
            bytes=size,
            seconds=round(time.monotonic() - begun, 3),
            mended=[*mended.values()],
            left=[part for path, part in left.items() if path not in mended],
        )

    def _there_again(self, paths: Iterable[str]) -> None:
        """What is whole and was about to go stays; so does what was brought back by who did not come to note it."""
        self._lake.going.back(self._lake.storage.sizes(paths))

    def _mend(
        self, view: View, tables: Iterable[Version], mended: dict[str, MendedFile], left: dict[str, UnmendedPart]
    ) -> None:
        from andon.runs.rebuilding.again import Rebuilder

        broken = [(v, d) for v in tables if (d := self._damages(v)) and v.files[0].path not in mended]
        if not broken:
            return
        with Rebuilder(self._workspace, view.commit) as rebuilder:
            for version, damages in broken:
                why = self._built(rebuilder, version, damages, mended)
                left.update(
                    (d.path, UnmendedPart(DATA, d.path, d.what, version.dataset, why))
                    for d in damages
                    if d.path not in mended
                )

    def _damages(self, version: Version) -> list[Damage]:
        return [found for file in version.files if (found := self._lake.intact.damage(file, anew=True)) is not None]

    def _built(
        self, rebuilder: Rebuilder, version: Version, damages: Sequence[Damage], mended: dict[str, MendedFile]
    ) -> str:
        """Build a version again and put in place what is as it was; returns why something is not, if so."""
        try:
            again = rebuilder.version(self._dataset(version), version.id)[-1]
        except AndonError as error:
            return f"it could not be built again: {error.message}"
        if again.made.id != version.id:
            return (
                "its recipe gives other bytes now, and only the same may take the place of what was;"
                f" `andon reproduce {again.build.dataset}` tells whether its rows are the same"
            )
        wanted = {damage.path for damage in damages}
        for old, new in zip(version.files, again.made.files, strict=True):
            if old.path in wanted:
                self._put(rebuilder, again, old, new)
                made_by = f"run {again.build.run}" if again.build.run is not None else "its build"
                mended[old.path] = MendedFile(DATA, old.path, again.build.dataset, f"built again as by {made_by}")
        return "it came out of nothing that is there"

    def _put(self, rebuilder: Rebuilder, again: Again, old: DataFile, new: DataFile) -> None:
        storage = self._lake.storage
        inputs = self._lake.going.tables(self._lake.database, again.build.inputs.values()).values()
        read = [file.path for version in inputs for file in version.files]
        source = rebuilder.lake.storage.local_path(new.path)
        if rebuilder.lake.storage.facts(new.path) != (old.size, old.sha256):
            raise DamagedError(
                "lake.corrupt",
                f"what was built again was altered before it could be put in place: {new.path}",
                where=again.build.dataset,
                hint="look at the disk, and run the same command again",
            )
        storage.replace(old.path, source, storage.readers([old.path, *read]))
        self._lake.intact.note(old.path, old.sha256)
        self._lake.going.back([old.path])

    def _dataset(self, version: Version) -> str:
        """A dataset whose build gave the version: of several that came to one its own."""
        sql = "select dataset from build where version = ? order by (dataset <> ?), created, id limit 1"
        rows = self._lake.database.query(sql, [version.id, version.dataset])
        return str(rows[0][0]) if rows else version.dataset
