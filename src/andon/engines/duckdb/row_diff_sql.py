"""The SQL of a row diff. Columns that both sides have are `v0`, `v1`, … in all intermediate tables: names never meet.

Two values are the same if `is not distinct from` says so: NULL equals NULL, NaN equals NaN, 0.0 equals -0.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.names import literal, quote
from andon.base.record import Record
from andon.base.text import around_difference
from andon.model.check import Tolerance
from andon.model.mask import MASK
from andon.model.types import parse_type
from andon.model.version import Column

#: Digits of whole numbers, for the decimal that holds every value of both sides.
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "UTINYINT": 3, "USMALLINT": 5, "UINTEGER": 10}
_DIGITS |= {"UBIGINT": 20, "HUGEINT": 39, "UHUGEINT": 39}
_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_FLOATS = ("FLOAT", "DOUBLE")
_MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_MOST_DIGITS = 38
#: Decimals up to here are added up exactly; the sum of wider ones could overflow.
_EXACT_DIGITS = 18
#: Characters of a text that is shown.
_SHOWN = 500
#: Characters of texts within which a difference is looked for.
_COMPARED = 100_000


class Common(Record):
    """A column that both sides have.

    Attributes:
        old, new: as each side names it; both in one type, `type`, for comparing.
    """

    old: Column
    new: Column
    type: str

    @property
    def name(self) -> str:
        """As the new side names it."""
        return self.new.name

    @property
    def names(self) -> frozenset[str]:
        """What the sides call it, in lower case."""
        return frozenset((self.old.name.lower(), self.new.name.lower()))

    @property
    def is_renamed(self) -> bool:
        """Whether the two sides call it by different names."""
        return self.old.name.lower() != self.new.name.lower()

    @property
    def is_retyped(self) -> bool:
        """Whether the two sides store different types."""
        return self.old.type != self.new.type


def common_type(old: str, new: str) -> str:
    """The type in which values of both types are compared, so that casts keep what differs; `VARCHAR` where nothing else holds both."""
    if old == new:
        return old
    left, right = parse_type(old), parse_type(new)
    if old in _SIGNED and new in _SIGNED:
        return max(old, new, key=_SIGNED.index)
    numbers = {*_DIGITS, *_FLOATS, "DECIMAL"}
    if left.name in numbers and right.name in numbers:
        if left.name in _FLOATS or right.name in _FLOATS:
            return "DOUBLE"
        (whole_a, scale_a), (whole_b, scale_b) = _size(old), _size(new)
        whole, scale = max(whole_a, whole_b), max(scale_a, scale_b)
        return f"DECIMAL({whole + scale},{scale})" if whole + scale <= _MOST_DIGITS else "DOUBLE"
    if old in _MOMENTS and new in _MOMENTS:
        return max(old, new, key=_MOMENTS.index)
    return "VARCHAR"


def is_number(kind: str) -> bool:
    """Whether values of a type have differences and sums."""
    name = kind.partition("(")[0]
    return not kind.endswith("]") and (name in _DIGITS or name in _FLOATS or name == "DECIMAL")


def rows_of(
    relation: str, own: Sequence[Column], others: Sequence[Column], here: Mapping[str, str] | None = None
) -> str:
    """One side with its own columns and those that only the other side has, so that a filter can name all.

    Args:
        here: what this side calls columns that the other one has under another name, by that name in lower case; all else is NULL.
    """
    mine, known = {c.name.lower() for c in own}, here or {}
    missing = []
    for column in others:
        name = column.name.lower()
        if name not in mine:
            value = quote(known[name]) if name in known else f"cast(null as {column.type})"
            missing.append(f"{value} as {quote(column.name)}")
    return f"(select {', '.join(['*', *missing])} from {relation})"


def nothing(columns: Sequence[Column]) -> str:
    """A relation with `columns` and no rows."""
    items = ", ".join(f"cast(null as {c.type}) as {quote(c.name)}" for c in columns)
    return f"(select {items} where false)"


def value(column: Common, of_old: bool, table: str = "") -> str:
    """The value of a column of one side, in the type of comparison; `table`: what stands before its name."""
    own = column.old if of_old else column.new
    name = f"{table}{quote(own.name)}"
    return name if own.type == column.type else f"cast({name} as {column.type})"


def hashed(columns: Sequence[Common], of_old: bool) -> str:
    """The hash of some columns of a row. The engine's hash confuses empty, NULL and absent lists, so nested values go in as texts.

    The hash of the number 0 is 0, which a sum would not see: so a constant is hashed with them.
    """
    parts = []
    for column in columns:
        text = value(column, of_old)
        nested = column.type.endswith("]") or column.type.startswith(("STRUCT", "MAP", "UNION"))
        parts += [f"cast({text} as varchar)", f"cast(to_json({text}) as varchar)"] if nested else [text]
    return f"hash({', '.join([*parts, '1'])})"


def bucket(columns: Sequence[Common], of_old: bool, bits: int) -> str:
    """The number of the bucket that a row falls into, by the hash of `columns`."""
    # 16 bits fit a type of which the engine knows all values: it then counts in an array instead of a hash table.
    kind = "usmallint" if bits <= 16 else "uinteger"
    return f"cast({hashed(columns, of_old)} & {2**bits - 1} as {kind})"


def uneven_buckets(old: str, new: str, columns: Sequence[Common], by: Sequence[Common], bits: int) -> str:
    """Buckets whose rows are not the same on both sides: sums of row hashes differ, whatever the order of rows."""

    def side(relation: str, of_old: bool) -> str:
        # Halved, a hash fits a signed number; the sum counts duplicates, which a bitwise XOR would cancel.
        number = f"cast({hashed(columns, of_old)} >> 1 as bigint)"
        return f"select {bucket(by, of_old, bits)} as b, {'-' if of_old else ''}{number} as h from {relation}"

    union = f"{side(new, False)} union all {side(old, True)}"
    return f"select b from ({union}) group by b having sum(h) <> 0"


def values_of(relation: str, columns: Sequence[Common], of_old: bool, where: str | None) -> str:
    """One side's rows as `v0`, `v1`, … and `hit`: whether the filter takes the row."""
    items = [f"{value(c, of_old)} as v{i}" for i, c in enumerate(columns)]
    hit = f"coalesce(cast((\n{where}\n) as boolean), false)" if where else "true"
    return f"select {', '.join(items)}, {hit} as hit from {relation}"


