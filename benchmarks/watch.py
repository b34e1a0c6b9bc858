"""Measures what the detector behind `watch` finds, beside four common ones, on daily series with incidents put in; writes its part of
`benchmarks/RESULTS.md`.

    python benchmarks/watch.py              all series
    python benchmarks/watch.py --quick      a quarter of them; RESULTS.md stays as it is

The real series are those of `examples/cdnow/raw`: order lines, orders, CDs and revenue of each day. The others are generated: a weekly
season, the same with a trend, no season, small counts, bursts, a peak at each month's end, and the rows of a table that keeps them all.
Into each an incident of one of five kinds is put about every 25 days, and stays in the history that the detectors see. A detector judges
each day from the day 29 on, knowing only the days before (and, for the one that is said to, the day itself). An alarm on a day without
an incident is a false one.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from statistics import fmean, median, stdev

from andon.checks.watch import Learning, Number, Point, learned, quantile

HERE = Path(__file__).resolve().parent
RAW = HERE.parent / "examples" / "cdnow" / "raw"
INCIDENTS = {"empty": 0.0, "half missing": 0.5, "20% missing": 0.8, "loaded twice": 2.0, "x5": 5.0}
WARM = 28
BEGIN, END = "<!-- watch: begin -->", "<!-- watch: end -->"

#: Whether the value at an index is alarming, given all values up to it.
Detector = Callable[[Sequence[date], Sequence[float], int, Number], bool]


@dataclass(frozen=True)
class Series:
    """Values by day, what kind of number they are, and where incidents were put."""

    group: str
    number: Number
    days: list[date]
    values: list[float]
    incidents: dict[int, str]


# -- detectors


def two_references(notice: float) -> Detector:
    """What `watch` does, with its limits `notice` scales away."""

    def judge(days: Sequence[date], values: Sequence[float], index: int, number: Number) -> bool:
        first = max(0, index - 200)
        points = [Point(_noon(d), v) for d, v in zip(days[first:index], values[first:index], strict=True)]
        limits = learned(number, points, _noon(days[index]), notice)
        return not isinstance(limits, Learning) and limits.fault(values[index]) is not None

    return judge


def z_score(_days: Sequence[date], values: Sequence[float], index: int, _number: Number) -> bool:
    """Three standard deviations from the mean of the 14 days before."""
    return _beyond(values[index], values[index - 14 : index], 3.0)


def z_including(_days: Sequence[date], values: Sequence[float], index: int, _number: Number) -> bool:
    """The same with the day itself among the 14."""
    return _beyond(values[index], values[index - 13 : index + 1], 3.0)


def median_mad(_days: Sequence[date], values: Sequence[float], index: int, _number: Number) -> bool:
    """Three scaled MADs from the median of 28 days."""
    return _beyond_robust(values[index], values[index - 28 : index])


def lag_seven(_days: Sequence[date], values: Sequence[float], index: int, _number: Number) -> bool:
    """The difference to the day a week before, by the MAD of the 28 differences before."""
    first = max(7, index - 28)
    return _beyond_robust(values[index] - values[index - 7], [values[i] - values[i - 7] for i in range(first, index)])


def _beyond(value: float, window: Sequence[float], times: float) -> bool:
    spread = stdev(window)
    return abs(value - fmean(window)) > times * spread if spread else value != window[0]


def _beyond_robust(value: float, window: Sequence[float]) -> bool:
    middle = median(window)
    spread = 1.4826 * median(abs(one - middle) for one in window)
    return abs(value - middle) > 3 * spread if spread else value != middle


DETECTORS: dict[str, Detector] = {
    "z-score, 14 days": z_score,
    "z including the day itself": z_including,
    "median/MAD, 28 days": median_mad,
    "difference to a week before, MAD": lag_seven,
    "`watch` (two references, 4)": two_references(4.0),
    "two references, 5": two_references(5.0),
}


# -- series


def real_series() -> list[tuple[str, Number, list[date], list[float]]]:
    """Order lines, orders, CDs and revenue of each day of the example's shop."""
    lines: dict[date, list[tuple[str, int, float]]] = {}
    for path in sorted(RAW.glob("transactions_*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                day = date.fromisoformat(row["date"])
                lines.setdefault(day, []).append((row["customer_id"], int(row["cds"]), float(row["amount"])))
    first, last = min(lines), max(lines)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    of = [lines.get(day, []) for day in days]
    return [
        ("CDNOW", Number.COUNT, days, [float(len(each)) for each in of]),
        ("CDNOW", Number.COUNT, days, [float(len({customer for customer, _, _ in each})) for each in of]),
        ("CDNOW", Number.SUM, days, [float(sum(cds for _, cds, _ in each)) for each in of]),
        ("CDNOW", Number.SUM, days, [sum(amount for _, _, amount in each) for each in of]),
    ]


def generated(group: str, seed: int) -> tuple[str, Number, list[date], list[float]]:
    """A year of a generated series."""
    chance = random.Random(f"{group} {seed}")
    start = date(2024, 1, 1) + timedelta(days=chance.randrange(365))
    days = [start + timedelta(days=i) for i in range(365)]
    level = math.exp(chance.uniform(math.log(500), math.log(50_000)))
    weekend = chance.uniform(0.2, 0.6)
    growth = chance.uniform(-0.002, 0.004) if group == "weekly and trend" else 0.0
    noise = chance.uniform(0.05, 0.15)
    values, burst = [], 0
    for index, day in enumerate(days):
        value = level * math.exp(growth * index + chance.gauss(0, noise))
        if group != "no season" and day.weekday() >= 5:
            value *= weekend
        if group == "bursts":
            burst = burst - 1 if burst else chance.choice((1, 2, 3)) if chance.random() < 0.04 else 0
            value *= chance.uniform(1.8, 4.0) if burst else 1.0
        if group == "month's end" and (day + timedelta(days=1)).day == 1:
            value *= 2.5
        if group == "small counts":
            value = _poisson(chance, 12 * (weekend if day.weekday() >= 5 else 1.0))
        values.append(float(round(value)))
    if group == "a table that grows":
        values = [float(round(150 * level + total)) for total in accumulate(values)]
    return group, Number.COUNT, days, values


def _poisson(chance: random.Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count


def with_incidents(source: tuple[str, Number, list[date], list[float]], seed: int) -> Series:
    """The series with an incident about every 25 days, kinds in turn."""
    group, number, days, values = source
    chance = random.Random(f"incidents {group} {seed}")
    changed, incidents = list(values), {}
    kinds = list(INCIDENTS)
    index = WARM + chance.randrange(1, 25)
    turn = chance.randrange(len(kinds))
    while index < len(days):
        kind = kinds[turn % len(kinds)]
        if values[index]:
            value = values[index] * INCIDENTS[kind]
            changed[index] = float(round(value)) if number is Number.COUNT else value
            incidents[index] = kind
            turn += 1
        index += chance.randrange(20, 31)
    return Series(group, number, days, changed, incidents)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


# -- results


@dataclass
class Score:
    """Counts of one detector on one group of series."""

    days: int = 0
    false: int = 0
    put: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def cells(self) -> list[str]:
        """False alarms for each 100 days, and the share found of each kind."""
        shares = [f"{100 * self.found[k] / self.put[k]:.0f}%" if self.put[k] else "" for k in INCIDENTS]
        return [f"{100 * self.false / max(self.days, 1):.2f}", *shares]


def score(detector: Detector, all_series: Sequence[Series]) -> Score:
    """How a detector does."""
    total = Score()
    for one in all_series:
        for index in range(WARM + 1, len(one.days)):
            alarm = detector(one.days, one.values, index, one.number)
            kind = one.incidents.get(index)
            if kind is None:
                total.days += 1
                total.false += alarm
            else:
                total.put[kind] += 1
                total.found[kind] += alarm
    return total


def render(all_series: Sequence[Series]) -> str:
    """The section of the results page."""
    parts = [
        BEGIN,
        "## What `watch` finds",
        "",
        "Written by `python benchmarks/watch.py`, which says what the series and incidents are. False alarms for each 100 days without",
        "an incident, and the share of incidents found. What `watch` finds of *empty* it finds by its rule for 0, not by statistics.",
        "",
    ]
    groups = {"CDNOW (real)": [s for s in all_series if s.group == "CDNOW"]}
    groups["generated, all"] = [s for s in all_series if s.group != "CDNOW"]
    for name in dict.fromkeys(s.group for s in all_series if s.group != "CDNOW"):
        groups[f"generated: {name}"] = [s for s in all_series if s.group == name]
    for title, members in groups.items():
        days, put = sum(len(s.days) for s in members), sum(len(s.incidents) for s in members)
        parts += [
            f"**{title}**: {len(members)} series, {days:,} days, {put} incidents",
            "",
            f"| | false alarms | {' | '.join(INCIDENTS)} |",
            "|---" * (len(INCIDENTS) + 2) + "|",
            *(f"| {name} | {' | '.join(score(judge, members).cells())} |" for name, judge in DETECTORS.items()),
            "",
        ]
    return "\n".join([*parts, _cost(all_series[0]), "", END])


def _cost(series: Series) -> str:
    points = [Point(_noon(d), v) for d, v in zip(series.days, series.values, strict=True)]
    taken = []
    for _ in range(50):
        began = time.process_time()
        learned(series.number, points, _noon(series.days[-1] + timedelta(days=1)))
        taken.append(time.process_time() - began)
    return f"Limits from a history of {len(points)} days take {1000 * quantile(taken, 0.5):.1f} ms of CPU."


def main() -> int:
    """Measure, print, and put the section into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of the series; RESULTS.md stays as it is")
    often = 2 if parser.parse_args().quick else 8
    groups = ("weekly", "weekly and trend", "no season", "small counts", "bursts", "month's end", "a table that grows")
    sources = [(each, seed) for each in real_series() for seed in range(often)]
    sources += [(generated(group, seed), seed) for group in groups for seed in range(often)]
    text = render([with_incidents(source, seed) for source, seed in sources])
    print(text)
    if often > 2:
        page = HERE / "RESULTS.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before.rstrip()}\n\n{text}\n{after.lstrip() and chr(10) + after.lstrip()}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
