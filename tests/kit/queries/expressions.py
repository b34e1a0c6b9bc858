"""Conditions, values, aggregates and windows written by chance, for the queries of `kit.queries`."""

from __future__ import annotations

from abc import ABC, abstractmethod

from kit.draws import Draws

#: With one value whatever the order of the rows.
AGGREGATES = [
    "sum({0})",
    "max({0})",
    "min({0})",
    "count({0})",
    "count(*)",
    "avg({0})",
    "count(distinct {0})",
    "median({0})",
]
AGGREGATES += ["sum({0}) filter (where {1} > 1)", "list_sum(list({0} order by {0}))", "sum(distinct {0})"]
#: Where the engine may choose.
OPEN_AGGREGATES = ["first({0})", "list_sum(list({0} order by {1}))", "arg_max({0}, {1})", "any_value({0})", "mode({0})"]
OPEN_AGGREGATES += ["first({0} order by {1})"]
WINDOWS = [
    "sum({0}) over (partition by {1})",
    "count(*) over (partition by {0})",
    "rank() over (order by {0})",
    "count(*) over ()",
]
WINDOWS += ["sum({0}) over (partition by {1} order by {2})", "dense_rank() over (order by {0}, {1} desc)"]
WINDOWS += [
    "sum({0}) over (order by {1} range between 1 preceding and current row)",
    "max({0}) over (order by {1} groups 1 preceding)",
]
OPEN_WINDOWS = [
    "row_number() over (order by {0})",
    "lag({0}) over (order by {1})",
    "row_number() over (partition by {0})",
]
OPEN_WINDOWS += ["max({0}) over (order by {1} rows between 1 preceding and current row)", "row_number() over ()"]
OPEN_WINDOWS += ["first_value({0}) over (partition by {1} order by {2})", "ntile(2) over (order by {0})"]

#: What can be named: columns and their types.
Scope = list[tuple[str, str]]


