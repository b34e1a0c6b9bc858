"""Which catalogs name files of a storage: what another one names is not left behind, though this one knows nothing of it."""

from __future__ import annotations

import os
import platform
import re
import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from andon.base.database import Database
from andon.base.postgres_address import is_postgres
from andon.lake.storage import Storage
from andon.lake.stored_paths import NOTES

_NAME = re.compile("[0-9a-f]+")


def enlist(storage: Storage, catalog: Database, of: Database | None = None, *, anew: bool = False) -> bool:
    """Note in a storage that the catalog may name files of it; whether that is new.

    Args:
        of: where its lake is now, of a catalog that is to come.
        anew: look there, whatever this machine knows of it.

    Raises:
        MachineError: it can't be written there.
    """
    note = _note(storage, catalog)
    if anew:
        storage.forget([note])
    if storage.exists(note):
        return False
    place = catalog.place if is_postgres(catalog.place) else _known_as(storage, catalog)
    if not storage.shares_locks and not is_postgres(catalog.place):
        place = f"{place}\n{lake_id(of or catalog)}"
    storage.write(note, place.encode(), durable=True)
    return True


def catalogs_of(storage: Storage) -> frozenset[str]:
    """The marks of the catalogs that may name files of a storage."""
    return frozenset(name for name in storage.names(NOTES) if _NAME.match(name))


def is_enlisted(storage: Storage, catalog: Database) -> bool:
    """Whether a storage has the note of a catalog."""
    return storage.exists(_note(storage, catalog))


def strike(storage: Storage, catalog: Database) -> None:
    """Take the note away again, of a catalog that did not come to be."""
    storage.delete(_note(storage, catalog))


def other_catalogs(storage: Storage, catalog: Database) -> Iterator[tuple[Path | str, str]]:
    """The other catalogs that may name files of a storage, files or where a Postgres or another machine has them, each with where the
    note lies that says so."""
    own = _note(storage, catalog)
    for name in storage.names(NOTES):
        note = f"{NOTES}/{name}"
        if _NAME.match(name) and note != own:
            place = storage.read(note).decode()
            where = f"{shown(storage)}/{note}"
            if is_postgres(place) or storage.shares_locks:
                yield place if is_postgres(place) else Path(os.path.normpath(_root(storage) / place)), where
                continue
            machine, _, rest = place.partition(":")
            file, _, lake = rest.partition("\n")
            if machine != platform.node():
                yield f"{file} of {machine}", where
            elif Path(file).exists() or lake != _lake(catalog):  # else it is this one, before its folder was moved
                yield Path(file), where


def catalog_mark(storage: Storage, catalog: Database) -> str:
    """What tells a catalog from the others of a storage, wherever the two are moved together."""
    return sha256(_known_as(storage, catalog).encode()).hexdigest()[:16]


def _note(storage: Storage, catalog: Database) -> str:
    return f"{NOTES}/{catalog_mark(storage, catalog)}"


def _known_as(storage: Storage, catalog: Database) -> str:
    """A file as it is found from the storage: a lake that is moved or copied as a whole stays the one that it was."""
    if is_postgres(catalog.place):
        return catalog.identity
    if not storage.shares_locks:  # one of several machines, each of which has such a path
        return f"{platform.node()}:{Path(catalog.identity).resolve()}"
    return Path(os.path.relpath(catalog.identity, _root(storage))).as_posix()


def _lake(catalog: Database) -> str:
    """The id of the lake in a catalog; empty where it never had one."""
    rows = catalog.query("select id from identity") if catalog.has_table("identity") else []
    return str(rows[0][0]) if rows else ""


def lake_id(catalog: Database) -> str:
    """What tells the lake of a catalog from all others: made by chance when it is first asked for, and kept there."""
    rows = catalog.query("select id from identity")
    if not (found := str(rows[0][0]) if rows else ""):
        with catalog.write() as transaction:
            if not (rows := transaction.query("select id from identity")):
                rows = [(secrets.token_hex(16),)]
                transaction.execute("insert into identity (id) values (?)", rows[0])
        found = str(rows[0][0])
    return found


def _root(storage: Storage) -> Path:
    return storage.root.resolve()


def shown(storage: Storage) -> str:
    """Where a storage is, as it may be told: the folder without links, or the address."""
    return str(_root(storage)) if storage.shares_locks else storage.url
