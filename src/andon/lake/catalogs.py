"""Which catalogs name files of a storage: what another one names is not left behind, though this one knows nothing of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from andon.lake.storage import Storage

_FOLDER = ".catalogs"


def enlist(storage: Storage, catalog: Path) -> None:
    """Note in a storage that the catalog may name files of it.

    Raises:
        MachineError: it can't be written there.
    """
    note = _note(storage, catalog)
    if not storage.exists(note):
        storage.write(note, _relative(storage, catalog).encode(), durable=True)


def other_catalogs(storage: Storage, catalog: Path) -> Iterator[tuple[Path, Path]]:
    """The other catalogs that may name files of a storage, each with the note that says so."""
    root = _root(storage)
    own = root / _note(storage, catalog)
    for note in sorted((root / _FOLDER).glob("[0-9a-f]*")):
        if note != own:
            yield Path(os.path.normpath(root / note.read_text(encoding="utf-8"))), note


def catalog_mark(storage: Storage, catalog: Path) -> str:
    """What tells a catalog from the others of a storage, wherever the two are moved together."""
    return sha256(_relative(storage, catalog).encode()).hexdigest()[:16]


def _note(storage: Storage, catalog: Path) -> str:
    return f"{_FOLDER}/{catalog_mark(storage, catalog)}"


def _relative(storage: Storage, catalog: Path) -> str:
    """The catalog as it is found from the storage: a lake that is moved or copied as a whole stays the one that it was."""
    return Path(os.path.relpath(catalog.resolve(), _root(storage))).as_posix()


def _root(storage: Storage) -> Path:
    return Path(storage.engine_path(".")).resolve()
