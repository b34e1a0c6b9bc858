"""Laws of the detector behind `watch`, over any history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.checks.watch import Learning, Limits, Number, Point, learned

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
VALUES = st.lists(st.integers(0, 100_000), min_size=0, max_size=70)


def points(values, factor=1.0, add=0.0):
    return [Point(START + timedelta(days=i), v * factor + add) for i, v in enumerate(values)]


def said(number, values, **given_):
    return learned(number, points(values, **given_), START + timedelta(days=len(values)))


@settings(max_examples=60, deadline=None)
@given(VALUES, st.sampled_from(list(Number)))
def test_it_speaks_from_nine_days_on_and_never_before(values, number):
    found = said(number, values)
    assert isinstance(found, Learning) == (len(values) < 9)
    if isinstance(found, Limits):
        assert found.far_low <= found.low <= found.expected <= found.high <= found.far_high
        assert found.fault(found.expected) is None or (found.not_zero and found.expected == 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**9), st.integers(9, 60), st.sampled_from(list(Number)))
def test_a_constant_series_speaks_of_another_value(value, count, number):
    if number is Number.SHARE:
        value = 1 / value
    found = said(number, [value] * count)
    assert isinstance(found, Limits)
    assert found.fault(value) is None
    other = 1 - value if number is Number.SHARE and abs(1 - 2 * value) > 0.5 else value * 100 + 100
    assert found.fault(other) is not None


@settings(max_examples=60, deadline=None)
@given(VALUES.filter(lambda v: len(v) >= 9), st.floats(0.01, 1000))
def test_another_unit_is_another_unit_only(values, factor):
    """What is taken as it is has limits that scale with it."""
    one, other = said(Number.OTHER, values), said(Number.OTHER, values, factor=factor)
    assert isinstance(one, Limits)
    assert isinstance(other, Limits)
    slack = 1e-9 * max(values, default=0) * factor
    if one.reference == other.reference and one.explained == other.explained:  # ties may fall otherwise by rounding
        assert other.low == pytest.approx(one.low * factor, rel=1e-6, abs=slack)
        assert other.high == pytest.approx(one.high * factor, rel=1e-6, abs=slack)


@settings(max_examples=60, deadline=None)
@given(VALUES.filter(lambda v: len(v) >= 9), st.randoms(use_true_random=False))
def test_the_order_of_points_and_what_came_later_change_nothing(values, chance):
    moment = START + timedelta(days=len(values))
    history = points(values)
    later = [Point(moment + timedelta(days=i), 10**6) for i in range(3)]
    mixed = [*history, *later, Point(moment - timedelta(hours=2), 5, rejected=True)]
    chance.shuffle(mixed)
    assert learned(Number.COUNT, mixed, moment) == learned(Number.COUNT, history, moment)


@settings(max_examples=60, deadline=None)
@given(VALUES.filter(lambda v: len(v) >= 9), st.integers(1, 52))
def test_whole_weeks_later_it_says_the_same(values, weeks):
    """By the weekday nothing changes; only times of month do."""
    shift = timedelta(days=7 * weeks)
    one = said(Number.COUNT, values)
    other = learned(
        Number.COUNT,
        [Point(p.moment + shift, p.value) for p in points(values)],
        START + timedelta(days=len(values)) + shift,
    )
    assert isinstance(one, Limits)
    assert isinstance(other, Limits)
    assert (one.expected, one.reference) == (other.expected, other.reference)
    if not one.explained and not other.explained:
        assert one == other
