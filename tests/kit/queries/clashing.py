"""Queries by chance over few names, so that they clash: aliases that are columns, CTEs that are tables, schemas that are aliases."""

from __future__ import annotations

import random
import re
from typing import Any

ALIASES = ["a", "b", "o", "x", "A", "O", "c"]
COLUMNS = ["x", "y", "z", "o", "X", "k", "b"]
TABLES = ["s.a", "s.b", "a.b", "s.o", "S.A", "a", "c"]
IDENTIFIER = re.compile(r"(?<![\w'])[a-zA-Z](?!\w)")


def connect() -> Any:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("create schema s; create schema a")
    tables = {
        "s.a": "x, Y",
        "s.b": "x, z",
        "a.b": "x, y",
        "s.o": "o, x",
        "memory.main.a": "x, k",
        "memory.main.c": "x, b",
    }
    for number, (table, columns) in enumerate(tables.items()):
        one, two = columns.split(", ")
        connection.execute(f"create table {table} ({one} integer, {two} integer)")
        connection.execute(f"insert into {table} values ({number * 10 + 1}, {number * 10 + 2}), (1, {number * 10 + 3})")
    return connection


class Writer:
    """Writes queries by chance."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.ctes: list[str] = []

    def one_of(self, *choices: str) -> str:
        return self.pick.choice(choices)

    def chance(self, share: float) -> bool:
        return self.pick.random() < share

    def cased(self, name: str) -> str:
        return name.upper() if self.chance(0.15) else name

    def column(self, scope: list[str]) -> str:
        if scope and self.chance(0.6):
            return f"{self.cased(self.pick.choice(scope))}.{self.cased(self.pick.choice(COLUMNS[:5]))}"
        if self.chance(0.25):
            return f"{self.pick.choice(ALIASES)}.{self.pick.choice(COLUMNS)}"
        if self.chance(0.1):
            return self.one_of("s.a.x", "s.b.x", "a.b.x", "s.o.x")
        return self.cased(self.pick.choice(COLUMNS))

    def expression(self, scope: list[str], depth: int) -> str:
        kind = self.pick.random()
        if depth <= 0 or kind < 0.5:
            return self.column(scope)
        if kind < 0.6:
            return f"{self.expression(scope, depth - 1)} + 1"
        if kind < 0.7:
            return f"max({self.column(scope)}) over ()"
        if kind < 0.77:
            return self.cased(self.pick.choice(scope))
        if kind < 0.87:
            return f"(select max({self.column(scope)}) from {self.tables(depth - 1)[0]})"
        if kind < 0.92:
            return f"struct_pack({self.column(scope)})"
        if kind < 0.96:
            return f"list_transform([1], lambda {self.one_of('x', 'o', 'a')}: {self.expression(scope, depth - 1)})"
        return f"({self.expression(scope, depth - 1)})"

    def table(self, depth: int) -> tuple[str, str]:
        if self.ctes and self.chance(0.35):
            text = name = self.pick.choice(self.ctes)
        elif depth <= 0 or self.chance(0.7):
            text = self.pick.choice(TABLES)
            name = text.split(".")[-1]
        elif self.chance(0.4):
            text = self.one_of("range(2)", "unnest([7])")
            name = text.split("(")[0]
        else:
            text, name = f"({self.query(depth - 1)})", ""
        if not name or self.chance(0.5):
            name = self.pick.choice(ALIASES)
            text += f" as {self.cased(name)}"
        return text, name

    def tables(self, depth: int) -> tuple[str, list[str]]:
        text, name = self.table(depth)
        if not self.chance(0.35):
            return text, [name]
        other, second = self.table(depth)
        join = self.one_of(
            ", {}", " join {} on true", " join {} using (x)", " full join {} using (X)", " natural join {}"
        )
        return text + join.format(other), [name, second]

    def query(self, depth: int) -> str:
        outer, head = self.ctes, ""
        if depth > 0 and self.chance(0.3):
            name = self.one_of("a", "b", "c", "w")
            head = f"with {self.cased(name)} as ({self.query(depth - 1)}) "
            self.ctes = [*outer, name]
        tables, scope = self.tables(depth)
        items = []
        for _ in range(self.pick.choice([1, 1, 2])):
            star = self.one_of("*", f"{scope[0]}.*") if self.chance(0.2) else None
            alias = f" as {self.one_of('x', 'y', 'X', 'n', 'o')}" if self.chance(0.5) else ""
            items.append(star or self.expression(scope, 2) + alias)
        text = f"{head}select {', '.join(items)} from {tables}"
        if self.chance(0.3):
            text += f" where {self.column(scope)} > {self.one_of('1', '2', '11')}"
        if self.chance(0.2):
            text += f" order by {self.column(scope)}"
        self.ctes = outer
        return text

    def edited(self, text: str) -> str:
        """`text` with one name changed, everywhere or in one place."""
        found = list(IDENTIFIER.finditer(text))
        if not found:
            return text
        place = self.pick.choice(found)
        new = self.one_of("a", "b", "o", "x", "c", "w", "p", "A", "X")
        if self.chance(0.6):
            return re.sub(rf"(?<![\w']){place.group()}(?!\w)", new, text)
        return text[: place.start()] + new + text[place.end() :]


def result(connection: Any, text: str) -> str | None:
    import duckdb

    try:
        found = connection.execute(text)
        return repr(([(column[0], str(column[1])) for column in found.description], found.fetchall()))
    except duckdb.Error:
        return None
