"""Queries written by chance, the same query in other words, and the same query with something changed.

Two streams of chance: what a query *says*, and in which *words*. One stream replayed with another one beside it gives the same query
in other words; one choice changed in the first gives a query that says something else, mostly in one place.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from kit.draws import Draws
from kit.queries.expressions import AGGREGATES, Expressions, Scope

SCHEMAS: dict[str, list[tuple[str, str]]] = {
    "s.a": [("x", "INTEGER"), ("y", "INTEGER"), ("z", "DOUBLE"), ("t", "VARCHAR"), ("l", "INTEGER[]")],
    "s.b": [("x", "INTEGER"), ("k", "INTEGER"), ("p", "STRUCT(u INTEGER, v INTEGER)")],
    "s.c": [("k", "INTEGER"), ("y", "INTEGER"), ("w", "INTEGER")],
}
MACROS = (
    "create macro plus(i, j := 1) as i + j",
    "create macro kept(least) as table select x, y from s.a where y > least",
)

_OUTERMOST = 3


class Writer(Expressions):
    """Writes one query. Its columns are named `c0`, `c1`, …

    Args:
        says: decides what it says.
        words: decides in which words.
        others: decides over columns that are added at the end, or put in the place of others.
        more: how many columns are added; below zero, how many of the first are put in the place of others.
    """

    def __init__(self, says: Draws, words: Draws, others: Draws | None = None, more: int = 0) -> None:
        super().__init__(says, words)
        self.others = others
        self.more = more
        self.before: list[str] = []
        self.ctes: list[tuple[str, int]] = []

    def whole(self) -> str:
        """The query with what stands before it."""
        for _ in range(self.says.pick([0, 0, 0, 1, 2])):
            width = self.says.number(1, 3)
            body = self.query(2, width, [])
            name = self.name()
            self.before.append(f"{name} as ({body})")
            self.ctes.append((name, width))
        recursive = ""
        if self.says.chance(0.06):
            recursive = "recursive "
            text = self.recursion()
            self.before.append(text)
            self.ctes.append((text.split(" ")[0], 1))
        body = self.query(_OUTERMOST, self.says.number(2, 4), [])
        return f"with {recursive}{', '.join(self.before)} {body}" if self.before else body

    def query(self, depth: int, width: int, outer: Scope) -> str:
        """A SELECT or a set operation."""
        if depth > 1 and self.says.chance(0.15):
            word = self.says.pick(
                ["union all", "union all", "union", "except", "intersect", "except all", "union all by name"]
            )
            parts = [f"({self.query(depth - 1, width, outer)})" for _ in range(2)]
            if word == "union all" and self.words.chance(0.5):
                parts.reverse()
            return f" {word} ".join(parts)
        return self.wrapped(self.core(depth, width, outer), width, depth)

    def wrapped(self, text: str, width: int, depth: int) -> str:
        """The query, or a query around it that says the same."""
        if self.words.chance(0.85):
            return text
        name = self.name()
        listed = self.words.pick(["*", ", ".join(f"{name}.c{index}" for index in range(width))])
        listed = "*" if self.more else listed
        if self.words.chance(0.5) and depth < _OUTERMOST:
            return f"(with {name} as ({text}) select {listed} from {name})"
        return f"select {listed} from ({text}) {name}"

    def core(self, depth: int, width: int, outer: Scope) -> str:
        """One SELECT."""
        source, scope = self.source(depth)
        every = scope + (outer if self.says.chance(0.5) else [])
        filters = [self.condition(depth, every) for _ in range(self.says.pick([0, 0, 1, 1, 2]))]
        if self.words.chance(0.5):
            filters.reverse()
        text = f" from {source}" + (f" where {' and '.join(filters)}" if filters else "")
        kind = self.says.random()
        if kind < 0.3:
            return self.grouped(depth, width, text, scope)
        if kind < 0.45:
            columns = [self.window(scope) if self.says.chance(0.5) else self.value(depth, every) for _ in range(width)]
            columns = self.varied(
                depth, columns, lambda: self.window(scope) if self.says.chance(0.5) else self.value(depth, every)
            )
            tail = f" qualify {self.window(scope)} > {self.says.number(0, 2)}" if self.says.chance(0.3) else ""
            return f"select {self.listed(columns)}{text}{tail}"
        columns = [self.value(depth, every) for _ in range(width)]
        if kind < 0.88:
            columns = self.varied(depth, columns, lambda: self.value(depth, every))
        if kind < 0.5 and self.of(scope, "INTEGER[]"):
            columns[-1] = f"unnest({self.says.pick(self.of(scope, 'INTEGER[]'))})"
        if kind > 0.92:
            return f"select distinct {self.listed(columns)}{text}"
        if kind > 0.88:
            return (
                f"select distinct on ({columns[0]}) {self.listed(columns)}{text} order by {columns[0]}, {columns[-1]}"
            )
        select = f"select {self.listed(columns)}{text}"
        if kind > 0.78:
            count = self.says.pick([0, 1, width, width]) if self.is_open else len(columns)
            ordered = [f"c{index}" for index in range(count)]
            select += f" order by {', '.join(ordered)}" if ordered else ""
            select += f" limit {self.says.number(1, 5)}" if self.says.chance(0.8) else ""
        return select

    def grouped(self, depth: int, width: int, text: str, scope: Scope) -> str:
        """A SELECT with aggregates."""
        keys = [self.value(0, scope) for _ in range(self.says.pick([0, 1, 1, 2]))]
        # a number alone would be the place of a column
        keys = [f"{key} + 0" if key.isdigit() else key for key in keys]
        columns = [self.aggregate(scope) for _ in range(width)]
        columns = self.varied(depth, columns, lambda: self.aggregate(scope))
        for index, key in enumerate(keys[:width]):
            if self.says.chance(0.7):
                columns[index] = key
        select = f"select {self.listed(columns)}{text}"
        if not keys:
            return select
        form = self.says.pick(
            ["{}", "{}", "{}", "rollup ({})", "cube ({})", "grouping sets (({}))", "grouping sets (({}), ())"]
        )
        listed = list(reversed(keys)) if form == "{}" and self.words.chance(0.5) else keys
        select += f" group by {form.format(', '.join(f'({key})' for key in listed))}"
        if self.says.chance(0.3):
            select += f" having {self.filled(self.says.pick(AGGREGATES), scope)} > {self.says.number(0, 2)}"
        return select

    def source(self, depth: int) -> tuple[str, Scope]:
        """What stands in FROM, and what can be named."""
        if self.is_open and self.says.chance(0.05):
            # alone: under other joins it takes some versions of the engine down
            one, two = self.name(), self.name()
            scope = [
                (f"{name}.{column}", of)
                for name, of_name in ((one, "s.b"), (two, "s.c"))
                for column, of in SCHEMAS[of_name]
            ]
            return f"(select * from s.b) {one} positional join s.c {two}", scope
        text, scope = self.table(depth)
        for _ in range(self.says.pick([0, 0, 1, 1, 2])):
            if self.says.chance(0.15):
                text, scope = self.hanging(depth, text, scope)
                continue
            other, more = self.table(depth - 1)
            kind = self.says.pick(
                ["inner", "inner", "left", "right", "full", "cross", "semi", "anti"] + ["asof"] * self.is_open
            )
            if kind == "cross":
                text = self.words.pick([f"{text} cross join {other}", f"{text} join {other} on true"])
                scope = scope + more
                continue
            mark = self.says.pick(["=", "=", "=", ">", "<>"])
            one, two = self.integer(scope), self.integer(more)
            on = f"{one} >= {two}" if kind == "asof" else self.compared(mark, one, two)
            if kind in ("inner", "left", "full") and self.says.chance(0.2):
                on += f" and {self.condition(0, scope + more)}"
            if kind == "inner" and self.words.chance(0.3) and " join " not in text + other:
                text, other = other, text
            text = f"{text} {kind} join {other} on {on}"
            scope = scope if kind in ("semi", "anti") else scope + more
        return text, scope

    def hanging(self, depth: int, text: str, scope: Scope) -> tuple[str, Scope]:
        """A table that is made anew for every row of those before."""
        name = self.name()
        lists = self.of(scope, "INTEGER[]")
        if lists and self.says.chance(0.4):
            return f"{text} cross join unnest({self.says.pick(lists)}) {name}(c0)", [*scope, (f"{name}.c0", "INTEGER")]
        body = self.query(max(depth - 2, 0), 1, scope)
        join = self.says.pick(["cross join lateral", "left join lateral"])
        on = " on true" if join.startswith("left") else ""
        return f"{text} {join} ({body}) {name}{on}", [*scope, (f"{name}.c0", "INTEGER")]

    def table(self, depth: int) -> tuple[str, Scope]:
        """One table, whichever way it is written."""
        kind = self.says.random()
        if depth > 1 and kind < 0.2:
            width = self.says.number(1, 3)
            body = self.query(depth - 1, width, [])
            return self.derived(body, width)
        if self.ctes and kind < 0.5:
            cte, width = self.says.pick(self.ctes)
            name = self.name()
            return f"{cte} {name}", [(f"{name}.c{index}", "INTEGER") for index in range(width)]
        name = self.name()
        if kind > 0.95:
            least = self.says.number(0, 2)
            return f"kept({least}) {name}", [(f"{name}.x", "INTEGER"), (f"{name}.y", "INTEGER")]
        if kind > 0.88:
            return self.made(depth, name)
        dataset = self.says.pick(list(SCHEMAS))
        scope = [(f"{name}.{column}", of) for column, of in SCHEMAS[dataset]]
        form = self.words.random()
        if form < 0.15:
            return f"(select * from {dataset}) {name}", scope
        if form < 0.25:
            return (
                f"(select {', '.join(reversed([column for column, _ in SCHEMAS[dataset]]))} from {dataset}) {name}",
                scope,
            )
        return f"{dataset} {'as ' if form < 0.5 else ''}{name}", scope

    def made(self, depth: int, name: str) -> tuple[str, Scope]:
        """A table that is written out or computed."""
        kind = self.says.random()
        scope = [(f"{name}.c0", "INTEGER"), (f"{name}.c1", "INTEGER")]
        if kind < 0.3:
            return f"(select range::integer as c0, 1 as c1 from range({self.says.number(1, 3)})) {name}", scope
        if kind < 0.6:
            rows = [f"({self.says.number(0, 4)}, {self.says.number(0, 4)})" for _ in range(self.says.number(1, 3))]
            return f"(values {', '.join(rows)}) {name}(c0, c1)", scope
        inner = self.query(max(depth - 1, 1), 2, [])
        one, other = self.name(), self.name()
        unpivot = f"(select * from ({inner}) {one} unpivot include nulls (v for n in (c0, c1))) {other}"
        return f"(select {other}.v as c0, len({other}.n) as c1 from {unpivot}) {name}", scope

    def recursion(self) -> str:
        """The body of a recursive CTE with one column, that ends."""
        name = self.name()
        first, step = self.says.number(0, 2), self.says.number(1, 2)
        word = self.says.pick(["union", "union all"])
        join = " join s.c on s.c.k = r.c0" if self.says.chance(0.3) else ""
        limit = self.says.number(2, 5)
        form = self.words.pick([f"r.c0 < {limit}", f"{limit} > r.c0"])
        return f"{name} as (select {first} as c0 {word} select r.c0 + {step} as c0 from {name} r{join} where {form})"

    def derived(self, body: str, width: int) -> tuple[str, Scope]:
        """A subquery in FROM, or a CTE."""
        name = self.name()
        scope = [(f"{name}.c{index}", "INTEGER") for index in range(width)]
        if self.words.chance(0.4):
            other = self.name()
            self.before.append(f"{other} as ({body})")
            return f"{other} as {name}", scope
        return f"({body}) {name}", scope

    def varied(self, depth: int, columns: list[str], column: Callable[[], str]) -> list[str]:
        """The columns of the outermost SELECT, with others among them as it was asked for."""
        if depth < _OUTERMOST or self.others is None:
            return columns
        says, self.says = self.says, self.others
        found = [*columns, *(column() for _ in range(self.more))]
        for index in range(min(-self.more, len(columns))):
            found[index] = column()
        self.says = says
        return found


def query(seed: int) -> tuple[str, list[float]]:
    """A query by chance, and the draws that decided what it says."""
    says = Draws(seed)
    return Writer(says, Draws(seed + 1)).whole(), says.drawn


def reworded(seed: int, drawn: Sequence[float], words: int) -> str:
    """The query of these draws in other words."""
    return Writer(Draws(seed, drawn), Draws(words)).whole()


def changed(seed: int, drawn: Sequence[float], pick: random.Random) -> str:
    """The query of these draws with one draw changed, in the same words or others."""
    other = list(drawn)
    other[pick.randrange(len(other))] = pick.random()
    return Writer(Draws(seed + 7, other), Draws(pick.choice([seed + 1, pick.randrange(10**9)]))).whole()


def varied(seed: int, drawn: Sequence[float], pick: random.Random, more: int) -> str:
    """The query of these draws with columns added to its outermost SELECT, or put in the place of others (`more` below zero)."""
    words = Draws(pick.choice([seed + 1, pick.randrange(10**9)]))
    return Writer(Draws(seed, drawn), words, Draws(pick.randrange(10**9)), more).whole()
