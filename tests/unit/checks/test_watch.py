"""The two-reference detector, by examples worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from andon.checks.judge import Measured, judge
from andon.checks.language.parse import parse_check
from andon.checks.watch import (
    Learning,
    Limits,
    Number,
    Point,
    learned,
    number_of,
    quantile,
    same_time_of_month,
    short_number,
)
from andon.model.check import Check, CheckStatus, Watch

MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def daily(values, start=MONDAY, step=DAY):
    return [Point(start + i * step, value) for i, value in enumerate(values)]


def after(points, step=DAY):
    return points[-1].moment + step


def limits(values, number=Number.COUNT, **given) -> Limits:
    points = daily(values, **given)
    found = learned(number, points, after(points, given.get("step", DAY)))
    assert isinstance(found, Limits)
    return found


def test_nothing_is_said_before_eight_errors():
    """Nine days make eight errors: the first day has nothing to be compared with."""
    for count in range(9):
        points = daily([100] * count)
        found = learned(Number.COUNT, points, MONDAY + count * DAY)
        assert found == Learning(max(count - 1, 0))
        assert found.shown == f"learning {max(count - 1, 0)}/8"
    assert isinstance(learned(Number.COUNT, daily([100] * 9), MONDAY + 9 * DAY), Limits)


def test_a_constant_count_has_the_chance_of_small_numbers():
    """100 each day: the scale is 1 / sqrt(100) = 0.1 in log(1 + x), so the limits are 101 * exp(-+0.4) - 1."""
    found = limits([100] * 20)
    assert found.low == pytest.approx(101 * math.exp(-0.4) - 1)
    assert found.high == pytest.approx(101 * math.exp(0.4) - 1)
    assert found.expected == pytest.approx(100)
    assert found.shown == "67..149"
    assert found.far_high == pytest.approx(101 * math.exp(0.6) - 1)


def test_a_constant_sum_has_the_floor_of_three_percent():
    found = limits([1_000_000.0] * 20, Number.SUM)
    assert found.high == pytest.approx(1_000_001 * math.exp(0.12) - 1)
    assert found.low == pytest.approx(1_000_001 * math.exp(-0.12) - 1)


def test_what_is_no_count_is_taken_as_it_is():
    """avg = 20: the floor is 3 % of 20 = 0.6, four of it are 2.4."""
    found = limits([20.0] * 12, Number.OTHER)
    assert (found.low, found.high) == (pytest.approx(17.6), pytest.approx(22.4))
    below_zero = limits([-20.0] * 12, Number.OTHER)
    assert (below_zero.low, below_zero.high) == (pytest.approx(-22.4), pytest.approx(-17.6))


def test_a_share_of_nothing_may_become_a_little():
    """0 each day: the floor 0.03 in asin(sqrt(x)) allows sin(0.12) squared."""
    found = limits([0.0] * 12, Number.SHARE)
    assert found.low == 0
    assert found.high == pytest.approx(math.sin(0.12) ** 2)
    assert found.fault(0.01) is None
    assert found.fault(0.05) is not None


def test_weekends_are_learned():
    """Half on weekends: seen from the median of the week they are errors, seen from their weekday they are none."""
    week = [1000] * 5 + [500] * 2
    points = daily(week * 6)
    monday = learned(Number.COUNT, points, after(points))
    assert isinstance(monday, Limits)
    assert monday.reference == "phase"
    assert monday.expected == pytest.approx(1000)
    saturday = learned(Number.COUNT, points[:-2], points[-2].moment)
    assert isinstance(saturday, Limits)
    assert saturday.expected == pytest.approx(500)
    assert saturday.fault(1000) is not None
    assert saturday.fault(500) is None
    assert monday.fault(500) is not None


def test_after_four_days_a_new_level_is_the_norm():
    values = [1000] * 40
    said = []
    for _ in range(6):
        said.append(limits(values).fault(2000) is not None)
        values.append(2000)
    assert said == [True, True, True, True, False, False]


def test_zero_is_outside_where_the_last_week_had_none():
    noisy = [3, 200, 1, 90, 2, 150, 5, 120, 1, 80, 2, 170]
    found = limits(noisy)
    assert found.low <= 0
    assert found.fault(0) == f"0, where the last 7 values had none; about {round(found.expected):,} is expected"
    assert found.shown.startswith("1..")
    assert limits([*noisy, 0, 150]).fault(0) is None


def test_the_same_time_of_month_explains():
    """A peak on the last day of January and February: it is expected on the last day of March, and not in its middle."""
    start = datetime(2026, 1, 1, 6, tzinfo=UTC)
    peaks = {30, 58}
    values = [5000 if i in peaks else 1000 for i in range(89)]
    end = start + 89 * DAY
    points = daily(values, start=start)
    on_the_last = learned(Number.COUNT, points, end)
    assert isinstance(on_the_last, Limits)
    assert on_the_last.explained
    assert on_the_last.fault(5000) is None
    assert on_the_last.fault(1000) is None
    assert on_the_last.fault(50_000) is not None
    middle = learned(Number.COUNT, points[:74], start + 74 * DAY)
    assert isinstance(middle, Limits)
    assert not middle.explained
    assert middle.fault(5000) is not None
    once = learned(Number.COUNT, [p if i != 30 else Point(p.moment, 1000) for i, p in enumerate(points)], end)
    assert isinstance(once, Limits)
    assert once.fault(5000) is not None


def test_the_same_time_of_month_is_the_number_or_the_distance_to_the_end():
    march = datetime(2026, 3, 31, tzinfo=UTC).date()
    assert [str(day) for day in same_time_of_month(march, 1)] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    fifth = datetime(2026, 1, 5, tzinfo=UTC).date()
    assert [str(day) for day in same_time_of_month(fifth, 2)] == [
        "2025-11-03",
        "2025-11-04",
        "2025-11-05",
        "2025-11-06",
    ]


def test_only_what_a_person_rejected_is_left_out():
    values = [1000] * 20
    spoiled = daily([*values, *[5000] * 4])
    assert learned(Number.COUNT, spoiled, after(spoiled)).fault(5000) is None
    taken_back = [Point(p.moment, p.value, rejected=p.value == 5000) for p in spoiled]
    found = learned(Number.COUNT, taken_back, after(spoiled))
    assert isinstance(found, Limits)
    assert found.fault(5000) is not None
    assert found.days == 20


def test_of_a_day_the_value_at_the_same_time_counts():
    """A table that fills during the day: 100 at six, 1,000 at eighteen; each hour has limits of its own."""
    points = [
        Point(MONDAY + day * DAY + timedelta(hours=hour), value)
        for day in range(15)
        for hour, value in ((0, 100), (6, 500), (12, 1000))
    ]
    day = MONDAY + 15 * DAY
    morning = learned(Number.COUNT, points, day + timedelta(minutes=20))
    evening = learned(Number.COUNT, [*points, Point(day, 100)], day + timedelta(hours=12))
    assert isinstance(morning, Limits)
    assert isinstance(evening, Limits)
    assert morning.expected == pytest.approx(100)
    assert evening.expected == pytest.approx(1000)
    assert evening.days == 15


def test_a_series_of_weeks_has_no_weekdays():
    found = limits([1000, 500] * 10, step=timedelta(days=7))
    assert found.reference == "recent"
    assert not found.explained


def test_values_that_are_none_or_nan_teach_nothing():
    points = daily([100.0, None, math.nan, math.inf] * 3)
    assert learned(Number.COUNT, points, after(points)) == Learning(2)


def test_kinds_of_numbers():
    def number(line: str) -> Number:
        columns = [("amount", "DOUBLE"), ("coupon", "VARCHAR")]
        found = parse_check(line, dataset="shop.orders", columns=columns, key=None)
        assert isinstance(found, Check)
        assert isinstance(found.form, Watch)
        return number_of(found.form)

    assert number("watch rows") is Number.COUNT
    assert number("watch distinct(coupon)") is Number.COUNT
    assert number("watch sum(amount)") is Number.SUM
    assert number("watch share(coupon is null)") is Number.SHARE
    assert number("watch avg(amount)") is Number.OTHER
    assert number("watch sum(amount) / count(*)") is Number.OTHER


def test_the_verdict_says_how_far_learning_has_come():
    check = parse_check("watch rows", dataset="shop.orders", columns=[("a", "BIGINT")], key=None)
    assert isinstance(check, Check)
    verdict = judge(check, Measured(value=7, limits=Learning(5)))
    assert (verdict.status, verdict.reason) == (CheckStatus.SKIPPED, "learning 5/8")
    found = limits([100] * 20)
    assert judge(check, Measured(value=100, limits=found)).status is CheckStatus.PASS
    twice = judge(check, Measured(value=200, limits=found))
    assert (twice.status, twice.limit) == (CheckStatus.FAIL, "67..149")
    assert twice.reason == "far above what was learned from 20 days; about 100 is expected"
    assert judge(check, Measured(value=160, limits=found)).reason.startswith("above what")
    assert judge(check, Measured(value=None, limits=found)).reason == "no value"


def test_quantiles_and_numbers():
    assert quantile([5.0], 0.9) == 5
    assert quantile([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100], 0.9) == 90
    assert quantile([0, 10], 0.9) == pytest.approx(9)
    assert [short_number(v) for v in (0, 12.3456, 123_456.7, 0.00012345, 20.0)] == [
        "0",
        "12.35",
        "123457",
        "0.0001234",
        "20",
    ]
