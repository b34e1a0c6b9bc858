"""The working folder is merged, never believed: three-way by file between a base, the branch's head, and the folder.

The same rules serve the merge of one branch into another. Pure: maps of `{path: content hash}` in, a decision out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from andon.base.record import Record
from andon.model.commit import Cause

#: (path, content hash) -> the other name of that content that a cause may carry (a file's meaning), or None.
Meaning = Callable[[str, str], str | None]

#: What folder and head have in common: `{path: content hash}`, with None for a file that both had and that is gone from both.
Shared = Mapping[str, str | None]


class Newer(StrEnum):
    """Which side of a merge has what should count: the one that is merged in, the head, or both have something of their own."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


class Merged(Record):
    """What the merge of folder, base and head comes to.

    Attributes:
        files: `{path: hash}` that counts.
        from_head: paths where the head's newer content was taken over the folder's.
        kept: paths that the head has, the folder never had in common with it, and that stay.
        deleted: paths that the folder deleted.
        rejected: causes that were met: the head's content stays there.
        conflicts: paths changed on both sides.
        taken: paths changed on both sides where somebody decided for the head's.
        decided: all paths changed on both sides where somebody decided.
    """

    files: dict[str, str]
    from_head: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    rejected: tuple[Cause, ...] = ()
    conflicts: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()

    @property
    def mine(self) -> tuple[str, ...]:
        """Paths where somebody decided for what was merged in. That is an edit from then on, also where it is not published with the
        rest (not selected, or of a source of which an undo keeps something out), so that nobody is asked again."""
        return tuple(path for path in self.decided if path not in self.taken)

    def and_of(self, other: Merged) -> Merged:
        """This and the merge of other paths."""
        both = {
            name: (*getattr(self, name), *getattr(other, name)) for name in self.__struct_fields__ if name != "files"
        }
        return Merged({**self.files, **other.files}, **both)


@dataclass
class _Sorting:
    files: dict[str, str] = field(default_factory=dict)
    from_head: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    rejected: list[Cause] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)


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
    history: Callable[[Sequence[str]], Mapping[str, Newer]] | None = None,
    decide: Callable[[str], Newer | None] | None = None,
) -> Merged:
    """Decide file by file.

    Args:
        base: what folder and head last had in common; None for a folder that never published (a fresh clone).
        head: what the branch has.
        folder: what lies in the folder.
        rejected: `{path: contents that an undo took out}` (None in it: a deletion that was undone).
        source: set when these are raw files of a source, for the causes that are reported; folders may be without many of them.
        meaning: the meaning of a content, where known: a cause names either.
        unmoved: whether what the head has at a path that the base knows came there by undos alone: an undo counts as no change.
        drop: whether what the folder lacks is dropped, whoever brought it.
        history: which side is newer, of paths where that is known from elsewhere (git); asked once, of those where the folder's content
            would count or nobody's.
        decide: which side counts where both changed a path, if somebody has decided that.
    """
    out = _Sorting()
    differing = differing_paths(head, folder)
    newer = _newer(base, head, folder, differing, unmoved, history)
    out.files = {path: content for path, content in folder.items() if path not in differing}
    for path in sorted(differing):
        here, there = folder.get(path), head.get(path)
        if is_rejected(path, here, rejected, meaning) and (here is not None or source is None or _knows(base, path)):
            out.rejected.append(Cause(path, here, source))
            chosen = there
        elif here is None and drop:
            chosen = None
        elif newer[path] is Newer.MINE:
            chosen = here
        elif newer[path] is Newer.THEIRS:
            chosen = there
            (out.kept if here is None else out.from_head).append(path)
        else:
            chosen = _decided(path, here, there, decide, out)
        if here is None and there is not None and chosen is None:
            out.deleted.append(path)
        if chosen is not None:
            out.files[path] = chosen
    return Merged(
        dict(sorted(out.files.items())),
        tuple(out.from_head),
        tuple(out.kept),
        tuple(out.deleted),
        tuple(out.rejected),
        tuple(out.conflicts),
        tuple(out.taken),
        tuple(out.decided),
    )


def _newer(
    base: Shared | None,
    head: Mapping[str, str],
    folder: Mapping[str, str],
    differing: Iterable[str],
    unmoved: Callable[[str], bool] | None,
    history: Callable[[Sequence[str]], Mapping[str, Newer]] | None,
) -> dict[str, Newer]:
    """Which side counts in the paths in which the two differ; arguments as of `merge`."""
    found: dict[str, Newer] = {}
    for path in differing:
        here, there = folder.get(path), head.get(path)
        before = base.get(path) if base is not None else None
        if there == before or (_knows(base, path) and unmoved is not None and unmoved(path)):
            found[path] = Newer.MINE
        elif here == before:
            found[path] = Newer.THEIRS
        else:
            found[path] = Newer.BOTH
    # What git does not know is as said; so are files that the head never had, and those that a folder without base lacks.
    doubtful = [
        path for path, newer in found.items() if newer is not Newer.THEIRS and (path in head or _knows(base, path))
    ]
    if history is not None and doubtful:
        found.update(history(sorted(doubtful)))
    return found


def _knows(base: Shared | None, path: str) -> bool:
    """Whether a folder ever had a file in common with the head: one that never did has not deleted it."""
    return base is not None and path in base


def _decided(
    path: str, here: str | None, there: str | None, decide: Callable[[str], Newer | None] | None, out: _Sorting
) -> str | None:
    """What counts where both sides changed a file: what somebody decided, else nothing is done."""
    side = decide(path) if decide is not None else None
    if side is None:
        out.conflicts.append(path)
        return there
    out.decided.append(path)
    if side is Newer.MINE:
        return here
    out.taken.append(path)
    return there


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
    result.update((path, content) for path, content in head.items() if folder.get(path) == content)
    result.update(dict.fromkeys(result.keys() - head.keys() - folder.keys()))
    return result


def differing_paths(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """The paths at which two are not the same."""
    return {path for path, content in one.items() if other.get(path) != content} | (other.keys() - one.keys())


def rejected_by_path(causes: Iterable[Cause], *, raw: bool = False) -> dict[str, frozenset[str | None]]:
    """Causes of code, or of `raw` files by whichever source they had come, as `merge` wants them."""
    result: dict[str, set[str | None]] = {}
    for cause in causes:
        if (cause.source is not None) is raw:
            result.setdefault(cause.path, set()).add(cause.content)
    return {path: frozenset(contents) for path, contents in result.items()}
