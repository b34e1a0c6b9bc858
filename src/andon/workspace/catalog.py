"""Opening the database that is a lake's catalog: a file, or a schema of a Postgres."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.database import migrate
from andon.base.files import machine_error
from andon.base.postgres import PostgresDatabase
from andon.base.sqlite import SqliteDatabase
from andon.errors import MachineError
from andon.lake.catalog_copy import CopiedTable, copy_tables
from andon.lake.lake import Lake
from andon.lake.schema import MIGRATIONS as LAKE
from andon.state.schema import MIGRATIONS as STATE

if TYPE_CHECKING:
    from andon.base.database import Database
    from andon.lake.storage import Storage


def open_catalog(place: Path | str, storage: Storage) -> tuple[Database, bool]:
    """The database of a catalog, and whether no lake was in it.

    Args:
        place: a file, or the address of a Postgres.
        storage: the lake's; data that lie there already are those of a catalog that must be there.

    Raises:
        MachineError: `lake.corrupt` where it is not; as the databases raise.
    """
    try:
        is_missing = isinstance(place, Path) and (not place.exists() or place.stat().st_size == 0)
        # before the catalog is read: data come after it. Far away it is asked for only where no lake is found.
        is_used = storage.shares_locks and _is_used(storage)
    except PermissionError as error:
        raise machine_error(error, f"look into `{storage.root.parent}`") from error
    if is_missing and (is_used or (not storage.shares_locks and _is_used(storage))):
        raise _without_lake(place, storage)
    database: Database = SqliteDatabase(place) if isinstance(place, Path) else PostgresDatabase(place)
    is_new = is_missing or not Lake.is_in(database)
    if is_new and not is_missing and not storage.shares_locks:
        is_used = _is_used(storage) and not Lake.is_in(database)  # another process may have made it meanwhile
    if is_new and is_used:
        database.close()
        raise _without_lake(place, storage)
    return database, is_new


def _is_used(storage: Storage) -> bool:
    """Whether data lie there."""
    return next(storage.files("data"), None) is not None


def write_catalog(database: Database, target: Path) -> None:
    """Write a catalog, as it is at one moment, into a new file of SQLite.

    Raises:
        MachineError: as databases raise; `target` may be left in part.
    """
    if isinstance(database, SqliteDatabase):
        database.copy(target)
        return
    file = SqliteDatabase(target)
    try:
        migrate(file, "lake", LAKE)
        migrate(file, "state", STATE)
        copy_tables(database, file)
    finally:
        file.close()


def is_taken(place: Path | str) -> bool:
    """Whether something is where a catalog would come to lie: a file of that name, or a lake in a schema of a Postgres.

    Raises:
        MachineError: as databases raise.
    """
    if isinstance(place, Path):
        return place.exists()
    database = PostgresDatabase(place)
    try:
        return Lake.is_in(database)
    finally:
        database.close()


def fill_catalog(source: Database, target: Database) -> list[CopiedTable]:
    """Copy a catalog into a database in which no lake is, row by row, and read each back; both are brought to today's format.

    Raises:
        MachineError: `lake.corrupt` where what was written does not come back; as databases raise. No lake is left there then.
    """
    for database in (source, target):
        migrate(database, "lake", LAKE)
        migrate(database, "state", STATE)
    return copy_tables(source, target)


def shown_place(place: Path | str) -> str:
    """Where a catalog lies, as it may be told: without who asks a server, and how."""
    return str(place) if isinstance(place, Path) else PostgresDatabase(place).place


def _without_lake(place: Path | str, storage: Storage) -> MachineError:
    """The error for data whose catalog is gone or empty: a new one would name none of them."""
    what = "is not there" if isinstance(place, Path) and not place.exists() else "holds no lake"
    name = f"`{place.name}` " if isinstance(place, Path) else ""
    data = storage.root if storage.shares_locks else storage.url
    return MachineError(
        "lake.corrupt",
        f"the catalog {name}{what}, and the lake's storage holds data that only it can name",
        where=shown_place(place),
        hint=f"look at `catalog` in andon.toml; restore the catalog from a backup, or move `{data}` away to begin with an empty lake",
    )
