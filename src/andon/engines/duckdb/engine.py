"""DuckDB as an engine that builds: one instance, narrow or wide, with the datasets of a run by name in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from andon.base.names import quote
from andon.engines.duckdb.capabilities import NARROW, WIDE
from andon.engines.duckdb.failures import translate
from andon.engines.duckdb.instance import Instance, Session
from andon.engines.duckdb.universe import Universe
from andon.engines.duckdb.write import write_apart, write_parquet
from andon.engines.engine import Capabilities, Produced, Recipe, Task, Types, stopped
from andon.engines.relation import Relation, uses_macros
from andon.errors import AndonError
from andon.model.dataset import Definition
from andon.sql.macros import as_temporary, macro_name


class DuckDBEngine:
    """Builds on one instance (see `Engine`); closing it is left to who made the instance.

    Attributes:
        universe: the datasets that were read so far, by name.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._relations: dict[str, Relation] = {}
        self.universe = Universe(instance, self._relations.get)
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def capabilities(self) -> Capabilities:
        """See `Engine`."""
        return NARROW if self.instance.threads == 1 else WIDE

    def facts(self) -> Mapping[str, Any]:
        """See `Engine`."""
        return self.instance.facts()

    def describe(self, recipe: Recipe) -> Types:
        """See `Engine`."""
        with self._at_work(recipe) as (session, catalog):
            return session.columns(catalog, f"\n{recipe.sql}\n")

    def run(self, task: Task) -> Produced:
        """See `Engine`."""
        sql = task.recipe.sql or ""
        with self._at_work(task.recipe) as (session, catalog):
            types = session.columns(catalog, f"\n{sql}\n") if task.types is None else task.types
            columns = task.stored(types)
            rules = task.aside.rules(columns) if task.aside is not None else ()
            try:
                if task.aside is None or not rules:
                    written, aside = write_parquet(session, catalog, sql, types, columns, task.output), 0
                else:
                    written, aside = write_apart(
                        session, catalog, sql, types, columns, task.output, rules, task.aside.output
                    )
            except BaseException:
                Path(task.output).unlink(missing_ok=True)
                if task.aside is not None:
                    Path(task.aside.output).unlink(missing_ok=True)
                raise
        return Produced(columns, written.rows, written.stats, self.facts(), aside=aside)

    def interrupt(self) -> None:
        """See `Engine`."""
        self._stopped.set()
        self.instance.interrupt()

    def close(self) -> None:
        """See `Engine`."""
        self.instance.close()

    @contextmanager
    def _at_work(self, recipe: Recipe) -> Iterator[tuple[Session, str]]:
        """This thread's session at the recipe's time, and the catalog in which its SQL finds inputs and macros."""
        if self._stopped.is_set():
            raise stopped(recipe.dataset)
        try:
            session = self.instance.session()
            session.show(recipe.moment)
            with self._names(session, recipe) as catalog:
                yield session, catalog
        except AndonError:
            raise
        except Exception as error:
            if recipe.explain is not None and not self._stopped.is_set():
                raise recipe.explain(error) from error
            raise translate(error, recipe.definition) from error

    @contextmanager
    def _names(self, session: Session, recipe: Recipe) -> Iterator[str]:
        """Macros are temporary, which costs least. But temporary ones would also stand for those of the same name in the views that the
        SQL reads, which may be of an older text: beside such views they are made in a catalog of their own."""
        definition, inputs = recipe.definition, recipe.inputs
        shadowing = definition.macros and any(uses_macros(relation) for relation in inputs.values())
        if not shadowing and not recipe.is_part and self._agrees(inputs):
            self.universe.ensure(inputs)
            # a table macro is bound where it is made: what it reads must have its name there
            session.at(self.universe.catalog)
            with _macros(session, definition):
                yield self.universe.catalog
            return
        own = Universe(self.instance, inputs.get)
        try:
            own.define(definition.macros)
            own.ensure(inputs)
            yield own.catalog
        finally:
            session.at(self.universe.catalog)
            own.detach()

    def _agrees(self, inputs: Mapping[str, Relation]) -> bool:
        """Whether the names stand for what they stood for before; new ones are taken."""
        with self._lock:
            known = [(self._relations.setdefault(name, relation), relation) for name, relation in inputs.items()]
        return all(one is other or one == other for one, other in known)


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
