"""Which processes of all machines read a lake, as `leases` tells of one machine: by rows of the catalog.

Who begins to read and who closes files do so one after the other, as the catalog's writers. A row that says an earlier epoch than is read
by holds more, and is only moved on from time to time: most questions write nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from andon.base.process import spoken
from andon.errors import MachineError
from andon.lake.leases import Hold, ReaderNote, reading_all

if TYPE_CHECKING:
    from andon.base.database import Database, Transaction
    from andon.lake.lease_rows import LeaseRows, RowLease

READS = "reads"
_EPOCH = "select coalesce(max(number), 0) from epoch"
#: Who may not write the catalog, or has no room to, reads all the same, and is told where a file is gone.
_GUEST = ("machine.read_only", "machine.disk")


class _RowHold(Hold):
    def __init__(self, leases: SharedLeases, epoch: int, lease: RowLease | None) -> None:
        super().__init__(leases, epoch)
        self.lease = lease


class SharedLeases:
    """Holds of this process, and of all others (see `leases.Leases`). Safe under threads.

    Args:
        look: is told the epoch in which somebody begins to read.
    """

    def __init__(self, database: Database, rows: LeaseRows, look: Callable[[int], None]) -> None:
        self._database = database
        self._rows = rows
        self._look = look
        self._lock = threading.RLock()
        self._holds: dict[int, _RowHold] = {}
        self._lease: RowLease | None = None
        self._is_closed = False
        rows.at_beat = self.settle

    def take(self) -> Hold:
        """Hold all that can be read now. A lease that was lost meanwhile is taken again: earlier holds are lost with it.

        Raises:
            MachineError: the catalog can't be asked.
        """
        with self._lock:
            epoch = self._epoch_held()
            if epoch is None:
                self._lease = self._taken()
                epoch = self._lease.epoch if self._lease is not None else self._epoch()
            hold = _RowHold(self, epoch, self._lease)
            self._holds[id(hold)] = hold
            self._look(epoch)
            return hold

    @contextmanager
    def reading(self) -> Iterator[Hold]:
        """Hold it for the length of a block."""
        hold = self.take()
        try:
            yield hold
        finally:
            hold.release()

    def reading_all(self) -> AbstractContextManager[Hold]:
        """See `leases.reading_all`."""
        return reading_all(self)

    def give(self, hold: Hold) -> None:
        """See `Hold.release`."""
        with self._lock:
            self._holds.pop(id(hold), None)
            if self._is_closed:
                self._tidy()

    def holds(self, hold: Hold) -> bool:
        """See `Hold.holds`. Of who may take none it is so while nothing is closed."""
        lease = hold.lease if isinstance(hold, _RowHold) else None
        return self._epoch() == hold.epoch if lease is None else lease.holds()

    def close(self) -> None:
        """Give the lease back: now, or with the last hold."""
        with self._lock:
            self._is_closed = True
            self._tidy()

    def others(self) -> list[ReaderNote]:
        """Who reads now, this process among them.

        Raises:
            MachineError: as databases raise.
        """
        self.settle()
        return [
            ReaderNote(row.epoch, spoken(row.process), row.since) for row in self._rows.standing() if row.kind == READS
        ]

    def settle(self) -> None:
        """Let the row of this process say what it reads, no more.

        Raises:
            MachineError: as databases raise.
        """
        with self._lock:
            if self._lease is None:
                return
            oldest = min((hold.epoch for hold in self._holds.values() if hold.lease is self._lease), default=None)
            if oldest is None:
                self._tidy()
            elif oldest > self._lease.epoch:
                self._rows.move(self._lease, oldest)

    def _tidy(self) -> None:
        if self._lease is not None and not any(hold.lease is self._lease for hold in self._holds.values()):
            lease, self._lease = self._lease, None
            lease.drop()

    def _epoch_held(self) -> int | None:
        """What epoch it is, where the lease holds that is there."""
        if self._lease is None or self._lease.is_lost:
            return None
        sql = f"select ({_EPOCH}), (select count(*) from lease where id = ?)"
        ((epoch, there),) = self._database.query(sql, [self._lease.id])
        return int(epoch) if there else None

    def _taken(self) -> RowLease | None:
        def epoch(transaction: Transaction) -> int:
            return int(transaction.query(_EPOCH)[0][0])

        try:
            return self._rows.take(READS, epoch=epoch)
        except MachineError as error:
            if error.code not in _GUEST:
                raise
            return None

    def _epoch(self) -> int:
        return int(self._database.query(_EPOCH)[0][0])
