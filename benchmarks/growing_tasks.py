"""Measures tables that grow beside plain DuckDB writing by hand what is new; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/growing_tasks.py              10,000,000 rows of 1,000 days, 3 rounds
    python benchmarks/growing_tasks.py --quick      a hundredth of the rows, 1 round; RESULTS.md stays as it is

Each round brings 10,000 rows of a new day with keys that are there, the last ones. What is measured is the task of the table that
grows, one at a time and on one thread, and by hand the statement that writes the same files: the rows of the new file; the last files
without the keys, and those keys anew; the new day's totals. What Andon adds is the proof, the look at what changed, hashes of files, and
checks: that the key of the second is one.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from andon.model.version import Version
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service

PAGE = Path(__file__).resolve().parent / "RESULTS.md"
BEGIN, END = "<!-- growing tasks: begin -->", "<!-- growing tasks: end -->"
PACKED = "format parquet, compression zstd, compression_level 1"
NEW = 10_000

HEAD = "/*---\nmaterialize: incremental\n{}\n---*/\n"
FILES = {
    "andon.toml": '[run]\nparallel = 1\n[engine]\nwide_above = "100GB"\n',
    "sources/shop/events.sql": "from read_parquet('raw/e_*.parquet')\n",
    "datasets/m/log.sql": HEAD.format("incremental: {by: time, column: day, batch: 1d, lookback: 2d}")
    + "from shop.events\n",
    "datasets/m/rows.sql": HEAD.format("incremental: {by: append}")
    + "select id, day, c, v * 2 as w from m.log where v >= 0\n",
    "datasets/m/latest.sql": HEAD.format("key: id\nincremental: {by: key}")
    + "from m.log qualify row_number() over (partition by id order by day desc) = 1\n",
    "datasets/m/days.sql": HEAD.format("incremental: {by: time, column: day, batch: 30d}")
    + "select day, c, count(*) as n, sum(v) as v from m.log group by all\n",
}


@dataclass
class Measured:
    """Seconds of one table that grows, and of the same by hand, by round."""

    what: str
    factor: float
    more: float
    own: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    def line(self) -> str:
        """The row of the results."""
        own, plain = statistics.median(self.own), statistics.median(self.plain)
        met = "met" if own <= self.factor * plain + self.more else "missed"
        budget = f"≤ {self.factor} × + {self.more * 1000:.0f} ms"
        return f"| {self.what} | {own * 1000:.0f} | {plain * 1000:.0f} | {own / plain:.2f} | {budget} | {met} |"


class Bench:
    """A project with a log, tables that grow from it, and plain DuckDB beside it."""

    def __init__(self, folder: Path, rows: int, days: int) -> None:
        self.root, self.rows, self.days = folder / "project", rows, days
        import duckdb

        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")
        self._out = folder / "plain.parquet"
        for path, text in FILES.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        (self.root / "raw").mkdir()
        self._load("e_0", f"range({rows})", f"(i // {rows // days})::int", "i")

    def run(self) -> dict[str, float]:
        """Seconds of each task."""
        service = Service.open(self.root, environ={"HOME": str(self.root), "ANDON_AUTHOR": "bench"})
        try:
            result = service.runs.run(RunOptions(agreed=ANY_PLAN))
        finally:
            service.close()
        assert result.published, result.held
        return {task.dataset: task.seconds for task in result.tasks}

    def arrive(self, number: int) -> None:
        """A new day, whose rows have the last keys of those that no day before has brought again."""
        first = self.rows - (number + 1) * NEW
        self._load(f"e_{number + 1}", f"range({NEW})", str(self.days + number), f"{first} + i")

    def version(self, dataset: str) -> Version:
        """What main shows of a dataset."""
        service = Service.open(self.root, environ={"HOME": str(self.root)})
        try:
            lake = service.workspace.lake
            leaf = lake.commits.state(lake.refs.resolve("main")).leaves[dataset]
            return lake.objects.versions([leaf.version])[leaf.version]
        finally:
            service.close()

    def plain(self, select: str) -> float:
        """Seconds of writing what a query gives."""
        self._out.unlink(missing_ok=True)
        began = time.perf_counter()
        self._connection.execute(f"copy ({select}) to '{self._out}' ({PACKED})")
        return time.perf_counter() - began

    def paths(self, files: object) -> str:
        """Data files as the engine reads them."""
        return str([f"{self.root}/.andon/lake/{file.path}" for file in files])

    def _load(self, name: str, rows: str, day: str, key: str) -> None:
        made = f"select {key} as id, date '2020-01-01' + {day} as day, (i * 7) % 1000 as c, i % 97 * 0.25::double as v"
        self._connection.execute(f"copy ({made} from {rows} t(i)) to '{self.root}/raw/{name}.parquet' (format parquet)")


def measure(rows: int, days: int, rounds: int) -> list[Measured]:
    """Both sides, in turn."""
    found = [
        Measured(f"append {NEW:,} rows to {rows:,}", 1.3, 0.02),
        Measured(f"upsert {NEW:,} recent keys into {rows:,}", 1.3, 0.0),
        Measured(f"one of {days:,} days of totals", 1.0, 0.05),
    ]
    folder = Path(tempfile.mkdtemp(prefix="andon-growing-"))
    try:
        bench = Bench(folder, rows, days)
        bench.run()
        for number in range(rounds):
            before = bench.version("m.latest")
            bench.arrive(number)
            seconds = bench.run()
            after, log = bench.version("m.latest"), bench.version("m.log")
            new = bench.paths(log.files[-1:])
            gone = bench.paths([file for file in before.files if file not in after.files])
            for each, dataset in zip(found, ("m.rows", "m.latest", "m.days"), strict=True):
                each.own.append(seconds[dataset])
            found[0].plain.append(bench.plain(f"select id, day, c, v * 2 as w from read_parquet({new}) where v >= 0"))
            found[1].plain.append(
                bench.plain(
                    f"select o.* from read_parquet({gone}) o anti join read_parquet({new}) n using (id)"
                    f" union all from read_parquet({new})"
                )
            )
            day = f"select day, c, count(*) as n, sum(v) as v from read_parquet({new}) group by all order by day"
            found[2].plain.append(bench.plain(day))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def page(found: list[Measured], rounds: int) -> str:
    """Its part of the results."""
    lines = [
        BEGIN,
        "## Tables that grow: their tasks alone",
        "",
        f"Written by `python benchmarks/growing_tasks.py`, which says what is measured; medians of {rounds}.",
        "",
        "| | Andon ms | by hand ms | ratio | budget | verdict |",
        "|---|---|---|---|---|---|",
        *(each.line() for each in found),
        END,
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    rows, days, rounds = (100_000, 100, 1) if quick else (10_000_000, 1_000, 3)
    text = page(measure(rows, days, rounds), rounds)
    print(text)
    if quick:
        return
    known = PAGE.read_text(encoding="utf-8")
    before, _, rest = known.partition(BEGIN)
    after = rest.partition(END)[2] if rest else ""
    PAGE.write_text(f"{before.rstrip()}\n\n{text}\n{after.lstrip()}", encoding="utf-8")


if __name__ == "__main__":
    main()
