"""Uniqueness and references, cheaper than by grouping all rows: what decides most cases, and what follows when it doesn't.

Uniqueness of whole numbers that lie densely is decided by a bitmap, of all else by hashes: no two equal hashes means no two equal
values. Equal hashes are looked at by their values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from andon.base.names import quote
from andon.base.record import Record
from andon.checks.compile.check import ReferencePlan, UniquePlan
from andon.checks.compile.values import is_whole
from andon.checks.execute.facts import TargetFacts
from andon.checks.judge import Measured

#: Bits per row that a bitmap may have, and at most.
_BITS_PER_ROW = 32
_MOST_BITS = 1 << 29
#: Repeated hashes that are looked at one by one.
_FEW = 1000
#: A foreign key of at most that share of different values is grouped before it is looked up.
_REPEATS = 4


class Decided(Record):
    """What a check measured, and the numbers of its first failing rows."""

    measured: Measured
    rows: tuple[int, ...]


class Follow(Record):
    """A query of one row of `width` columns for one check. `read` gives what it decides, another one, or None if nothing."""

    sql: str
    width: int
    read: Callable[[Sequence[Any]], Answer]


Answer = Measured | Decided | Follow | None


class Numbered(Record):
    """How the rows of a version are numbered, as SQL, and how many failing ones are wanted."""

    number: str
    samples: int

    def rows(self, own: str) -> str:
        """The relation with the numbers as the column `ROW`."""
        return f"(select *, {self.number} as {ROW} from {own})"


#: The column that numbers rows.
ROW = '"andon row"'


class InScan(Record):
    """What the scan of all checks selects for a key, and how that is read."""

    items: tuple[str, ...]
    read: Callable[[Sequence[Any]], Measured | None]


def in_scan(plan: UniquePlan, facts: TargetFacts, is_large: bool) -> InScan | None:
    """A key that can be decided in the scan: by a bitmap, or if there are few rows by distinct values. None if it can't."""
    one = facts.column(plan.columns[0]) if len(plan.columns) == 1 else None
    name = quote(plan.columns[0])
    if one is not None and one.values is not None and is_whole(one.kind):
        low, high = one.low, one.high
        if isinstance(low, int) and isinstance(high, int) and _is_dense(high - low + 1, one.rows):
            sql = f"bit_count(bitstring_agg({name}, {low}, {high}))"
            return InScan((sql,), _reader(plan, facts.rows, one.values))
    if is_large:
        return None
    rows = facts.rows
    values = None if one is None else one.values
    full = " and ".join(f"{quote(column)} is not null" for column in plan.columns)
    if len(plan.columns) == 1:
        items = [f"count(distinct {name})"]
    else:
        items = [f"count(distinct hash({_names(plan.columns)})) filter (where {full})"]
    if values is None:
        items.append(f"count({name})" if len(plan.columns) == 1 else f"count(*) filter (where {full})")
    if rows is None:
        items.append("count(*)")
    return InScan(tuple(items), _reader(plan, rows, values))


def _is_dense(bits: int, rows: int) -> bool:
    return bits <= min(_MOST_BITS, max(1024, _BITS_PER_ROW * rows))


def _names(columns: Sequence[str]) -> str:
    return ", ".join(quote(column) for column in columns)


def _reader(plan: UniquePlan, rows: int | None, values: int | None) -> Callable[[Sequence[Any]], Measured | None]:
    def read(row: Sequence[Any]) -> Measured | None:
        left = list(row)
        distinct = int(left.pop(0) or 0)
        full = int(left.pop(0)) if values is None else values
        total = int(left.pop(0)) if rows is None else rows
        if distinct != full:
            return None
        return Measured(bad=total - full if plan.nulls_bad else 0, total=total)

    return read


def by_hashes(plan: UniquePlan, own: str, facts: TargetFacts, numbered: Numbered | None) -> Follow:
    """Hashes that occur more than once, and then the rows that have them."""
    rows = facts.rows
    assert rows is not None
    full = " and ".join(f"{quote(column)} is not null" for column in plan.columns)
    value = f"hash({_names(plan.columns)})"
    hashes = f"select {value} as h from {own} where {full}"
    repeated = f"select h from (select h, count(*) as n from ({hashes}) group by h) where n > 1 limit {_FEW + 1}"
    nulls = _nulls(plan, own, facts)

    def read(row: Sequence[Any]) -> Answer:
        found = row[0] or []
        lacking = int(row[1]) if plan.nulls_bad else 0
        if not found:
            return Measured(bad=lacking, total=rows)
        return (
            None if len(found) > _FEW else _by_values(plan, own, numbered, [int(one) for one in found], lacking, rows)
        )

    return Follow(f"select (select list(h) from ({repeated})), {nulls}", 2, read)


