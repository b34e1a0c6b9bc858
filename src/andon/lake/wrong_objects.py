"""Objects of the catalog that are not what their id says: texts, trees, commits and versions are named by a hash of what they hold."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from andon.base.database import Database, Row
from andon.base.hashing import digest
from andon.errors import MachineError
from andon.lake.packing import leaves_id, unpack, version_of
from andon.model.commit import commit_id
from andon.model.version import version_id

_PAGE = 500


def wrong_objects(database: Database) -> list[str]:
    """All such objects, as `text 1a2b3c4d5e6f`; the whole catalog is read."""
    found = []
    for name, columns, table, named in (
        ("text", "id, body", "blob", _text),
        ("tree", "id, body", "tree", _tree),
        ("commit", "id, body", "lake_commit", _commit),
        ("version", "id, dataset, is_view, body", "version", _version),
    ):
        found += [f"{name} {row[0][:12]}" for row in _rows(database, columns, table) if not _fits(named, row)]
    return found


def _fits(named: Callable[..., str], row: Row) -> bool:
    try:
        return bool(named(*row) == row[0])
    except (MachineError, zlib.error, ValueError, TypeError, KeyError):
        return False


def _text(_: str, body: bytes) -> str:
    return digest(zlib.decompress(body))


def _tree(_: str, body: bytes) -> str:
    return leaves_id(zlib.decompress(body))


def _commit(_: str, body: bytes) -> str:
    return commit_id(unpack(body))


def _version(id: str, dataset: str, is_view: int, body: bytes) -> str:
    version = version_of(id, dataset, bool(is_view), unpack(body))
    return id if version.is_view else version_id(version.columns, version.files)


def _rows(database: Database, columns: str, table: str) -> Iterator[Row]:
    last = ""
    while rows := database.query(f"select {columns} from {table} where id > ? order by id limit {_PAGE}", [last]):
        yield from rows
        last = rows[-1][0]
