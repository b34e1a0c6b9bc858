"""Measures loads of CSV beside plain DuckDB reading the same; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/loads.py              8 columns by 400,000 rows and 2,000 columns by 1,000 rows, 3 runs of each
    python benchmarks/loads.py --quick      a tenth of the rows, 1 run; RESULTS.md stays as it is

and a first load of 20,000,000 rows of 4 columns, which has to stay below 1 GB of memory (1 run).

Each figure is that of the whole process. The first load finds dialect and types, guards every value, and publishes; a later one reads
what is recorded. Plain DuckDB reads the same files with `read_csv` into the tables of a database file: all of them, as Andon does. The
first query after a load compares the file with its hash, the second takes that as known.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measure import Sample, median, run_measured

HERE = Path(__file__).resolve().parent
PAGE = HERE / "RESULTS.md"
BEGIN, END = "<!-- loads: begin -->", "<!-- loads: end -->"
PYTHON = sys.executable
FIRST, LATER = 2.5, 1.5
MEMORY = 1_000

_MAKE = """
import sys, duckdb
columns, rows, start, path = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
kinds = ("i as n{0}", "(i * {0}) % 997 * 0.25 as d{0}", "'word ' || (i * 7 + {0}) % 1013 as t{0}",
         "date '2024-01-01' + ((i + {0}) % 700)::int as a{0}")
made = ", ".join(kinds[k % 4].format(k) for k in range(columns))
duckdb.sql(f"copy (select {made} from range({start}, {start + rows}) t(i)) to '{path}' (header)")
"""
_PLAIN = """
import sys, duckdb
database, pattern = sys.argv[1:]
duckdb.connect(database).execute(f"create or replace table t as from read_csv('{pattern}')")
"""
# In a process of its own: the one that measures stays small.
_AGREE = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
both = f"from read_parquet('{sys.argv[2]}')", "from t"
differ = (f"select count(*) from ({one} except all {other})" for one, other in (both, both[::-1]))
sys.exit(any(connection.execute(sql).fetchone()[0] for sql in differ))
"""


@dataclass(frozen=True)
class Shape:
    """A table of so many columns, and rows in each of two files."""

    columns: int
    rows: int

    def __str__(self) -> str:
        return f"{self.columns:,} columns × {self.rows:,} rows"


class Subject:
    """A project with one source, and a database beside it."""

    def __init__(self, folder: Path, shape: Shape) -> None:
        self.project, self.database = folder / "project", folder / "plain.db"
        self.shape = shape
        self._home = folder / "home"
        self._home.mkdir()
        hidden = ("ANDON_", "XDG_", "GIT_", "PYTHON")
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)} | {
            "HOME": str(self._home)
        }
        for place in ("sources/shop", "raw/t"):
            (self.project / place).mkdir(parents=True)
        (self.project / "andon.toml").write_text("")
        (self.project / "sources/shop/t.sql").write_text("from read_csv('raw/t/*.csv')\n")

    def add(self, number: int) -> None:
        """Put another file beside those that lie there."""
        path = self.project / f"raw/t/{number}.csv"
        given = (str(self.shape.columns), str(self.shape.rows), str(number * self.shape.rows), str(path))
        subprocess.run([PYTHON, "-c", _MAKE, *given], check=True)

    def andon(self, *arguments: str) -> Sample:
        """One command."""
        command = [str(Path(PYTHON).with_name("andon")), *arguments]
        return run_measured(command, self.project, self._environment)[0]

    def plain(self) -> Sample:
        """The same by hand."""
        command = [PYTHON, "-c", _PLAIN, str(self.database), str(self.project / "raw/t/*.csv")]
        return run_measured(command, self.project, self._environment)[0]

    def agree(self) -> bool:
        """Whether both hold the same rows."""
        told = self.project / "told.parquet"
        self.andon("query", "from shop.t", "-o", str(told))
        done = subprocess.run([PYTHON, "-c", _AGREE, str(self.database), str(told)])
        told.unlink()
        return done.returncode == 0


def measure(shape: Shape, repetitions: int) -> list[tuple[str, Sample, Sample, float | None]]:
    """What each kind of load costs: `(what, Andon, plain, allowed ratio of CPU)`.

    Raises:
        SystemExit: the two hold different rows.
    """
    found: dict[str, list[tuple[Sample, Sample]]] = {}
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as folder:
            subject = Subject(Path(folder), shape)
            subject.add(0)
            found.setdefault("first load", []).append((subject.andon("run", "--yes"), subject.plain()))
            subject.add(1)
            found.setdefault("later load", []).append((subject.andon("refresh"), subject.plain()))
            count = ("query", "select count(*), max(n0) from shop.t")
            one, two = subject.andon(*count), subject.andon(*count)
            found.setdefault("first query (plain: the second)", []).append((one, two))
            if not subject.agree():
                raise SystemExit(f"{shape}: the rows differ")
            shutil.rmtree(subject.project)
    allowed = {"first load": FIRST, "later load": LATER}
    return [
        (what, median([a for a, _ in pairs]), median([p for _, p in pairs]), allowed.get(what))
        for what, pairs in found.items()
    ]


def measure_large(shape: Shape) -> tuple[Sample, Sample]:
    """What a first load of one large file costs, and plain DuckDB reading it."""
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(Path(folder), shape)
        subject.add(0)
        return subject.andon("run", "--yes"), subject.plain()


def row(what: str, own: Sample, plain: Sample, budget: str, is_met: bool | None) -> str:
    """A line of the table."""
    cells = (
        what,
        f"{own.cpu:.2f}",
        f"{own.wall:.2f}",
        f"{own.peak_bytes / 1e6:.0f}",
        f"{plain.cpu:.2f}",
        f"{plain.wall:.2f}",
        f"{own.cpu / plain.cpu:.2f}",
        budget,
        "" if is_met is None else "met" if is_met else "missed",
    )
    return f"| {' | '.join(cells)} |"


def page_part(lines: list[str]) -> str:
    """The part of the results page."""
    head = (
        "| | Andon CPU s | wall s | MB | plain CPU s | wall s | CPU ratio | budget | verdict |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    intro = "## Loads of CSV\n\nWritten by `python benchmarks/loads.py`, which says what is measured.\n"
    return "\n".join((BEGIN, intro, head, *lines, END, ""))


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    shapes = [Shape(8, 400_000), Shape(2_000, 1_000)]
    if chosen.quick:
        shapes = [Shape(s.columns, s.rows // 10) for s in shapes]
    lines = []
    for shape in shapes:
        for what, own, plain, allowed in measure(shape, 1 if chosen.quick else 3):
            is_met = None if allowed is None else own.cpu / plain.cpu <= allowed
            lines.append(row(f"{shape}: {what}", own, plain, f"≤ {allowed} ×" if allowed else "", is_met))
            print(lines[-1], flush=True)
    large = Shape(4, 2_000_000 if chosen.quick else 20_000_000)
    own, plain = measure_large(large)
    is_small = own.peak_bytes / 1e6 <= MEMORY
    lines.append(row(f"{large}: first load", own, plain, f"≤ {MEMORY:,} MB", is_small))
    print(lines[-1], flush=True)
    if not chosen.quick:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2].lstrip("\n") if rest else ""
        PAGE.write_text(before.rstrip("\n") + "\n\n" + page_part(lines) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
