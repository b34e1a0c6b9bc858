"""Which names of a text are CTEs and which are files: judged by the engine, over queries with many nested names by chance.

The engine has no files to read, so it says of a text that binds a file's name that it may not read it.
"""

from __future__ import annotations

import random

import pytest

from andon.sql.facts import read_facts

NAMES = ["c.csv", "C.csv", "ä.csv", "Ä.csv", "q"]
Scope = tuple[str, ...]


class Texts:
    """Queries by chance; `scope` are names that are probably CTEs there, `so_far` those of recursions `using key`."""

    def __init__(self, seed: int) -> None:
        self._pick = random.Random(seed)

    def query(self, depth: int, scope: Scope = (), so_far: Scope = ()) -> str:
        head = ""
        if depth > 0 and self._chance(0.8):
            recursive = self._chance(0.7)
            entries = []
            for name in self._pick.sample(NAMES, self._pick.randint(1, 2)):
                if recursive and self._chance(0.7):
                    entries.append(self._recursion(name, depth, scope, so_far))
                else:
                    kind = self._pick.choice(["", "materialized ", "not materialized "])
                    entries.append(f'"{name}"(a) as {kind}({self.query(depth - 1, scope, so_far)})')
                scope = (*scope, name)
            head = f"with {'recursive ' if recursive else ''}{', '.join(entries)} "
        body = self._select(depth, scope, so_far)
        if self._chance(0.2):
            body = f"({body}) union all ({self.query(depth - 1, scope, so_far)})"
        return head + body

    def _recursion(self, name: str, depth: int, scope: Scope, so_far: Scope) -> str:
        by_key = self._chance(0.3)
        head, inside = "", scope
        if self._chance(0.3):
            inner = self._pick.choice(NAMES)
            seen = (*scope, name) if self._chance(0.1) else scope
            head, inside = f'with "{inner}"(a) as ({self._select(depth - 1, seen, ())}) ', (*scope, inner)
        first = self.query(depth - 2, inside, so_far)
        then = f"({self.query(depth - 2, (*inside, name, name), (*so_far, name) if by_key else so_far)})"
        if by_key or self._chance(0.7):
            then = f"select a from {then} z where a > 9"
        every = "" if by_key else self._pick.choice(["all ", ""])
        return f'"{name}"(a){" using key (a)" if by_key else ""} as ({head}({first}) union {every}({then}))'

    def _select(self, depth: int, scope: Scope, so_far: Scope) -> str:
        if self._chance(0.3):
            return "select 1 a"
        value = f'(select max(a) from "{self._name(scope)}")' if self._chance(0.3) else "1"
        text = f"select {value} a from {self._table(depth, scope, so_far)}"
        return text + (f" where exists (from {self._table(depth - 1, scope, so_far)})" if self._chance(0.2) else "")

    def _table(self, depth: int, scope: Scope, so_far: Scope) -> str:
        name, chance = self._name(scope), self._pick.random()
        if so_far and chance < 0.15:
            return f'recurring."{self._pick.choice(so_far)}"'
        if chance < 0.02:
            return f'recurring."{name}"'
        if chance < 0.6 or depth <= 0:
            return f'"{name}"'
        alias = f"t{self._pick.randrange(99)}"
        if chance < 0.8:
            return f"({self.query(depth - 1, scope, so_far)}) {alias}"
        return f'"{name}" {alias}, lateral (select 1 a from "{self._name(scope)}") l{alias}'

    def _name(self, scope: Scope) -> str:
        return self._pick.choice(scope) if scope and self._chance(0.93) else self._pick.choice(NAMES)

    def _chance(self, share: float) -> bool:
        return self._pick.random() < share


@pytest.mark.parametrize("block", range(4))
def test_a_name_that_the_engine_takes_for_no_cte_is_never_taken_for_one(block):
    import duckdb

    closed = duckdb.connect(config={"enable_external_access": False, "threads": 1, "python_enable_replacements": False})
    answered = refused = 0
    texts = [Texts(seed).query(3) for seed in range(block * 1000, (block + 1) * 1000)]
    for text, facts in zip(texts, read_facts(texts), strict=True):
        if facts.reads or facts.tables or facts.problems:
            refused += 1
            continue
        try:
            closed.execute(f"explain {text}")
            answered += 1
        except duckdb.Error as error:
            said = str(error)
            assert "Permission" not in said, text
            assert "does not exist" not in said, text
    # the texts are of both kinds, else nothing was tried
    assert answered > 100
    assert refused > 100
