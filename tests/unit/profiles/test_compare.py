"""Two profiles compared: what is told, in which order, and what is left unsaid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from andon.model.profile_diff import ProfileDiff
from andon.profiles import make as profile
from andon.profiles import sample as profile_sample
from andon.profiles.compare import compare
from andon.profiles.shift import shift
from kit.profiles import Profiler

PAID = "select i as id, (i % 100)::decimal(10,2) as amount, ['a', 'b', 'c'][1 + i % 3] as kind from range({}) t(i)"


@pytest.fixture(scope="module")
def profiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profiler]:
    found = Profiler(tmp_path_factory.mktemp("compared"))
    yield found
    found.close()


def told(found: ProfileDiff) -> dict[str, list[str]]:
    return {c.name: [m.what for m in c.moves] for c in found.columns}


def test_equal_content_is_quiet(profiler: Profiler) -> None:
    first = profiler(PAID.format(1000))
    same = compare(first, first)
    assert (same.same_content, same.is_equal, same.columns) == (True, True, ())
    other_order = compare(first, profiler(PAID.format(1000) + " order by i desc"))
    assert (other_order.same_content, other_order.is_equal, other_order.columns) == (False, True, ())


def test_a_unit_that_changed_comes_first(profiler: Profiler) -> None:
    before = profiler(PAID.format(1000))
    cents = (
        "select id, (case when id >= 900 then amount * 100 else amount end)::decimal(10,2) as amount, kind from ({})"
    )
    found = compare(before, profiler(cents.format(PAID.format(1000))))
    assert list(told(found)) == ["amount"]
    assert told(found)["amount"][0] in ("mean", "maximum", "shift")
    assert {"mean", "maximum"} <= set(told(found)["amount"])
    assert found.columns[0].weight >= 1


def test_new_and_gone_values(profiler: Profiler) -> None:
    before = profiler(PAID.format(999))
    after = profiler(PAID.format(999).replace("'c'", "'d'"))
    found = compare(before, after)
    moves = {m.what: (m.before, m.after) for m in found.columns[0].moves}
    assert moves["new values"] == (None, "d")
    assert moves["gone values"] == ("c", None)
    assert found.columns[0].shift == pytest.approx(4.33, abs=0.05)


def test_columns_that_came_went_and_changed_type(profiler: Profiler) -> None:
    before = profiler("select 1 as a, 2 as b, 'x' as c")
    after = profiler("select 1::bigint as a, 2 as d, 'x' as C")
    found = {c.name: c for c in compare(before, after).columns}
    assert {name: c.change for name, c in found.items()} == {"a": "changed", "b": "removed", "d": "added"}
    assert [(m.before, m.after) for m in found["a"].moves] == [("INTEGER", "BIGINT")]


def test_first_nulls_and_a_key_that_is_none_any_more_weigh_much(profiler: Profiler) -> None:
    before = profiler("select i as id, i % 7 as k from range(1000) t(i)")
    after = profiler("select least(i, 998) as id, case when i = 5 then null else i % 7 end as k from range(1000) t(i)")
    found = {c.name: c for c in compare(before, after).columns}
    assert found["id"].moves[0].what == "distinct"
    assert found["k"].moves[0].what == "nulls"
    assert min(c.weight for c in found.values()) >= 1


def test_masked_columns_are_compared_by_counts(profiler: Profiler) -> None:
    before = profiler("select 'a' || i as mail from range(10) t(i)", masked={"mail"})
    after = profiler("select case when i > 4 then 'b' || i end as mail from range(10) t(i)", masked={"mail"})
    found = compare(before, after)
    assert told(found) == {"mail": ["nulls", "distinct"]}
    assert found.columns[0].shift is None


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [
        ("i", "i", 0.0, 0.0),
        ("i * i", "i * i", 0.0, 0.0),
        ("i", "i + 1", 0.0, 0.02),
        ("i", "i * 1.004", 0.0, 0.02),
        ("exp(i / 1000.0)", "exp(i / 1000.0) * 1.01", 0.0, 0.02),
        ("i", "i + 1000", 0.25, 3.0),
        ("i", "i * 2", 0.25, 3.0),
        ("case when i % 2 = 0 then 0 else i end", "case when i % 2 = 0 then 0 else i end", 0.0, 0.0),
        ("date '2020-01-01' + (i // 10)::int", "date '2020-01-02' + (i // 10)::int", 0.0, 0.02),
        ("date '2020-01-01' + (i // 10)::int", "date '2021-01-01' + (i // 10)::int", 0.25, 9.0),
    ],
)
def test_shift_of_numbers_and_moments(profiler: Profiler, before: str, after: str, low: float, high: float) -> None:
    sql = "select {} as x from range(10000) t(i)"
    a, b = profiler(sql.format(before)).columns[0], profiler(sql.format(after)).columns[0]
    found = shift(a, b)
    assert found is not None
    assert low <= found <= high


def test_chance_in_samples_is_not_told(profiler: Profiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "WHOLE_UP_TO", 100_000)
    monkeypatch.setattr(profile_sample, "SAMPLE", 60_000)
    sql = (
        "select i as id, hash(i, {0}) % 1000 as k, (hash(i, {0}, 1) % 100000)::double as f, ['a','b'][1 + (hash(i, {0}, 2) % 2)::int] as t,"
        " case when hash(i, {0}, 3) % 10 = 0 then null else 'u' || (hash(i, {0}, 4) % 5000) end as u from range(150000) t(i)"
    )
    found = compare(profiler(sql.format(1)), profiler(sql.format(2)))
    # the write counted NULLs over all rows: that they are others is no chance
    assert {name: moves for name, moves in told(found).items() if moves != ["nulls"]} == {}