def _by_values(
    plan: UniquePlan, own: str, numbered: Numbered | None, hashes: Sequence[int], lacking: int, rows: int
) -> Follow:
    """Rows whose values repeat, among those with the given hashes; `lacking` rows with a NULL are bad as well."""
    full = " and ".join(f"{quote(column)} is not null" for column in plan.columns)
    listed = ", ".join(f"{one}::ubigint" for one in hashes)
    where = f"{full} and hash({_names(plan.columns)}) in ({listed})"
    tells = numbered is not None and not lacking
    first = f"min({ROW}, {numbered.samples})" if numbered is not None and tells else "null"
    relation = numbered.rows(own) if numbered is not None and tells else own
    groups = f"select count(*) as n, {first} as r from {relation} where {where} group by {_names(plan.columns)}"
    sql = f"select coalesce(sum(n), 0), flatten(list(r order by r[1])) from ({groups}) where n > 1"

    def read(row: Sequence[Any]) -> Answer:
        measured = Measured(bad=lacking + int(row[0]), total=rows)
        if numbered is None or not tells:
            return measured
        return Decided(measured, tuple((row[1] or ())[: numbered.samples]))

    if not tells:
        sql = sql.replace(", flatten(list(r order by r[1]))", "")
    return Follow(sql, 2 if tells else 1, read)


def _nulls(plan: UniquePlan, own: str, facts: TargetFacts) -> str:
    """The number of rows with a NULL, as SQL."""
    if not plan.nulls_bad:
        return "0"
    one = facts.column(plan.columns[0]) if len(plan.columns) == 1 else None
    if one is not None and one.nulls is not None:
        return str(one.nulls)
    empty = " or ".join(f"{quote(column)} is null" for column in plan.columns)
    return f"(select count(*) from {own} where {empty})"


def missing(plan: ReferencePlan, own: str, there: str, facts: TargetFacts, numbered: Numbered | None) -> Follow:
    """Rows whose values aren't there: an anti join, of groups where values repeat much."""
    here = ", ".join(f"{quote(column)} as k{index}" for index, column in enumerate(plan.columns))
    full = " and ".join(f"k{index} is not null" for index in range(len(plan.columns)))
    equal = " and ".join(f"o.{quote(target)} = h.k{index}" for index, target in enumerate(plan.targets))
    exists = f"exists (select 1 from {there} o where {equal})"
    rows = facts.rows
    if rows is not None and _repeats(plan, facts):
        groups = f"select k0, count(*) as n from (select {here} from {own}) group by k0"
        kept = 0 if numbered is None else numbered.samples
        keys = f"min(k0, {kept})" if kept else "null"
        bad = f"select coalesce(sum(n), 0), {keys} from ({groups}) h where {full} and not {exists}"
        return Follow(bad, 2, lambda row: _missing_rows(plan, own, numbered, int(row[0]), row[1], rows))
    if rows is not None and numbered is not None:
        relation = f"select {here}, {ROW} from {numbered.rows(own)}"
        bad = f"select count(*), min({ROW}, {numbered.samples}) from ({relation}) h where {full} and not {exists}"
        return Follow(bad, 2, lambda row: Decided(Measured(bad=int(row[0]), total=rows), tuple(row[1] or ())))
    bad = f"select count(*) from (select {here} from {own}) h where {full} and not {exists}"
    if rows is not None:
        return Follow(bad, 1, lambda row: Measured(bad=int(row[0]), total=rows))
    both = f"select ({bad}), (select count(*) from {own})"
    return Follow(both, 2, lambda row: Measured(bad=int(row[0]), total=int(row[1])))


def _missing_rows(
    plan: ReferencePlan, own: str, numbered: Numbered | None, bad: int, keys: Sequence[int] | None, rows: int
) -> Answer:
    """The first rows with the keys, which are missing there."""
    measured = Measured(bad=bad, total=rows)
    if not bad or numbered is None or not keys:
        return measured
    listed = ", ".join(str(key) for key in keys)
    where = f"{quote(plan.columns[0])} in ({listed})"
    sql = f"select min({ROW}, {numbered.samples}) from {numbered.rows(own)} where {where}"
    return Follow(sql, 1, lambda row: Decided(measured, tuple(row[0] or ())))


def _repeats(plan: ReferencePlan, facts: TargetFacts) -> bool:
    """Whether a key of whole numbers surely has far fewer values than rows."""
    if len(plan.columns) != 1 or facts.rows is None:
        return False
    one = facts.column(plan.columns[0])
    if one is None or not isinstance(one.low, int) or not isinstance(one.high, int) or not is_whole(one.kind):
        return False
    return (one.high - one.low + 1) * _REPEATS <= one.rows
