"""Which data each dataset's name stands for: a set of names with their relations, seen as an attached in-memory catalog.

A query finds `shop.orders` as a view in its universe's catalog. A view dataset is defined in a catalog of its own over exactly the
inputs that its build names, so that two states of the lake can be read side by side. Views are made when first needed.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable

from andon.base.graph import ordered_below
from andon.base.names import quote, quote_name
from andon.engines.duckdb.failures import lost_file
from andon.engines.duckdb.instance import Instance, file_list
from andon.engines.relation import Relation, TableRelation, ViewRelation, views_in

_counter = itertools.count(1)
#: With more views than that to be made at once, each is first made over empty tables: to make one binds all that it stands on.
_DEEP = 16
_CREATE = re.compile(r"^\s*create\s+(or\s+replace\s+)?(temp(orary)?\s+)?(macro|function)\b", re.IGNORECASE)


class Universe:
    """An attached catalog of an instance.

    Args:
        find: gives the relation of a dataset's name, or None; asked once per name.
        views: catalogs of views that were made, by their keys; those of all universes below one are the same.
    """

    def __init__(
        self, instance: Instance, find: Callable[[str], Relation | None], views: dict[str, Universe] | None = None
    ) -> None:
        self.instance = instance
        self.catalog = f"lake_{next(_counter)}"
        self._find = find
        self._schemas: set[str] = set()
        self._made: set[str] = set()
        self._views: dict[str, Universe] = {} if views is None else views
        self._stubs: dict[str, ViewRelation] = {}
        self._lock = threading.RLock()
        instance.session().connection.execute(f"attach ':memory:' as {quote(self.catalog)}")

    def ensure(self, names: Iterable[str]) -> None:
        """Make the views for `names`; unknown names are left for the engine to report."""
        missing = [name for name in names if name not in self._made]
        if not missing:
            return
        with self._lock:
            for name in missing:
                if name not in self._made:
                    relation = self._find(name)
                    if relation is not None:
                        self._make(name, relation)
                        self._made.add(name)

    def source(self, relation: Relation) -> str:
        """SQL that may stand after FROM and reads `relation`, whatever its name stands for here."""
        with self._lock:
            return self._source(relation)

    def define(self, macros: Iterable[str]) -> None:
        """Make macros in this catalog: seen by what is asked in it, and by nothing else."""
        statements = [_CREATE.sub("create or replace macro", macro, count=1) for macro in macros]
        if statements:
            self._execute_inside(statements)

    def detach(self) -> None:
        """Take the catalog, and those of the views in it, out of the instance; no session may be in it."""
        for universe in self._views.values():
            universe._detach()
        self._detach()

    def _detach(self) -> None:
        self.instance.session().connection.execute(f"detach {quote(self.catalog)}")

    def _execute_inside(self, statements: Iterable[str]) -> None:
        """On a connection of its own: one that is left in a catalog can't bind anything more when that is detached."""
        with self.instance.session().connection.cursor() as connection:
            connection.execute(f"use {quote(self.catalog)}")
            for statement in statements:
                connection.execute(statement)

    def _make(self, name: str, relation: Relation) -> None:
        session = self.instance.session()
        schema = name.partition(".")[0]
        if schema not in self._schemas:
            session.connection.execute(f"create schema if not exists {quote(self.catalog)}.{quote(schema)}")
            self._schemas.add(schema)
        body = f"from {self._source(relation)}"
        try:
            session.connection.execute(f"create or replace view {quote(self.catalog)}.{quote_name(name)} as {body}")
        except Exception as error:
            raise lost_file(error, name) or error from error

    def _source(self, relation: Relation) -> str:
        if isinstance(relation, TableRelation):
            if any("://" in file for file in relation.files):
                self.instance.reach_out()
            return f"read_parquet({file_list(relation.files)})"
        if relation.key not in self._views:
            missing = [view for view in ordered_below(relation, views_in) if view.key not in self._views]
            if len(missing) > _DEEP:
                self._define_many(missing)
            for view in missing:
                if view.key not in self._views:
                    self._views[view.key] = self._defined(view)
        return f"{quote(self._views[relation.key].catalog)}.andon.this"

    def _define_many(self, views: list[ViewRelation]) -> None:
        """Make views, each after those that it reads, at a cost that grows with their number: over empty tables of the same columns first;
        then, from the last one on, views take the place of those tables, while what they read still stands on tables."""
        made: list[str] = []
        try:
            for view in views:
                self._views[view.key] = self._defined(view, stubs=True)
                made.append(view.key)
            for key in reversed(made):
                self._views[key]._fill()
        except BaseException:
            for key in made:
                self._views.pop(key)._detach()
            raise

    def _stub(self, name: str, relation: ViewRelation) -> None:
        """Make an empty table for `name`, unless a table can't have the columns of the view."""
        connection = self.instance.session().connection
        source, table = self._source(relation), f"{quote(self.catalog)}.{quote_name(name)}"
        connection.execute(f"create schema if not exists {quote(self.catalog)}.{quote(name.partition('.')[0])}")
        connection.execute(f"create table {table} as from {source} with no data")
        columns = [connection.execute(f"describe {place}").fetchall() for place in (source, table)]
        if [column[:2] for column in columns[0]] == [column[:2] for column in columns[1]]:
            self._stubs[name] = relation
            self._made.add(name)
        else:  # a NULL without a type, for example
            connection.execute(f"drop table {table}")

    def _fill(self) -> None:
        """Put the views in the place of the empty tables."""
        for name, relation in self._stubs.items():
            self.instance.session().connection.execute(f"drop table {quote(self.catalog)}.{quote_name(name)}")
            self._make(name, relation)
        self._stubs = {}

    def _defined(self, view: ViewRelation, stubs: bool = False) -> Universe:
        """A catalog with one view, over inputs whose catalogs are there; `stubs`: over empty tables where they are views, until `_fill`."""
        own = Universe(self.instance, view.inputs.get, self._views)
        try:
            for name, relation in view.inputs.items() if stubs else ():
                if isinstance(relation, ViewRelation):
                    own._stub(name, relation)
            own.ensure(view.inputs)
            own.define(view.macros)
            own._execute_inside([f"create schema andon; create view andon.this as (\n{view.sql}\n)"])
        except BaseException:
            own._detach()
            raise
        return own
