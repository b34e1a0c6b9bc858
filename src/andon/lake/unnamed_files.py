"""Files of the storage that nothing names: deleted at once, by who knows that nobody writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.lake.going import DELETING

if TYPE_CHECKING:
    from andon.lake.lake import Lake


def remove_unnamed(lake: Lake, files: Sequence[tuple[str, int]]) -> None:
    """Delete files, given with their sizes, within `Locks.alone`. Where machines know of each other by leases alone, it is noted before:
    a process that was silent for so long that it counts for nobody, and then names one of them, finds out (see `Going.keep`).

    Raises:
        ConflictError: `lake.busy` where this process was silent itself.
        MachineError: they can't be removed.
    """
    if lake.locks.rows is not None and files:
        now = to_text(lake.clock())
        with lake.database.write() as transaction:
            lake.locks.require_alone(transaction)
            transaction.execute_many(
                "insert into going (path, dataset, size, state, epoch, since) values (?, '', ?, ?, 0, ?)"
                " on conflict (path) do update set state = excluded.state",
                [(path, size, DELETING, now) for path, size in files],
            )
    for path, _ in files:
        lake.storage.delete(path)
    if lake.locks.rows is not None and files:
        lake.going.note_gone(path for path, _ in files)
