"""Rules with NULL and NaN against an evaluator of their own: a comparison with NULL is unknown, one with NaN counts against the row."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.checks.compile.check import Catalog, RowPlan, compile_check
from andon.checks.execute.plain import PlainRelations, measure
from andon.checks.language.parse import parse_check
from andon.model.check import Check
from andon.sql.bind import Binder

COLUMNS = [("x", "DOUBLE"), ("y", "FLOAT"), ("a", "INTEGER")]
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Tree = tuple[Any, ...]
sides = st.sampled_from(["x", "y", "a", "0", "1"])
atoms = st.tuples(st.just("compare"), st.sampled_from(["x", "y", "a"]), st.sampled_from(sorted(OPERATORS)), sides)
trees = st.recursive(
    atoms,
    lambda inner: st.tuples(st.just("not"), inner)
    | st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    max_leaves=5,
)  # fmt: skip
numbers = st.none() | st.sampled_from([0.0, 1.0, 2.0, math.nan, math.inf])
rows = st.lists(st.tuples(numbers, numbers, st.none() | st.integers(0, 2)), max_size=6)
CATALOG = Catalog({"s.d": COLUMNS}, {}, {})
BINDER = Binder()


def written(tree: Tree) -> str:
    if tree[0] == "compare":
        return f"{tree[1]} {tree[2]} {tree[3]}"
    if tree[0] == "not":
        return f"not ({written(tree[1])})"
    return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"


def holds(tree: Tree, row: dict[str, Any], against: bool = False) -> bool | None:
    """True, false or unknown; `against` is what a comparison with NaN gives: false, or true under NOT."""
    if tree[0] == "not":
        inner = holds(tree[1], row, not against)
        return None if inner is None else not inner
    if tree[0] in ("and", "or"):
        found = [holds(part, row, against) for part in tree[1:]]
        strong = tree[0] == "or"
        if strong in found:
            return strong
        return None if None in found else not strong
    left, right = (row[side] if side in row else float(side) for side in (tree[1], tree[3]))
    if any(side is not None and math.isnan(side) for side in (left, right)):
        return against
    return None if left is None or right is None else OPERATORS[tree[2]](left, right)


@settings(max_examples=80, deadline=None)
@given(trees, rows)
def test_rules_mean_what_the_evaluator_says(tree: Tree, values: list[tuple[Any, ...]]) -> None:
    import duckdb

    check = parse_check(written(tree), dataset="s.d", columns=COLUMNS, key=None)
    assert isinstance(check, Check)
    plan = compile_check(check, CATALOG, BINDER)
    assert isinstance(plan, RowPlan)
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("create schema s; create table s.d (x double, y float, a integer)")
    if values:
        connection.executemany("insert into s.d values (?, ?, ?)", values)
    bad = sum(holds(tree, dict(zip("xya", row, strict=True))) is False for row in values)
    measured = measure(plan, PlainRelations("s.d", {}), connection)
    assert (measured.bad, measured.total) == (bad, len(values)), plan.bad
    connection.close()
