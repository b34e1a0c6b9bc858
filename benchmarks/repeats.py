"""Measures how long it takes to know what to suggest, with a log of a million questions; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/repeats.py              1,000,000 lines
    python benchmarks/repeats.py --quick      a tenth; RESULTS.md stays as it is

The log holds 60 days of a company: ten dashboards that ask every minute or so, questions that are asked once, and 400 that several people
ask again and again. Figures: CPU and wall seconds of `andon suggestions` in a process of its own, when nobody looked before, when the same
is asked again at once, and when 2,000 lines came since.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from parts import write_part

from andon.base.clock import to_text
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.sql.facts import read_question

#: At most, in CPU seconds: nothing of it waits for anybody.
LIMIT = 1.0
DAYS = 60
FILES = {
    "andon.toml": "",
    "raw/orders.csv": "id,customer,region,amount\n1,ada,EU,10\n2,ben,US,20\n",
    "sources/shop/orders.sql": "select * from read_csv('raw/orders.csv')\n",
    "datasets/marts/totals.sql": "select customer, sum(amount) as amount from shop.orders group by customer\n",
}
_FIELDS = "seq, at, who, face, sql, datasets, seconds, rows, shape, exact"


def lines(count: int, now: datetime, seed: int = 1) -> Iterator[tuple[object, ...]]:
    """So many lines of a log, oldest first, the last of them at `now`."""
    chance = random.Random(seed)
    asked = []
    for number in range(400):
        sql = f"select region, sum(amount) as a{number}, count(*) + {number} from shop.orders where id > {{}} group by region"
        _, marks = read_question(sql.format(1))
        assert marks is not None
        asked.append((sql, f"{number:032x}"))
    begins = now - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / count
    for seq in range(1, count + 1):
        at = begins + step * seq
        kind = chance.random()
        if kind < 0.6:
            bot = seq % 10
            who, face, sql, shape = (
                f"bi{bot}",
                "http",
                f"select {bot}, sum(amount) from shop.orders group by 1",
                f"b{bot:031x}",
            )
            exact = shape
        elif kind < 0.95:
            who, face, sql, shape = (
                f"p{chance.randrange(50)}",
                "python",
                f"select max(v{seq}) from shop.orders",
                f"o{seq:031x}",
            )
            exact = shape
        else:
            text, shape = asked[chance.randrange(400)]
            value = chance.randrange(20)
            who, face, sql, exact = f"p{chance.randrange(50)}", "cli", text.format(value), f"{shape[:-2]}{value:02d}"
        yield (seq, to_text(at), who, face, sql, json.dumps(["shop.orders"]), 0.01, 3, shape, exact)


def fill(catalog: Path, rows: Iterator[tuple[object, ...]]) -> None:
    """Put lines into a log."""
    with sqlite3.connect(catalog) as connection:
        marks = ", ".join("?" * (_FIELDS.count(",") + 1))
        connection.executemany(f"insert into query_log ({_FIELDS}) values ({marks})", rows)


def measured(project: Path) -> tuple[float, float, int]:
    """Wall and CPU seconds of the command, and how many it suggests."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = [sys.executable, "-m", "andon.cli", "suggestions", "--json"]
    done = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, len(json.loads(done.stdout)["suggestions"])


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of it; RESULTS.md stays as it is")
    given = parser.parse_args()
    count = 100_000 if given.quick else 1_000_000
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="andon-repeats-") as scratch:
        project = Path(scratch)
        for path, text in FILES.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")
        service = Service.open(project)
        service.runs.run(RunOptions(agreed=ANY_PLAN))
        service.close()
        catalog = next((project / ".andon").rglob("catalog.db"))
        fill(catalog, lines(count, now - timedelta(hours=1)))
        found = [("nobody looked before", *measured(project)), ("at once again", *measured(project))]
        found += [("the tenth time", *[measured(project) for _ in range(8)][-1])]
        more = ((seq + count, *row) for seq, (_, *row) in enumerate(lines(2_000, now, seed=2), 1))
        fill(catalog, more)
        found.append(("2,000 lines came since", *measured(project)))
    slowest = max(cpu for _, _, cpu, _ in found)
    page = [
        "## Suggestions",
        "",
        "Written by `python benchmarks/repeats.py`, which says what is measured.",
        "",
        f"`andon suggestions` with a log of {count:,} lines, the process and all: ≤ {LIMIT:.0f} CPU s,"
        f" {'met' if slowest <= LIMIT else f'missed by {slowest - LIMIT:.2f} s'}.",
        "",
        "| | wall s | CPU s | suggested |",
        "|---|---|---|---|",
        *(f"| {name} | {wall:.2f} | {cpu:.2f} | {many} |" for name, wall, cpu, many in found),
    ]
    print("\n".join(page))
    if not given.quick:
        write_part("repeats", page)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
