"""The leaves of one schema as a tree of small objects: a commit writes those that changed, and what leads to them.

Up to `MOST` leaves are one object. More are parted by the hashes of their names, into at most sixteen trees of the same kind: the same
leaves are the same tree, whatever was before, and what two trees have alike is one object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from andon.base.record import LEARNING, Record
from andon.lake.packing import leaves_id, leaves_of, leaves_text
from andon.lake.row_texts import damaged_row
from andon.model.commit import Leaf

#: So many leaves are one object.
MOST = 32
_DIGITS = "0123456789abcdef"
#: What a tree of trees begins with: no dataset has such a name.
_MARK = b'{"/":'


class TreeParts(Record):
    """A tree of trees.

    Attributes:
        ids: the tree of names whose hash goes on with each digit; None where there are none.
    """

    ids: tuple[str | None, ...]

    @property
    def held(self) -> tuple[str, ...]:
        """The trees that there are."""
        return tuple(part for part in self.ids if part is not None)


#: An object: leaves by name, or trees.
Node: TypeAlias = "dict[str, Leaf] | TreeParts"

_IDS = msgspec.json.Encoder()
with LEARNING:
    _IDS_READ = msgspec.json.Decoder(dict[str, tuple[str | None, ...]])


def tree_of(leaves: Mapping[str, Leaf]) -> tuple[str, dict[str, bytes]]:
    """The id of the tree that holds `leaves`, and all objects that it is made of, as texts by id. Pure."""
    texts: dict[str, bytes] = {}
    hashed = [(_hash(name), name) for name in leaves] if len(leaves) > MOST else [("", name) for name in leaves]
    return _written(leaves, hashed, 0, texts), texts


def part_for(name: str, parts: TreeParts, depth: int) -> str | None:
    """The tree below `parts` that would hold the dataset `name`; `depth` trees stand above."""
    return parts.ids[int(_hash(name)[depth], 16)]


def node_of(text: bytes) -> Node:
    """The object that a text is.

    Raises:
        MachineError: `lake.corrupt`.
    """
    if not text.startswith(_MARK):
        return leaves_of(text)
    try:
        ids = _IDS_READ.decode(text)["/"]
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError) as error:
        raise damaged_row(error) from error
    if len(ids) != len(_DIGITS):
        raise damaged_row(ValueError(f"a tree of trees has {len(_DIGITS)} places, one has {len(ids)}"))
    return TreeParts(ids)


def leaves_in(key: str, nodes: Mapping[str, Node]) -> dict[str, Leaf]:
    """All leaves of the tree `key`.

    Args:
        nodes: objects by id, all of which it is made.
    """
    node = nodes[key]
    if not isinstance(node, TreeParts):
        return node
    found: dict[str, Leaf] = {}
    for part in node.held:
        found.update(leaves_in(part, nodes))
    return found


def differing(before: Node | None, after: Node | None) -> Iterator[tuple[str | None, str | None]] | None:
    """The pairs of trees below two trees of trees that are not the same; None where one of both holds leaves itself, or nothing."""
    if not isinstance(before, TreeParts) or not isinstance(after, TreeParts):
        return None
    return ((old, new) for old, new in zip(before.ids, after.ids, strict=True) if old != new)


def _written(leaves: Mapping[str, Leaf], hashed: list[tuple[str, str]], depth: int, texts: dict[str, bytes]) -> str:
    if len(hashed) <= MOST:
        text = leaves_text({name: leaves[name] for _, name in hashed})
    else:
        below: dict[str, list[tuple[str, str]]] = {}
        for each in hashed:
            below.setdefault(each[0][depth], []).append(each)
        ids = [_written(leaves, below[digit], depth + 1, texts) if digit in below else None for digit in _DIGITS]
        text = _IDS.encode({"/": ids})
    key = leaves_id(text)
    texts[key] = text
    return key


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
