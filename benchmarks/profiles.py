"""Profiles beside DuckDB's own SUMMARIZE: CPU and wall seconds in one process, one thread, files warm.

    python benchmarks/profiles.py            # 1 and 10 million rows of 13 columns; about a minute, mostly making the files
    python benchmarks/profiles.py --rows 1000000

A profile holds more than SUMMARIZE: exact distinct counts, fifteen exact quantiles, most frequent values, histograms, lengths. Above a
million rows it looks at a sample and at what the write counted.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from andon.base.names import literal
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.stats import parse_return_stats
from andon.model.version import Column, DataFile, Version
from andon.profiles.make import how_made, profile_table

ROWS = """
select i::bigint as id, (hash(i) % 200000)::bigint as customer_id,
  '2024-01-01'::date + (hash(i, 1) % 700)::int as day,
  '2024-01-01'::timestamp + to_seconds((hash(i, 2) % 60000000)::bigint) as moment,
  ((hash(i, 3) % 100000) / 100)::decimal(18,2) as amount,
  exp((hash(i, 4) % 1000) / 120) as price,
  (hash(i, 5) % 20)::int as quantity,
  ['DE','FR','US','GB','IT'][1 + (hash(i, 6) % 5)::int] as country,
  ['new','open','paid','sent'][1 + (hash(i, 7) % 4)::int] as status,
  case when hash(i, 8) % 10 > 0 then 'user' || (hash(i, 8) % 300000) || '@example.com' end as email,
  md5(i::varchar) as token, hash(i, 9) % 2 = 0 as active,
  case when hash(i, 10) % 3 > 0 then (hash(i, 10) % 1000)::int end as score
from range({rows}) t(i)
"""


def measured(work: Callable[[], object], repeat: int) -> tuple[float, float]:
    """CPU and wall seconds: medians."""
    times = []
    for _ in range(repeat):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return statistics.median(c for c, _ in times), statistics.median(w for _, w in times)


def table(instance: Instance, rows: int, folder: Path) -> tuple[Version, str]:
    """A table of so many rows as the lake would hold it."""
    connection = instance.session().connection
    path = str(folder / f"{rows}.parquet")
    told = connection.execute(
        f"copy ({ROWS.format(rows=rows)}) to {literal(path)} (format parquet, compression zstd, compression_level 1, return_stats)"
    ).fetchall()[0]
    described = connection.execute(f"describe from read_parquet({literal(path)})").fetchall()
    columns = tuple(Column(row[0], row[1], i) for i, row in enumerate(described))
    return Version(
        str(rows), "bench.rows", columns, (DataFile(path, told[2], "", rows, parse_return_stats(told[4])),)
    ), path


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="default: 1 and 10 million")
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    print(f"{'rows':>12}  {'SUMMARIZE':>16}  {'profile':>16}  made of")
    with tempfile.TemporaryDirectory() as folder:
        for rows in chosen.rows or [1_000_000, 10_000_000]:
            instance = Instance(threads=1)
            connection = instance.session().connection
            version, path = table(instance, rows, Path(folder))
            connection.execute(f"select count(columns(*)) from read_parquet({literal(path)})").fetchall()
            summarize = measured(
                lambda c=connection, p=path: c.execute(f"summarize from read_parquet({literal(p)})").fetchall(),
                1 if rows > 2_000_000 else chosen.repeat,
            )
            own = measured(lambda c=connection, v=version, p=path: profile_table(c, v, [p]), chosen.repeat)
            made = how_made(profile_table(connection, version, [path]))
            cells = (f"{cpu:6.2f} / {wall:5.2f} s" for cpu, wall in (summarize, own))
            print(f"{rows:>12,}  {'  '.join(cells)}  {made}", flush=True)
            instance.close()


if __name__ == "__main__":
    main()
