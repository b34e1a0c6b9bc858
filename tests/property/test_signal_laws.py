"""Laws of signals that are learned: silence where little is known, few false alarms, and what stays away is told."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from andon.base.clock import to_text
from andon.base.uptime import Uptime, machine_uptime
from andon.operations.incidents.clock import TOLERATED, jump, read_anew
from andon.operations.signals.arrivals import ENOUGH, expected_by
from andon.operations.signals.standing import GRACE, Deadline, late, overdue
from andon.operations.signals.unusual import unusual_rows, unusual_seconds
from andon.state.usual import BuiltNumbers, Judged, UsualKind

START = datetime(2026, 3, 2, 6, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


def _weekdays(count: int) -> list[datetime]:
    days = (START + n * DAY for n in range(2 * count))
    return [day for day in days if day.weekday() < 5][:count]


@given(st.lists(st.integers(11, 10_000), min_size=0, max_size=60))
@example([11] * 27 + [9_216, 10_000, 10_000, 1_440])  # on Mondays and on a few days more
def test_nothing_is_expected_while_little_is_known_and_never_before_the_longest_gap(gaps: list[int]):
    moments = [START]
    for gap in gaps:
        moments.append(moments[-1] + timedelta(minutes=gap))
    found = expected_by(moments)
    if len(gaps) < ENOUGH:
        assert found is None
        return
    assert found is not None
    recent = gaps[-30:]
    seen = moments[-31:]
    # of what never came on some weekdays, time is counted on the others
    if len({moment.weekday() for moment in seen}) == 7 or seen[-1] - seen[0] < 21 * DAY:
        assert found >= moments[-1] + timedelta(minutes=max(recent))
    assert found <= moments[-1] + timedelta(minutes=1.25 * max(recent) + 60) + 7 * DAY


def test_what_comes_from_monday_to_friday_is_not_missed_on_sunday_and_is_on_tuesday():
    days = _weekdays(30)  # the last is a Friday
    assert days[-1].weekday() == 4
    due = expected_by(days)
    assert due is not None
    assert days[-1] + 3 * DAY < due < days[-1] + 4 * DAY + timedelta(hours=7)
    in_bursts = [moment + timedelta(minutes=n) for moment in days for n in (0, 1, 4)]
    again = expected_by(in_bursts)
    assert again == due


def test_false_alarms_of_arrivals_are_rare():
    """Over 60 sources of six rhythms, each with jitter, 200 arrivals long."""
    random = Random(7)
    rhythms = [
        lambda at: at + DAY * random.uniform(0.95, 1.05),
        lambda at: at + DAY * (1 if at.weekday() < 4 else 3) + timedelta(hours=random.gauss(0, 0.5)),
        lambda at: at + 7 * DAY + timedelta(hours=random.gauss(0, 3)),
        lambda at: at + timedelta(hours=random.uniform(0.8, 1.3)),
        lambda at: at + DAY * random.choice([1, 1, 1, 1, 2]),
        lambda at: at + DAY * random.choice([1, 2, 3]),
    ]
    alarms = days = 0
    for number in range(60):
        moments, rhythm = [START], rhythms[number % len(rhythms)]
        for _ in range(200):
            following = rhythm(moments[-1])
            due = expected_by(moments)
            alarms += due is not None and following > due
            days += max(1, (following - moments[-1]).days)
            moments.append(following)
    assert alarms / days <= 0.01, f"{alarms} in {days} days"


def _history(values: list[int], seconds: list[float] | None = None, last_is_refresh: bool = True) -> list[BuiltNumbers]:
    took = seconds or [1.0] * len(values)
    return [
        BuiltNumbers(
            "a.b", n, n < len(values) - 1 or last_is_refresh, to_text(START + n * DAY), f"c{n}", rows, took[n], f"v{n}"
        )
        for n, rows in enumerate(values)
    ]


def test_rows_and_times_far_out_of_the_usual_are_told_and_nothing_else():
    random = Random(3)
    usual = [int(1000 + random.gauss(0, 30)) for _ in range(40)]
    assert unusual_rows(_history([*usual, 1010]), frozenset()) is None
    assert unusual_rows(_history([*usual[:7], 2]), frozenset()) is None, "too little is known"
    said = unusual_rows(_history([*usual, 10]), frozenset())
    assert said is not None
    assert said.startswith("it has 10 rows: far below what was learned from 40 days")
    assert "it has 0 rows: 0, where the last 7 values had none" in str(unusual_rows(_history([*usual, 0]), frozenset()))
    assert unusual_rows(_history([*usual, 10], last_is_refresh=False), frozenset()) is None, "a change may change all"
    twice = [*usual[:-1], 90_000, 1010]
    assert unusual_rows(_history(twice), frozenset({"c39"})) is None
    slow = [20.0 + random.uniform(-1, 1) for _ in range(40)]
    assert unusual_seconds(_history([*usual, 1010], [*slow, 21.0]), frozenset()) is None
    assert unusual_seconds(_history([*usual, 1010], [*slow, 5.0]), frozenset()) is None, "faster is no trouble"
    assert "it took 3 min 20 s, where about 20" in str(
        unusual_seconds(_history([*usual, 1010], [*slow, 200.0]), frozenset())
    )
    assert unusual_seconds(_history([*usual, 1010], [0.1] * 40 + [8.0]), frozenset()) is None, (
        "seconds are not worth a word"
    )


@given(st.integers(-3000, 3000), st.sampled_from(["max_age 6h", "every 1d", "cron 0 6 * * *"]))
def test_a_promise_is_broken_from_its_time_on(minutes: int, rule: str):
    due = START + timedelta(minutes=minutes)
    found = late("main", [Deadline("a.b", to_text(START - DAY), to_text(due), rule)], START)
    assert bool(found) == (due + (timedelta() if rule.startswith("max_age") else GRACE) <= START)
    judged = [Judged("a.b", UsualKind.ARRIVAL, 1, "v", to_text(START - DAY), None, to_text(due))]
    assert bool(overdue("main", judged, set(), START)) == (due <= START)
    assert overdue("main", judged, {"a.b"}, START) == [], "what is promised counts, not what was learned"


@given(st.lists(st.tuples(st.integers(0, 20 * 86_400), st.floats(-4e-4, 4e-4), st.integers(-200_000, 200_000))))
def test_a_clock_is_wrong_while_it_is_off_and_neither_sleep_nor_drift_makes_it_so(looks: list[tuple[int, float, int]]):
    """Each look comes after some seconds, in which the clock drifts a little, and after it is put to be wrong by some seconds."""
    true, drift, wrong, reading, newest = START, timedelta(), timedelta(), None, to_text(START)
    for seconds, rate, off in [(0, 0.0, 0), *looks]:
        true += timedelta(seconds=seconds)
        drift += timedelta(seconds=min(seconds, 300) * rate)
        wrong = timedelta(seconds=off) if abs(off) > 2 * TOLERATED.total_seconds() else timedelta()
        if abs(drift) > timedelta(seconds=60):
            drift = timedelta()  # set right, as clocks are
        shown, uptime = true + drift + wrong, Uptime("here", "one", (true - START) // timedelta(microseconds=1))
        found = jump("main", shown, uptime, reading, newest)
        assert bool(found) == bool(wrong), (found, wrong)
        if found is None:
            reading = read_anew(shown, uptime, reading) or reading
            newest = max(newest, to_text(shown))
        elif reading is not None:
            assert jump("main", shown, uptime, reading, newest).what == found.what, "it is told in the same words"
    assert reading is not None


def test_without_what_to_compare_only_a_record_that_is_to_come_tells_it():
    now = to_text(START)
    for uptime in (None, Uptime("here", "two", 5)):
        assert jump("main", START + 40 * DAY, uptime, None, now) is None, "nobody looked for long"
        assert jump("main", START - timedelta(minutes=50), uptime, None, now) is None, "clocks of machines differ"
        assert jump("main", START - DAY, uptime, None, now) is not None


def test_two_processes_of_a_machine_compare_their_clocks():
    """What one noted, as a pass of cron does, is what the next one goes by."""
    before = machine_uptime()
    said = "from andon.base.uptime import machine_uptime as m; u = m(); print(u.machine, u.boot, u.micros, sep='\\n')"
    other = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True).stdout.split("\n")
    after = machine_uptime()
    assert before is not None
    assert after is not None
    assert [before.machine, before.boot] == [after.machine, after.boot] == other[:2]
    assert before.micros <= int(other[2]) <= after.micros
