"""Literals of checks as SQL for a column's type: what compares, and what is refused when a check is bound."""

from __future__ import annotations

from andon.base.names import literal
from andon.model.check import Between, Literal
from andon.model.types import FLOATS, INTEGERS
from andon.sql.parse import engine

_TIMES = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_S", "TIMESTAMP_MS")


def family(kind: str) -> str:
    """`number`, `text`, `time` (dates and timestamps), or the type itself: values of one family compare."""
    if kind in INTEGERS or kind in FLOATS or kind.startswith("DECIMAL"):
        return "number"
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        return "text"
    return "time" if kind == "DATE" or kind in _TIMES else kind


def is_whole(kind: str) -> bool:
    """Whether the type holds integers only."""
    return kind in INTEGERS


def value_sql(value: Literal, kind: str) -> str | None:
    """The literal as SQL that compares with an expression of type `kind`; None if it can't."""
    of = family(kind)
    if value.kind == "number":
        if of == "number":
            return f"({value.text})" if value.text.startswith("-") else value.text
        return literal(value.text) if of == "text" else None
    if of == "text":
        return literal(value.text)
    if of == "number" or (value.kind == "date" and of != "time"):
        return None
    return _cast(value.text, kind)


def _cast(text: str, kind: str) -> str | None:
    import duckdb

    sql = f"cast({literal(text)} as {kind})"
    try:
        engine().execute(f"select {sql}").fetchall()
    except duckdb.Error:
        return None
    return sql


def is_empty(between: Between, kind: str) -> bool:
    """Whether no value of type `kind` lies within bounds that compare with it."""
    if between.low is None or between.high is None or "text" not in (between.low.kind, between.high.kind):
        return False
    low, high = value_sql(between.low, kind), value_sql(between.high, kind)
    return bool(engine().execute(f"select {low} > {high}").fetchall()[0][0])


def between_sql(expression: str, between: Between, kind: str) -> str | Literal:
    """SQL that is true within the bounds; or the bound that doesn't compare with an expression of type `kind`.

    A day as upper bound of a timestamp includes all of the day: both ends of a range are included.
    """
    tests: list[str] = []
    for bound, operator in ((between.low, ">="), (between.high, "<=")):
        if bound is None:
            continue
        sql = None if bound.kind == "number" and family(kind) != "number" else value_sql(bound, kind)
        if sql is None:
            return bound
        if operator == "<=" and bound.kind == "date" and kind in _TIMES:
            tests.append(f"({expression}) < {sql} + interval 1 day")
        else:
            tests.append(f"({expression}) {operator} {sql}")
    return " and ".join(tests)
