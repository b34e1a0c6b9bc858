"""Large tables: which rows are looked at, that the same ones are every time, and that it is said."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from andon.checks.profile import how_made
from andon.checks.profile_sample import STRETCH, STRETCHES, stretches
from kit.profiles import Profiler


@pytest.mark.parametrize(
    "rows",
    [
        [1_000_001],
        [10_000_000],
        [600_000, 600_000],
        [1] * 1000 + [2_000_000],
        [50_000] * 40,
        [5_000_000, 3, 0, 7_000_000],
    ],
)
def test_stretches_are_inside_apart_and_enough(rows: list[int]) -> None:
    found = stretches(rows)
    assert found == stretches(rows)
    assert all(0 <= s.first <= s.last < rows[s.file] for s in found)
    places = sorted((s.file, s.first, s.last) for s in found)
    for (file, _, last), (following, first, _) in itertools.pairwise(places):
        assert file != following or last < first
    assert sum(s.last - s.first + 1 for s in found) == STRETCHES * STRETCH


def test_stretches_reach_over_the_whole() -> None:
    begins = [s.first for s in stretches([10_000_000])]
    assert begins[0] < 400_000
    assert begins[-1] > 9_500_000
    assert max(b - a for a, b in itertools.pairwise(begins)) < 3 * 10_000_000 / STRETCHES


@pytest.fixture(scope="module")
def profiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profiler]:
    found = Profiler(tmp_path_factory.mktemp("samples"))
    yield found
    found.close()


def test_a_large_table_is_sampled_and_says_so(profiler: Profiler) -> None:
    sql = (
        "select {0} + i as id, i % 1000 as k, case when i % 4 = 0 then null else (i % 70)::decimal(10,2) end as amount,"
        " date '2020-01-01' + (i // 1000)::int as day, i / 3 as f, 'u' || hash(i) as t from range(600000) t(i)"
    )
    found = profiler(sql.format(0), sql.format(600_000))
    assert (found.rows, found.sample, found.is_exact) == (1_200_000, STRETCHES * STRETCH, False)
    assert how_made(found) == "a sample of 524,288 of 1,200,000 rows"
    number, key, amount, day, floating, text = found.columns
    # counted by the write, over all rows
    assert (amount.nulls, amount.nulls_of, amount.null_share) == (300_000, 1_200_000, 0.25)
    assert (number.minimum, number.maximum, number.range_exact) == (0, 1_199_999, True)
    assert (amount.minimum, amount.maximum, day.minimum, day.maximum) == ("0.00", "69.00", "2020-01-01", "2021-08-22")
    assert not floating.range_exact
    assert not text.range_exact
    # estimated
    assert not any(c.distinct_exact or c.is_unique for c in found.columns)
    assert number.distinct == pytest.approx(1_200_000, rel=0.02)
    assert key.distinct == 1000
    assert number.mean == pytest.approx(600_000, rel=0.05)
    assert number.quantile(0.5) == pytest.approx(600_000, rel=0.05)
    again = profiler(sql.format(0), sql.format(600_000))
    assert again.columns == found.columns


def test_a_column_with_the_name_of_row_numbers_is_sampled_another_way(profiler: Profiler) -> None:
    found = profiler("select i as file_row_number from range(1100000) t(i)")
    assert found.sample is not None
    assert 300_000 < found.sample < 700_000
    assert found.columns[0].maximum == 1_099_999