def equal_keys(left: str, right: str, keys: int) -> str:
    """The condition that two rows have the same key."""
    return " and ".join(f"{left}.v{i} = {right}.v{i}" for i in range(keys))


def any_null(keys: int, prefix: str = "") -> str:
    """The condition that a part of the key is NULL."""
    return " or ".join(f"{prefix}v{i} is null" for i in range(keys))


def distinct(columns: Sequence[Common], first: int, tolerance: Tolerance | None) -> str:
    """The condition that some of `columns`, from the one at `first` on, differ between `a` and `b`."""
    found = []
    for index in range(first, len(columns)):
        differs = f"a.v{index} is distinct from b.v{index}"
        close = near(index, columns[index].type, tolerance)
        found.append(f"({differs} and not ({close}))" if close else differs)
    return " or ".join(["false", *found])


def near(index: int, kind: str, tolerance: Tolerance | None) -> str:
    """The condition that a number differs between `a` and `b` by no more than the tolerance; empty where there is none."""
    if tolerance is None or not is_number(kind):
        return ""
    amount = format(tolerance.amount, "f")
    limit = f"{amount}::double * abs(b.v{index}::double)" if tolerance.relative else amount
    return f"coalesce(abs({_change(f'a.v{index}', f'b.v{index}', kind)}) <= {limit}, false)"


def listed(count: int, prefix: str = "") -> str:
    """`v0, v1, …`."""
    return ", ".join(f"{prefix}v{i}" for i in range(count))


def as_old_and_new(count: int, old: str | None, new: str | None, same: Mapping[int, str] | None = None) -> str:
    """The columns `o0, …, n0, …` of a table of differences, from tables of these names; None for a side without the row.

    Args:
        same: conditions under which a column counts as the same on both sides: it then has the value before.
    """
    sides, alike = (("o", old), ("n", new)), same or {}
    items = []
    for to, table in sides:
        for i in range(count):
            value = f"{table}.v{i}" if table else "null"
            if to == "n" and alike.get(i):
                value = f"case when {alike[i]} then {old}.v{i} else {value} end"
            items.append(f"{value} as {to}{i}")
    return ", ".join(items)


