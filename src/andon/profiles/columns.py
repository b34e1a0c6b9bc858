"""One column's profile: its values are counted once into groups; everything else is computed from those, exactly.

Grouping costs about what a sketch of the distinct count does, and gives the exact one with it; quantiles come from the sorted groups.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.base.record import Record, replace
from andon.model.profile import LONGEST_TEXT, ColumnKind, ColumnProfile, Histogram, Lengths, TopValue, Value
from andon.model.types import FLOATS, INTEGERS, parse_type
from andon.profiles.bins import central, moment_edges, moment_text, number_edges, rising

if TYPE_CHECKING:
    import duckdb

#: Shares of `ColumnProfile.quantiles`, in hundredths.
_SHARES = (1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 95, 99)

#: With at most so many different values all of them are kept, else only the most frequent ones.
ALL_VALUES = 50
_MOST_FREQUENT = 20

_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_NESTED = frozenset({"LIST", "ARRAY", "STRUCT", "MAP", "UNION"})

#: Above it the square of a number is no DOUBLE any more.
_LARGEST_SQUARED = 1e150
_EXACT_IN_DOUBLE = 2**53
#: Below it the engine's widest whole and decimal numbers hold every difference.
_HUGE = 10**38
_GROUPS, _SORTED = "temp.main.profile_groups", "temp.main.profile_sorted"


def kind_of(type_text: str) -> ColumnKind:
    """What can be said about values of a DuckDB type."""
    name = parse_type(type_text).name
    if name in INTEGERS or name in FLOATS or name == "DECIMAL":
        return ColumnKind.NUMBER
    if name in _MOMENTS:
        return ColumnKind.MOMENT
    if name in _NESTED:
        return ColumnKind.NESTED
    return {"VARCHAR": ColumnKind.TEXT, "BOOLEAN": ColumnKind.BOOLEAN}.get(name, ColumnKind.OTHER)


def value_of(text: str | None, type_text: str) -> Value:
    """The engine's text of a value as a value of a profile."""
    if text is None:
        return None
    name = parse_type(type_text).name
    if name in INTEGERS:
        return int(text)
    if name in FLOATS:
        number = float(text)
        return number if math.isfinite(number) else text
    if name == "BOOLEAN":
        return text == "true"
    return cut(text)


