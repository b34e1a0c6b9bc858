"""Leases as rows of the catalog: what a process holds of a lake whose storage has no locks that all machines see.

A lease holds while its row is there. The process renews it; one that was silent for long, by the clock of the database, loses it to
whoever decides on that, in the transaction that decides. So nobody has to trust a clock of a process: whether a lease holds is looked up.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andon.base.clock import system_clock, to_text
from andon.base.process import is_beside, is_gone, this_process
from andon.base.record import Record
from andon.errors import AndonError

if TYPE_CHECKING:
    from andon.base.database import Database, Transaction

#: A lease that was not renewed for so many seconds ends; each is renewed so often, and sooner again where that failed.
EXPIRES, BEAT, _AGAIN = 120, 30.0, 5.0
_log = logging.getLogger("andon.leases")


class LeaseRow(Record):
    """A lease of some process (see `this_process`), as the catalog has it; of one that reads, since which epoch."""

    id: str
    kind: str
    process: str
    epoch: int
    since: str


class RowLease:
    """A lease of this process.

    Attributes:
        epoch: what its row says.
    """

    def __init__(self, rows: LeaseRows, id: str, epoch: int) -> None:
        self._rows = rows
        self.id = id
        self.epoch = epoch
        self.is_lost = False

    def holds(self) -> bool:
        """Whether it holds still, as the catalog says.

        Raises:
            MachineError: the catalog can't be asked.
        """
        return not self.is_lost and self._rows.is_there(self)

    def drop(self) -> None:
        """Give it back; a second time does nothing."""
        self._rows.drop(self)


class LeaseRows:
    """The leases of this process, and what the catalog says of all. Safe under threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._beat = BEAT
        self._lock = threading.Lock()
        self._mine: dict[str, RowLease] = {}
        self._over = threading.Event()
        #: is called at each beat, before leases are renewed
        self.at_beat: Callable[[], None] | None = None

    def take(
        self, kind: str, unless: Sequence[str] = (), epoch: Callable[[Transaction], int] | None = None
    ) -> RowLease | None:
        """A new lease; None where somebody has one of the kinds `unless`.

        Args:
            epoch: what it says of when somebody began to read, read within its transaction.

        Raises:
            MachineError: as databases raise.
        """
        lease = RowLease(self, secrets.token_hex(16), 0)
        with self._database.write() as transaction:
            if any(row.kind in unless for row in self._standing(transaction)):
                return None
            lease.epoch = epoch(transaction) if epoch is not None else 0
            transaction.execute(
                "insert into lease (id, kind, process, epoch, since, renewed)"
                f" values (?, ?, ?, ?, ?, {self._database.seconds})",
                [lease.id, kind, this_process(), lease.epoch, to_text(system_clock())],
            )
        with self._lock:
            self._mine[lease.id] = lease
            if len(self._mine) == 1:
                self._over = threading.Event()
                threading.Thread(target=self._go_on, args=(self._over,), daemon=True, name="andon-leases").start()
        return lease

    def standing(self) -> list[LeaseRow]:
        """All leases that hold; those that ended are taken away with this.

        Raises:
            MachineError: as databases raise.
        """
        with self._database.write() as transaction:
            return self._standing(transaction)

    def is_there(self, lease: RowLease) -> bool:
        """Whether its row is there."""
        found = bool(self._database.query("select 1 from lease where id = ?", [lease.id]))
        if not found:
            self._lost(lease)
        return found

    def move(self, lease: RowLease, epoch: int) -> None:
        """Let a lease say a later epoch."""
        with self._database.write() as transaction:
            transaction.execute("update lease set epoch = ? where id = ?", [epoch, lease.id])
        lease.epoch = epoch

    def drop(self, lease: RowLease) -> None:
        """See `RowLease.drop`."""
        with self._lock:
            is_known = self._mine.pop(lease.id, None) is not None
            if not self._mine:
                self._over.set()
        if is_known:
            try:
                with self._database.write() as transaction:
                    transaction.execute("delete from lease where id = ?", [lease.id])
            except AndonError as error:  # it ends by itself
                _log.info("a lease could not be given back: %s", error)

    def renew(self) -> None:
        """Renew all of this process; those that ended meanwhile are lost.

        Raises:
            MachineError: as databases raise.
        """
        with self._lock:
            mine = list(self._mine.values())
        if not mine:
            return
        renewing = f"update lease set renewed = {self._database.seconds} where id = ?"
        with self._database.write() as transaction:
            lost = [lease for lease in mine if not transaction.execute(renewing, [lease.id])]
        for lease in lost:
            self._lost(lease)

    def _go_on(self, over: threading.Event) -> None:
        pause = self._beat
        while not over.wait(pause):
            try:
                if self.at_beat is not None:
                    self.at_beat()
                self.renew()
                pause = self._beat
            except AndonError as error:
                _log.warning("leases could not be renewed: %s", error)
                pause = min(self._beat, _AGAIN)

    def _lost(self, lease: RowLease) -> None:
        lease.is_lost = True
        with self._lock:
            self._mine.pop(lease.id, None)
            if not self._mine:
                self._over.set()

    def _standing(self, transaction: Transaction) -> list[LeaseRow]:
        """Take away what ended, and say what is left."""
        now = self._database.seconds
        transaction.execute(f"update lease set renewed = {now} where renewed > {now}")  # the clock was set back
        transaction.execute(f"delete from lease where renewed < {now} - {EXPIRES}")
        rows = [LeaseRow(*row) for row in transaction.query("select id, kind, process, epoch, since from lease")]
        gone = {row.id for row in rows if is_beside(row.process) and is_gone(row.process)}
        transaction.execute_many("delete from lease where id = ?", [(id,) for id in gone])
        return [row for row in rows if row.id not in gone]
