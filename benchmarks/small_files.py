"""Measures a source over many small CSV files: the first load, a run with nothing new, a run with one file more, beside one glob of plain
DuckDB over the same files into a Parquet file.

    python benchmarks/small_files.py              1,000 files of 100 rows, 5 runs of each
    python benchmarks/small_files.py --quick      200 files, 1 run; RESULTS.md stays as it is

Writes its part of `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from measure import Sample, run_measured
from parts import cost_table, write_part

PLAIN = """
import sys, duckdb
connection = duckdb.connect(config={"threads": 1})
connection.execute(f"copy (from read_csv('raw/*.csv')) to '{sys.argv[1]}' (format parquet, compression zstd, compression_level 1)")
"""
ANDON = [sys.executable, "-m", "andon.cli"]
_ROWS = 100


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    quick = words.parse_args().quick
    files, times = (200, 1) if quick else (1_000, 5)
    with tempfile.TemporaryDirectory(prefix="bench-files-") as folder:
        samples = measure(Path(folder), files, times)
    lines = page_part(files, times, samples)
    print("\n".join(lines))
    if not quick:
        write_part("small files", lines)


def measure(place: Path, files: int, times: int) -> dict[str, list[Sample]]:
    """What each way costs, in turn."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANDON_", "PYTHON"))}
    environment |= {"ANDON_AUTHOR": "benchmark", "HOME": str(place)}
    samples: dict[str, list[Sample]] = {
        "first load": [],
        "run, nothing new": [],
        "run, one file more": [],
        "plain DuckDB": [],
    }
    for _ in range(times):
        project = place / "project"
        shutil.rmtree(project, ignore_errors=True)
        (project / "sources" / "shop").mkdir(parents=True)
        (project / "raw").mkdir()
        (project / "andon.toml").write_text("")
        (project / "sources/shop/sales.sql").write_text("select * from read_csv('raw/*.csv')\n")
        for number in range(files):
            write(project, number)
        plain = [sys.executable, "-c", PLAIN, str(place / "plain.parquet")]
        samples["plain DuckDB"].append(run_measured(plain, project, environment)[0])
        samples["first load"].append(run_measured([*ANDON, "run", "--yes"], project, environment)[0])
        samples["run, nothing new"].append(run_measured([*ANDON, "run", "--yes"], project, environment)[0])
        write(project, files)
        samples["run, one file more"].append(run_measured([*ANDON, "run", "--yes"], project, environment)[0])
    return samples


def write(project: Path, number: int) -> None:
    """One file of sales."""
    first = number * _ROWS
    lines = [
        f"{i},customer {i % 997},2026-{i % 12 + 1:02}-{i % 28 + 1:02},{i * 0.37:.2f}"
        for i in range(first, first + _ROWS)
    ]
    (project / f"raw/sales_{number:05}.csv").write_text("\n".join(["id,customer,day,amount", *lines, ""]))


def page_part(files: int, times: int, samples: dict[str, list[Sample]]) -> list[str]:
    """Lines of the results page."""
    return [
        "## Many small files",
        "",
        f"Written by `python benchmarks/small_files.py`: {files:,} CSV files of {_ROWS} rows and 4 columns; medians of {times}. "
        "Plain DuckDB reads them by one glob; Andon also copies each, holds it to the contract, and counts its rows against its bytes.",
        "",
        *cost_table(samples, "plain DuckDB"),
    ]


if __name__ == "__main__":
    main()
