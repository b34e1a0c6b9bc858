"""Merging files that lie elsewhere: they are nobody's edits, so what a place held last counts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from andon.model.build import InputFile
from andon.project.folder.merge import Merged, Newer, merge
from andon.sources.files.paths import is_remote

_Rejected = Mapping[str, frozenset[str | None]]


def remote_only(files: Mapping[str, InputFile]) -> dict[str, str]:
    """Those of `files` that lie elsewhere, by content."""
    return {path: file.sha256 for path, file in files.items() if is_remote(path)}


def merge_asked(mine: Mapping[str, str], there: Mapping[str, str], rejected: _Rejected, source: str) -> Merged:
    """What was asked for now against what is published: it counts, but for what undos keep out."""
    return merge(there, there, mine, rejected=rejected, source=source)


def merge_loads(
    mine: Mapping[str, str],
    there: Mapping[str, str],
    rejected: _Rejected,
    source: str,
    base: Mapping[str, str | None],
    unmoved: Callable[[str], bool] | None,
    later: Callable[[], Newer],
) -> Merged:
    """What a branch loaded against what is published: where both loaded since they parted, the later load counts.

    Args:
        base: what both had when they parted; `unmoved`: see `merge`.
        later: which of the two loaded later.
    """

    def newer(paths: Sequence[str]) -> Mapping[str, Newer]:
        both = [p for p in paths if base.get(p) not in (mine.get(p), there.get(p))]
        return {p: later() for p in both if unmoved is None or p not in base or not unmoved(p)}

    return merge(base, there, mine, rejected=rejected, source=source, unmoved=unmoved, history=newer)
