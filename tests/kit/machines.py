"""Several machines on one lake, in one process: a storage whose locks nobody else sees, and a catalog whose clock a test sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from andon.base.sqlite import SqliteDatabase
from andon.lake.lake import Lake
from andon.lake.lease_rows import LeaseRows
from andon.lake.local_storage import LocalStorage


class MachineStorage(LocalStorage):
    """The storage as one machine of several has it."""

    shares_locks = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """See `Storage.writing`: nobody else sees it."""
        yield

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """See `Storage.alone`: nobody else is seen."""
        yield True


class ClockedDatabase(SqliteDatabase):
    """A catalog whose clock shows what `clock` says."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        super().__init__(path)
        self._clock = clock

    @property
    def seconds(self) -> str:
        """See `Database`."""
        return repr(float(self._clock()))


def rows_of(lake: Lake) -> LeaseRows:
    """The leases of a process."""
    rows = lake.locks.rows
    assert rows is not None
    return rows
