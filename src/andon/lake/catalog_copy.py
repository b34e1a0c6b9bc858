"""Copying a catalog, row by row, into another database, and saying that the same came to lie there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from andon.base.record import Record
from andon.errors import MachineError

if TYPE_CHECKING:
    from andon.base.database import Database, Row, TableShape, Transaction

_AT_ONCE = 1000
#: Written by bringing a database to its format.
_FORMAT = "format"


class CopiedTable(Record):
    """A table that was copied: how many rows it has, and what they come to."""

    name: str
    rows: int
    digest: str


def copy_tables(source: Database, target: Database) -> list[CopiedTable]:
    """Copy all tables of one catalog into another one that has the same, and no rows; nobody writes into either meanwhile.

    Raises:
        MachineError: `lake.format` where the two don't have the same tables, `lake.corrupt` where what was written does not come back.
    """
    there, wanted = target.tables(), source.tables()
    with source.write() as reading, target.write() as writing:
        if there.keys() != wanted.keys() or any(
            set(there[name].columns) != set(wanted[name].columns) for name in there
        ):
            raise MachineError(
                "lake.format",
                "the two catalogs have other tables",
                where=target.place,
                hint="open both with the same version of Andon first",
            )
        copied = [_copied(name, shape, reading, writing) for name, shape in sorted(wanted.items()) if name != _FORMAT]
        for each in copied:
            if (each.rows, each.digest) != _read_back(each.name, wanted[each.name], writing):
                raise MachineError(
                    "lake.corrupt",
                    f"the table `{each.name}` does not hold what was written into it",
                    where=target.place,
                    hint="nothing was kept of the copy; see whether that database is well",
                )
    return copied


def _copied(name: str, shape: TableShape, reading: Transaction, writing: Transaction) -> CopiedTable:
    marks = ", ".join("?" * len(shape.columns))
    statement = f'insert into "{name}" ({_listed(shape.columns)}) values ({marks})'
    count, digest = 0, sha256()
    for rows in _rows(name, shape, reading):
        writing.execute_many(statement, rows)
        count += len(rows)
        _add(digest, rows)
    return CopiedTable(name, count, digest.hexdigest())


def _read_back(name: str, shape: TableShape, reading: Transaction) -> tuple[int, str]:
    count, digest = 0, sha256()
    for rows in _rows(name, shape, reading):
        count += len(rows)
        _add(digest, rows)
    return count, digest.hexdigest()


def _rows(name: str, shape: TableShape, reading: Transaction) -> Iterator[list[Row]]:
    """All rows in the order of their key, some at once."""
    key, last = shape.key, None
    places = [shape.columns.index(column) for column in key]
    while True:
        after = f" where ({_listed(key)}) > ({', '.join('?' * len(key))})" if last is not None else ""
        rows = reading.query(
            f'select {_listed(shape.columns)} from "{name}"{after} order by {_listed(key)} limit {_AT_ONCE}', last or []
        )
        if rows:
            yield rows
        if len(rows) < _AT_ONCE:
            return
        last = [rows[-1][place] for place in places]


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _add(digest: Any, rows: Sequence[Row]) -> None:
    for row in rows:
        digest.update(repr(row).encode())
