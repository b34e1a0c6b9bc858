"""Times of cron: the newest and the next, also where a day has 23 or 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.cron import CronTimes, cron_flaw, zone_flaw

_LINES = ("30 2 * * *", "0 6 * * 1-5", "*/20 2 * * *", "*/7 * * * *", "0 */3 * * *", "15 1,2,3 * * *", "0 0 1 * *")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(
    line=st.sampled_from(_LINES),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "America/New_York")),
    day=st.sampled_from(("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-07-01")),
    seconds=st.integers(-2 * 86_400, 2 * 86_400),
)
def test_each_moment_lies_between_two_neighbours_of_all_times(line: str, zone: str, day: str, seconds: int) -> None:
    times, now = CronTimes(line, zone), moment(day) + timedelta(seconds=seconds)
    begin = now - timedelta(days=40)
    listed = CronSim(line, begin.astimezone(times.zone))
    seen: list[datetime] = []
    while not seen or seen[-1] <= now:
        seen.append(next(listed).astimezone(UTC))
    last, coming = times.around(now)
    assert last == max((t for t in seen if t <= now), default=last)
    assert coming == min(t for t in seen if t > now)
    assert times.around(now) == (last, coming)
    assert last is not None
    assert times.around(last) == (last, coming)


def test_a_time_that_a_day_leaves_out_comes_after_it_and_one_that_it_has_twice_comes_once() -> None:
    nightly = CronTimes("30 2 * * *", "Europe/Berlin")
    assert nightly.around(moment("2026-03-29T00:59")) == (moment("2026-03-28T01:30"), moment("2026-03-29T01:00"))
    assert nightly.after(moment("2026-03-29T01:00")) == moment("2026-03-30T00:30")
    assert nightly.around(moment("2026-10-25T01:15")) == (moment("2026-10-25T00:30"), moment("2026-10-26T01:30"))


@pytest.mark.parametrize("text", ["", "0 6 * *", "61 * * * *", "0 0 31 2 *", "a b c d e"])
def test_what_is_no_cron(text: str) -> None:
    assert cron_flaw(text) is not None


def test_what_is_one_and_what_is_a_zone() -> None:
    assert cron_flaw(" 0 6 * * mon-fri ") is None
    assert zone_flaw("Europe/Berlin") is zone_flaw("UTC") is None
    assert "time zone" in (zone_flaw("Europe/Belrin") or "")
    assert zone_flaw("../etc/passwd") is not None
    assert zone_flaw("") is not None
