"""Random queries whose lineage can be judged: every column that a query gives is an integer, and all data can be drawn anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

SCHEMAS = {
    "s.a": [("x", "integer"), ("y", "integer"), ("z", "integer"), ("l", "integer[]")],
    "s.b": [("x", "integer"), ("k", "integer"), ("p", "struct(u integer, v integer)")],
    "s.c": [("k", "integer"), ("y", "integer"), ("w", "integer")],
}


MACROS = (
    "create macro plus(i, j := 1) as i + j",
    "create macro kept(least) as table select x, y from s.a where z > least",
)


ROWS = 7


AGGREGATES = [
    "sum",
    "max",
    "min",
    "count",
    "unordered",
    "first",
    "list_first",
    "arg_max",
    "ordered",
    "filtered",
    "distinct",
]


WINDOWS = [
    "row_number()",
    "rank()",
    "lag({0})",
    "sum({0})",
    "max({0})",
    "first_value({0})",
    "count(*)",
    "lead({0}, 1, {1})",
]


Scope = list[tuple[str, str]]


class Writer:
    """Writes queries by chance. All columns that a query gives are integers, named `c0`, `c1`, …"""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.ctes: list[tuple[str, int]] = []
        self.names = 0

    def chance(self, share: float) -> bool:
        return self.pick.random() < share

    def name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def whole(self) -> str:
        """The query with what stands before it."""
        parts, recursive = [], False
        for _ in range(self.pick.choice([0, 0, 1, 2])):
            name, width = self.name("t"), self.pick.randint(1, 3)
            if self.chance(0.25):
                recursive = True
                parts.append(f"{name} as ({self.recursion(name, width)})")
            else:
                parts.append(f"{name} as ({self.query(2, width, [])})")
            self.ctes.append((name, width))
        body = self.query(3, self.pick.randint(1, 4), [])
        return f"with {'recursive ' if recursive else ''}{', '.join(parts)} {body}" if parts else body

    def recursion(self, name: str, width: int) -> str:
        scope = [(f"r.c{index}", "integer") for index in range(width)]
        columns = [f"{self.expression(0, scope)} as c{index}" for index in range(width)]
        # the first column counts, so that it ends
        columns[0] = "r.c0 + 1 as c0"
        join = f" join s.c on s.c.k = r.c{width - 1}" if self.chance(0.3) else ""
        word = "union" if self.chance(0.5) else "union all"
        step = f"select {', '.join(columns)} from {name} r{join} where r.c0 < 4"
        return f"({self.core(1, width, [])}) {word} {step}"

    def query(self, depth: int, width: int, outer: Scope) -> str:
        kind = self.pick.random()
        if depth > 1 and kind < 0.15:
            word = self.pick.choice(["union all", "union", "except", "except all", "intersect", "union all by name"])
            return f"({self.query(depth - 1, width, outer)}) {word} ({self.query(depth - 1, width, outer)})"
        if depth > 1 and kind < 0.2 and not outer:
            return self.unpivoted(depth, width)
        if depth > 1 and kind < 0.25 and not outer and width == 2:
            inner = self.query(depth - 1, 3, outer)
            pivot = "pivot (max(c1) for c2 in (1 as c1))"
            return f"select * from (select * from ({inner}) {self.name('q')}) {pivot}"
        return self.core(depth, width, outer)

    def unpivoted(self, depth: int, width: int) -> str:
        inner = self.query(depth - 1, width + 1, [])
        given = [f"c{index}" for index in range(width - 1)]
        columns = ", ".join([*given, f"v as c{width - 1}"])
        return f"select {columns} from ({inner}) unpivot (v for n in (c{width - 1}, c{width}))"

    def core(self, depth: int, width: int, outer: Scope) -> str:
        source, scope = self.source(depth, outer)
        # a list of what is at hand comes first, so that names from outside are used now and then
        all_of = scope + (outer if self.chance(0.5) else [])
        text = f" from {source}"
        if self.chance(0.4):
            text += f" where {self.condition(depth, all_of)}"
        kind = self.pick.random()
        if kind < 0.3:
            return self.grouped(depth, width, text, scope, all_of)
        if kind < 0.5:
            columns = [
                self.windowed(scope) if self.chance(0.5) else self.expression(depth, all_of) for _ in range(width)
            ]
            text = f"select {self.listed(columns)}{text}"
            return text + f" qualify {self.windowed(scope)} > 1" if self.chance(0.3) else text
        columns = [self.expression(depth, all_of) for _ in range(width)]
        if kind < 0.55 and any(of == "integer[]" for _, of in scope):
            columns[-1] = f"unnest({self.of_type(scope, 'integer[]')})"
        if kind > 0.92:
            return f"select distinct {self.listed(columns)}{text}"
        if kind > 0.85:
            key = self.expression(0, scope)
            return f"select distinct on (({key}) + 0) {self.listed(columns)}{text} order by ({key}) + 0, {self.total(scope)}"
        text = f"select {self.listed(columns)}{text}"
        if kind > 0.65:
            text += f" order by {self.total(scope)}" if kind > 0.7 else ""
            if self.chance(0.8):
                text += f" limit {self.pick.randint(1, 5)}"
        return text

    def grouped(self, depth: int, width: int, text: str, scope: Scope, all_of: Scope) -> str:
        keys = [self.expression(0, scope) for _ in range(self.pick.choice([0, 1, 1, 2]))]
        columns = [self.aggregate(all_of, scope) for _ in range(width)]
        for index, key in enumerate(keys[:width]):
            if self.chance(0.7):
                columns[index] = key
        text = f"select {self.listed(columns)}{text}"
        if keys:
            form = self.pick.choice(["{}", "{}", "rollup ({})", "cube ({})", "grouping sets (({}), ())"])
            # a constant in a grouping set would be taken for a position
            text += " group by " + form.format(", ".join(f"({key}) + 0" if key.isdigit() else key for key in keys))
        if self.chance(0.3):
            text += f" having {self.aggregate(scope, scope)} > {self.pick.randint(0, 3)}"
        return text

    def aggregate(self, all_of: Scope, scope: Scope) -> str:
        one, other = self.expression(0, all_of), self.expression(0, scope)
        return {
            "sum": f"sum({one})::bigint",
            "max": f"max({one})",
            "min": f"min({one})",
            "count": f"count({one})",
            "unordered": f"{self.pick.choice(['first({})', 'list({})[2]', 'any_value({})', 'last({})'])}".format(one),
            "first": f"first({one} order by {self.total(scope)})",
            "list_first": f"list({one} order by {self.total(scope)})[1]",
            "arg_max": f"max({one} * 10 + {other})",
            "ordered": f"list_sum(list({one} order by {other})[:2])::bigint",
            "filtered": f"count(*) filter (where {other} > 1)",
            "distinct": f"count(distinct {one})",
        }[self.pick.choice(AGGREGATES if scope else AGGREGATES[:5])]

    def windowed(self, scope: Scope) -> str:
        one, other = self.expression(0, scope), self.expression(0, scope)
        function = self.pick.choice(WINDOWS).format(one, other)
        partition = f"partition by {self.expression(0, scope)} " if self.chance(0.6) else ""
        if function.startswith("rank"):
            return f"rank() over ({partition}order by {other})"
        frame = " rows between 1 preceding and current row" if self.chance(0.2) and "sum" in function else ""
        return f"({function} over ({partition}order by {self.total(scope)}{frame}))::bigint"

    def total(self, scope: Scope) -> str:
        """An order that ties nothing but rows that are equal throughout."""
        # a constant would be taken for a position
        return ", ".join(name for name, _ in self.pick.sample(scope, len(scope))) or "1"

    def source(self, depth: int, outer: Scope) -> tuple[str, Scope]:
        text, scope = self.one_source(depth, [], outer)
        for _ in range(self.pick.choice([0, 0, 1, 1, 2]) if depth > 0 else 0):
            text, scope = self.joined(depth, text, scope, outer)
        return text, scope

    def joined(self, depth: int, text: str, scope: Scope, outer: Scope) -> tuple[str, Scope]:
        kind = self.pick.random()
        if kind < 0.2:
            # lateral: what stands to the left can be read
            right, added = self.one_source(depth - 1, scope, outer)
            return f"{text}, {right}", scope + added
        right, added = self.one_source(depth - 1, [], outer)
        if kind < 0.25:
            return f"{text} cross join {right}", scope + added
        match = f"{self.of_type(scope, 'integer')} = {self.of_type(added, 'integer')}"
        if kind < 0.4:
            word = self.pick.choice(["semi", "anti"])
            return f"{text} {word} join {right} on {match}", scope
        if kind < 0.5:
            near = f"{self.of_type(scope, 'integer')} >= {self.of_type(added, 'integer')}"
            # of equally near rows any may be taken, so only the nearness itself is shown
            shown = near.split(" >= ")[1]
            return f"{text} asof {self.pick.choice(['', 'left '])}join {right} on {near}", [*scope, (shown, "integer")]
        if self.chance(0.3):
            match += f" and {self.condition(0, scope + added)}"
        word = self.pick.choice(["", "left ", "right ", "full "])
        return f"{text} {word}join {right} on {match}", scope + added

    def one_source(self, depth: int, left: Scope, outer: Scope) -> tuple[str, Scope]:
        kind, name = self.pick.random(), self.name("q")
        if left and kind < 0.3 and any(of == "integer[]" for _, of in left):
            return f"unnest({self.of_type(left, 'integer[]')}) {name}(e)", [(f"{name}.e", "integer")]
        if left and kind < 0.4:
            entries = f"({self.expression(0, left)}), ({self.expression(0, left)})"
            return f"(values {entries}) {name}(e)", [(f"{name}.e", "integer")]
        if depth > 0 and kind < 0.6:
            width = self.pick.randint(1, 3)
            return f"({self.query(depth - 1, width, left + outer)}) {name}", self.columns(name, width)
        if self.ctes and kind < 0.75:
            cte, width = self.pick.choice(self.ctes)
            return f"{cte} {name}", self.columns(name, width)
        if kind < 0.8:
            return f"kept(1) {name}", [(f"{name}.x", "integer"), (f"{name}.y", "integer")]
        dataset = self.pick.choice(list(SCHEMAS))
        return f"{dataset} {name}", [(f"{name}.{column}", of) for column, of in SCHEMAS[dataset]]

    def columns(self, name: str, width: int) -> Scope:
        return [(f"{name}.c{index}", "integer") for index in range(width)]

    def condition(self, depth: int, scope: Scope) -> str:
        kind = self.pick.random()
        if depth > 0 and kind < 0.15:
            word = self.pick.choice(["exists", "not exists"])
            return f"{word} ({self.query(depth - 1, 1, scope)})"
        if depth > 0 and kind < 0.3:
            word = self.pick.choice(["in", "not in", "> any", "<= all"])
            return f"{self.expression(0, scope)} {word} ({self.query(depth - 1, 1, scope)})"
        mark = self.pick.choice([">", "=", "<>", "is not distinct from"])
        found = f"{self.expression(depth - 1, scope)} {mark} {self.expression(0, scope)}"
        return f"({found} {self.pick.choice(['and', 'or'])} {self.condition(0, scope)})" if self.chance(0.2) else found

    def expression(self, depth: int, scope: Scope) -> str:
        kind = self.pick.random()
        one = self.of_type(scope, "integer")
        if kind < 0.5 or depth < 0:
            return one
        if kind < 0.6:
            return f"{one} + {self.of_type(scope, 'integer')}"
        if kind < 0.66:
            return f"case when {one} > 1 then {self.of_type(scope, 'integer')} else 0 end"
        if kind < 0.7:
            return f"plus({one}, j := {self.of_type(scope, 'integer')})"
        if kind < 0.75:
            return f"list_sum([{one}, {self.of_type(scope, 'integer')}])::bigint"
        if kind < 0.8 and any(of == "integer[]" for _, of in scope):
            return f"len(list_filter({self.of_type(scope, 'integer[]')}, lambda e: e > {one}))"
        if kind < 0.85 and any(of.startswith("struct") for _, of in scope):
            return f"{self.of_type(scope, SCHEMAS['s.b'][2][1])}.{self.pick.choice(['u', 'v'])}"
        if depth > 0 and kind < 0.92:
            width, name = 1, self.name("q")
            aggregate = self.pick.choice(["max({})", "count({})", "count(*)", "sum({})::bigint"]).format(f"{name}.c0")
            return f"(select {aggregate} from ({self.query(depth - 1, width, scope)}) {name})"
        if depth > 0 and kind < 0.95:
            return f"(exists ({self.query(depth - 1, 1, scope)}))::integer"
        return str(self.pick.randint(0, 3))

    def of_type(self, scope: Scope, wanted: str) -> str:
        found = [name for name, of in scope if of == wanted]
        return self.pick.choice(found) if found else str(self.pick.randint(0, 3))

    def listed(self, columns: list[str]) -> str:
        return ", ".join(f"{column} as c{index}" for index, column in enumerate(columns))


class Data:
    """The datasets in an engine, with values that can be drawn anew."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, list[str]]] = {}
        self.connect()

    def connect(self) -> None:
        """A new engine."""
        import duckdb

        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute(f"create schema s; {MACROS[0]}")

    def draw(self, pick: random.Random) -> None:
        """New values everywhere."""
        self.tables = {
            dataset: {column: [value(pick, kind) for _ in range(ROWS)] for column, kind in columns}
            for dataset, columns in SCHEMAS.items()
        }

    def values(self, sql: str, pick: random.Random, kept: set[tuple[str, str]] | None) -> list[tuple[Any, ...]] | None:
        """The rows of a query with new values in all columns but those kept, or None if it fails."""
        for dataset, columns in SCHEMAS.items():
            drawn = [
                self.tables[dataset][column]
                if kept is None or (dataset, column) in kept
                else [value(pick, kind) for _ in range(ROWS)]
                for column, kind in columns
            ]
            declared = ", ".join(f"{column} {kind}" for column, kind in columns)
            rows = ", ".join(f"({', '.join(row)})" for row in zip(*drawn, strict=True))
            self.connection.execute(
                f"create or replace table {dataset} ({declared}); insert into {dataset} values {rows}"
            )
        for macro in MACROS[1:]:
            self.connection.execute(macro.replace("create macro", "create or replace macro"))
        return self.run(sql)

    def run(self, sql: str) -> list[tuple[Any, ...]] | None:
        """The rows of a query on the values as they lie, or None if it fails."""
        import duckdb

        try:
            return self.connection.execute(sql).fetchall()
        except (duckdb.FatalException, duckdb.InternalException):
            # a defect of the engine's, which takes itself out of use
            self.connect()
            return None
        except duckdb.Error:
            return None

    def repeated(self, sql: str, times: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows that one query gives on the same values, time after time, as often as it does not fail."""
        for _ in range(times):
            found = self.run(sql)
            if found is None:
                return
            yield found


def value(pick: random.Random, kind: str) -> str:
    def number() -> str:
        return "null" if pick.random() < 0.1 else str(pick.randint(0, 4))

    if kind == "integer":
        return number()
    if kind == "integer[]":
        return f"[{', '.join(number() for _ in range(pick.randint(0, 3)))}]::integer[]"
    return f"{{'u': {number()}, 'v': {number()}}}"


DATA = Data()
