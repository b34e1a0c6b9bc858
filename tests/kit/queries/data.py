"""Small datasets with values by chance for the queries of `kit.queries`: few values make matches, ties and empty groups common."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kit.queries.texts import MACROS, SCHEMAS

ROWS = 7

Schemas = Mapping[str, Sequence[tuple[str, str]]]
Tables = dict[str, dict[str, list[str]]]
Rows = list[tuple[Any, ...]]


class Data:
    """The datasets in an engine."""

    def __init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        """A new engine."""
        import duckdb

        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute(f"create schema s; {MACROS[0]}")

    def load(self, tables: Tables, schemas: Schemas = SCHEMAS) -> None:
        """Put these values in place of what was there."""
        import duckdb

        for dataset, columns in schemas.items():
            rows = zip(*(tables[dataset][column] for column, _ in columns), strict=True)
            listed = ", ".join(f"({', '.join(row)})" for row in rows)
            declared = ", ".join(f"{column} {kind}" for column, kind in columns)
            create = f"create or replace table {dataset} ({declared})"
            self.connection.execute(f"{create}; insert into {dataset} values {listed}")
        try:
            self.connection.execute(MACROS[1].replace("create macro", "create or replace macro"))
        except (duckdb.BinderException, duckdb.CatalogException):
            # what it reads is not there
            self.connection.execute("drop macro table if exists kept")

    def run(self, sql: str) -> tuple[list[str], Rows] | None:
        """The columns and rows of a query, or None if it fails."""
        import duckdb

        try:
            found = self.connection.execute(sql)
            return [str(column[0]) for column in found.description], found.fetchall()
        except (duckdb.FatalException, duckdb.InternalException):
            # a defect of the engine's, which takes itself out of use
            self.connect()
            return None
        except duckdb.Error:
            return None


def drawn(pick: random.Random, schemas: Schemas = SCHEMAS) -> Tables:
    """New values for all columns."""
    return {
        dataset: {column: [value(pick, kind) for _ in range(ROWS)] for column, kind in columns}
        for dataset, columns in schemas.items()
    }


def shuffled(tables: Tables, pick: random.Random) -> Tables:
    """The same rows in another order."""
    found: Tables = {}
    for dataset, columns in tables.items():
        order = pick.sample(range(ROWS), ROWS)
        found[dataset] = {column: [values[place] for place in order] for column, values in columns.items()}
    return found


def value(pick: random.Random, kind: str) -> str:
    """A value of a type, as SQL. Sums of the floating-point ones are exact."""

    def number() -> str:
        return "null" if pick.random() < 0.12 else str(pick.randint(0, 4))

    if kind == "INTEGER":
        return number()
    if kind == "DOUBLE":
        return "null" if pick.random() < 0.12 else str(pick.randint(0, 8) / 2)
    if kind == "VARCHAR":
        return "null" if pick.random() < 0.12 else repr(pick.choice("ab1"))
    if kind == "INTEGER[]":
        return f"[{', '.join(number() for _ in range(pick.randint(0, 3)))}]::integer[]"
    return f"{{'u': {number()}, 'v': {number()}}}"


def counted(found: tuple[list[str], Rows], names: Sequence[str] | None = None) -> Counter[str]:
    """The rows without their order, of these columns only."""
    columns, rows = found
    places = [columns.index(name) for name in (columns if names is None else names)]
    return Counter(repr([row[place] for place in places]) for row in rows)
