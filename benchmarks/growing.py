"""Measures what a day costs a table that grows: 10,000 rows appended to 10 million, 10,000 upserted, one day of 1,000; beside plain DuckDB
doing the same work by hand, in one process, CPU seconds.

    python benchmarks/growing.py              10 million rows, 5 runs of each
    python benchmarks/growing.py --quick      300,000 rows, 2 runs; RESULTS.md stays as it is

Writes its part of `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from parts import write_part

import andon

if TYPE_CHECKING:
    import duckdb

DAYS = 1_000
NEW = 10_000
ROWS = (
    "select i::bigint as id, i % 5000 as customer, round(i * 0.37 % 100, 2)::decimal(10, 2) as amount,"
    " timestamp '2023-01-01' + interval ({days} * i / {rows}) day as moment, 'item ' || i % 997 as item from range({start}, {stop}) r(i)"
)
SOURCE = "select * from read_parquet('raw/*.parquet')\n"
DATASETS = {
    "append": "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\n"
    "select id, customer, amount * 2 as doubled, moment, item from shop.events\n",
    "key": "/*---\nmaterialize: incremental\nkey: id\nincremental: {by: key}\n---*/\n"
    "select id, max(amount) as amount, max(moment) as moment\nfrom shop.events\ngroup by id\n",
    "time": "/*---\nmaterialize: incremental\nincremental: {by: time, column: day, batch: 30d}\n---*/\n"
    "select moment::date as day, customer, sum(amount) as amount, count(*) as events\nfrom shop.events\ngroup by all\n",
}
PACKED = "(format parquet, compression zstd, compression_level 1)"


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    quick = words.parse_args().quick
    rows, times = (300_000, 2) if quick else (10_000_000, 5)
    lines = [
        "## Tables that grow",
        "",
        f"Written by `python benchmarks/growing.py`: {rows:,} rows of {DAYS:,} days in Parquet files, {NEW:,} more; CPU seconds in one"
        f" process, medians of {times}. What Andon does holds the load of the new raw file into its source (its types, its copy), the"
        " dataset, both checked, published in one step; plain DuckDB writes the dataset's new rows alone.",
        "",
        "| a refresh with new rows | Andon | its dataset alone, by hand | ratio | a refresh with nothing new |",
        "|---|--:|--:|--:|--:|",
    ]
    for way, sql in DATASETS.items():
        with tempfile.TemporaryDirectory(prefix="bench-growing-") as folder:
            cost, plain, nothing = measure(Path(folder), way, sql, rows, times)
        name = {"append": "appended", "key": "upserted by key", "time": "one day of 1,000"}[way]
        lines.append(f"| {name} | {cost:.3f} | {plain:.3f} | {cost / plain:.2f} × | {nothing:.3f} |")
        print(lines[-1], flush=True)
    if not quick:
        write_part("growing", lines)


def measure(place: Path, way: str, sql: str, rows: int, times: int) -> tuple[float, float, float]:
    """CPU seconds of a refresh with new rows, of plain DuckDB making the dataset's part by hand, and of a refresh with nothing new."""
    for path in ("raw", "sources/shop", "datasets/marts"):
        (place / path).mkdir(parents=True)
    (place / "andon.toml").write_text("")
    (place / "sources/shop/events.sql").write_text(SOURCE)
    (place / "datasets/marts/grown.sql").write_text(sql)
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    parts = 20
    for number in range(parts):
        start, stop = rows * number // parts, rows * (number + 1) // parts
        write(
            connection, place / f"raw/{number:04d}.parquet", ROWS.format(days=DAYS, rows=rows, start=start, stop=stop)
        )
    lake = andon.open(place)
    assert lake.run().published
    nothing, costs, plains = [], [], []
    for number in range(times):
        nothing.append(cpu(lake.refresh))
        name = place / f"raw/{parts + number:04d}.parquet"
        day = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=DAYS - 1 if way != "time" else DAYS + number)
        start = rows - NEW if way == "key" else rows + NEW * number
        came = ROWS.format(days=DAYS, rows=rows, start=start, stop=start + NEW)
        if way != "append":
            came = f"select * replace (timestamp '{day:%Y-%m-%d %H:%M:%S}' as moment) from ({came})"
        write(connection, name, came)
        costs.append(cpu(lake.refresh))
        plains.append(cpu(lambda name=name: by_hand(connection, lake, way, place, name)))
    return statistics.median(costs), statistics.median(plains), statistics.median(nothing)


def by_hand(connection: duckdb.DuckDBPyConnection, lake: andon.Lake, way: str, place: Path, new: Path) -> None:
    """What the dataset's part takes in plain DuckDB."""
    if way == "append":
        write(
            connection,
            place / "plain.parquet",
            f"select id, customer, amount * 2 as doubled, moment, item from '{new}'",
        )
    elif way == "time":
        read = (
            f"select moment::date as day, customer, sum(amount) as amount, count(*) as events from '{new}' group by all"
        )
        write(connection, place / "plain.parquet", read)
    else:
        files = lake.show("marts.grown").version.files
        folder = place / ".andon/lake"
        touched = [str(folder / file.path) for file in files if int(file.stats['"id"'].maximum or 0) >= 0][-1:]
        connection.execute(
            f"create or replace temp table came as select id, max(amount) as amount, max(moment) as moment from '{new}' group by id"
        )
        kept = f"select id, amount, moment from read_parquet({touched}) where id not in (select id from came) union all from came"
        write(connection, place / "plain.parquet", kept)


def write(connection: duckdb.DuckDBPyConnection, path: Path, sql: str) -> None:
    """Write a query's rows into a Parquet file."""
    connection.execute(f"copy ({sql}) to '{path}' {PACKED}")


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process for `work`."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
