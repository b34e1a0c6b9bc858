"""What is decided is what a model says that knows nothing of how: slots by the calendar on the wall, and one question for each rule.

Histories are drawn: days with changes of the clock and a leap day among them, downtime, pauses, runs that take their time, two schedulers
that look in turn, failures that are tried again or not, code that changes, and clocks that are a day wrong for a while.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.clock import SKEW, to_text
from andon.base.record import Record
from andon.model.decision import BackKind, Failure, HeldBack
from andon.operations.scheduling.again import DecidingAgain
from andon.operations.scheduling.facts import ScheduleFacts
from kit.schedule import book, entry, moment

#: Berlin and New York go back, Lord Howe goes on by half an hour, a leap day, and a spring in which Berlin leaves an hour out.
BEGINS = [moment(f"{day}T00:07") for day in ("2026-10-24", "2026-10-31", "2026-10-03", "2028-02-27", "2026-03-28")]
DAYS = 4
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
WALLS = ((2, 30), (1, 59), (0, 0), (3, 0), (12, 15), (23, 45))
CADENCE = timedelta(minutes=17)
MINUTE = timedelta(minutes=1)


class Rules(Record):
    """What one dataset states; `wall` is its line of cron."""

    wall: tuple[int, int] | None = None
    zone: str = "UTC"
    days: str = "*"
    every: int | None = None
    follows: bool = True

    def said(self) -> dict[str, str]:
        found = {"upstream": str(self.follows).lower()}
        if self.wall is not None:
            found |= {"cron": f"{self.wall[1]} {self.wall[0]} {self.days}", "tz": self.zone}
        if self.every is not None:
            found["every"] = f"{self.every}h"
        return found


@cache
def slots(wall: tuple[int, int], zone: str, days: str, begin: datetime) -> tuple[datetime, ...]:
    """The slots of a line, told minute by minute: when a clock on the wall first shows its time, or first is past it, on each day."""
    found: list[datetime] = []
    at, place = begin - timedelta(days=3), ZoneInfo(zone)
    served = {at.astimezone(place).date()}  # of the first day the morning is not seen
    while at < begin + timedelta(days=DAYS + 2):
        shown = at.astimezone(place)
        day = shown.date()
        is_day = days == "* * *" or (days == "29 2 *" and (day.month, day.day) == (2, 29))
        is_day = is_day or (days == "* * 1-5" and day.isoweekday() <= 5)
        if is_day and day not in served and (shown.hour, shown.minute) >= wall:
            served.add(day)
            found.append(at)
        at += MINUTE
    return tuple(found)


rules = st.builds(
    Rules,
    st.sampled_from(WALLS),
    st.sampled_from(ZONES),
    st.sampled_from(("* * *", "* * *", "* * 1-5", "29 2 *")),
    st.none() | st.sampled_from((5, 24)),
    st.booleans(),
) | st.builds(Rules, every=st.sampled_from((3, 24)), follows=st.booleans())


class Model:
    """One dataset, and what is known of it."""

    def __init__(self, name: str, said: Rules, begin: datetime) -> None:
        self.name, self.said, self.begin = name, said, begin
        self.look = begin
        self.ends: tuple[datetime, datetime] | None = None
        self.paused: datetime | None = None
        self.failed: tuple[datetime, datetime | None] | None = None
        self.is_moved = self.has_failed = False
        self.runs: list[tuple[datetime, datetime | None]] = []

    def slot(self, now: datetime) -> datetime | None:
        if self.said.wall is None:
            return None
        there = slots(self.said.wall, self.said.zone, self.said.days, self.begin)
        return max((slot for slot in there if slot <= now), default=None)

    def failure(self) -> tuple[datetime, datetime | None] | None:
        """When it failed last and is tried again; not where it was brought up to date since."""
        return self.failed if self.failed is not None and self.look <= self.failed[0] else None

    def is_due(self, now: datetime) -> bool:
        if self.ends is not None or (self.paused is not None and now < self.paused):
            return False
        failed = self.failure()
        is_stuck = failed is not None and failed[1] is None
        if failed is not None and failed[1] is not None and now < failed[1]:
            return False
        last = self.look if self.look <= now + SKEW else None
        if failed is not None and is_stuck and failed[0] <= now + SKEW:
            last = max(last or failed[0], failed[0])
        if last is None:
            return True
        slot = self.slot(now)
        if slot is not None and slot > last:
            return True
        if self.said.every is not None and last + timedelta(hours=self.said.every) <= now:
            return True
        return self.is_moved and self.said.follows and not is_stuck


def known(models: list[Model], now: datetime) -> ScheduleFacts:
    """The same as a pass reads it."""
    held = {
        m.name: HeldBack(BackKind.PAUSED, "paused", to_text(m.paused)) for m in models if m.paused and now < m.paused
    }
    held |= {m.name: HeldBack(BackKind.CLAIMED, "made now") for m in models if m.ends is not None}
    return ScheduleFacts(
        looks={m.name: to_text(m.look) for m in models},
        moved={m.name: "code" for m in models if m.is_moved},
        held=held,
        failures={
            m.name: Failure(to_text(failed[0]), "boom", to_text(failed[1]) if failed[1] else None)
            for m in models
            if (failed := m.failure()) is not None
        },
    )


@settings(max_examples=40)
@given(st.sampled_from(BEGINS), st.lists(rules, min_size=1, max_size=4), st.integers(0, 10**6), st.booleans())
def test_what_is_due_is_what_the_model_says(begin: datetime, said: list[Rules], seed: int, is_steady: bool) -> None:
    chance = random.Random(seed)
    models = [Model(f"a.d{number}", one, begin) for number, one in enumerate(said)]
    of = book(*(entry(m.name, **m.said.said()) for m in models))
    schedulers = [DecidingAgain(), DecidingAgain()]
    now, wrong = begin, timedelta(0)
    while now < begin + timedelta(days=DAYS):
        for model in models:
            _happens(chance, model, now + wrong)
        if not is_steady and chance.random() < 0.03:
            wrong = chance.choice((timedelta(0), timedelta(days=1), timedelta(days=-1)))
        seen = now + wrong
        decisions = chance.choice(schedulers).decide(of, known(models, seen), seen)
        due = {each.dataset: each.slot for each in decisions if each.is_due}
        assert due.keys() == {m.name for m in models if m.is_due(seen)}, f"at {seen}"
        for model in models:
            if model.name in due:
                model.ends = seen, seen + timedelta(minutes=chance.choice((1, 30, 100)))
                model.runs.append((seen, model.slot(seen)))
        now += CADENCE if chance.random() > 0.02 else timedelta(hours=chance.choice((2, 9, 30)))
    if is_steady:
        _each_slot_is_served_once(models)


def _happens(chance: random.Random, model: Model, now: datetime) -> None:
    if model.ends is not None and model.ends[1] <= now:
        start, model.ends = model.ends[0], None
        if chance.random() < 0.1:
            again = now + timedelta(minutes=chance.choice((5, 60))) if chance.random() < 0.6 else None
            model.failed, model.has_failed = (now, again), True
        else:
            model.look, model.failed, model.is_moved = start, None, False
    if chance.random() < 0.01:
        model.is_moved = True
    if chance.random() < 0.01:
        model.paused = now + timedelta(hours=chance.choice((1, 26)))


def _each_slot_is_served_once(models: list[Model]) -> None:
    """Of those that the clock on the wall alone starts, and that never failed: none double, and what is missed is caught up by one."""
    for model in models:
        if model.said.follows or model.said.every is not None or model.has_failed:
            continue
        served = [slot for _, slot in model.runs]
        assert all(number == 1 for number in Counter(served).values())
        assert all(slot is not None and start >= slot for start, slot in model.runs)
