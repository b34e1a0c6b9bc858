"""Where the files of a catalog lie: one storage, which the catalog names, so that nobody publishes in another one.

A setting that names another place is no move: what is published there, those who look in the first can't read. So the catalog keeps the
storage that it goes on in, and the one that its files were copied to last, with how much had been kept by then: what opens that one
first, while nothing came meanwhile, makes it the home.
"""

from __future__ import annotations

import os
import secrets
import shlex
from pathlib import Path

from andon.base.database import Database, Row, Transaction
from andon.base.postgres_address import is_postgres
from andon.errors import DamagedError, MachineError
from andon.lake.catalogs import is_enlisted, shown
from andon.lake.storage import Storage
from andon.lake.stored_paths import NOTES

_ID = f"{NOTES}/storage"
#: Each grows by what is kept, and never shrinks. What analyses made and wheels of locks no ref names.
_KEPT = (
    "select (select coalesce(max(seq), 0) from reflog) + (select count(*) from analysis_run)"
    " + (select count(*) from kept_package)"
)
_NEXT = "select 1 from home where storage = ? and seen is not null"


class Home:
    """The place of one catalog's files, and whether a storage is it."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage
        self._mine: str | None = None

    def enter(self) -> None:
        """Look whether the storage is where the files of the catalog lie, and keep that it is where nothing else was kept.

        Raises:
            MachineError: `lake.elsewhere` where they lie in another one.
        """
        rows = self._database.query("select storage, url, beside, seen from home")
        home = next((row for row in rows if row[3] is None), None)
        url = shown(self._storage)
        if home is None:
            self._require_enlisted()
            if not self._database.is_read_only:
                self._become()
        elif home[1] == url:
            self._mine = home[0]
        elif (mine := _id_of(self._storage)) == home[0]:
            self._mine = mine
            self._follow(url)
        elif not self._is_next(rows, mine):
            self._require_lost(home[1], home[2])
            self._become()

    def require(self, transaction: Database | Transaction) -> None:
        """Refuse to write rows that name files where the files of the lake lie elsewhere by now.

        Raises:
            MachineError: `lake.elsewhere`.
        """
        if self._mine is None:
            return
        rows = transaction.query("select storage, url from home where seen is null")
        if rows and rows[0][0] != self._mine:
            raise _elsewhere(self._storage, rows[0][1], is_next=bool(transaction.query(_NEXT, [self._mine])))

    def require_whole(self) -> None:
        """Refuse to judge the files of a storage that some were not brought to yet: they are no damage. Who may only read is not told
        whether that is so.

        Raises:
            MachineError: `lake.elsewhere`.
        """
        if not self._database.is_read_only:
            self.require(self._database)

    def is_here(self) -> bool:
        """Whether this storage is it, or nothing says which one is; else files that the catalog names may lie elsewhere alone."""
        rows = self._database.query("select storage from home where seen is null")
        return not rows or rows[0][0] == self._mine

    def seen(self) -> int:
        """How much has been kept: it grows by all that names files for good."""
        return _seen(self._database)

    def expect(self, storage: Storage, seen: int) -> None:
        """Keep that the files of all that was kept until `seen` were copied into a storage: it becomes the home when it is opened before
        anything else is kept."""
        key = _kept_id(storage)
        with self._database.write() as transaction:
            if transaction.query("select 1 from home where storage = ? and seen is null", [key]):
                return
            transaction.execute("delete from home where seen is not null")
            self._keep(transaction, storage, key, seen)

    def _is_next(self, rows: list[Row], mine: str | None) -> bool:
        """Whether files were copied into this storage; it is the home from now on where nothing was kept elsewhere since then."""
        found = next((row for row in rows if row[0] == mine), None)
        if found is None:
            return False
        self._mine = mine
        if not self._database.is_read_only and _seen(self._database) == found[3]:
            with self._database.write() as transaction:
                if _seen(transaction) == found[3]:
                    transaction.execute("delete from home where storage <> ?", [mine])
                    transaction.execute("update home set seen = null where storage = ?", [mine])
        return True

    def _follow(self, url: str) -> None:
        """A folder that was moved or copied with its catalog; machines that share a Postgres may each have a path of their own."""
        if not is_postgres(self._database.place) and not self._database.is_read_only:
            with self._database.write() as transaction:
                transaction.execute(
                    "update home set url = ?, beside = ? where storage = ?",
                    [url, self._beside(self._storage), self._mine],
                )

    def _become(self) -> None:
        try:
            self._mine = _kept_id(self._storage)
        except MachineError:
            return  # a place that can't be written to is told by what writes there
        with self._database.write() as transaction:
            transaction.execute("delete from home")
            self._keep(transaction, self._storage, self._mine, None)

    def _keep(self, transaction: Transaction, storage: Storage, key: str, seen: int | None) -> None:
        row = (key, shown(storage), self._beside(storage), seen)
        transaction.execute("insert into home (storage, url, beside, seen) values (?, ?, ?, ?)", row)

    def _beside(self, storage: Storage) -> str | None:
        """The way from a file of SQLite to a folder: it stays where a project is moved with its lake."""
        if is_postgres(self._database.place) or not storage.shares_locks:
            return None
        return os.path.relpath(shown(storage), self._folder())

    def _folder(self) -> Path:
        return Path(self._database.identity).resolve().parent

    def _require_enlisted(self) -> None:
        """A Postgres that was made before homes were kept: each folder and machine says where its storage is."""
        if not is_postgres(self._database.place) or is_enlisted(self._storage, self._database):
            return
        if self._database.query("select 1 from version where is_view = 0 limit 1"):
            raise _elsewhere(self._storage, None)

    def _require_lost(self, url: str, beside: str | None) -> None:
        """A lake whose folder is gone may be built again elsewhere, or was moved there by hand."""
        if beside is None:
            raise _elsewhere(self._storage, url)
        if beside == self._beside(self._storage):
            return  # where a lake that was moved or copied with its catalog must lie
        if found := next((place for place in (Path(url), self._folder() / beside) if place.exists()), None):
            raise _elsewhere(self._storage, os.path.normpath(found))


def forget_home(database: Database) -> None:
    """Let the storage that opens the catalog next be the home: it was put there with all its files."""
    if database.has_table("home"):
        with database.write() as transaction:
            transaction.execute("delete from home")


def _id_of(storage: Storage) -> str | None:
    """What tells a storage from all others, by whatever path or address it is asked; None where it was never asked for."""
    try:
        return storage.read(_ID).decode()
    except DamagedError:
        return None


def _kept_id(storage: Storage) -> str:
    """The same, made where there is none.

    Raises:
        MachineError: it can't be written there.
    """
    if (found := _id_of(storage)) is not None:
        return found
    storage.write(_ID, secrets.token_hex(16).encode(), durable=True)
    return storage.read(_ID).decode()


def _seen(database: Database | Transaction) -> int:
    """How much has been kept."""
    return int(database.query(_KEPT)[0][0])


def _elsewhere(storage: Storage, url: str | None, *, is_next: bool = False) -> MachineError:
    here = shown(storage)
    if is_next:
        return MachineError(
            "lake.elsewhere",
            f"something was kept in `{url}` after the lake was copied into `{here}`",
            where=here,
            hint=f"`andon lake move --from {shlex.quote(str(url))} {shlex.quote(here)}` brings it, and the lake goes on here",
        )
    told = "is not the one in which this catalog's files lie" if url is None else f"is not where the lake lies: `{url}`"
    line = "the place that all who share this catalog see" if url is None else f"`{url}`"
    return MachineError(
        "lake.elsewhere",
        f"the storage `{here}` {told}",
        where="andon.toml",
        hint=f"let `storage` in andon.toml name {line}; from there `andon lake move {shlex.quote(here)}` takes the lake here",
    )
