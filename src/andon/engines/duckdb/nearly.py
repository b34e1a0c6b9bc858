"""Whether two tables hold the same rows but for the last digits of floating-point numbers."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.names import quote
from andon.base.near import NEARLY
from andon.engines.duckdb.instance import Session
from andon.model.version import Column

_FLOATS = ("FLOAT", "DOUBLE")


def nearly_the_same(session: Session, old: str, new: str, columns: Sequence[Column], key: Sequence[str]) -> bool:
    """Whether each row of `old` has one in `new` with the same values, floating-point numbers within `NEARLY` of themselves.

    Rows are paired by their place once both sides are sorted: by the key, by what must be the same, then by the numbers.

    Args:
        old, new: what may stand after FROM, of the same columns and as many rows.
        key: columns that tell rows apart; may be empty.
    """
    sql = apart_sql(old, new, columns, key)
    if sql is None:
        return False
    (found,) = session.connection.execute(sql).fetchall()
    return not found[0]


def apart_sql(old: str, new: str, columns: Sequence[Column], key: Sequence[str]) -> str | None:
    """SQL that is true where `nearly_the_same` is not; None where the columns hold no floating-point number."""
    floats = [column.name for column in columns if column.type in _FLOATS]
    if not floats:
        return None
    exact = [column.name for column in columns if column.type not in _FLOATS]
    order = ", ".join(quote(name) for name in dict.fromkeys((*key, *exact, *floats)))
    place = _free([column.name for column in columns])
    sides = [f"select row_number() over (order by {order}) as {place}, * from {relation}" for relation in (old, new)]
    differs = [f"a.{quote(name)} is distinct from b.{quote(name)}" for name in exact]
    differs += [_apart(quote(name)) for name in floats]
    return (
        f"select exists (select 1 from ({sides[0]}) a join ({sides[1]}) b using ({place}) where {' or '.join(differs)})"
    )


def _free(taken: Sequence[str]) -> str:
    """A name that no column has."""
    known, place = {name.lower() for name in taken}, "andon_place"
    while place in known:
        place += "_"
    return place


def _apart(name: str) -> str:
    """The condition that two numbers differ by more than may be; neither NULL nor what is not finite is near anything but itself."""
    limit = f"{NEARLY!r} * greatest(abs(a.{name}::double), abs(b.{name}::double))"
    near = f"coalesce(isfinite(a.{name}) and isfinite(b.{name}) and abs(a.{name}::double - b.{name}::double) <= {limit}, false)"
    return f"(a.{name} is distinct from b.{name} and not {near})"
