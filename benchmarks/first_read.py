"""Measures what it costs to compare files with their hashes: a query in a folder that reads a lake's files for the first time, again,
and plain DuckDB on the same files.

    python benchmarks/first_read.py              5 million rows, 5 runs of each
    python benchmarks/first_read.py --quick      300,000 rows, 1 run; RESULTS.md stays as it is

Writes CPU and wall time to its part of `benchmarks/RESULTS.md`. The first read is that of another folder than the one that published:
what a folder wrote itself it knows.
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

SQL = "select count(*), sum(amount), max(name) from m.sales"
PLAIN = "import duckdb, sys; duckdb.sql(f\"select count(*), sum(amount), max(name) from '{sys.argv[1]}/data/m/*.parquet'\").fetchall()"


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    quick = words.parse_args().quick
    rows, times = (300_000, 1) if quick else (5_000_000, 5)
    with tempfile.TemporaryDirectory(prefix="bench-first-read-") as folder:
        place = Path(folder)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANDON_", "PYTHON"))},
            "ANDON_AUTHOR": "benchmark",
            "ANDON_STORAGE": f"{place}/lake",
            "ANDON_CATALOG": f"{place}/catalog.db",
            "HOME": folder,
        }
        publisher = place / "publisher"
        (publisher / "datasets" / "m").mkdir(parents=True)
        (publisher / "andon.toml").touch()
        (publisher / "datasets/m/sales.sql").write_text(
            f"select range as id, hash(range) % 100000 as amount, md5(range::varchar) as name from range({rows})"
        )
        run_measured([sys.executable, "-m", "andon.cli", "run", "--yes"], publisher, environment)
        ask = [sys.executable, "-m", "andon.cli", "query", SQL]
        samples: dict[str, list[Sample]] = {"first read": [], "later reads": [], "plain DuckDB": []}
        for _ in range(times):
            reader = place / "reader"
            shutil.rmtree(reader, ignore_errors=True)
            shutil.copytree(publisher, reader, ignore=shutil.ignore_patterns(".andon"))
            for name in ("first read", "later reads"):
                samples[name].append(run_measured(ask, reader, environment)[0])
            plain = [sys.executable, "-c", PLAIN, f"{place}/lake"]
            samples["plain DuckDB"].append(run_measured(plain, reader, environment)[0])
        size = sum(file.stat().st_size for file in (place / "lake").rglob("*.parquet"))
    lines = page_part(rows, size, times, samples)
    print("\n".join(lines))
    if not quick:
        write_part("first read", lines)


def page_part(rows: int, size: int, times: int, samples: dict[str, list[Sample]]) -> list[str]:
    """Lines of the results page."""
    return [
        "## The first read of a lake's files",
        "",
        f"Written by `python benchmarks/first_read.py`: a query over a file of {rows:,} rows, {size / 1e6:.0f} MB; medians of {times}.",
        "",
        *cost_table(samples, "plain DuckDB"),
    ]


if __name__ == "__main__":
    main()
