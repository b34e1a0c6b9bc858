"""Catalogs that come late to a storage: copies of one, made by hand, of which nobody knew until they were opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.lake.catalogs import catalogs_of
from andon.lake.going import TAKEN
from andon.lake.list_parts import whole
from andon.lake.packing import files_of

if TYPE_CHECKING:
    from andon.lake.lake import Lake


def note_what_went(lake: Lake) -> int:
    """Note that data files were taken away which a catalog names that its storage did not know until now; returns how many. Collections of
    the catalog that it was copied from, which knew nothing of it, let them go: they are not lost, and come back as all that is gone does.

    Raises:
        MachineError: as databases and storages raise.
    """
    if len(catalogs_of(lake.storage)) < 2:  # nobody else ever took something away
        return 0
    named: dict[str, tuple[str, int]] = {}
    rows = lake.database.query("select dataset, body from version where is_view = 0")
    for dataset, text in whole(lake.database.query, rows):
        named.update((file.path, (dataset, file.size)) for file in files_of(text))
    there = lake.storage.sizes(named)
    missing = named.keys() - there.keys()
    if not there or not missing:  # a storage with nothing of it is not its own
        return 0
    now = to_text(lake.clock())
    with lake.database.write() as transaction:
        transaction.execute_many(
            "insert into going (path, dataset, size, state, epoch, since) values (?, ?, ?, ?, 0, ?) on conflict (path) do nothing",
            [(path, *named[path], TAKEN, now) for path in sorted(missing)],
        )
    return len(missing)
