"""Long lists of rows in parts that rows share: a list that goes on from another one writes what is new of it, and what leads there.

A list ends a part behind an item by the hash of that item alone, and the ids of its parts are a list of the same kind, until one is left.
So the same list has the same parts, whatever was before, and what was added, taken out or replaced touches the parts around it. In a text
a list stands as a mark and the id of its last part. JSON never has that mark: a text that is not made whole can't be taken for one that is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from andon.base.database import Row, Transaction, in_batches
from andon.base.hashing import digest
from andon.errors import AndonError, MachineError
from andon.lake.row_texts import decompressed

#: So many items stand in the text itself.
MOST = 16
#: About so many are one part (a power of two), and no more than come to so many bytes.
_USUAL, _FULL = 8, 16 << 10
_MARK = b"\x02"
_NAMED = re.compile(rb"\x02([0-9a-f]{64})")
#: So many rows are made whole with the parts that they share at hand, and so many bytes of these are kept for the next ones.
_ROWS, _ROOM = 50, 32 << 20

#: Texts of parts, by id.
Parts = dict[str, bytes]
Query = Callable[[str, Sequence[Any]], list[Row]]


def is_long(items: Sequence[Any]) -> bool:
    """Whether a list is written in parts."""
    return len(items) > MOST


def list_text(items: Sequence[bytes], parts: Parts) -> bytes:
    """What stands for a list in a text. Pure but for `parts`, to which its parts are added.

    Args:
        items: each as JSON, or as it stands for a list itself.
    """
    if not is_long(items):
        return b"[" + b",".join(items) + b"]"
    level = _parted(items, b",", parts)
    while len(level) > 1:
        level = _parted([_MARK + each.encode() for each in level], b"", parts)
    return _MARK + level[0].encode()


def _parted(items: Sequence[bytes], between: bytes, parts: Parts) -> list[str]:
    found: list[str] = []
    start, size = 0, 0
    for end, item in enumerate(items, 1):
        size += len(item)
        # of one item alone nothing would become fewer
        is_last = end - start > 1 and (zlib.crc32(item) % _USUAL == 0 or size >= _FULL)
        if is_last or end == len(items):
            text = between.join(items[start:end])
            key = digest(text)
            parts[key] = text
            found.append(key)
            start, size = end, 0
    return found


def write_parts(transaction: Transaction, parts: Parts, named: Iterable[bytes]) -> None:
    """Write those parts that are not there yet; one that is has all that it leads to.

    Args:
        named: texts in which lists stand.
    """
    fresh: Parts = {}
    waiting = {key for text in named for key in _in(text)}
    while waiting:
        there: set[str] = set()
        for marks, batch in in_batches(sorted(waiting)):
            there.update(row[0] for row in transaction.query(f"select id from list_part where id in ({marks})", batch))
        missing = {key: parts[key] for key in waiting - there}
        fresh |= missing
        waiting = {below for text in missing.values() for below in _in(text)} - fresh.keys()
    transaction.execute_many(
        "insert into list_part (id, body) values (?, ?) on conflict (id) do nothing",
        [(key, zlib.compress(fresh[key], 1)) for key in sorted(fresh)],
    )


def whole(query: Query, rows: Iterable[Row], *, proved: bool = False) -> Iterator[Row]:
    """Rows with their last column, a packed text, made whole: read, with all lists in it.

    Args:
        query: of the database, or of the transaction that may have written the rows.
        proved: each part is compared with its id. A row that can't be made whole comes as it is, and can't be read.

    Raises:
        MachineError: `lake.corrupt` where one can't be, but for `proved`.
    """
    left = iter(rows)
    known: Parts = {}
    while group := list(islice(left, _ROWS)):
        texts = [_text(row[-1], proved) for row in group]
        _read(query, {key for text in texts for key in _in(text or b"")}, known, proved)
        for row, text in zip(group, texts, strict=True):
            if text is None or (proved and not _is_there(text, known)):
                yield row
            else:
                yield (*row[:-1], _expanded(text, known))
        if sum(map(len, known.values())) > _ROOM:
            known.clear()


def without_lists(packed: bytes) -> bytes:
    """A packed text, read; lists of which it has only the parts are empty.

    Raises:
        MachineError: `lake.corrupt`.
    """
    return _NAMED.sub(b"[]", decompressed(packed))


def _text(packed: bytes, proved: bool) -> bytes | None:
    """A packed text, read; None for one that can't be, where that is asked for."""
    try:
        return decompressed(packed)
    except AndonError:
        if not proved:
            raise
        return None


def _read(query: Query, wanted: set[str], known: Parts, proved: bool) -> None:
    """Have all parts at hand that `wanted` lead to; those that are not there are left out."""
    waiting = wanted - known.keys()
    while waiting:
        met = set(waiting)
        for marks, batch in in_batches(sorted(waiting)):
            for key, body in query(f"select id, body from list_part where id in ({marks})", batch):
                text = _text(body, proved)
                if text is not None and (not proved or digest(text) == key):
                    known[key] = text
        waiting = {below for key in met if key in known for below in _in(known[key])} - known.keys()


def _is_there(text: bytes, known: Parts) -> bool:
    return all(key in known and _is_there(known[key], known) for key in _in(text))


def _expanded(text: bytes, known: Parts) -> bytes:
    return _NAMED.sub(lambda found: b"[" + _items(found[1].decode(), known) + b"]", text) if _MARK in text else text


def _items(key: str, known: Parts) -> bytes:
    """The items of a list, as they stand between its brackets."""
    if key not in known:
        raise MachineError(
            "lake.corrupt",
            f"the part `{key[:12]}` of a list is not in the catalog",
            hint="`andon doctor --deep` names what is damaged; it comes back from a backup of the catalog",
        )
    text = known[key]
    return b",".join(_items(each, known) for each in _in(text)) if text.startswith(_MARK) else _expanded(text, known)


def _in(text: bytes) -> list[str]:
    return [each.decode() for each in _NAMED.findall(text)]