def cut(text: str) -> str:
    """The beginning of a text that is too long to be kept whole."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"


class ColumnReader(Record):
    """Makes profiles of columns of one relation.

    Attributes:
        connection: where temporary tables are made.
        relation: what stands after FROM.
        rows: how many rows the relation has.
    """

    connection: duckdb.DuckDBPyConnection
    relation: str
    rows: int

    def profile(self, name: str, type_text: str, *, masked: bool) -> ColumnProfile:
        """The profile of a column.

        Args:
            masked: whether only counts may leave the engine.
        """
        column = quote(name)
        self._execute(
            f"create or replace temp table profile_groups as"
            f" select {column} as v, count(*)::bigint as n from {self.relation} group by 1"
        )
        kind = kind_of(type_text)
        found = _Groups(self.connection, type_text, kind)
        distinct, nulls, empty = found.counts()
        profile = ColumnProfile(name, type_text, kind, self.rows, nulls, self.rows, distinct, empty=empty)
        if masked:
            return profile.hidden()
        top = found.top(distinct)
        profile = replace(profile, top=top, top_complete=len(top) == distinct)
        match kind:
            case ColumnKind.NUMBER:
                return found.numbers(profile)
            case ColumnKind.MOMENT:
                return found.moments(profile)
        return found.others(profile)

    def singles(self) -> int:
        """How many values of the column that was profiled last came only once."""
        rows = self._execute(f"select count(*) from {_GROUPS} where v is not null and n = 1").fetchall()
        return int(rows[0][0])

    def drop(self) -> None:
        """Take the temporary tables away."""
        self._execute("drop table if exists temp.main.profile_groups")
        self._execute("drop table if exists temp.main.profile_sorted")

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(sql)


class _Groups:
    """The counted values of one column."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, type_text: str, kind: ColumnKind) -> None:
        self._connection = connection
        self._type = type_text
        self._name = parse_type(type_text).name
        self._kind = kind

    def counts(self) -> tuple[int, int, int | None]:
        """Different values, rows with NULL, and rows with an empty text, list or map (None for other types)."""
        empty = {"VARCHAR": "v = ''", "LIST": "len(v) = 0", "MAP": "cardinality(v) = 0"}.get(self._name)
        counted = f"coalesce(sum(n) filter ({empty}), 0)" if empty else "null"
        distinct, nulls, empties = self._row("count(v)", "coalesce(sum(n) filter (v is null), 0)", counted)
        return int(distinct), int(nulls), None if empties is None else int(empties)

    def top(self, distinct: int) -> tuple[TopValue, ...]:
        """The most frequent values: all where they are few, else those that come more than once."""
        limit, least = (ALL_VALUES, 1) if distinct <= ALL_VALUES else (_MOST_FREQUENT, 2)
        rows = self._connection.execute(
            f"select left(v::varchar, {LONGEST_TEXT + 1}), n from {_GROUPS}"
            f" where v is not null and n >= {least} order by n desc, v limit {limit}"
        ).fetchall()
        return tuple(TopValue(value_of(text, self._type), int(count)) for text, count in rows)

    def others(self, profile: ColumnProfile) -> ColumnProfile:
        """Range and lengths of what is neither number nor moment."""
        if self._kind is not ColumnKind.NESTED:
            low, high = self._row(
                f"left(min(v)::varchar, {LONGEST_TEXT + 1})", f"left(max(v)::varchar, {LONGEST_TEXT + 1})"
            )
            profile = replace(profile, minimum=value_of(low, self._type), maximum=value_of(high, self._type))
        measure = {
            "VARCHAR": "length(v)", "BLOB": "octet_length(v)", "LIST": "len(v)", "ARRAY": "len(v)", "MAP": "cardinality(v)"
        }.get(self._name)  # fmt: skip
        if measure is None or not profile.distinct:
            return profile
        least, total, most = self._row(f"min({measure})", f"sum({measure}::bigint * n)", f"max({measure})")
        mean = round(int(total) / (profile.rows - profile.nulls), 2)
        return replace(profile, lengths=Lengths(int(least), mean, int(most)))

    def numbers(self, profile: ColumnProfile) -> ColumnProfile:
        """All about numbers."""
        floating = self._name in FLOATS
        finite = "isfinite(v)" if floating else "v is not null"
        nan, infinite = ("isnan(v)", "isinf(v)") if floating else ("false", "false")
        low, high, nans, infinites, zeros, negative, count = self._row(
            f"(min(v) filter ({finite}))::varchar",
            f"(max(v) filter ({finite}))::varchar",
            *(f"coalesce(sum(n) filter ({each}), 0)" for each in (nan, infinite, "v = 0", "v < 0", finite)),
        )
        profile = replace(profile, nan=int(nans), infinite=int(infinites), zeros=int(zeros), negative=int(negative))
        if low is None:
            return profile
        mean, deviation = self._spread(finite, int(count), low, high)
        ranks = self._sort("v", finite, int(count))
        quantiles = tuple((share / 100, self._between(ranks, share, int(count))) for share in _SHARES)
        return replace(
            profile,
            minimum=value_of(low, self._type),
            maximum=value_of(high, self._type),
            mean=mean,
            deviation=deviation,
            quantiles=quantiles,
            histogram=self._number_histogram(Decimal(low), Decimal(high), quantiles),
        )

    def moments(self, profile: ColumnProfile) -> ColumnProfile:
        """All about dates and timestamps."""
        days = self._name == "DATE"
        low, high, infinite, count = self._row(
            "(min(v) filter (isfinite(v)))::varchar",
            "(max(v) filter (isfinite(v)))::varchar",
            "coalesce(sum(n) filter (not isfinite(v)), 0)",
            "coalesce(sum(n) filter (isfinite(v)), 0)",
        )
        profile = replace(profile, infinite=int(infinite))
        if low is None:
            return profile
        ranks = self._sort("v - date '1970-01-01'" if days else "epoch_us(v)", "isfinite(v)", int(count))
        picked = [_at(ranks, (int(count) - 1) * share // 100) for share in _SHARES]
        texts = self._moment_texts(picked, days)
        bounds = ranks[0], ranks[-1]
        return replace(
            profile,
            minimum=low,
            maximum=high,
            quantiles=tuple((share / 100, text) for share, text in zip(_SHARES, texts, strict=True)),
            histogram=self._moment_histogram(int(bounds[0][0]), int(bounds[1][0]), picked, days),
        )

    def _row(self, *expressions: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._connection.execute(f"select {', '.join(expressions)} from {_GROUPS}").fetchall()[0]
        return row

    def _spread(self, finite: str, count: int, low: str, high: str) -> tuple[float | None, float | None]:
        """Mean and standard deviation, this from what lies between each value and the smallest: large numbers that lie close together
        keep their digits."""
        if max(abs(float(low)), abs(float(high))) > _LARGEST_SQUARED:
            return None, None
        (mean,) = self._row(f"sum(v::double * n) filter ({finite}) / {count}")
        if count < 2:
            return _rounded(mean), None
        above = self._above(low, high)
        (offset,) = self._row(f"sum({above} * n) filter ({finite}) / {count}")
        (squares,) = self._row(
            f"sum(n * ({above} - {offset!r}::double) * ({above} - {offset!r}::double)) filter ({finite})"
        )
        return _rounded(mean), _rounded(math.sqrt(squares / (count - 1)))

    def _above(self, low: str, high: str) -> str:
        """How far a value lies above the smallest one, as a DOUBLE: subtracted exactly where the type can hold it."""
        if self._name in INTEGERS and int(high) - int(low) < _HUGE and int(high) < _HUGE:
            return f"(v::hugeint - {literal(low)}::hugeint)::double"
        if self._name == "DECIMAL" and Decimal(high) - Decimal(low) < Decimal(_HUGE).scaleb(-_scale(self._type)):
            return f"(v - {literal(low)}::{self._type})::double"
        return f"(v::double - {float(low)!r}::double)"

    def _between(self, ranks: Sequence[tuple[str, int, int]], share: int, count: int) -> Value:
        """The quantile at `share` hundredths, between the two values around it; a whole number that a double can't hold as it is."""
        rank, rest = divmod((count - 1) * share, 100)
        low = _at(ranks, rank)
        whole = self._name in INTEGERS and abs(int(low)) > _EXACT_IN_DOUBLE
        if not rest:
            return int(low) if whole else float(low)
        high = _at(ranks, rank + 1)
        if whole:
            return round(Fraction(low) + (Fraction(high) - Fraction(low)) * rest / 100)
        found = float(low) + (float(high) - float(low)) * (rest / 100)
        return _rounded(found) if math.isfinite(found) else None

    def _sort(self, expression: str, finite: str, count: int) -> list[tuple[str, int, int]]:
        """Sorts the groups; returns those around every hundredth as `(value, rows before it, rows up to it)`, first and last included."""
        self._connection.execute(
            f"create or replace temp table profile_sorted as select {expression} as x, n from {_GROUPS} where {finite} order by 1"
        )
        step = max(count - 1, 1)
        below = f"(100 * {{}} + {step - 1}) // {step}"
        rows = self._connection.execute(
            f"select x::varchar, upto - n, upto from"
            f" (select x, n, sum(n) over (rows unbounded preceding)::bigint as upto from {_SORTED})"
            f" where {below.format('upto')} > {below.format('greatest(upto - n - 1, 0)')} or upto = n or upto = {count}"
            f" order by upto"
        ).fetchall()
        return [(str(x), int(before), int(upto)) for x, before, upto in rows]

    def _number_histogram(
        self, low: Decimal, high: Decimal, quantiles: Sequence[tuple[float, Value]]
    ) -> Histogram | None:
        if low == high:
            return None
        outer = [Decimal(str(value)) for _, value in (quantiles[0], quantiles[-1]) if value is not None]
        if len(outer) == 2:
            low, high = central(low, high, outer[0], outer[1])
        whole = self._name in INTEGERS
        exact = number_edges(low, high, whole=whole)
        edges: list[Value] = [int(e) if whole else float(e) for e in exact]
        if not rising([float(e) for e in exact]):
            return None
        as_written = whole or (self._name == "DECIMAL" and int(parse_type(self._type).arguments[0]) <= 18)
        left = "x" if as_written else "x::double"
        literals = [f"{e:f}" if as_written else f"{float(e)!r}::double" for e in exact]
        return self._count(left, literals, edges)

    def _moment_histogram(self, low: int, high: int, picked: Sequence[str], days: bool) -> Histogram | None:
        if low == high:
            return None
        covered = central(Decimal(low), Decimal(high), Decimal(picked[0]), Decimal(picked[-1]))
        edges = moment_edges(int(covered[0]), int(covered[1]), days=days)
        if len(edges) < 2:
            return None
        zone = "+00" if self._name.endswith("ZONE") else ""
        return self._count("x", [str(e) for e in edges], [moment_text(e, days=days) + zone for e in edges])

    def _count(self, left: str, literals: Sequence[str], edges: Sequence[Value]) -> Histogram:
        """Rows in each bin; the last one also takes what equals the last edge."""
        below = [f"{left} {'<=' if i == len(literals) - 1 else '<'} {each}" for i, each in enumerate(literals)]
        sums = ", ".join(f"coalesce(sum(n) filter ({each}), 0)::bigint" for each in below)
        row = self._connection.execute(f"select {sums}, sum(n)::bigint from {_SORTED}").fetchall()[0]
        upto = [int(each) for each in row]
        counts = tuple(b - a for a, b in itertools.pairwise(upto[:-1]))
        return Histogram(tuple(edges), counts, upto[0], upto[-1] - upto[-2])

    def _moment_texts(self, picked: Sequence[str], days: bool) -> list[str]:
        zone = "::timestamptz" if self._name.endswith("ZONE") else ""
        value = "(date '1970-01-01' + x::integer)" if days else f"make_timestamp(x){zone}"
        listed = ", ".join(f"{each}::bigint" for each in picked)
        rows = self._connection.execute(f"select {value}::varchar from (select unnest([{listed}]) as x)").fetchall()
        return [row[0] for row in rows]


def _scale(type_text: str) -> int:
    return int(parse_type(type_text).arguments[1])


def _at(ranks: Sequence[tuple[str, int, int]], rank: int) -> str:
    """The value of the row of that rank (from 0)."""
    return next(value for value, before, upto in ranks if before <= rank < upto)


def _rounded(value: float) -> float:
    """To 12 digits: what follows depends on the order in which threads add."""
    return float(f"{value:.12g}")
