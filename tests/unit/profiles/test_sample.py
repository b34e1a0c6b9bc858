"""Large tables: which rows are looked at, that the same ones are every time, and that it is said."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.profiles import make as profile_made
from andon.profiles import sample as profile_sample
from andon.profiles.compare import compare
from andon.profiles.sample import READ_UP_TO, STRETCH, STRETCHES, one_in, stretches
from kit.profiles import Profiler

SMALL = [[1_000_001], [10_000_000], [600_000, 600_000], [1] * 1000 + [2_000_000], [50_000] * 40, [5_000_000, 3, 0, 700]]
LARGE = [[12_000_001], [100_000_000], [50_000] * 400, [5_000_000, 3, 0, 7_000_000], [13_000_000, 1, 10**9]]


@pytest.mark.parametrize("rows", [*SMALL, *LARGE])
def test_stretches_are_inside_and_apart(rows: list[int]) -> None:
    found = stretches(rows)
    assert found == stretches(rows)
    assert all(0 <= s.first <= s.last < rows[s.file] for s in found)
    places = sorted((s.file, s.first, s.last) for s in found)
    for (file, _, last), (following, first, _) in itertools.pairwise(places):
        assert file != following or last < first
    assert sum(s.rows for s in found) == min(sum(rows), STRETCHES * STRETCH, READ_UP_TO)
    assert one_in(found) >= 2


def test_stretches_of_a_very_large_table_reach_over_the_whole() -> None:
    begins = [s.first for s in stretches([10**9])]
    assert begins[0] < 10**7
    assert begins[-1] > 98 * 10**7
    assert max(b - a for a, b in itertools.pairwise(begins)) < 3 * 10**9 / STRETCHES


@pytest.fixture(scope="module")
def profiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profiler]:
    found = Profiler(tmp_path_factory.mktemp("samples"))
    yield found
    found.close()


def test_a_large_table_is_sampled_and_says_so(profiler: Profiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_made, "WHOLE_UP_TO", 100_000)
    monkeypatch.setattr(profile_sample, "SAMPLE", 60_000)
    sql = (
        "select {0} + i as id, i % 1000 as k, case when i % 4 = 0 then null else (i % 70)::decimal(10,2) end as amount,"
        " date '2020-01-01' + (i // 1000)::int as day, i / 3 as f, 'u' || hash(i) as t from range(60000) t(i)"
    )
    found = profiler(sql.format(0), sql.format(60_000))
    assert (found.rows, found.is_exact) == (120_000, False)
    assert found.sample is not None
    assert 50_000 < found.sample < 70_000
    number, key, amount, day, floating, text = found.columns
    # counted by the write, over all rows
    assert (amount.nulls, amount.nulls_of, amount.null_share) == (30_000, 120_000, 0.25)
    assert (number.minimum, number.maximum, number.range_exact) == (0, 119_999, True)
    assert (amount.minimum, amount.maximum, day.minimum, day.maximum) == ("0.00", "69.00", "2020-01-01", "2020-02-29")
    assert not floating.range_exact
    assert not text.range_exact
    # estimated
    assert not any(c.distinct_exact or c.is_unique for c in found.columns)
    assert number.distinct == pytest.approx(120_000, rel=0.05)
    assert key.distinct == 1000
    assert number.mean == pytest.approx(60_000, rel=0.05)
    assert number.quantile(0.5) == pytest.approx(60_000, rel=0.05)
    again = profiler(sql.format(0), sql.format(60_000))
    assert again.columns == found.columns


def test_a_column_with_the_name_of_row_numbers_is_sampled_another_way(profiler: Profiler) -> None:
    found = profiler("select i as file_row_number from range(1100000) t(i)")
    assert found.sample is not None
    assert 300_000 < found.sample < 700_000
    assert found.columns[0].maximum == 1_099_999


def test_many_files_are_sampled_in_one_scan(profiler: Profiler) -> None:
    found = profiler(*(f"select {n} as n, i from range(20000) t(i)" for n in range(70)))
    assert found.rows == 1_400_000
    assert found.sample is not None
    assert 350_000 < found.sample < 600_000
    number = found.columns[0]
    assert (number.distinct, number.minimum, number.maximum) == (70, 0, 69)


def test_a_very_large_table_is_read_in_stretches(profiler: Profiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_sample, "READ_UP_TO", 1_100_000)
    monkeypatch.setattr(profile_sample, "STRETCH", 2_048)
    monkeypatch.setattr(profile_sample, "SAMPLE", 50_000)
    found = profiler("select i as id from range(1200000) t(i)")
    assert found.sample is not None
    assert 30_000 < found.sample < 70_000
    assert found.columns[0].mean == pytest.approx(600_000, rel=0.02)
    assert found.columns[0].maximum == 1_199_999


def test_rows_in_order_do_not_mislead(profiler: Profiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_made, "WHOLE_UP_TO", 100_000)
    monkeypatch.setattr(profile_sample, "SAMPLE", 60_000)
    sql = (
        "select hash(i // 1000) % 1000 as batch, hash(i // 10000) % 50 as shop, 100 * sin(i / 5000) as season,"
        " 'k' || (hash(i // 600) % 40) as cat from range({}) t(i)"
    )
    before, after = profiler(sql.format(200_000)), profiler(sql.format(202_000))
    assert before.sample is not None
    assert before.columns[1].distinct == 18
    assert [c.name for c in compare(before, after).columns] == []


def test_the_number_of_threads_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "select hash(i) % 100000 as k, hash(i, 1) / 7 as f, 'k' || hash(i, 2) % 1000 as t from range(150000) t(i)"
    found = []
    for limit in (1_000_000, 100_000):
        monkeypatch.setattr(profile_made, "WHOLE_UP_TO", limit)
        for threads in (1, 4):
            folder = tmp_path / f"{limit}-{threads}"
            folder.mkdir()
            profiler = Profiler(folder, threads)
            found.append(profiler(f"select * from ({sql}) order by k, f").columns)
            profiler.close()
    assert found[0] == found[1]
    assert found[2] == found[3]
