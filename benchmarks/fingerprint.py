"""Measures the content fingerprint of a table beside reading its columns once in plain DuckDB; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/fingerprint.py             10 million rows
    python benchmarks/fingerprint.py --quick     1 million; RESULTS.md stays as it is

The table has eight columns (whole numbers, a decimal, texts, a moment, a double, a truth value) in one Parquet file. Reading means that
every value is decoded and looked at: the greatest of each column, with statistics of the file put aside. Whole processes are measured in
turn, with all cores and with one thread.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from measure import Sample, median, run_measured
from parts import write_part
from row_diff import _GENERATE, FULL, QUICK

HERE = Path(__file__).parent
ROUNDS = 5
BUDGET = 1.0

_OURS = """
import sys
import duckdb
from andon.engines.duckdb.fingerprint import hash_of_row
from andon.model.version import Column
path, threads = sys.argv[1:]
engine = duckdb.connect(config={"threads": int(threads)})
described = engine.execute(f"describe from read_parquet('{path}')").fetchall()
columns = [Column(name, type, place) for place, (name, type, *_) in enumerate(described, 1)]
print(*engine.execute(f"select count(*), sum(h::hugeint), sum(hash(h, 1)::hugeint)"
                      f" from (select {hash_of_row(columns)} as h from read_parquet('{path}'))").fetchall()[0])
"""
_READ = """
import sys
import duckdb
path, threads = sys.argv[1:]
engine = duckdb.connect(config={"threads": int(threads)})
engine.execute("set disabled_optimizers = 'statistics_propagation'")
columns = [name for name, *_ in engine.execute(f"describe from read_parquet('{path}')").fetchall()]
listed = ", ".join(f"max({name})" for name in columns)
print(*engine.execute(f"select {listed} from read_parquet('{path}')").fetchall()[0])
"""


def measure(path: Path) -> list[tuple[str, Sample, Sample]]:
    """`(threads, fingerprint, reading)`."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    found = []
    for threads in (os.cpu_count() or 1, 1):
        sides: list[list[Sample]] = [[], []]
        for _ in range(ROUNDS):
            for side, code in zip(sides, (_OURS, _READ), strict=True):
                side.append(run_measured([sys.executable, "-c", code, str(path), str(threads)], HERE, environment)[0])
        found.append((str(threads), median(sides[0]), median(sides[1])))
    return found


def render(rows: int, found: list[tuple[str, Sample, Sample]]) -> list[str]:
    """The section of the results page."""
    today = datetime.now(UTC).date().isoformat()
    lines = [
        "## Content fingerprint",
        "",
        f"Written by `python benchmarks/fingerprint.py`, which says what is compared: {rows:,} rows of eight columns.",
        f"Medians of {ROUNDS} whole processes each, on {today}; {os.cpu_count()} cores, Python {platform.python_version()}.",
        "",
        "| threads | fingerprint CPU s | wall s | reading CPU s | wall s | CPU ratio | wall ratio | budget | verdict |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for threads, ours, read in found:
        verdict = "met" if ours.wall <= BUDGET * read.wall else "missed"
        lines.append(
            f"| {threads} | {ours.cpu:.2f} | {ours.wall:.2f} | {read.cpu:.2f} | {read.wall:.2f} | {ours.cpu / read.cpu:.2f} |"
            f" {ours.wall / read.wall:.2f} | ≤ {BUDGET} × wall | {verdict} |"
        )
    return lines


def main() -> int:
    """Measure, print, and put the section into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 million rows; RESULTS.md stays as it is")
    quick = parser.parse_args().quick
    rows = QUICK if quick else FULL
    folder = HERE / "out" / f"fingerprint {rows}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    run_measured([sys.executable, "-c", _GENERATE, str(rows), str(folder)], HERE, environment)
    page = render(rows, measure(folder / "before.parquet"))
    sys.stdout.write("\n".join(page) + "\n")
    if not quick:
        write_part("fingerprint", page)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
