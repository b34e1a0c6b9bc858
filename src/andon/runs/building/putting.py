"""Rows that came, put to those of a version: which of them are new, and which files hold rows that they take the place of. As SQL."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.names import quote
from andon.base.record import Record

#: What the column is called that says in which file a row is: a dataset may have one called `filename`.
FILE = "andon file"


class Came(Record):
    """What is put together, as SQL that may stand after FROM.

    Attributes:
        rows: what came. before: what is there. within: the condition that what came met, over what is there; None where all came.
        columns: of both. key: what identifies a row; without one rows are only added.
        keys: all keys that there are now, where those that are gone are to go.
        order: the column that new rows are sorted by.
    """

    rows: str
    before: str
    within: str | None
    columns: Sequence[str]
    order: str
    key: Sequence[str] = ()
    keys: str | None = None


def added(came: Came) -> str:
    """The rows that are added: those that are not there, each as often as it came more; with a key all that came of a key that has one."""
    listed = ", ".join(map(quote, came.columns))
    there = f"select {listed} from {came.before}" + (f" where {came.within}" if came.within else "")
    new = f"select {listed} from {came.rows} except all {there}"
    order = f" order by {quote(came.order)}"
    if not came.key:
        return new + order
    return f"select {listed} from {came.rows} a where exists (from ({new}) b where {_same(came.key)}){order}"


def gone(came: Came) -> str | None:
    """The keys of rows that are there and no longer among all keys; None where that is not asked."""
    if came.keys is None:
        return None
    listed = ", ".join(map(quote, came.key))
    return (
        f"select distinct {listed} from {came.before} a where not exists (from {came.keys} b where {_same(came.key)})"
    )


def late(came: Came) -> str | None:
    """How many keys there are that neither came nor are there; None where that is not asked."""
    if came.keys is None:
        return None
    there = " and ".join(f"not exists (from {rows} b where {_same(came.key)})" for rows in (came.rows, came.before))
    return f"select count(*) from {came.keys} a where {there}"


def dead(came: Came, new: str) -> str:
    """The keys whose rows go: those of `new` rows, and those that are gone."""
    listed = ", ".join(map(quote, came.key))
    lost = gone(came)
    return f"(select {listed} from {new}" + (f" union all {lost})" if lost else ")")


def touched(came: Came, named: str, keys: str) -> str:
    """The files of `named` (what is there, with `FILE`) that hold rows of `keys`."""
    return f"select distinct {quote(FILE)} from {named} a where exists (from {keys} b where {_same(came.key)})"


def without(came: Came, rows: str, keys: str) -> str:
    """`rows` without those of `keys`."""
    listed = ", ".join(map(quote, came.columns))
    return f"select {listed} from {rows} a where not exists (from {keys} b where {_same(came.key)})"


def _same(key: Sequence[str]) -> str:
    return " and ".join(f"a.{quote(name)} is not distinct from b.{quote(name)}" for name in key)
