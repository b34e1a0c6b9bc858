"""The working folder is merged, never believed: three-way by file between a base, the branch's head, and the folder.

The same rules serve the merge of one branch into another. Pure: maps of `{path: content hash}` in, a decision out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from andon.base.record import Record
from andon.model.commit import Cause

#: (path, content hash) -> the other name of that content that a cause may carry (a file's meaning), or None.
Meaning = Callable[[str, str], str | None]

#: What folder and head have in common: `{path: content hash}`, with None for a file that both had and that is gone from both.
Shared = Mapping[str, str | None]


class Merged(Record):
    """What the merge of folder, base and head comes to.

    Attributes:
        files: `{path: hash}` that counts.
        from_head: paths where the head's newer content was taken over the folder's.
        kept: paths that the head has, the folder never had in common with it, and that stay.
        deleted: paths that the folder deleted.
        rejected: causes that were met: the head's content stays there.
        conflicts: paths changed on both sides.
    """

    files: dict[str, str]
    from_head: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    rejected: tuple[Cause, ...] = ()
    conflicts: tuple[str, ...] = ()


@dataclass
class _Sorting:
    files: dict[str, str] = field(default_factory=dict)
    from_head: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    rejected: list[Cause] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def merge(
    base: Shared | None,
    head: Mapping[str, str],
    folder: Mapping[str, str],
    *,
    rejected: Mapping[str, frozenset[str | None]],
    source: str | None = None,
    meaning: Meaning | None = None,
    unmoved: Callable[[str], bool] | None = None,
    drop: bool = False,
) -> Merged:
    """Decide file by file.

    Args:
        base: what folder and head last had in common; None for a folder that never published (a fresh clone).
        head: what the branch has.
        folder: what lies in the folder.
        rejected: `{path: contents that an undo took out}` (None in it: a deletion that was undone).
        source: set when these are raw files of a source, for the causes that are reported.
        meaning: the meaning of a content, where known: a cause names either.
        unmoved: whether what the head has at a path that the base knows came there by undos alone: an undo counts as no change.
        drop: whether what the folder lacks is dropped, whoever brought it.
    """
    out = _Sorting()

    for path in sorted(head.keys() | folder.keys()):
        here, there = folder.get(path), head.get(path)
        before = base.get(path) if base is not None else None
        if here == there:
            chosen = here
        elif is_rejected(path, here, rejected, meaning):
            out.rejected.append(Cause(path, here, source))
            chosen = there
        elif here is None and drop:
            chosen = None
        elif base is None:
            chosen = _without_base(path, here, there, out)
        elif there == before or (path in base and unmoved is not None and unmoved(path)):
            chosen = here
        elif here == before:
            chosen = there
            (out.kept if here is None else out.from_head).append(path)
        else:
            out.conflicts.append(path)
            chosen = there
        if here is None and there is not None and chosen is None:
            out.deleted.append(path)
        if chosen is not None:
            out.files[path] = chosen
    return Merged(
        out.files,
        tuple(out.from_head),
        tuple(out.kept),
        tuple(out.deleted),
        tuple(out.rejected),
        tuple(out.conflicts),
    )


def is_rejected(
    path: str, content: str | None, rejected: Mapping[str, frozenset[str | None]], meaning: Meaning | None
) -> bool:
    """Whether an undo keeps a content out; arguments as of `merge`."""
    causes = rejected.get(path)
    if not causes:
        return False
    if content is None:
        return None in causes
    return content in causes or (meaning is not None and meaning(path, content) in causes - {None})


def _without_base(path: str, here: str | None, there: str | None, out: _Sorting) -> str | None:
    if here is None:
        out.kept.append(path)
        return there
    return here


class Pull(StrEnum):
    """What a pull does about a file in which folder and head differ."""

    LEAVE = "leave"
    KEEP = "keep"
    TAKE = "take"
    MERGE = "merge"


def pull_choice(
    ours: str | None, theirs: str | None, *, before: str | None, is_known: bool, is_unmoved: bool, is_rejected: bool
) -> Pull:
    """What a pull does about a file: `LEAVE` an edit, `KEEP` what was undone or is gone from the head, `TAKE` the head's, `MERGE` both.

    Args:
        before: what both last had in common; `is_known`: whether that is known.
        is_unmoved: whether undos alone made what the head has.
        is_rejected: whether an undo keeps out what the folder has.
    """
    if is_rejected and ours is not None:
        return Pull.KEEP
    if (is_known and theirs == before) or is_rejected:
        return Pull.LEAVE
    if is_known and is_unmoved:
        return Pull.LEAVE if ours is None else Pull.KEEP
    if ours is None or (is_known and ours == before):
        return Pull.TAKE
    return Pull.KEEP if theirs is None else Pull.MERGE


def next_base(base: Shared | None, head: Mapping[str, str], folder: Mapping[str, str]) -> dict[str, str | None]:
    """The base after the head was published or seen: where folder and head agree it is that; elsewhere it stays."""
    result = dict(base or {})
    for path in head.keys() | folder.keys() | result.keys():
        if folder.get(path) == head.get(path):
            result[path] = head.get(path)
    return result


def rejected_by_path(causes: tuple[Cause, ...], source: str | None = None) -> dict[str, frozenset[str | None]]:
    """Causes of code (`source` None) or of one source's raw files, as `merge` wants them."""
    result: dict[str, set[str | None]] = {}
    for cause in causes:
        if cause.source == source:
            result.setdefault(cause.path, set()).add(cause.content)
    return {path: frozenset(contents) for path, contents in result.items()}
