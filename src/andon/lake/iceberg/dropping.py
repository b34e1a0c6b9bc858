"""Taking away Iceberg metadata that names files which are gone, and manifests that no version is shown by any more."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from andon.base.database import in_batches
from andon.errors import DamagedError
from andon.lake.going import TAKEN
from andon.lake.iceberg import avro
from andon.lake.iceberg.location import DERIVED, absolute_in
from andon.lake.iceberg.manifests import MANIFESTS
from andon.lake.iceberg.metadata import list_path
from andon.lake.list_parts import whole
from andon.lake.packing import files_of

if TYPE_CHECKING:
    from andon.lake.lake import Lake
    from andon.lake.storage import Storage


def drop_derived(lake: Lake) -> None:
    """Remove metadata of versions whose files are gone, and, while nobody derives any, manifests that no list names."""
    storage = lake.storage
    derived, _ = _derived(storage)
    gone = {path for path, row in lake.going.all().items() if row.state == TAKEN}
    for marks, batch in in_batches([*derived]):
        sql = f"select id, body from version where id in ({marks})"
        for id, text in whole(lake.database.query, lake.database.query(sql, batch)):
            if any(file.path in gone for file in files_of(text)):
                for path in derived[id]:
                    storage.delete(path)
                shutil.rmtree(storage.root / DERIVED / id, ignore_errors=True)
    with lake.locks.alone() as is_alone:
        if is_alone:
            _drop_manifests(storage)


def _drop_manifests(storage: Storage) -> None:
    derived, manifests = _derived(storage)
    named: set[str] = set()
    for version in derived if manifests else ():
        try:
            named.update(avro.manifests_in(storage.read(list_path(version))))
        except DamagedError:  # derived in part: what a reader starts from is not there, either
            continue
        except ValueError:  # it may name any
            return
    for path in manifests:
        if absolute_in(storage.url)(path) not in named:
            storage.delete(path)


def _derived(storage: Storage) -> tuple[dict[str, list[str]], list[str]]:
    """What lies there, by version, and the manifests that versions share."""
    derived: dict[str, list[str]] = {}
    for path, _ in storage.files(DERIVED):
        derived.setdefault(path.removeprefix(f"{DERIVED}/").partition("/")[0], []).append(path)
    manifests = derived.pop(MANIFESTS.rpartition("/")[2], [])
    return derived, manifests
