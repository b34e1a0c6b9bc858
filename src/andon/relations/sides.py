"""The engines of one run: a narrow instance and, when something is large, a wide one; versions as relations in both.

Most work is done *narrow*: one instance with a single thread, a session per worker, so that results repeat and datasets are handled side
by side. What passes the size limit is done *wide*, with all cores, one at a time. Both are made when first needed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from andon.base.names import quote
from andon.engines.duckdb.instance import Instance, Session
from andon.engines.duckdb.universe import Relation, Universe
from andon.lake.lake import Lake
from andon.model.dataset import Definition
from andon.relations.relations import Relations
from andon.sql.macros import as_temporary, macro_name


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How engines are set: cores for wide tasks, DuckDB's memory limit, from how many bytes of input a task is wide."""

    cores: int
    memory_limit: str
    wide_above: int
    temporary: Path


@dataclass(frozen=True, slots=True)
class Side:
    """An instance with the run's universe in it."""

    instance: Instance
    universe: Universe

    def session(self) -> Session:
        """The session of this thread."""
        return self.instance.session()


class Sides:
    """The engines of one run; use as a context manager, which closes them.

    Attributes:
        versions: `{dataset: version id}`: what names stand for, filled as versions come to be.
    """

    def __init__(self, lake: Lake, settings: EngineSettings, moment: datetime) -> None:
        self.relations = Relations(lake)
        self.versions: dict[str, str] = {}
        self.settings = settings
        self._moment = moment
        self._narrow: Side | None = None
        self._wide: Side | None = None
        self._lock = threading.Lock()
        self._wide_turn = threading.Lock()

    def __enter__(self) -> Sides:
        return self

    def __exit__(self, *_: object) -> None:
        for side in (self._narrow, self._wide):
            if side is not None:
                side.instance.close()

    def interrupt(self) -> None:
        """Stop what is running."""
        for side in (self._narrow, self._wide):
            if side is not None:
                side.instance.interrupt()

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

    @contextmanager
    def names(self, side: Side, definition: Definition, inputs: Mapping[str, str]) -> Iterator[str]:
        """The catalog in which a definition's SQL finds its inputs and macros.

        Macros are temporary, which costs least. But temporary ones would also stand for those of the same name in the views that the
        SQL reads, which may be of an older text: beside such views they are made in a catalog of their own.
        """
        session = side.session()
        if not definition.macros or not any(self.relations.uses_macros(version) for version in inputs.values()):
            # a table macro is bound where it is made: what it reads must have its name there
            session.at(side.universe.catalog)
            with _macros(session, definition):
                yield side.universe.catalog
            return
        own = Universe(side.instance, self._find)
        try:
            own.define(definition.macros)
            own.ensure(definition.inputs)
            yield own.catalog
        finally:
            session.at(side.universe.catalog)
            own.detach()

    def _side(self, wide: bool) -> Side:
        with self._lock:
            side = self._wide if wide else self._narrow
            if side is None:
                settings = self.settings
                instance = Instance(
                    threads=settings.cores if wide else 1,
                    memory_limit=settings.memory_limit,
                    temporary=settings.temporary / ("wide" if wide else "narrow"),
                    moment=self._moment,
                )
                side = Side(instance, Universe(instance, self._find))
                if wide:
                    self._wide = side
                else:
                    self._narrow = side
            return side

    def _find(self, name: str) -> Relation | None:
        version = self.versions.get(name)
        return self.relations.relation(version) if version is not None else None


@contextmanager
def _macros(session: Session, definition: Definition) -> Iterator[None]:
    """The macros of a definition, for as long as its SQL runs."""
    for statement in definition.macros:
        session.connection.execute(as_temporary(statement))
    try:
        yield
    finally:
        for statement in reversed(definition.macros):
            name, is_table = macro_name(statement)
            kind = "macro table" if is_table else "macro"
            session.connection.execute(f"drop {kind} if exists temp.main.{quote(name)}")
