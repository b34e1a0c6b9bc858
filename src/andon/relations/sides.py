"""The engines of one run: a narrow instance and, when something is large, a wide one; versions as relations in both.

Most work is done *narrow*: one instance with a single thread, a session per worker, so that results repeat and datasets are handled side
by side. What passes the size limit is done *wide*, with all cores, one at a time. Both are made when first needed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from andon.base.record import Record, replace
from andon.engines.duckdb.engine import DuckDBEngine
from andon.engines.duckdb.fingerprint import fingerprint
from andon.engines.duckdb.instance import Session
from andon.engines.duckdb.opening import Purpose, open_instance
from andon.engines.duckdb.universe import Universe
from andon.engines.engine import EngineSettings
from andon.engines.relation import Relation
from andon.lake.lake import Lake
from andon.model.version import Version
from andon.relations.changed_files import different_files, files_apart
from andon.relations.relations import Relations


def _types(version: Version, columns: Sequence[str] | None) -> list[tuple[str, str]]:
    """Names and types of all columns of a version in their order, or of some whatever theirs."""
    if columns is None:
        return version.types
    return sorted((name, kind) for name, kind in version.types if name in columns)


class Side(Record):
    """One of the two: it builds, and what was built is asked in its sessions."""

    engine: DuckDBEngine

    def session(self) -> Session:
        """The session of this thread."""
        return self.engine.instance.session()

    def source(self, relation: Relation) -> str:
        """SQL that may stand after FROM and reads `relation`."""
        return self.engine.universe.source(relation)

    @contextmanager
    def names(self, relations: Mapping[str, Relation], macros: Iterable[str]) -> Iterator[Any]:
        """This thread's connection with `relations` and `macros` under their names, in a catalog of their own."""
        session = self.session()
        own = Universe(self.engine.instance, relations.get)
        try:
            own.ensure(relations)
            own.define(macros)
            yield session.at(own.catalog)
        finally:
            session.at(self.engine.universe.catalog)
            own.detach()


class Sides:
    """The engines of one run; use as a context manager, which closes them."""

    def __init__(self, lake: Lake, settings: EngineSettings, moment: datetime) -> None:
        self.relations = Relations(lake, by_range=True)
        self.settings = settings
        self._storage = lake.storage
        self._intact = lake.intact
        self._moment = moment
        #: what can be read now is there until these engines are closed
        self._hold = lake.leases.take()
        self._narrow: Side | None = None
        self._wide: Side | None = None
        self._lock = threading.Lock()
        self._wide_turn = threading.Lock()

    def __enter__(self) -> Sides:
        return self

    def __exit__(self, *_: object) -> None:
        for side in (self._narrow, self._wide):
            if side is not None:
                side.engine.close()
        self._hold.release()

    def interrupt(self) -> None:
        """Stop what is running."""
        for side in (self._narrow, self._wide):
            if side is not None:
                side.engine.interrupt()

    @property
    def narrow(self) -> Side:
        """The side for most work."""
        return self._side(wide=False)

    @contextmanager
    def for_size(self, size: int) -> Iterator[Side]:
        """The side for work over `size` bytes of input; only one at a time is wide."""
        if size <= self.settings.wide_above:
            yield self._side(wide=False)
            return
        with self._wide_turn:
            yield self._side(wide=True)

    def hold_the_same(
        self, one: Version, other: Version, columns: Sequence[str] | None = None, *, in_order: bool = True
    ) -> bool:
        """Whether two tables hold the same rows, of `columns` only where they are given. Data files are read that not both have.

        Raises:
            MachineError: `lake.corrupt` where one is not what was written.
        """
        if _types(one, columns) != _types(other, columns):
            return False
        files = files_apart(one.files, other.files) if in_order else different_files(one, other)
        one, other = (replace(v, files=tuple(f)) for v, f in zip((one, other), files, strict=True))
        if not one.files or not other.files:
            return one.rows == other.rows
        for version in (one, other):
            self._intact.require(version.dataset, version.files)
        with self.for_size(one.bytes + other.bytes) as side:
            session = side.session()
            prints = [
                fingerprint(session, version, self._paths(version), columns, in_order=in_order)
                for version in (one, other)
            ]
        return prints[0] == prints[1]

    def fingerprint(self, version: Version) -> str:
        """What the rows of a table come to, whatever their order. Data files are read."""
        with self.for_size(version.bytes) as side:
            return fingerprint(side.session(), version, self._paths(version), in_order=False)

    def _paths(self, version: Version) -> list[str]:
        return [self._storage.engine_path(file.path) for file in version.files]

    def _side(self, wide: bool) -> Side:
        with self._lock:
            side = self._wide if wide else self._narrow
            if side is None:
                instance = open_instance(
                    Purpose.BUILDING, self.settings, wide=wide, moment=self._moment, reach=self._storage.reach
                )
                side = Side(DuckDBEngine(instance))
                if wide:
                    self._wide = side
                else:
                    self._narrow = side
            return side
