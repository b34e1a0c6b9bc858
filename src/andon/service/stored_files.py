"""The files that branches, tags and runs show, and which of them do not hold what was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.lake.refs import MAIN
from andon.model.dataset import Kind
from andon.runs.planning.raw_files import kept_copy

if TYPE_CHECKING:
    from andon.lake.lake import Lake
    from andon.lake.refs import Ref
    from andon.lake.sealed import Sealed
    from andon.model.commit import Leaf


class Stored(Record):
    """A file of the storage.

    Attributes:
        dataset: whose it is.
        branch: one that shows it, main before all others; None where only tags and runs do.
    """

    file: Sealed
    dataset: str
    branch: str | None

    @property
    def path(self) -> str:
        """Where it lies in the storage."""
        return self.file.path


class Broken(Record):
    """A file that is not what was written; `what` is as in `andon.model.damage.Damage`."""

    stored: Stored
    what: str


class StoredFiles:
    """The files of one lake, as its refs show it now."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def data(self) -> list[Stored]:
        """Data files of all versions that are shown, and of those that shown views read."""
        objects = self._lake.objects
        branches = {leaf.version: branch for leaf, branch in self._leaves().values()}
        versions = objects.versions(branches)
        waiting = [version.id for version in versions.values() if version.is_view]
        while waiting:
            builds = objects.builds_by_key(waiting)
            below = {
                i: branches[key] for key, build in builds.items() for i in build.inputs.values() if i not in branches
            }
            branches.update(below)
            found = objects.versions(below)
            versions.update(found)
            waiting = [version.id for version in found.values() if version.is_view]
        return [Stored(f, v.dataset, branches[v.id]) for v in versions.values() for f in v.files]

    def raw(self) -> list[Stored]:
        """Copies of the raw files that shown sources were built from."""
        sources = {leaf.build: branch for leaf, branch in self._leaves().values() if leaf.kind == Kind.SOURCE}
        files: dict[str, Stored] = {}
        for id, build in self._lake.objects.builds(sources).items():
            for file in build.files:
                copy = kept_copy(file)
                known = files.get(copy.path)
                if known is None or known.branch is None:
                    files[copy.path] = Stored(copy, build.dataset, sources[id])
        return list(files.values())

    def broken(self, files: Iterable[Stored], deep: bool) -> list[Broken]:
        """Those of `files` that are not there or not of their size; with `deep`, whose bytes are not what was written. What was taken
        away since nothing needs it is none of them."""
        stored, intact = list(files), self._lake.intact
        sealed = {each.path: each.file for each in stored}
        damages = intact.damages([*sealed.values()]) if deep else intact.of_sizes([*sealed.values()])
        what = {damage.path: damage.what for damage in damages if not damage.is_gone}
        return [Broken(each, what[each.path]) for each in stored if each.path in what]

    def _leaves(self) -> Mapping[str, tuple[Leaf, str | None]]:
        """The leaves that are shown, by their builds, each with a branch that shows it."""
        found: dict[str, tuple[Leaf, str | None]] = {}
        refs = self._lake.refs
        for ref in (*sorted(refs.of_kind("branch"), key=_main_first), *refs.of_kind("tag"), *refs.of_kind("run")):
            branch = ref.name if ref.kind == "branch" else None
            for leaf in self._lake.commits.state(self._lake.commits.get(ref.commit)).leaves.values():
                found.setdefault(leaf.build, (leaf, branch))
        return found


def _main_first(ref: Ref) -> tuple[bool, str]:
    return ref.name != MAIN, ref.name
