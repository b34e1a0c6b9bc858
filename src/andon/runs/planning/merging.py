"""Merging a side into a branch's head, code and raw files, and what people should hear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from andon.base.record import Record, replace
from andon.errors import AndonError, ConflictError, MachineError
from andon.model.build import Build, InputFile
from andon.model.commit import Commit
from andon.model.dataset import Definition, Kind
from andon.project.folder.merge import Merged, merge, rejected_by_path
from andon.runs.planning.moves import HeadMoves
from andon.runs.planning.steps import SourceInput
from andon.sources.files.paths import match
from andon.workspace.base import Base, InCommon

#: More files than this are one line with a count.
_MANY = 4


class MergeSide(Record):
    """The side that is merged into the head.

    Attributes:
        code: `{path: sha256}`.
        raw: the raw files that a source's patterns mean on this side.
        read: content of a code file of this side.
        is_folder: whether it is the working folder.
        is_own: whether it is the branch itself: then each leaf's definition counts, whatever the texts beside it say by now.
    """

    code: Mapping[str, str]
    raw: Callable[[Definition], Mapping[str, InputFile]]
    read: Callable[[str, str], bytes]
    is_folder: bool = True
    is_own: bool = False


class Against(Record):
    """What a side is merged against.

    Attributes:
        moves: what publishes changed in the branch; None for an undo or a redo.
    """

    head: Commit
    base: Base | None
    drop: bool
    moves: HeadMoves | None

    def rejected(self, source: str | None = None) -> Mapping[str, frozenset[str | None]]:
        """What undos keep out of the code, or of a source."""
        return rejected_by_path(self.head.rejected, source) if self.moves is not None else {}

    def unmoved(
        self, base: InCommon | None, there: Mapping[str, str], source: str | None = None
    ) -> Callable[[str], bool] | None:
        """Whether undos alone made what the head has (`there`) at a path that `base` knows."""
        moves = self.moves
        if moves is None or base is None:
            return None
        return lambda path: not moves.moved(path, there.get(path), base.agreed_at(path), source)


@dataclass
class RawInputs:
    """What the merge of raw files comes to, source by source."""

    sources: dict[str, SourceInput] = field(default_factory=dict)
    failures: dict[str, AndonError] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def merge_raw(
    definitions: Mapping[str, Definition], builds: Mapping[str, Build], side: MergeSide, against: Against
) -> RawInputs:
    """Merge the raw files of every source, those of the code and of the head."""
    found = RawInputs()
    for name, definition in definitions.items():
        if definition.kind is not Kind.SOURCE:
            continue
        try:
            found.sources[name], notices = _merged_raw(definition, builds.get(name), side, against)
        except AndonError as error:
            if isinstance(error, ConflictError | MachineError):
                raise
            found.failures[name] = error
            found.sources[name] = SourceInput()
            continue
        found.notices += notices
    return found


def _merged_raw(
    definition: Definition, build: Build | None, side: MergeSide, against: Against
) -> tuple[SourceInput, Sequence[str]]:
    """What a source would read, and what of it people should hear.

    Args:
        build: of the head's leaf.
    """
    name = definition.dataset
    here = side.raw(definition)
    published = {f.path: f for f in build.files if _wanted(definition, f.path)} if build else {}
    there = by_path(published.values())
    # A source that the head has not has nothing there that somebody could have taken away.
    base = against.base.raw.get(name) if against.base is not None and build is not None else None
    merged = merge(
        base.files if base is not None else None,
        there,
        by_path(here.values()),
        rejected=against.rejected(name),
        source=name,
        unmoved=against.unmoved(base, there, name),
        drop=against.drop,
    )
    if merged.conflicts:
        raise conflict(merged.conflicts, side)
    sizes = {(f.path, f.sha256): f.size for f in (*published.values(), *here.values())}
    files = tuple(InputFile(p, sha, sizes[p, sha]) for p, sha in sorted(merged.files.items()))
    old = {f.path: f.sha256 for f in build.files} if build else {}
    new = dict(merged.files)
    result = SourceInput(
        files,
        build.contract if build is not None else None,
        added=tuple(p for p in new if p not in old),
        removed=tuple(p for p in old if p not in new),
        changed=tuple(p for p in new if p in old and new[p] != old[p]),
    )
    notices = _kept_notices(name, merged.kept)
    if not merged.rejected:
        return result, notices
    paths = _some(c.path for c in merged.rejected)
    if build is None:  # nothing of it is published that could stay
        hint = f"correct it, or `andon accept --rejected {merged.rejected[0].path}`"
        return result, [*notices, f"{name}: {paths} was undone, so it is not read ({hint})"]
    return replace(result, files=build.files, kept_because=f"{paths} was undone; a corrected file passes"), notices


def _kept_notices(name: str, kept: Sequence[str]) -> list[str]:
    if len(kept) > _MANY:
        return [f"{name}: {len(kept):,} files are not here and stay as published: {_some(kept)}"]
    return [f"{name}: {path} is not here and stays as published" for path in kept]


def by_path(files: Iterable[InputFile]) -> dict[str, str]:
    """`{path: sha256}` of raw files."""
    return {f.path: f.sha256 for f in files}


def _wanted(definition: Definition, path: str) -> bool:
    return any(match(pattern, path) for read in definition.reads for pattern in read.patterns)


def conflict(paths: Iterable[str], side: MergeSide) -> ConflictError:
    """The error for files that both sides changed."""
    names = list(paths)
    shown = ", ".join(f"`{p}`" for p in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    who = "this folder" if side.is_folder else "the branch"
    return ConflictError(
        "lake.folder_conflict",
        f"changed both in {who} and in what is published since: {shown}",
        where=names[0],
        hint="`andon pull` merges the texts and marks what it can't decide",
        details={"files": names},
    )


def code_notices(code: Merged, side: MergeSide) -> list[str]:
    """What of a merge a person should hear: where the merged code is not that of the side."""
    undone = sorted({cause.path for cause in code.rejected})
    many = len(undone) > _MANY
    if not side.is_folder:
        if many:
            return [f"{len(undone):,} files were undone before, so they are not published again: {_some(undone)}"]
        return [f"{path}: undone before, so it is not published again" for path in undone]
    notices = []
    if code.from_head:
        notices.append(
            f"newer in the lake than here, and taken from there: {_some(code.from_head)} (`andon pull` brings them)"
        )
    if code.kept:
        notices.append(
            f"not in this folder, and kept as published: {_some(code.kept)} (`andon pull` brings them, `--drop` removes them)"
        )
    if many:
        what = f"{len(undone):,} files were undone, so they are not published again: {_some(undone)}"
        return [*notices, f"{what} (edit them, or `andon accept --rejected PATH`; `andon status` lists all)"]
    for path in undone:
        what = f"{path}: was undone, so it is not published again"
        notices.append(f"{what} (edit it, or `andon accept --rejected {path}`)")
    return notices


def _some(paths: Iterable[str]) -> str:
    names = list(paths)
    return ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY:,} more" if len(names) > _MANY else "")
