"""What people should hear of a merge: what both sides changed, what stays and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from andon.errors import ConflictError
from andon.model.commit import Cause
from andon.project.folder.merge import Merged
from andon.project.folder.scan import is_code_path

#: More files than this are one line with a count.
_MANY = 4


def conflict(paths: Iterable[str], *, is_folder: bool, has_folders_raw: bool) -> ConflictError:
    """The error for files that both sides changed.

    Args:
        is_folder, has_folders_raw: of the side that is merged, see `MergeSide`.
    """
    names = list(paths)
    shown = ", ".join(f"`{p}`" for p in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    who, mine = ("this folder", "this folder's") if has_folders_raw else ("the branch", "the branch's")
    place = names[0] if len(names) == 1 else "PATH"
    ways = f"the same command with `--mine {place}` takes {mine}, with `--theirs {place}` what is published"
    if is_folder and any(is_code_path(path) for path in names):
        ways = f"`andon pull` merges the texts and marks what it can't decide; or {ways}"
    elif not has_folders_raw:
        ways += "; for something of both, run that on the branch first, and take it with `--mine`"
    return ConflictError(
        "lake.folder_conflict",
        f"changed both in {who} and in what is published since: {shown}",
        where=names[0],
        hint=ways,
        details={"files": names},
    )


def passed_notices(passed: Set[Cause], groups: Iterable[Set[Cause]]) -> list[str]:
    """What people should hear of causes that keep nothing out any more."""
    notices = []
    for group in groups:
        again, corrected = sorted({c.path for c in group & passed}), sorted({c.path for c in group - passed})
        if again:
            notices.append(f"{some(corrected)} was corrected, so what was undone with it passes again: {some(again)}")
    return notices


def code_notices(code: Merged, *, is_folder: bool) -> list[str]:
    """What of a merge a person should hear: where the merged code is not that of the side."""
    undone = sorted({cause.path for cause in code.rejected})
    many = len(undone) > _MANY
    if not is_folder:
        if many:
            return [f"{len(undone):,} files were undone before, so they are not published again: {some(undone)}"]
        return [f"{path}: undone before, so it is not published again" for path in undone]
    notices = []
    if code.from_head:
        notices.append(
            f"newer in the lake than here, and taken from there: {some(code.from_head)} (`andon pull` brings them)"
        )
    if code.kept:
        notices.append(
            f"not in this folder, and kept as published: {some(code.kept)} (`andon pull` brings them, `--drop` removes them)"
        )
    if many:
        what = f"{len(undone):,} files were undone, so they are not published again: {some(undone)}"
        return [
            *notices,
            f"{what} (edit them, or `andon accept --rejected PATH`, or `--all`; `andon status` lists them)",
        ]
    for path in undone:
        what = f"{path}: was undone, so it is not published again"
        notices.append(f"{what} (edit it, or `andon accept --rejected {path}`)")
    return notices


def kept_notices(name: str, kept: Sequence[str]) -> list[str]:
    """Lines about raw files of a source that a folder lacks."""
    if len(kept) > _MANY:
        return [f"{name}: {len(kept):,} files are not here and stay as published: {some(kept)}"]
    return [f"{name}: {path} is not here and stays as published" for path in kept]


def some(paths: Iterable[str]) -> str:
    """The first of many names, and how many more there are."""
    names = list(paths)
    return ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY:,} more" if len(names) > _MANY else "")
