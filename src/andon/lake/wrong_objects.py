"""Objects of the catalog that are not what their id says: texts, definitions, trees, commits and versions are named by a hash of what
they hold; of builds, which are facts and have ids by chance, only whether they can be read."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from andon.base.database import Database, Row, in_batches
from andon.base.hashing import digest
from andon.base.record import Record
from andon.errors import AndonError, MachineError
from andon.lake.analysis_runs import run_of
from andon.lake.list_parts import whole
from andon.lake.packing import build_of, definition_of, fields, leaves_id, unpack, version_of
from andon.model.commit import Commit, commit_id
from andon.model.dataset import definition_id
from andon.model.version import version_id

_PAGE = 500


class ObjectKind(Record):
    """Objects of one kind, and where they are.

    Attributes:
        columns: those of its rows in `table`; the id is the first.
        fits: whether a row is what its id says; it may raise where the row can't be read.
        has_lists: whether long lists of its rows stand in parts.
    """

    name: str
    table: str
    columns: str
    fits: Callable[..., bool]
    has_lists: bool = False


def _text(id: str, body: bytes) -> bool:
    return digest(zlib.decompress(body)) == id


def _definition(id: str, entry: str, meaning: str, body: str, seal: str | None) -> bool:
    found = definition_of(body)
    if (found.id, found.entry, found.meaning) != (id, entry, meaning):
        return False
    if seal is not None:
        return digest(body.encode()) == seal
    # what a correction adds is not of its file
    return found.corrected is not None or definition_id(found.dataset, found.meaning, found.uses) == id


def _tree(id: str, body: bytes) -> bool:
    return leaves_id(zlib.decompress(body)) == id


def _commit(id: str, parent: str | None, generation: int, kind: str, run: int | None, time: str, body: bytes) -> bool:
    held = unpack(body)
    found = Commit.from_body(id, fields(held))
    beside = (found.parent, found.generation, str(found.kind), found.run, found.time)
    return commit_id(held) == id and beside == (parent, generation, kind, run, time)


def _version(id: str, dataset: str, is_view: int, rows: int | None, size: int, text: bytes) -> bool:
    version = version_of(id, dataset, bool(is_view), text)
    if (version.rows, version.bytes) != (rows, size) and not version.is_view:
        return False
    return version.is_view or version_id(version.columns, version.files) == id


def _build(*row: object) -> bool:
    return bool(build_of(row).id)


def _analysis_run(id: str, name: str, number: int, body: bytes) -> bool:
    run = run_of(body)
    return run.id == id and run.content() == run.version and (run.name, run.number) == (name, number)


TEXT = ObjectKind("text", "blob", "id, body", _text)
DEFINITION = ObjectKind(
    "definition",
    "definition",
    "id, entry, meaning, body, (select sha256 from definition_seal s where s.id = definition.id)",
    _definition,
)
TREE = ObjectKind("tree", "tree", "id, body", _tree)
COMMIT = ObjectKind("commit", "lake_commit", "id, parent, generation, kind, run, time, body", _commit)
VERSION = ObjectKind("version", "version", "id, dataset, is_view, rows, bytes, body", _version, has_lists=True)
BUILD = ObjectKind(
    "build", "build", "id, key, dataset, definition, version, run, created, body", _build, has_lists=True
)
_PART = ObjectKind("list part", "list_part", "id, body", _text)

ANALYSIS_RUN = ObjectKind("analysis run", "analysis_run", "id, name, number, body", _analysis_run)

_KINDS = (TEXT, DEFINITION, TREE, COMMIT, VERSION, BUILD, _PART, ANALYSIS_RUN)


def wrong_objects(database: Database) -> list[str]:
    """All such objects, as `text 1a2b3c4d5e6f`; the whole catalog is read."""
    return [
        f"{kind.name} {str(row[0])[:12]}"
        for kind in _KINDS
        for row in _all_rows(database, kind)
        if not is_right(kind, row)
    ]


def right_rows(database: Database, kind: ObjectKind) -> Iterator[Row]:
    """The rows of all objects of a kind that are what their id says."""
    return (row for row in _all_rows(database, kind) if is_right(kind, row))


def is_right(kind: ObjectKind, row: Row) -> bool:
    """Whether an object can be read, and is what its id says."""
    try:
        return kind.fits(*row)
    except (AndonError, zlib.error, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def rows_of(database: Database, kind: ObjectKind, ids: Iterable[str]) -> Iterator[Row]:
    """The rows of these objects, whole; of those that are not there none, of those that the database itself can't read the id alone."""
    for marks, batch in in_batches(ids):
        rows = _readable(database, kind, f"id in ({marks})", batch)
        yield from whole(database.query, rows, proved=True) if kind.has_lists else rows


def _all_rows(database: Database, kind: ObjectKind) -> Iterator[Row]:
    last = ""
    sql = f"select id from {kind.table} where id > ? order by id limit {_PAGE}"
    while ids := [str(row[0]) for row in database.query(sql, [last])]:
        yield from rows_of(database, kind, ids)
        last = ids[-1]


def _readable(database: Database, kind: ObjectKind, which: str, ids: Sequence[str]) -> list[Row]:
    try:
        return database.query(f"select {kind.columns} from {kind.table} where {which}", ids)
    except MachineError:  # a text that is none
        if len(ids) > 1:
            return [row for id in ids for row in _readable(database, kind, "id = ?", [id])]
        return database.query(f"select id from {kind.table} where id = ?", ids)
