"""Profiles of every type and of awkward values, judged by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from andon.base.document import from_json
from andon.model.profile import LONGEST_TEXT, ColumnKind, ColumnProfile, Lengths, Profile, is_cut
from kit.profiles import Profiler


@pytest.fixture(scope="module")
def profiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profiler]:
    found = Profiler(tmp_path_factory.mktemp("profiles"))
    yield found
    found.close()


def top(column: ColumnProfile) -> list[tuple[object, int]]:
    return [(t.value, t.count) for t in column.top]


def test_numbers(profiler: Profiler) -> None:
    found = profiler.column("(1), (2), (2), (null), (-3)")
    assert (found.kind, found.rows, found.nulls, found.distinct, found.distinct_exact) == ("number", 5, 1, 3, True)
    assert (found.minimum, found.maximum, found.mean) == (-3, 2, 0.5)
    assert found.deviation == pytest.approx(2.38047614285)
    assert found.quantile(0.5) == 1.5
    assert top(found) == [(2, 2), (-3, 1), (1, 1)]
    assert found.top_complete
    assert (found.zeros, found.negative, found.null_share) == (0, 1, 0.2)
    assert found.histogram is not None
    assert found.histogram.edges == (-3, -2, -1, 0, 1, 2, 3)
    assert found.histogram.counts == (1, 0, 0, 0, 1, 2)


def test_floats_that_are_no_numbers_are_counted_and_nothing_else(profiler: Profiler) -> None:
    found = profiler.column("('nan'::double), ('nan'), ('inf'), ('-inf'), (1.5), (-0.0), (0.0), (null)")
    assert (found.nan, found.infinite, found.zeros, found.nulls, found.distinct) == (2, 2, 2, 1, 5)
    assert (found.minimum, found.maximum, found.mean) == (0.0, 1.5, 0.5)
    assert top(found)[0] in [(0.0, 2), ("nan", 2)]
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 3


@pytest.mark.parametrize(
    ("values", "mean", "median"),
    [
        ("(1e308::double), (-1e308), (0)", None, 0.0),
        ("(1e16::double), (1e16::double + 2), (1e16::double + 4)", 1e16, 1e16 + 2),
        ("(1e-320::double), (2e-320), (3e-320)", pytest.approx(2e-320), pytest.approx(2e-320)),
        ("(9223372036854775807), (-9223372036854775807), (0)", 0.0, 0.0),
        ("(1e200::double), (1e-200)", None, 5e199),
    ],
)
def test_extreme_numbers_neither_fail_nor_lie(profiler: Profiler, values: str, mean: object, median: object) -> None:
    found = profiler.column(values)
    assert (found.mean, found.quantile(0.5)) == (mean, median)
    if found.histogram is not None:
        assert sum(found.histogram.counts) == found.rows


def test_decimals_keep_their_digits(profiler: Profiler) -> None:
    found = profiler.column("(0.10::decimal(10,2)), (0.30), (12.50)")
    assert (found.minimum, found.maximum, found.mean) == ("0.10", "12.50", 4.3)
    wide = profiler.column("(12345678901234567890123456789012345678::decimal(38,0)), (1::decimal(38,0))")
    assert wide.maximum == "12345678901234567890123456789012345678"


def test_values_on_an_edge_belong_to_the_upper_bin(profiler: Profiler) -> None:
    found = profiler("select (i / 100)::decimal(10,2) as x, (i / 100)::double as y from range(1000) t(i)")
    for column in found.columns:
        assert column.histogram is not None
        assert column.histogram.counts == (50,) * 20


def test_a_few_far_values_do_not_press_the_others_flat(profiler: Profiler) -> None:
    found = profiler(
        "select case when i = 0 then -1000000 when i = 1 then 1000000 else i % 100 end as x from range(1000) t(i)"
    )
    histogram = found.columns[0].histogram
    assert histogram is not None
    assert (histogram.below, histogram.above) == (1, 1)
    assert sum(histogram.counts) == 998
    assert len([c for c in histogram.counts if c]) >= 10


def test_dates(profiler: Profiler) -> None:
    found = profiler.column("(date '2024-01-31'), (date '2024-02-29'), (date '2024-02-29'), (null)")
    assert (found.minimum, found.maximum, found.quantile(0.5)) == ("2024-01-31", "2024-02-29", "2024-02-29")
    assert top(found) == [("2024-02-29", 2), ("2024-01-31", 1)]
    assert found.mean is None
    months = profiler("select date '2024-01-01' + (i % 366)::int as x from range(3660) t(i)").columns[0]
    assert months.histogram is not None
    assert months.histogram.edges[:3] == ("2024-01-01", "2024-02-01", "2024-03-01")
    assert months.histogram.counts[:2] == (310, 290)


def test_dates_outside_of_any_calendar(profiler: Profiler) -> None:
    found = profiler.column("(date 'infinity'), (date '5000000-01-01'), (date '0044-03-15 (BC)'), (date '2024-01-01')")
    assert (found.minimum, found.maximum, found.infinite) == ("0044-03-15 (BC)", "5000000-01-01", 1)
    assert found.histogram is None
    sentinel = profiler(
        "select case when i < 5 then date '9999-12-31' else date '2024-01-01' + (i % 100)::int end as x from range(1000) t(i)"
    ).columns[0]
    assert sentinel.maximum == "9999-12-31"
    assert sentinel.histogram is not None
    assert sentinel.histogram.above == 5


def test_timestamps_with_and_without_zone(profiler: Profiler) -> None:
    found = profiler.column("(timestamp '-infinity'), (timestamp '2024-02-29 12:00:00.5'), (timestamp '2024-03-01')")
    assert (found.minimum, found.maximum) == ("2024-02-29 12:00:00.5", "2024-03-01 00:00:00")
    zoned = profiler.column("(timestamptz '2024-02-29 12:00:00+05'), (timestamptz '2024-03-01 00:00:00+00')")
    assert (zoned.minimum, zoned.maximum) == ("2024-02-29 07:00:00+00", "2024-03-01 00:00:00+00")
    assert zoned.histogram is not None
    assert zoned.histogram.edges[0] == "2024-02-29 07:00:00+00"


def test_texts(profiler: Profiler) -> None:
    found = profiler.column("('é'), (''), (' '), (null), ('a' || chr(0)), ('日本'), ('日本')")
    assert (found.empty, found.distinct, found.lengths) == (1, 5, Lengths(0, 1.33, 2))
    assert (found.minimum, found.maximum) == ("", "日本")
    assert top(found)[0] == ("日本", 2)
    long = profiler.column(f"(repeat('x', {LONGEST_TEXT})), (repeat('y', {LONGEST_TEXT + 1}))")
    assert [is_cut(t.value) for t in long.top] == [False, True]
    assert long.lengths == Lengths(LONGEST_TEXT, LONGEST_TEXT + 0.5, LONGEST_TEXT + 1)


def test_other_types(profiler: Profiler) -> None:
    found = profiler(
        "select true as b, '\\x00\\xff'::blob as data, uuid '00000000-0000-0000-0000-000000000001' as id, time '01:02:03.5' as t"
    )
    boolean, data, uid, clock = found.columns
    assert (boolean.kind, boolean.minimum, top(boolean)) == (ColumnKind.BOOLEAN, True, [(True, 1)])
    assert (data.minimum, data.lengths) == ("\\x00\\xFF", Lengths(2, 2.0, 2))
    assert uid.minimum == "00000000-0000-0000-0000-000000000001"
    assert clock.maximum == "01:02:03.5"


@pytest.mark.parametrize(
    ("values", "distinct", "lengths", "empty"),
    [
        ("([1, 2]), ([]), (null), ([1, 2]), ([null])", 3, Lengths(0, 1.25, 2), 1),
        ("(map {'a': 1}), (map {}), (null), (map {'a': 1})", 2, Lengths(0, 0.67, 1), 1),
        ("({'a': 1, 'b': [1.5, 'nan'::double]}), ({'a': 1, 'b': [1.5, 'nan'::double]}), (null)", 1, None, None),
    ],
)
def test_nested(profiler: Profiler, values: str, distinct: int, lengths: Lengths | None, empty: int | None) -> None:
    found = profiler.column(values)
    assert (found.kind, found.nulls, found.distinct) == (ColumnKind.NESTED, 1, distinct)
    assert (found.lengths, found.empty, found.minimum) == (lengths, empty, None)
    assert found.top[0].count == (2 if found.rows > 3 or distinct == 1 else 1)


@pytest.mark.parametrize(
    "kind", ["integer", "double", "varchar", "date", "timestamp", "boolean", "integer[]", "struct(a int)"]
)
def test_columns_without_values(profiler: Profiler, kind: str) -> None:
    nothing = profiler(f"select null::{kind} as x from range(3)").columns[0]
    assert (nothing.rows, nothing.nulls, nothing.distinct, nothing.top, nothing.histogram) == (3, 3, 0, (), None)
    assert nothing.null_share == 1.0
    empty = profiler(f"select null::{kind} as x limit 0").columns[0]
    assert (empty.rows, empty.nulls, empty.distinct, empty.minimum, empty.null_share) == (0, 0, 0, None, 0.0)
    assert not nothing.is_unique
    assert not empty.is_unique


def test_names_that_are_used_inside(profiler: Profiler) -> None:
    found = profiler('select 1 as v, 2 as n, 3 as x, 4 as file_row_number, 5 as "we""ird", 6 as "ÄÖ"')
    assert [(c.name, c.minimum) for c in found.columns] == [
        ("v", 1), ("n", 2), ("x", 3), ("file_row_number", 4), ('we"ird', 5), ("ÄÖ", 6)
    ]  # fmt: skip


def test_masked_columns_have_counts_only(profiler: Profiler) -> None:
    found = profiler(
        "select * from (values ('ada@x.org', 1.5, date '2024-01-01'), ('', 2.5, null), (null, null, null)) t(Email, n, d)",
        masked={"email", "n", "d"},
    )
    assert [(c.masked, c.nulls, c.distinct, c.empty) for c in found.columns] == [
        (True, 1, 2, 1),
        (True, 1, 2, None),
        (True, 2, 1, None),
    ]
    text = json.dumps(found.to_json())
    assert "ada" not in text
    assert "2.5" not in text
    assert "2024" not in text


def test_json_and_back(profiler: Profiler) -> None:
    found = profiler(
        "select i, i / 7 as f, 'k' || i % 3 as k, date '2024-01-01' + i::int as d, [i] as l, 'nan'::double as nan from range(100) t(i)",
        masked={"k"},
    )
    text = json.dumps(found.to_json(), allow_nan=False)
    assert from_json(Profile, json.loads(text)) == found


def test_rare_values_among_many_that_come_once(profiler: Profiler) -> None:
    found = profiler("select case when i < 400 then 'unknown' else 'id ' || i end as x from range(1000) t(i)").columns[
        0
    ]
    assert top(found) == [("unknown", 400)]
    assert not found.top_complete
    assert profiler("select 'id ' || i as x from range(1000) t(i)").columns[0].is_unique


def test_a_wide_table_is_read_in_parts_and_says_the_same_of_each_column(profiler: Profiler) -> None:
    kinds = ("i % 5 as a{0}", "'t' || i % 3 as b{0}", "nullif(i, 2) * 0.5 as c{0}")
    columns = [kinds[n % 3].format(n) for n in range(70)]
    rows = "from range(20) t(i)"
    wide = profiler(f"select {', '.join(columns)} {rows}", masked=["b1", "a69"])
    narrow = [profiler(f"select {column} {rows}", masked=["b1", "a69"]).columns[0] for column in columns]
    assert list(wide.columns) == narrow


@pytest.mark.parametrize("kind", ["bigint", "ubigint", "decimal(38,0)", "decimal(30,0)"])
def test_large_numbers_that_lie_close_together_keep_their_digits(profiler: Profiler, kind: str) -> None:
    low = 2**62
    found = profiler.column(", ".join(f"({low + i}::{kind})" for i in (0, 1, 2, 3, 10)))
    assert found.deviation == pytest.approx(3.96232255123)
    assert found.mean == pytest.approx(float(low), rel=1e-12)
    if not kind.startswith("decimal"):
        assert (found.quantile(0.5), found.quantile(0.25)) == (low + 2, low + 1)


def test_shares_are_of_the_rows_that_have_a_value(profiler: Profiler) -> None:
    found = profiler.column("(0.0::double), ('nan'), (1), (5), (null), (null), (null), (null)")
    assert (found.rows, found.values, found.nan, found.zeros) == (8, 4, 1, 1)
    sampled = ColumnProfile("x", "BIGINT", ColumnKind.NUMBER, rows=100, nulls=5000, nulls_of=10_000)
    assert sampled.values == 50  # NULLs counted in all rows, values in those looked at