class Expressions(ABC):
    """Writes what stands in a SELECT.

    Args:
        says: decides what it says.
        words: decides in which words.
    """

    def __init__(self, says: Draws, words: Draws) -> None:
        self.says = says
        self.words = words
        # most queries leave nothing to the engine
        self.is_open = says.chance(0.2)
        self.names = 0

    @abstractmethod
    def query(self, depth: int, width: int, outer: Scope) -> str:
        """A subquery."""

    def name(self) -> str:
        """A new alias: the letters are words, the number makes it one of a kind."""
        self.names += 1
        return f"{self.words.pick(['q', 'r', 'v', 'tt'])}{self.names}"

    def condition(self, depth: int, scope: Scope) -> str:
        """A condition."""
        kind = self.says.random()
        if depth > 1 and kind < 0.1:
            return f"{self.says.pick(['exists', 'not exists'])} ({self.query(depth - 2, 1, scope)})"
        if depth > 1 and kind < 0.2:
            word = self.says.pick(["in", "not in", "> any", "<= all"])
            return f"{self.integer(scope)} {word} ({self.query(depth - 2, 1, scope)})"
        if kind < 0.3:
            low, high = self.says.number(0, 2), self.says.number(1, 4)
            one = self.integer(scope)
            return self.words.pick([f"{one} between {low} and {high}", f"({one} >= {low} and {high} >= {one})"])
        if kind < 0.4:
            one, first, second = self.integer(scope), self.says.number(0, 2), self.says.number(1, 4)
            forms = [
                f"{one} in ({first}, {second})",
                f"({one} = {second} or {first} = {one})",
                f"not ({one} not in ({second}, {first}))",
            ]
            return self.words.pick(forms)
        if kind < 0.45:
            return f"{self.says.pick([name for name, _ in scope] or ['1'])} is {self.says.pick(['', 'not '])}null"
        if kind < 0.5 and self.of(scope, "VARCHAR"):
            text, mark = self.says.pick(self.of(scope, "VARCHAR")), self.says.pick(["like", "not like", "=", ">"])
            return f"{text} {mark} '{self.says.pick(['1', 'b'])}'"
        mark = self.says.pick([">", "<", "=", "<>", ">=", "is not distinct from"])
        found = self.compared(mark, self.value(0, scope), self.value(0, scope))
        if self.says.chance(0.2):
            word = self.says.pick(["and", "or"])
            parts = [found, self.condition(0, scope)]
            if self.words.chance(0.5):
                parts.reverse()
            found = f"({f' {word} '.join(parts)})"
        return found

    def compared(self, mark: str, one: str, other: str) -> str:
        """A comparison, from either side."""
        turned = {">": "<", "<": ">", ">=": "<=", "=": "=", "<>": "<>", "is not distinct from": "is not distinct from"}
        denied = {">": "<=", "<": ">=", ">=": "<", "=": "<>", "<>": "=", "is not distinct from": "is distinct from"}
        form = self.words.random()
        if form < 0.3:
            return f"{other} {turned[mark]} {one}"
        if form < 0.4:
            return f"not ({one} {denied[mark]} {other})"
        return f"({one} {mark} {other})" if form < 0.5 else f"{one} {mark} {other}"

    def value(self, depth: int, scope: Scope) -> str:
        """A whole number."""
        kind = self.says.random()
        one = self.integer(scope)
        if kind < 0.5:
            return one
        if kind < 0.6:
            other = self.integer(scope)
            return self.words.pick(
                [f"{one} + {other}", f"{other} + {one}", f"({one} + {other})", f"add({one}, {other})"]
            )
        if kind < 0.64:
            return f"{one} - {self.integer(scope)}"
        if kind < 0.7:
            return f"case when {self.condition(0, scope)} then {self.integer(scope)} else 0 end"
        if kind < 0.74:
            other = self.integer(scope)
            return self.words.pick([f"plus({one}, j := {other})", f"({one} + {other})"])
        if kind < 0.78 and self.of(scope, "INTEGER[]"):
            variable = self.words.pick(["e", "f"])
            return f"len(list_filter({self.says.pick(self.of(scope, 'INTEGER[]'))}, lambda {variable}: {variable} > {one}))"
        if kind < 0.82 and self.of(scope, "STRUCT(u INTEGER, v INTEGER)"):
            return f"{self.says.pick(self.of(scope, 'STRUCT(u INTEGER, v INTEGER)'))}.{self.says.pick(['u', 'v'])}"
        if depth > 1 and kind < 0.9:
            name = self.name()
            aggregate = self.says.pick(
                ["max({})", "count({})", "count(*)", "sum({})::bigint"] + ["first({})", "{}"] * self.is_open
            )
            body = self.query(depth - 2, 1, scope)
            tail = " limit 1" if aggregate == "{}" else ""
            return f"(select {aggregate.format(f'{name}.c0')} from ({body}) {name}{tail})"
        if kind < 0.95 and self.of(scope, "DOUBLE"):
            return f"round({self.says.pick(self.of(scope, 'DOUBLE'))})::integer"
        return str(self.says.number(0, 3))

    def aggregate(self, scope: Scope) -> str:
        """An aggregate."""
        return self.filled(self.says.pick(AGGREGATES + OPEN_AGGREGATES * self.is_open), scope)

    def window(self, scope: Scope) -> str:
        """A window."""
        return self.filled(self.says.pick(WINDOWS + OPEN_WINDOWS * self.is_open), scope)

    def filled(self, form: str, scope: Scope) -> str:
        """An aggregate or a window over columns."""
        values = [self.value(0, scope) for _ in range(3)]
        if self.of(scope, "DOUBLE") and self.says.chance(0.3):
            values[0] = self.says.pick(self.of(scope, "DOUBLE"))
        return form.format(*values)

    def integer(self, scope: Scope) -> str:
        """A column, or a number where there is none."""
        found = self.of(scope, "INTEGER")
        return self.says.pick(found) if found else str(self.says.number(0, 3))

    def of(self, scope: Scope, wanted: str) -> list[str]:
        """The columns of a type."""
        return [name for name, kind in scope if kind == wanted]

    def listed(self, columns: list[str]) -> str:
        """A list of columns with their names."""
        return ", ".join(f"{column} as c{index}" for index, column in enumerate(columns))
