"""Profiles of columns of one type: their values are counted once into groups; everything else is computed from those, exactly.

Grouping costs about what a sketch of the distinct count does, and gives the exact one with it; quantiles come from the sorted groups. A
statement costs a millisecond however few rows there are, so each one is about many columns where these are short.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.model.profile import LONGEST_TEXT, ColumnKind, ColumnProfile, Histogram, Lengths, TopValue, Value
from andon.model.types import FLOATS, INTEGERS, parse_type
from andon.profiles.bins import central, moment_edges, moment_text, number_edges, rising
from andon.profiles.groups import Groups, Ranks, drop_groups
from andon.profiles.kinds import kind_of, value_of

if TYPE_CHECKING:
    import duckdb

#: Shares of `ColumnProfile.quantiles`, in hundredths.
_SHARES = (1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 95, 99)

#: With at most so many different values all of them are kept, else only the most frequent ones.
ALL_VALUES = 50
_MOST_FREQUENT = 20

#: Above it the square of a number is no DOUBLE any more.
_LARGEST_SQUARED = 1e150
_EXACT_IN_DOUBLE = 2**53
#: Below it the engine's widest whole and decimal numbers hold every difference.
_HUGE = 10**38


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

    def profiles(self, names: Sequence[str], type_text: str, *, masked: bool) -> list[ColumnProfile]:
        """The profiles of columns of one type.

        Args:
            masked: whether only counts may leave the engine.
        """
        kind = kind_of(type_text)
        found = _Columns(Groups(self.connection, self.relation, names), type_text, kind)
        profiles = [
            ColumnProfile(name, type_text, kind, self.rows, nulls, self.rows, distinct, empty=empty)
            for name, (distinct, nulls, empty) in zip(names, found.counts(), strict=True)
        ]
        if masked:
            return [profile.hidden() for profile in profiles]
        profiles = found.with_top(profiles)
        match kind:
            case ColumnKind.NUMBER:
                return found.numbers(profiles)
            case ColumnKind.MOMENT:
                return found.moments(profiles)
        return found.others(profiles)

    def singles(self) -> list[int]:
        """How many values of each of the columns that were profiled last came only once."""
        sql = "select k, count(*) filter (v is not null and n = 1) from temp.main.profile_groups group by k order by k"
        return [int(count) for _, count in self.connection.execute(sql).fetchall()]

    def drop(self) -> None:
        """Take the temporary tables away."""
        drop_groups(self.connection)


class _Columns:
    """What is said about columns of one type."""

    def __init__(self, groups: Groups, type_text: str, kind: ColumnKind) -> None:
        self._groups = groups
        self._type = type_text
        self._name = parse_type(type_text).name
        self._kind = kind

    def counts(self) -> list[tuple[int, int, int | None]]:
        """Different values, rows with NULL, and rows with an empty text, list or map (None for other types)."""
        empty = {"VARCHAR": "v = ''", "LIST": "len(v) = 0", "MAP": "cardinality(v) = 0"}.get(self._name)
        counted = f"coalesce(sum(n) filter ({empty}), 0)" if empty else "null"
        told = self._groups.ask(("count(v)", "coalesce(sum(n) filter (v is null), 0)", counted))
        rows = [told[k] for k in self._groups.columns]
        return [(int(distinct), int(nulls), None if e is None else int(e)) for distinct, nulls, e in rows]

    def with_top(self, profiles: Sequence[ColumnProfile]) -> list[ColumnProfile]:
        """The most frequent values: all where they are few, else those that come more than once."""
        few = [k for k, profile in enumerate(profiles) if (profile.distinct or 0) <= ALL_VALUES]
        found = []
        for profile, rows in zip(profiles, self._groups.top(few, ALL_VALUES, _MOST_FREQUENT), strict=True):
            top = tuple(TopValue(value_of(text, self._type), count) for text, count in rows)
            found.append(replace(profile, top=top, top_complete=len(top) == profile.distinct))
        return found

    def others(self, profiles: Sequence[ColumnProfile]) -> list[ColumnProfile]:
        """Range and lengths of what is neither number nor moment."""
        expressions = []
        if self._kind is not ColumnKind.NESTED:
            expressions = [f"left({each}(v)::varchar, {LONGEST_TEXT + 1})" for each in ("min", "max")]
        measure = {
            "VARCHAR": "length(v)", "BLOB": "octet_length(v)", "LIST": "len(v)", "ARRAY": "len(v)", "MAP": "cardinality(v)"
        }.get(self._name)  # fmt: skip
        if measure is not None:
            expressions += [f"min({measure})", f"sum({measure}::bigint * n)", f"max({measure})"]
        if not expressions:
            return list(profiles)
        told, found = self._groups.ask(expressions), []
        for k, profile in enumerate(profiles):
            values = list(told[k])
            if self._kind is not ColumnKind.NESTED:
                low, high = (value_of(values.pop(0), self._type) for _ in range(2))
                profile = replace(profile, minimum=low, maximum=high)
            if measure is not None and profile.distinct:
                least, total, most = values
                mean = round(int(total) / (profile.rows - profile.nulls), 2)
                profile = replace(profile, lengths=Lengths(int(least), mean, int(most)))
            found.append(profile)
        return found

    def numbers(self, profiles: Sequence[ColumnProfile]) -> list[ColumnProfile]:
        """All about numbers."""
        floating = self._name in FLOATS
        finite = "isfinite(v)" if floating else "v is not null"
        nan, infinite = ("isnan(v)", "isinf(v)") if floating else ("false", "false")
        sums = (f"coalesce(sum(n) filter ({each}), 0)" for each in (nan, infinite, "v = 0", "v < 0", finite))
        told = self._groups.ask((f"(min(v) filter ({finite}))::varchar", f"(max(v) filter ({finite}))::varchar", *sums))
        found, ranges = [], {}
        for k, profile in enumerate(profiles):
            low, high, nans, infinites, zeros, negative, count = told[k]
            found.append(
                replace(profile, nan=int(nans), infinite=int(infinites), zeros=int(zeros), negative=int(negative))
            )
            if low is not None:
                ranges[k] = _Range(str(low), str(high), int(count))
        if not ranges:
            return found
        spreads = self._spreads(finite, ranges)
        ranks = self._groups.sort("v", finite, {k: r.count for k, r in ranges.items()})
        quantiles = {
            k: tuple((share / 100, self._between(ranks[k], share, r.count)) for share in _SHARES)
            for k, r in ranges.items()
        }
        histograms = self._number_histograms(ranges, quantiles)
        for k, each in ranges.items():
            mean, deviation = spreads.get(k, (None, None))
            found[k] = replace(
                found[k],
                minimum=value_of(each.low, self._type),
                maximum=value_of(each.high, self._type),
                mean=mean,
                deviation=deviation,
                quantiles=quantiles[k],
                histogram=histograms.get(k),
            )
        return found

    def moments(self, profiles: Sequence[ColumnProfile]) -> list[ColumnProfile]:
        """All about dates and timestamps."""
        days = self._name == "DATE"
        told = self._groups.ask(
            (
                "(min(v) filter (isfinite(v)))::varchar",
                "(max(v) filter (isfinite(v)))::varchar",
                "coalesce(sum(n) filter (not isfinite(v)), 0)",
                "coalesce(sum(n) filter (isfinite(v)), 0)",
            )
        )
        found = [replace(profile, infinite=int(told[k][2])) for k, profile in enumerate(profiles)]
        counts = {k: int(told[k][3]) for k in self._groups.columns if told[k][0] is not None}
        if not counts:
            return found
        ranks = self._groups.sort("v - date '1970-01-01'" if days else "epoch_us(v)", "isfinite(v)", counts)
        picked = {k: [int(ranks[k].at((count - 1) * share // 100)) for share in _SHARES] for k, count in counts.items()}
        zone = "::timestamptz" if self._name.endswith("ZONE") else ""
        value = "date '1970-01-01' + x::integer" if days else f"make_timestamp(x){zone}"
        texts = iter(self._groups.texts(value, [each for k in counts for each in picked[k]]))
        histograms = self._moment_histograms(counts, ranks, picked, days)
        for k in counts:
            found[k] = replace(
                found[k],
                minimum=told[k][0],
                maximum=told[k][1],
                quantiles=tuple((share / 100, next(texts)) for share in _SHARES),
                histogram=histograms.get(k),
            )
        return found

    def _spreads(self, finite: str, ranges: Mapping[int, _Range]) -> dict[int, tuple[float | None, float | None]]:
        """Mean and standard deviation, this from what lies between each value and the smallest: large numbers that lie close together
        keep their digits."""
        small = [k for k, r in ranges.items() if max(abs(float(r.low)), abs(float(r.high))) <= _LARGEST_SQUARED]
        if not small:
            return {}
        means = self._groups.ask((f"sum(v::double * n) filter ({finite}) / (sum(n) filter ({finite}))::bigint",), small)
        ways: dict[str, list[int]] = {}
        for k in small:
            if ranges[k].count >= 2:
                ways.setdefault(self._above(ranges[k]), []).append(k)
        squares = {k: s for above, some in ways.items() for k, s in self._groups.squares(above, finite, some).items()}
        return {
            k: (
                _rounded(means[k][0]),
                _rounded(math.sqrt(squares[k] / (ranges[k].count - 1))) if k in squares else None,
            )
            for k in small
        }

    def _above(self, each: _Range) -> str:
        """How far a value lies above the smallest one, as a DOUBLE: subtracted exactly where the type can hold it."""
        if self._name in INTEGERS and int(each.high) - int(each.low) < _HUGE and int(each.high) < _HUGE:
            return "(v::hugeint - low::hugeint)::double"
        if self._name == "DECIMAL":
            scale = int(parse_type(self._type).arguments[1])
            if Decimal(each.high) - Decimal(each.low) < Decimal(_HUGE).scaleb(-scale):
                wide = f"decimal(38,{scale})"  # the type itself may be too narrow for a difference
                return f"(v::{wide} - low::{wide})::double"
        return "(v::double - low::double)"

    def _between(self, ranks: Ranks, share: int, count: int) -> Value:
        """The quantile at `share` hundredths, between the two values around it; a whole number that a double can't hold as it is."""
        rank, rest = divmod((count - 1) * share, 100)
        low = ranks.at(rank)
        whole = self._name in INTEGERS and abs(int(low)) > _EXACT_IN_DOUBLE
        if not rest:
            return int(low) if whole else float(low)
        high = ranks.at(rank + 1)
        if whole:
            return round(Fraction(low) + (Fraction(high) - Fraction(low)) * rest / 100)
        found = float(low) + (float(high) - float(low)) * (rest / 100)
        return _rounded(found) if math.isfinite(found) else None

    def _number_histograms(
        self, ranges: Mapping[int, _Range], quantiles: Mapping[int, Sequence[tuple[float, Value]]]
    ) -> dict[int, Histogram]:
        whole = self._name in INTEGERS
        exact = {}
        for k, each in ranges.items():
            low, high = Decimal(each.low), Decimal(each.high)
            if low == high:
                continue
            outer = [Decimal(str(value)) for _, value in (quantiles[k][0], quantiles[k][-1]) if value is not None]
            if len(outer) == 2:
                low, high = central(low, high, outer[0], outer[1])
            edges = number_edges(low, high, whole=whole)
            if rising([float(e) for e in edges]):
                exact[k] = edges
        shown: dict[int, list[Value]] = {k: [int(e) if whole else float(e) for e in each] for k, each in exact.items()}
        counts = {k: r.count for k, r in ranges.items()}
        if self._name == "DECIMAL" and int(parse_type(self._type).arguments[0]) <= 18:
            return self._histograms(
                "x", _decimal_of([e for each in exact.values() for e in each]), exact, shown, counts
            )
        small = {k: e for k, e in exact.items() if whole and max(-e[0], e[-1], Decimal(ranges[k].high)) < _HUGE}
        large = {k: [float(e) for e in each] for k, each in exact.items() if k not in small}
        left = "x::hugeint" if self._name == "UHUGEINT" else "x"
        found = self._histograms(left, "hugeint", small, shown, counts)
        return found | self._histograms("x::double", "double", large, shown, counts)

    def _moment_histograms(
        self, counts: Mapping[int, int], ranks: Mapping[int, Ranks], picked: Mapping[int, Sequence[int]], days: bool
    ) -> dict[int, Histogram]:
        zone = "+00" if self._name.endswith("ZONE") else ""
        exact: dict[int, list[Decimal]] = {}
        shown: dict[int, list[Value]] = {}
        for k in counts:
            low, high = ranks[k].values[0], ranks[k].values[-1]
            if low == high:
                continue
            covered = central(Decimal(low), Decimal(high), Decimal(picked[k][0]), Decimal(picked[k][-1]))
            edges = moment_edges(int(covered[0]), int(covered[1]), days=days)
            if len(edges) >= 2:
                exact[k] = [Decimal(e) for e in edges]
                shown[k] = [moment_text(e, days=days) + zone for e in edges]
        return self._histograms("x", "bigint", exact, shown, counts)

    def _histograms(
        self,
        left: str,
        kind: str,
        edges: Mapping[int, Sequence[Decimal | float]],
        shown: Mapping[int, Sequence[Value]],
        counts: Mapping[int, int],
    ) -> dict[int, Histogram]:
        """Rows in each bin; the last one also takes what equals the last edge."""
        found = {}
        for k, upto in self._groups.up_to(left, kind, edges).items():
            bins = tuple(b - a for a, b in itertools.pairwise(upto))
            found[k] = Histogram(tuple(shown[k]), bins, upto[0], counts[k] - upto[-1])
        return found


class _Range(Record):
    """The smallest and the largest finite number of a column as texts, and how many rows have one."""

    low: str
    high: str
    count: int


def _decimal_of(edges: Sequence[Decimal]) -> str:
    """A decimal type that holds all edges, no wider than it must be: wide ones compare slowly."""
    scale = max((-int(e.as_tuple().exponent) for e in edges), default=0)
    scale = max(scale, 0)
    digits = max((e.adjusted() + 1 for e in edges), default=1)
    return f"decimal({18 if max(digits, 0) + scale <= 18 else 38},{scale})"


def _rounded(value: float) -> float:
    """To 12 digits: what follows depends on the order in which threads add."""
    return float(f"{value:.12g}")
