"""Ranges of time, judged by asking of every hour whether it is in them."""

# ruff: noqa: DTZ001 - times in UTC without saying so, as they are kept

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from andon.base.duration import Duration, read_duration
from andon.model.growth import Grain
from andon.model.intervals import (
    after,
    common,
    complement,
    floor,
    holds,
    meets,
    merged,
    of_floors,
    split,
    without,
)

ZERO = datetime(2024, 2, 27)
HOURS = [ZERO + timedelta(hours=i) for i in range(-30, 100)]
bound = st.none() | st.integers(-20, 90).map(lambda i: ZERO + timedelta(hours=i))
ranges = st.lists(st.tuples(bound, bound).filter(lambda r: r[0] is None or r[1] is None or r[0] < r[1]), max_size=5)
lengths = st.builds(
    lambda count, unit: read_duration(f"{count}{unit}"), st.integers(1, 40), st.sampled_from(["h", "d", "w", "mo", "y"])
)


def hours(of):
    return {h for h in HOURS if any((a is None or a <= h) and (b is None or h < b) for a, b in of)}


@given(ranges, ranges)
def test_sets_of_hours(one, other):
    assert hours(merged(one)) == hours(one)
    assert hours(complement(one)) == set(HOURS) - hours(one)
    assert hours(common(one, other)) == hours(one) & hours(other)
    assert hours(without(one, other)) == hours(one) - hours(other)
    assert merged(merged(one)) == merged(one)


@given(ranges, lengths, st.sampled_from(Grain), st.integers(-10, 40), st.integers(0, 40))
def test_pieces_are_the_whole_and_no_hour_twice_and_cut_no_interval(one, length, grain, begin, hours_long):
    low = floor(ZERO + timedelta(hours=begin), grain)
    pieces = split(one, length, grain, low, low + timedelta(hours=hours_long))
    assert hours(pieces) == hours(one)
    assert sum(len(hours([piece])) for piece in pieces) == len(hours(one))
    stated = {bound for each in one for bound in each}
    assert all(bound in stated or bound == floor(bound, grain) for piece in pieces for bound in piece)


@given(ranges, st.integers(-20, 80), st.integers(0, 20))
def test_what_lies_in_ranges(one, begin, length):
    low, high = ZERO + timedelta(hours=begin), ZERO + timedelta(hours=begin + length)
    within = {h for h in HOURS if low <= h <= high}
    assert meets(one, low, high) == bool(within & hours(one))
    assert holds(one, low, high) == (within <= hours(one))


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.sampled_from(Grain))
def test_a_moment_lies_in_its_interval(moment, grain):
    start = floor(moment, grain)
    end = after(start, grain)
    assert start <= moment < end
    assert floor(start, grain) == start == floor(end - timedelta(microseconds=1), grain)
    assert of_floors([start, end], grain) == ((start, after(end, grain)),)


def test_the_end_of_a_month():
    month = Duration(months=1)
    assert month.shifted(datetime(2024, 1, 31)) == datetime(2024, 2, 29)
    assert Duration(months=12).shifted(datetime(2024, 2, 29)) == datetime(2025, 2, 28)
    assert month.shifted(datetime(2024, 1, 31), 2) == datetime(2024, 3, 31)
    assert after(datetime(9999, 12, 31), Grain.DAY) is None


@given(lengths)
def test_a_length_is_shown_as_it_may_be_written(length):
    assert read_duration(str(length)) == length
