"""Through which dataset an answer moved: those it rests on that are other ones now, furthest upstream first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from andon.base.document import Document
from andon.base.graph import reach, topological
from andon.model.commit import Leaf


class DatasetMove(StrEnum):
    """`data`: other rows, by the same code. `code`: it is made in another way. `new`, `gone`: it is there, or not, since."""

    DATA = "data"
    CODE = "code"
    NEW = "new"
    GONE = "gone"


class MovedDataset(Document):
    """A dataset that is another one than when an answer was pinned.

    Attributes:
        is_origin: whether nothing above it moved: it began here.
        command: shows which rows differ.
    """

    dataset: str
    change: DatasetMove
    is_origin: bool
    before: str | None
    after: str | None
    command: str


def moved_through(
    used: Iterable[str],
    needs: Mapping[str, Iterable[str]],
    before: Mapping[str, Leaf],
    after: Mapping[str, Leaf],
    refs: tuple[str, str],
) -> tuple[MovedDataset, ...]:
    """What moved between two commits, of `used` and all that these are made of.

    Args:
        needs: by dataset what it is made of, then or now.
        before, after: their leaves.
        refs: how the two commits are named in a command.
    """
    own = set(used)
    rests = own | reach(needs, own)
    moved = {name for name in rests if _version(before.get(name)) != _version(after.get(name))}
    inner = {name: [each for each in needs.get(name, ()) if each in rests] for name in rests}
    found = []
    for name in topological(inner):
        if name in moved:
            was, now = before.get(name), after.get(name)
            is_origin = reach(inner, [name]).isdisjoint(moved)
            command = f"andon diff {refs[0]} {refs[1]} --rows {name}"
            found.append(MovedDataset(name, _change(was, now), is_origin, _version(was), _version(now), command))
    return tuple(sorted(found, key=lambda each: not each.is_origin))


def _version(leaf: Leaf | None) -> str | None:
    return leaf.version if leaf is not None else None


def _change(before: Leaf | None, after: Leaf | None) -> DatasetMove:
    if before is None:
        return DatasetMove.NEW
    if after is None:
        return DatasetMove.GONE
    return DatasetMove.CODE if before.definition != after.definition else DatasetMove.DATA
