"""Machines keep their time, people come about a time: what is told apart, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.catalog.by_clock import is_by_machine
from andon.operations.repeats.rhythm import rhythm_of

MONDAY = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@given(
    st.sampled_from([900, 3600, 21600, 86400, 604800]),
    st.integers(4, 40),
    st.lists(st.floats(0, 8), min_size=40, max_size=40),
    st.sets(st.integers(1, 38), max_size=3),
)
def test_what_keeps_an_interval_is_a_machine(step: int, count: int, late: list[float], missed: set[int]) -> None:
    kept = [n for n in range(count) if n not in missed or n in (0, count - 1)]
    moments = [MONDAY + timedelta(seconds=step * n + late[n]) for n in kept]
    if len(moments) > 4 and min(b - a for a, b in pairwise(kept)) == 1:
        assert is_by_machine(moments)


@given(st.lists(st.integers(-45, 45), min_size=4, max_size=20).filter(lambda late: max(late) - min(late) > 25))
def test_who_comes_about_the_same_time_is_a_person(late: list[int]) -> None:
    moments = [MONDAY + timedelta(days=n, minutes=m) for n, m in enumerate(late)]
    assert not is_by_machine(moments)


def test_twice_is_no_rhythm_of_a_machine() -> None:
    assert not is_by_machine([MONDAY, MONDAY + timedelta(days=1)])
    assert not is_by_machine([MONDAY, MONDAY + timedelta(seconds=5), MONDAY + timedelta(seconds=9)])


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("days", "minutes", "cron", "words"),
    [
        ((0, 7, 14), (0, 20, 9), "30 8 * * 1", "on Mondays at about 08:30"),
        ((0, 7, 21), (0, 20, 9), "30 8 * * 1", "on Mondays at about 08:30"),
        ((0, 1, 2, 3, 4, 7), (5, 1, 9, 40, 3, 20), "30 8 * * 1-5", "on working days at about 08:30"),
        ((3, 4, 5, 6, 7), (5, 1, 9, 40, 3), "30 8 * * *", "every day at about 08:30"),
        ((-1, 30, 60), (5, 1, 9), "30 8 1 * *", "on the 1st of the month at about 08:30"),
        ((0, 3, 11), (5, 1, 9), None, "every 6 days or so"),
        ((0, 1, 2), (0, 400, 200), None, "now and then"),
    ],
)
def test_how_often_is_told(days: tuple[int, ...], minutes: tuple[int, ...], cron: str | None, words: str) -> None:
    moments = [MONDAY + timedelta(days=d, minutes=m) for d, m in zip(days, minutes, strict=True)]
    found = rhythm_of(moments, UTC)
    assert (found.cron, found.words) == (cron, words)


def test_by_the_clock_of_the_people() -> None:
    """The clocks were put forward on 29 March."""
    moments = [datetime(2026, 3, day, 7, 10, tzinfo=BERLIN) for day in (19, 26)] + [
        datetime(2026, 4, 2, 7, 20, tzinfo=BERLIN)
    ]
    assert rhythm_of([one.astimezone(UTC) for one in moments], BERLIN).cron == "0 7 * * 4"
