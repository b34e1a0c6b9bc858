"""SQL that limits rows to what a run makes anew, or to all the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from andon.base.names import quote
from andon.model.intervals import Range

#: Names that stand for something within one recipe only: a table that is limited, and the keys by which.
WHOLE = "main.andon_whole"
KEYS = "main.andon_keys"


def in_ranges(column: str, kind: str, ranges: Sequence[Range], *, nulls: bool) -> str:
    """A condition: the time in `column`, of type `kind`, lies in the ranges; with `nulls` it may be missing."""
    name = quote(column)
    terms = [_in_range(name, kind, one) for one in ranges]
    if nulls:
        terms.append(f"{name} is null")
    return " or ".join(f"({term})" for term in terms) or "false"


def _in_range(name: str, kind: str, one: Range) -> str:
    start, end = one
    if start is None and end is None:
        return f"{name} is not null"
    bounds = [f"{name} >= {moment_literal(start, kind)}"] if start is not None else []
    bounds += [f"{name} < {moment_literal(end, kind)}"] if end is not None else []
    return " and ".join(bounds)


def moment_literal(moment: datetime, kind: str) -> str:
    """A time, in UTC, as a literal to compare a column of type `kind` with."""
    if kind.startswith("TIMESTAMP WITH"):
        return f"timestamptz '{moment.isoformat(sep=' ')}+00'"
    if kind == "DATE" and moment == moment.replace(hour=0, minute=0, second=0, microsecond=0):
        return f"date '{moment.date().isoformat()}'"
    return f"timestamp '{moment.isoformat(sep=' ')}'"


def with_keys(ways: Sequence[Sequence[str]], *, has_nulls: bool) -> str:
    """The rows of `WHOLE` that have one of the keys, by one of several tuples of columns."""
    if len(ways) == 1:
        return f"select w.* from {WHOLE} w semi join {KEYS} k on {_equal(ways[0], has_nulls=has_nulls)}"
    found = [f"exists (select 1 from {KEYS} k where {_equal(way, has_nulls=has_nulls)})" for way in ways]
    return f"select w.* from {WHOLE} w where {' or '.join(found)}"


def without_keys(columns: Sequence[str], *, has_nulls: bool) -> str:
    """The rows of `WHOLE` that have none of the keys."""
    return f"select w.* from {WHOLE} w anti join {KEYS} k on {_equal(columns, has_nulls=has_nulls)}"


def of_definition(
    sql: str, *, keys: Sequence[str] = (), has_nulls: bool = False, condition: str = "", order: Sequence[str] = ()
) -> str:
    """A definition's SQL with what limits its result: to rows with one of the keys, and to those that meet a condition."""
    text = f"select w.* from (\n{sql}\n) w"
    if keys:
        text += f" semi join {KEYS} k on {_equal(keys, has_nulls=has_nulls)}"
    if condition:
        text += f" where {condition}"
    return f"{text} order by {', '.join(f'w.{quote(name)}' for name in order)}" if order else text


def key_columns(count: int) -> list[str]:
    """The names of the columns of `KEYS`."""
    return [f"k_{index}" for index in range(count)]


def _equal(columns: Sequence[str], *, has_nulls: bool) -> str:
    sign = "is not distinct from" if has_nulls else "="
    return " and ".join(f"w.{quote(c)} {sign} k.{k}" for c, k in zip(columns, key_columns(len(columns)), strict=True))
