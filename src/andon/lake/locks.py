"""Who writes files that nothing names yet, and who takes files away: by locks of files, and by rows of the catalog where the storage has
no locks that all machines see."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from andon.base.files import lock_file, machine_error
from andon.errors import ConflictError

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.lake.lease_rows import LeaseRows, RowLease
    from andon.lake.storage import Storage

#: Held by who takes files away, or brings them back.
_LOCK = ".collecting"
_WRITES, _SWEEPS, _COLLECTS = "writes", "sweeps", "collects"
_PAUSE = 0.2
_TAKEN = "somebody takes files of this lake away, or brings them back, at this moment"
_SILENT = "this process was silent for so long that its lease ended: another one may be at it"


class Locks:
    """Locks of one lake.

    Args:
        rows: leases that all machines see; None where the storage's own locks are seen by all.
    """

    def __init__(self, storage: Storage, rows: LeaseRows | None) -> None:
        self._storage = storage
        self.rows = rows
        self._sweeping: RowLease | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While files are written that nothing names yet: none of them is taken for left behind meanwhile. Waits for who looks for such.
        Whoever was silent for so long that it is lost finds out by what it names (see `Going.keep`)."""
        with self._storage.writing():
            if self.rows is None:
                yield
                return
            while (lease := self.rows.take(_WRITES, unless=[_SWEEPS])) is None:
                time.sleep(_PAUSE)
            try:
                yield
            finally:
                lease.drop()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody writes such files; then nobody begins to, until the end of the block."""
        with self._storage.alone() as is_alone:
            lease = None
            if is_alone and self.rows is not None:
                lease = self.rows.take(_SWEEPS, unless=[_WRITES, _SWEEPS])
                is_alone = lease is not None
                self._sweeping = lease or self._sweeping
            try:
                yield is_alone
            finally:
                if lease is not None:
                    self._sweeping = None
                    lease.drop()

    def require_alone(self, transaction: Transaction) -> None:
        """Within `alone`, where it gave that nobody writes: refuse what follows where that is not known any more.

        Raises:
            ConflictError: `lake.busy`.
        """
        lease = self._sweeping
        if lease is not None and not transaction.query("select 1 from lease where id = ?", [lease.id]):
            raise _busy(_SILENT)

    @contextmanager
    def collecting(self) -> Iterator[Callable[[], None]]:
        """While files are taken away or brought back, by one alone. What it gives is to be called before each step that nothing else
        guards: it raises where that was lost.

        Raises:
            ConflictError: `lake.busy`.
        """
        if self.rows is None:
            with self._alone_here():
                yield lambda: None
            return
        lease = self.rows.take(_COLLECTS, unless=[_COLLECTS])
        if lease is None:
            raise _busy(_TAKEN)

        def require() -> None:
            if not lease.holds():
                raise _busy(_SILENT)

        try:
            yield require
        finally:
            lease.drop()

    @contextmanager
    def _alone_here(self) -> Iterator[None]:
        try:
            held = lock_file(self._storage.root / _LOCK, shared=False)
        except PermissionError as error:
            raise machine_error(error, "lock the lake's storage") from error
        except OSError as error:
            raise _busy(_TAKEN) from error
        try:
            yield
        finally:
            os.close(held)


def _busy(message: str) -> ConflictError:
    return ConflictError("lake.busy", message, hint="run the same command again when that is done", retryable=True)
