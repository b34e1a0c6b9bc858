"""Which catalogs name files of a storage: what another one names is not left behind, though this one knows nothing of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from andon.base.database import Database
from andon.base.postgres_address import is_postgres
from andon.errors import MachineError
from andon.lake.storage import Storage

_FOLDER = ".catalogs"


def enlist(storage: Storage, catalog: Database) -> bool:
    """Note in a storage that the catalog may name files of it; whether that is new.

    Raises:
        MachineError: it can't be written there.
    """
    note = _note(storage, catalog)
    if storage.exists(note):
        return False
    place = catalog.place if is_postgres(catalog.place) else _known_as(storage, catalog)
    storage.write(note, place.encode(), durable=True)
    return True


def require_own(storage: Storage, catalog: Database) -> None:
    """Refuse a storage in which the files of a catalog never lay: what was published there, nobody else could read.

    A file of SQLite has its storage beside it; of a Postgres each folder and machine says where that is.

    Raises:
        MachineError: `lake.corrupt`.
    """
    if not is_postgres(catalog.place) or storage.exists(_note(storage, catalog)):
        return
    if catalog.query("select 1 from version where is_view = 0 limit 1"):
        raise MachineError(
            "lake.corrupt",
            f"the storage `{_root(storage)}` is not the one in which this catalog's files lie",
            where=catalog.place,
            hint="let `storage` in andon.toml name the folder that all who share this catalog see",
        )


def strike(storage: Storage, catalog: Database) -> None:
    """Take the note away again, of a catalog that did not come to be."""
    storage.delete(_note(storage, catalog))


def other_catalogs(storage: Storage, catalog: Database) -> Iterator[tuple[Path | str, Path]]:
    """The other catalogs that may name files of a storage, files or where a Postgres is, each with the note that says so."""
    root = _root(storage)
    own = root / _note(storage, catalog)
    for note in sorted((root / _FOLDER).glob("[0-9a-f]*")):
        if note != own:
            place = note.read_text(encoding="utf-8")
            yield place if is_postgres(place) else Path(os.path.normpath(root / place)), note


def catalog_mark(storage: Storage, catalog: Database) -> str:
    """What tells a catalog from the others of a storage, wherever the two are moved together."""
    return sha256(_known_as(storage, catalog).encode()).hexdigest()[:16]


def _note(storage: Storage, catalog: Database) -> str:
    return f"{_FOLDER}/{catalog_mark(storage, catalog)}"


def _known_as(storage: Storage, catalog: Database) -> str:
    """A file as it is found from the storage: a lake that is moved or copied as a whole stays the one that it was."""
    if is_postgres(catalog.place):
        return catalog.identity
    return Path(os.path.relpath(catalog.identity, _root(storage))).as_posix()


def _root(storage: Storage) -> Path:
    return Path(storage.engine_path(".")).resolve()