def changed(index: int) -> str:
    """The aggregate that counts the values of one column that differ. No FILTER: each would hold all columns of the query."""
    return f"count(case when o{index} is distinct from n{index} then 1 end)"


def measures(index: int, kind: str, masked: bool) -> list[str]:
    """Aggregates over changed rows for one column: how many values were NULL, are NULL; sum and largest of changes."""
    old, new = f"o{index}", f"n{index}"
    counts = [
        f"count(case when {old} is null and {new} is not null then 1 end)",
        f"count(case when {old} is not null and {new} is null then 1 end)",
    ]
    if masked or not is_number(kind):
        return [*counts, "null", "null"]
    change, both = _change(old, new, kind), f"{old} is distinct from {new}"
    if kind in _FLOATS:
        both = f"{both} and isfinite({old}) and isfinite({new})"
    differing = f"case when {both} then {change} end"
    return [*counts, f"sum({differing})", f"max_by({change}, abs({differing}))"]


def shown(expression: str, kind: str, masked: bool, beside: str | None = None) -> str:
    """A value as it is handed out: numbers and truth values as they are, all else as text; a masked one not at all.

    Args:
        beside: the value on the other side. A text that begins as this one does is handed out longer, for `cut_apart`.
    """
    if masked:
        return f"case when {expression} is not null then {literal(MASK)} end"
    if kind == "FLOAT":
        return f"cast(cast({expression} as varchar) as double)"  # else 1.1 comes out as 1.100000023841858
    if is_number(kind) or kind == "BOOLEAN":
        return expression
    text = f"cast({expression} as varchar)"
    cut = f"left({text}, {_SHOWN}) || '…'"
    if beside is not None:
        same = f"left({text}, {_SHOWN}) = left(cast({beside} as varchar), {_SHOWN}) and {expression} is distinct from {beside}"
        cut = f"case when {same} then left({text}, {_COMPARED}) else {cut} end"
    return f"case when length({text}) > {_SHOWN} then {cut} else {text} end"


def cut_apart(old: Any, new: Any) -> tuple[Any, Any]:
    """Values as `shown` hands them out, long texts cut around what differs first."""
    if not isinstance(old, str) or not isinstance(new, str) or max(len(old), len(new)) <= _SHOWN + 1:
        return old, new
    return around_difference(old, new, _SHOWN)


def differences_file(columns: Sequence[Common], keys: int, masked: frozenset[str], table: str) -> str:
    """The rows of the file of differences: `_change`, the key, then each column before and after. Without a key each column once."""
    taken: set[str] = set()

    def unique(name: str) -> str:
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        return quote(name)

    items = [f"c as {unique('_change')}"]
    for i, column in enumerate(columns):
        hidden = not masked.isdisjoint(column.names)
        either = f"coalesce(n{i}, o{i})"
        if i < keys or not keys:
            items.append(f"{shown(either, column.type, True) if hidden else either} as {unique(column.name)}")
        elif hidden:
            items.append(f"o{i} is distinct from n{i} as {unique(column.name + '__changed')}")
        else:
            items.append(f"o{i} as {unique(column.name + '__old')}, n{i} as {unique(column.name + '__new')}")
    order = ", ".join(f"coalesce(n{i}, o{i})" for i in range(keys or len(columns)))
    return f"select {', '.join(items)} from (select *, unnest(range(m)) from {table}) order by {order}, c"


def _change(old: str, new: str, kind: str) -> str:
    """`new` less `old` in a type that holds every difference."""
    name = kind.partition("(")[0]
    wide = "double"
    if name in _DIGITS and _DIGITS[name] < 39:
        wide = "hugeint"
    elif name == "DECIMAL":
        whole, scale = _size(kind)
        if whole + scale <= _EXACT_DIGITS:
            wide = f"decimal({_MOST_DIGITS},{scale})"
    return f"(cast({new} as {wide}) - cast({old} as {wide}))"


def _size(kind: str) -> tuple[int, int]:
    """Digits before and after the point."""
    parsed = parse_type(kind)
    if parsed.name == "DECIMAL":
        precision, scale = (int(a) for a in parsed.arguments)
        return precision - scale, scale
    return _DIGITS[parsed.name], 0
