"""Tables in an engine, their profiles, and what is suggested for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from andon.base.names import quote_name
from andon.base.record import replace
from andon.checks.compile.plans import Catalog
from andon.checks.execute.question import Target
from andon.checks.language.parse import parse_check
from andon.model.check import Check
from andon.model.proposed_line import ProposedLine
from andon.model.version import Column, Version
from andon.profiles.make import profile_view
from andon.proposals.facts import Neighbour, Subject
from andon.proposals.propose import candidates, finish
from andon.proposals.trial import Place, try_all
from andon.sql.bind import Binder

if TYPE_CHECKING:
    import duckdb

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Tables:
    """An engine with tables, each a dataset."""

    connection: duckdb.DuckDBPyConnection

    def make(self, name: str, query: str) -> None:
        self.connection.execute(f"create schema if not exists {name.split('.')[0]}")
        self.connection.execute(f"create or replace table {quote_name(name)} as {query}")

    def columns(self, name: str) -> tuple[tuple[str, str], ...]:
        return tuple((row[0], row[1]) for row in self.connection.execute(f"describe {quote_name(name)}").fetchall())

    def profile(self, name: str, masked: tuple[str, ...] = ()):
        columns = tuple(Column(column, kind, i) for i, (column, kind) in enumerate(self.columns(name)))
        return profile_view(self.connection, Version(name, name, columns, is_view=True), quote_name(name), masked)

    def check(self, name: str, line: str, key: tuple[str, ...] = ()) -> Check:
        found = parse_check(line, dataset=name, columns=self.columns(name), key=key)
        assert isinstance(found, Check), found
        return found

    def subject(self, name: str, *lines: str, others: tuple[Neighbour, ...] = (), **given) -> Subject:
        declared = tuple(self.check(name, line, given.get("key", ())) for line in lines)
        masked = given.get("masked", frozenset())
        profile = self.profile(name, tuple(masked))
        return Subject(name, self.columns(name), profile, declared=declared, others=others, **given)

    def neighbour(self, name: str, *key: str, **given) -> Neighbour:
        made = Neighbour(name, self.columns(name), key, **given)
        return replace(made, profile=self.profile(name)) if made.is_upstream else made

    def suggest(self, subject: Subject, *past: str, others: tuple[str, ...] = ()) -> list[ProposedLine]:
        """What is suggested; `past` are tables that hold earlier versions, newest first."""
        names = (subject.dataset, *(one.name for one in subject.others))
        catalog = Catalog({n: self.columns(n) for n in names}, {subject.dataset: subject.key}, {})
        binder = Binder()
        try:
            places = [self.place(subject.dataset, table, past[i + 1 : i + 2]) for i, table in enumerate(past)]
            present = self.place(subject.dataset, subject.dataset, past[:1])
            tried = try_all(subject, candidates(subject), catalog, binder, present, places)
        finally:
            binder.close()
        return finish(subject.dataset, tried)

    def place(self, name: str, table: str, before: tuple[str, ...]) -> Place:
        published = self.target(before[0]) if before else None
        return Place(self.target(table), Others(self), published, self.connection, NOW)

    def target(self, table: str) -> Target:
        return Target(quote_name(table), self.columns(table))


class Others(dict[str, Target]):
    """All other tables."""

    def __init__(self, lake: Tables) -> None:
        rows = lake.connection.execute("select table_schema || '.' || table_name from information_schema.tables")
        super().__init__({name: lake.target(name) for (name,) in rows.fetchall()})


def tables() -> Tables:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set TimeZone = 'UTC'")
    return Tables(connection)
