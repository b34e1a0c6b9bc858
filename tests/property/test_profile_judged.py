"""Profiles of generated columns against what plain Python says about the same values."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.names import literal
from kit.profiles import Profiler

_FEW = st.integers(-5, 5)
NUMBERS = {
    "integer": st.one_of(_FEW, st.integers(-(2**31), 2**31 - 1)),
    "bigint": st.one_of(_FEW, st.integers(-(2**53), 2**53), st.integers(2**62, 2**62 + 1000)),
    "decimal(30,2)": st.decimals(10**25, 10**25 + 9, places=2),
    "double": st.one_of(_FEW.map(float), st.floats(-1e12, 1e12, allow_nan=False)),
    "decimal(18,2)": st.one_of(_FEW.map(Decimal), st.decimals(-(10**9), 10**9, places=2)),
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=6)


@pytest.fixture(scope="module")
def profiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profiler]:
    found = Profiler(tmp_path_factory.mktemp("judged"))
    yield found
    found.close()


def sql_of(values: Sequence[Any], kind: str) -> str:
    rows = ", ".join("(null)" if v is None else f"({literal(str(v))})" for v in values)
    return f"select x::{kind} as x from (values {rows}) t(x)"


def quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_numbers(profiler: Profiler, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(NUMBERS)))
    values = data.draw(st.lists(st.one_of(st.none(), NUMBERS[kind]), min_size=1, max_size=80))
    column = profiler(sql_of(values, kind)).columns[0]
    known = [v for v in values if v is not None]
    assert (column.rows, column.nulls, column.distinct) == (len(values), len(values) - len(known), len(set(known)))
    if not known:
        assert column.minimum is None
        return
    floats = sorted(float(v) for v in known)
    assert (float(column.minimum or 0), float(column.maximum or 0)) == (floats[0], floats[-1])
    scale = max(abs(floats[0]), abs(floats[-1]), 1e-300)
    assert column.mean == pytest.approx(statistics.fmean(floats), rel=1e-9, abs=scale * 1e-9)
    if len(floats) > 1:
        close = kind == "double"  # numbers of other types are subtracted exactly, however large they are
        wanted = statistics.stdev(floats) if close else statistics.stdev([Fraction(v) for v in known])
        assert column.deviation == pytest.approx(wanted, rel=1e-9, abs=scale * 1e-9 if close else 0)
    for share, value in column.quantiles:
        assert value == pytest.approx(quantile(floats, share), rel=1e-9, abs=scale * 1e-9)
    assert (column.zeros, column.negative) == (sum(v == 0 for v in known), sum(v < 0 for v in known))
    counts = Counter(known)
    expected = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    listed = [(float(t.value or 0), t.count) for t in column.top]
    if len(counts) <= 50:
        assert listed == [(float(v), n) for v, n in expected]
    else:
        assert listed == [(float(v), n) for v, n in expected if n > 1][:20]
    if column.histogram is not None:
        edges = [float(e or 0) for e in column.histogram.edges]
        inside = [v for v in floats if edges[0] <= v <= edges[-1]]
        assert column.histogram.below == sum(v < edges[0] for v in floats)
        assert column.histogram.above == sum(v > edges[-1] for v in floats)
        assert sum(column.histogram.counts) == len(inside)
        last = len(edges) - 2
        for i, count in enumerate(column.histogram.counts):
            assert count == sum(edges[i] <= v < edges[i + 1] or (i == last and v == edges[-1]) for v in floats)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", " "]), TEXTS), min_size=1, max_size=60))
def test_texts(profiler: Profiler, values: list[str | None]) -> None:
    column = profiler(sql_of(values, "varchar")).columns[0]
    known = [v for v in values if v is not None]
    counts = Counter(known)
    assert (column.nulls, column.distinct, column.empty) == (len(values) - len(known), len(counts), counts[""])
    if not known:
        return
    lengths = [len(v) for v in known]
    assert column.lengths is not None
    assert (column.lengths.minimum, column.lengths.maximum) == (min(lengths), max(lengths))
    assert column.lengths.mean == pytest.approx(statistics.fmean(lengths), abs=0.006)
    assert (column.minimum, column.maximum) == (min(known, key=str.encode), max(known, key=str.encode))
    if len(counts) <= 50:
        assert {t.value: t.count for t in column.top} == counts
