"""Questions with one exact mark give one answer, and with one shape they do where their values are made one: by chance, over small words,
so that many look alike; judged by the engine."""

from __future__ import annotations

import random
from collections import defaultdict

from andon.sql.facts import read_question

TEXTS = 800


class Questions:
    """A text by chance, of few words. `is_plain`: the same with one value in place of all, and without an order of the result."""

    def __init__(self, seed: int, is_plain: bool = False) -> None:
        self._pick = random.Random(seed)
        self._is_plain = is_plain

    def text(self) -> str:
        return self._with(2)

    def _one(self, *of: str) -> str:
        return self._pick.choice(of)

    def _with(self, depth: int) -> str:
        if depth and self._pick.random() < 0.25:
            name = self._one("x", "y", "t")
            return f"with {name} as ({self._select(depth - 1, [])}) {self._select(depth, [name], True)}"
        return self._select(depth, [], True)

    def _select(self, depth: int, ctes: list[str], is_result: bool = False) -> str:
        table, names = self._from(depth, ctes)
        kind = self._pick.random()
        where = f" where {self._condition(depth, names)}" if self._pick.random() < 0.6 else ""
        if kind < 0.3:
            key = self._one(*self._columns(names))
            by = self._one("1", key, "k")
            named = "k" if by == "k" else self._one("a", "z")
            counted = f"{self._one('sum', 'count', 'max')}({self._one(*self._columns(names))}) as n"
            return f"select {key} as {named}, {counted} from {table}{where} group by {by}"
        columns = ", ".join(
            self._one(*self._columns(names)) + self._one("", " as a", " as b", " as z")
            for _ in range(self._pick.randint(1, 2))
        )
        distinct = self._one("", "", "distinct ")
        end = self._end(names)
        return f"select {distinct}{columns} from {table}{where}{'' if is_result and self._is_plain else end}"

    def _end(self, names: list[str]) -> str:
        return self._one(
            "", "", "", " order by 1", " order by 1 limit 2", f" order by {self._one(*self._columns(names))}"
        )

    def _columns(self, names: list[str]) -> list[str]:
        return ["a", "b", *(f"{name}.{column}" for name in names for column in "ab")]

    def _from(self, depth: int, ctes: list[str]) -> tuple[str, list[str]]:
        first, name = self._table(depth, ctes)
        if self._pick.random() < 0.35:
            second, other = self._table(depth, ctes)
            join = self._one("join", "left join")
            return f"{first} {join} {second} on {name}.{self._one('a', 'b')} = {other}.{self._one('a', 'b')}", [
                name,
                other,
            ]
        return first, [name]

    def _table(self, depth: int, ctes: list[str]) -> tuple[str, str]:
        if depth and self._pick.random() < 0.2:
            name = self._one("q", "t")
            return f"({self._select(depth - 1, ctes)}) {name}", name
        table = self._one("s.t", "s.u", *ctes)
        alias = self._one("", "", "t", "u", "o")
        return f"{table} {alias}".strip(), alias or table.rpartition(".")[2]

    def _condition(self, depth: int, names: list[str]) -> str:
        column, value = self._one(*self._columns(names)), self._one("1", "2")
        forms = [
            f"{column} = {value}",
            f"{value} = {column}",
            f"{column} > {value}",
            f"{value} < {column}",
            f"{column} in (1, 2)",
            f"{column} in (2, 1)",
            f"{column} between 1 and 2",
            f"{column} >= 1 and {column} <= 2",
            f"{column} is null",
            f"not ({column} = {value})",
        ]
        if depth:
            forms += [
                f"{self._condition(depth - 1, names)} {self._one('and', 'or')} {self._condition(depth - 1, names)}",
                f"({self._condition(depth - 1, names)}) and ({self._condition(depth - 1, names)})",
                f"exists (select 1 from s.u {self._one('', 'i')} where {self._one('a', 'b')} = {column})",
                f"{column} in (select {self._one('a', 'b')} from s.u)",
            ]
        found = self._one(*forms)
        return found.replace("1", "2") if self._is_plain else found


def test_one_mark_is_one_answer():
    import duckdb

    engine = duckdb.connect()
    engine.execute(
        "create schema s; create table s.t as select * from (values (1, 2), (2, 1), (2, null), (3, 3)) v(a, b);"
        "create table s.u as select * from (values (1, 1), (2, 3), (null, 2), (1, 2)) v(a, b)"
    )

    def answer(text: str) -> str:
        return str(sorted(map(str, engine.execute(text).fetchall())))

    exact: dict[str, dict[str, str]] = defaultdict(dict)
    shapes: dict[str, dict[str, str]] = defaultdict(dict)
    for seed in range(TEXTS):
        text, plain = Questions(seed).text(), Questions(seed, is_plain=True).text()
        marks = read_question(text)[1]
        assert marks is not None, text
        try:
            exact[marks.exact][text] = answer(text)
            shapes[marks.shape][text] = answer(plain)
        except duckdb.Error:
            continue
    for found in (exact, shapes):
        shared = [answers for answers in found.values() if len(answers) > 1]
        assert len(shared) > 20
        for answers in shared:
            assert len(set(answers.values())) == 1, answers
