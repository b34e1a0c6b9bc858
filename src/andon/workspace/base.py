"""The *base* of the folder and a branch: what they last had in common, part by part, and since when. It is of one lake."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from andon.base.document import from_json, to_json
from andon.base.files import machine_error, write_whole
from andon.base.hashing import content_id
from andon.base.record import Record, field
from andon.errors import MachineError
from andon.lake.lake import Lake
from andon.lake.refs import MAIN
from andon.project.folder.merge import differing_paths, next_base

#: Letters of a lake's id that name its folder of bases.
_SHORT = 16
#: So many letters of a branch's name, quoted, are part of its file's.
_LONGEST = 150


#: In place of the commit at which folder and branch last agreed: they never did, so that no undo made what the branch has.
_NEVER = ""


class InCommon(Record):
    """Files that the folder and a branch had in common.

    Attributes:
        files: `{path: sha256}`, None for a file that both had and that is gone from both.
        commit: id of the commit at which they last were compared; "" if no commit is known.
        since: `{path: id of an earlier commit}` of files in which they did not agree then, and last did there.
    """

    files: Mapping[str, str | None] = field(default_factory=dict)
    commit: str = ""
    since: Mapping[str, str] = field(default_factory=dict)

    def agreed_at(self, path: str) -> str:
        """The commit at which folder and branch last agreed in `path`."""
        return self.since.get(path, self.commit)

    def after(
        self,
        commit: str,
        head: Mapping[str, str],
        folder: Mapping[str, str],
        edits: Iterable[str] = (),
        old: Iterable[str] = (),
    ) -> InCommon:
        """The same after the folder's files and those of `commit` (`head`) were compared.

        Args:
            edits: paths at which what the folder has counts as an edit of what the head has.
            old: paths at which somebody decided for what the head has, so that what the folder has counts as older.
        """
        edited, older = {path: head.get(path) for path in edits}, {path: folder.get(path) for path in old}
        files = {**next_base(self.files, head, folder), **edited, **older}
        differing = differing_paths(head, folder) & files.keys()
        since = {p: self.agreed_at(p) for p in differing - edited.keys()}
        since |= dict.fromkeys(older, _NEVER)
        return InCommon(files, commit, {p: at for p, at in since.items() if at != commit})

    def decided(self, files: Mapping[str, str | None]) -> InCommon:
        """The same with `files`, at which somebody decided for a side; no undo made what the branch has there."""
        return InCommon({**self.files, **files}, self.commit, {**self.since, **dict.fromkeys(files, _NEVER)})


class Base(Record):
    """What the folder and a branch last had in common: code, and the raw files of each source."""

    code: InCommon = field(default_factory=InCommon)
    raw: Mapping[str, InCommon] = field(default_factory=dict)


class _Kept(Record):
    """A base as it is kept in `.andon/`."""

    lake: str
    base: Base


class Bases:
    """The bases that a folder has with the branches of a lake, kept in its `.andon/`, lake by lake.

    A lake that was put in the place of another, or that was restored from a backup, does not know what the folder had in common with
    the one before: there is no base then, and the folder drops nothing and takes nothing for old.

    Args:
        state: `.andon/`.
    """

    def __init__(self, state: Path, lake: Lake) -> None:
        self._state = state
        self._lake = lake

    def of(self, branch: str) -> Base | None:
        """The base for `branch`, or None if the folder never had anything in common with it that the lake knows of."""
        try:
            kept = from_json(_Kept, json.loads(self._file(branch).read_bytes()), stored=True)
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError, MachineError):
            return None  # torn or of another shape: a folder without base is safe, it drops nothing
        if kept.lake != self._lake.id:
            return None
        base = kept.base
        known = self._lake.commits.known({base.code.commit, *(files.commit for files in base.raw.values())})
        if base.code.commit not in known:
            return None
        return Base(base.code, {source: files for source, files in base.raw.items() if files.commit in known})

    def others(self, branch: str) -> Iterator[Base]:
        """The bases for other branches, that for `main` first."""
        names = {unquote(file.stem) for file in self._file(branch).parent.glob("*.json")} - {branch}
        # of a very long name only the beginning is known, by which nothing is found
        for name in sorted(names, key=lambda name: (name != MAIN, name)):
            base = self.of(name)
            if base is not None:
                yield base

    def set(self, branch: str, base: Base) -> None:
        """Remember `base` for `branch`."""
        kept = to_json(_Kept(self._lake.id, base))
        write_whole(self._file(branch), json.dumps(kept, sort_keys=True).encode(), durable=True)

    def copy(self, source: str, target: str) -> None:
        """Give `target` (a new branch) the base of `source`: none if that has none, whatever an earlier branch of its name left."""
        base = self.of(source)
        if base is not None:
            self.set(target, base)
        else:
            self.forget(target)

    def forget(self, branch: str) -> None:
        """`branch` is gone, and what the folder had in common with it."""
        try:
            self._file(branch).unlink(missing_ok=True)
        except OSError as error:
            raise machine_error(error, f"forget the branch `{branch}`") from error

    def _file(self, branch: str) -> Path:
        name = quote(branch, safe="")
        if len(name) > _LONGEST:  # than files may be called
            name = f"{name[:_LONGEST]}-{content_id(branch)[:_SHORT]}"
        return self._state / "base" / self._lake.id[:_SHORT] / f"{name}.json"
