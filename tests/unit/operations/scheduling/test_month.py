"""Thirty days of two hundred datasets, in which two continents put their clocks back, with the machine down now and then."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from andon.base.clock import from_text
from andon.model.schedule import RuleKind
from andon.operations.scheduling.book import ScheduleBook
from kit.schedule import Simulation, book, entry, moment

START, END = moment("2026-10-15T00:00"), moment("2026-11-14T00:00")
#: Berlin goes back on 25 October, New York on 1 November.
ZONES = ("Europe/Berlin", "America/New_York")
#: When nobody looks.
DOWN = (
    (moment("2026-10-18T03:10"), moment("2026-10-18T11:00")),
    (moment("2026-10-25T00:20"), moment("2026-10-25T01:40")),
    (moment("2026-11-03T00:00"), moment("2026-11-05T06:00")),
    (moment("2026-11-09T05:55"), moment("2026-11-09T06:25")),
)
CADENCE = 1200.0
AGES = {"2h": 2, "6h": 6, "1d": 24}


def project(chance: random.Random) -> ScheduleBook:
    """Two hundred datasets in three layers over forty sources, half of which are asked."""
    sources = [entry(f"raw.s{i:03}", asked=i % 2 == 0) for i in range(40)]
    sources[3] = entry("raw.s003", manual="true")
    names, entries = [each.dataset for each in sources], list(sources)
    for layer in range(3):
        made = []
        for i in range(53 + (layer == 0)):
            inputs = tuple(chance.sample(names, chance.choice((1, 1, 2))))
            made.append(entry(f"l{layer}.d{i:03}", *inputs, **rules(chance)))
        entries += made
        names = [each.dataset for each in made]
    return book(*entries)


def rules(chance: random.Random) -> dict[str, str]:
    """Rules of one dataset."""
    kind = chance.choice(("cron", "cron", "every", "age", "", "", "", "quiet"))
    if kind == "cron":
        line = chance.choice(("30 2 * * *", "0 6 * * 1-5", "15 1 * * *", "0 23 * * *"))
        return {"cron": line, "tz": chance.choice(ZONES), "upstream": chance.choice(("true", "false"))}
    if kind == "every":
        return {"every": chance.choice(("3h", "1d"))}
    if kind == "age":
        return {"max_age": chance.choice(list(AGES)), "upstream": chance.choice(("true", "false"))}
    return {"every": "2d", "upstream": "false"} if kind == "quiet" else {}


def slots_of(line: str, zone: str) -> list[datetime]:
    """The slots of a plain line of cron, told from the calendar by the clock on the wall."""
    minute, hour, _, _, days = line.split()
    found = []
    for number in range((END - START).days + 3):
        day = date(2026, 10, 14) + timedelta(days=number)
        if days == "1-5" and day.isoweekday() > 5:
            continue
        wall = datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=ZoneInfo(zone))
        found.append(wall.astimezone(UTC))
    return [slot for slot in found if START < slot <= END - timedelta(hours=1)]


def is_down(moment: datetime) -> bool:
    return any(begin <= moment < end for begin, end in DOWN)


def test_none_is_missed_none_is_double_and_promises_are_kept() -> None:
    chance = random.Random(14)
    of = project(chance)
    seconds = {d: chance.uniform(5, 90) for d in of.entries}
    lake = Simulation(of, START, seconds, chance)
    files = [d for d in of.entries if d.startswith("raw.") and not of.entries[d].is_asked]
    now = START
    while now < END:
        if chance.random() < 0.02:
            lake.moved.setdefault(chance.choice(files), "files: 1 changed")
        if not is_down(now):
            lake.tick(now, CADENCE)
        now += timedelta(seconds=CADENCE)
    lake.end(END)
    _slots_are_served_once(of, lake)
    _ages_are_kept(of, lake)
    begun = {d for _, d, _ in lake.began}
    assert "raw.s003" not in begun, "by hand alone"
    assert {d for d in of.entries if d.startswith("raw.") and of.entries[d].is_asked} >= begun - set(files) & {"raw."}


def _slots_are_served_once(of: ScheduleBook, lake: Simulation) -> None:
    served: dict[str, Counter[datetime]] = defaultdict(Counter)
    starts: dict[str, list[datetime]] = defaultdict(list)
    for at, dataset, slot in lake.began:
        starts[dataset].append(at)
        if slot is not None:
            served[dataset][from_text(slot)] += 1
    count = 0
    for dataset, one in of.entries.items():
        for rule in one.rules:
            if rule.kind is not RuleKind.CRON:
                continue
            slots = slots_of(rule.text, rule.zone)
            assert set(served[dataset]) <= set(slots)
            assert all(number == 1 for number in served[dataset].values()), "none is served twice"
            for slot, coming in zip(slots, [*slots[1:], END], strict=True):
                count += 1
                first = min(at for at in starts[dataset] if at >= slot)
                late = timedelta(minutes=50)
                for begin, end in DOWN:
                    if begin <= slot + timedelta(seconds=CADENCE) and slot < end:
                        late += end - slot
                assert first - slot <= late, f"{dataset} of {slot} began at {first}"
                assert slot in served[dataset] or first >= coming, "what is missed is caught up by one run"
    assert count > 900


def _ages_are_kept(of: ScheduleBook, lake: Simulation) -> None:
    count = 0
    for at, dataset, age in lake.ages:
        promised = of.entries[dataset].max_age
        if promised is None:
            continue
        count += 1
        since = at - age
        was_down = any(begin < at and end > since for begin, end in DOWN)
        assert was_down or age.total_seconds() <= promised.seconds, f"{dataset} was {age} old at {at}"
    assert count > 900
