"""Measures loads of a Postgres table: the first, one that brings nothing, one that brings a row, beside plain DuckDB writing the same
query into a Parquet file. The server runs beside them, in a folder of its own; what it uses is not counted.

    python benchmarks/database_loads.py              5 million rows, 3 runs of each
    python benchmarks/database_loads.py --quick      300,000 rows, 1 run; RESULTS.md stays as it is

Writes its part of `benchmarks/RESULTS.md`. Needs Postgres (Debian: `postgresql`).
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

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from kit.servers import PASSWORD, PostgresServer

TABLE = """
create table sales as select
  i::bigint as id, 'customer ' || i % 100000 as name, (i * 0.37)::numeric(12, 2) as amount, i * 0.1::float8 as weight,
  '2020-01-01'::date + (i % 2000)::int as day, '2020-01-01'::timestamptz + i * interval '1 second' as sold_at,
  i % 2 = 0 as is_gift, (i % 7)::int as shop
from generate_series(1, {rows}) i;
analyze sales
"""
PLAIN = """
import sys, duckdb
from andon.engines.duckdb.extensions import load
connection = duckdb.connect(config={"threads": 1})
load(connection, "postgres_scanner")
connection.execute("set TimeZone = 'UTC'")
connection.execute(f"attach '{sys.argv[1]}' as shop (type postgres, read_only)")
read = "from postgres_query('shop', 'select * from sales')"
connection.execute(f"copy ({read}) to '{sys.argv[2]}' (format parquet, compression zstd, compression_level 1)")
"""
ANDON = [sys.executable, "-m", "andon.cli"]


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    quick = words.parse_args().quick
    rows, times = (300_000, 1) if quick else (5_000_000, 3)
    with tempfile.TemporaryDirectory(prefix="bench-database-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "server").mkdir()
        server = PostgresServer(place / "server")
        try:
            server.run(TABLE.format(rows=rows))
            samples = measure(server, place, times)
        finally:
            server.stop()
    lines = page_part(rows, times, samples)
    print("\n".join(lines))
    if not quick:
        write_part("database loads", lines)


def measure(server: PostgresServer, place: Path, times: int) -> dict[str, list[Sample]]:
    """What each way costs, in turn."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANDON_", "PYTHON"))}
    environment = {**kept, "ANDON_AUTHOR": "benchmark", "SHOP_PASSWORD": PASSWORD, "HOME": str(place)}
    reached = f"host=127.0.0.1 port={server.port} user={server.user} password=''{PASSWORD}'' dbname={server.database}"
    samples: dict[str, list[Sample]] = {
        "first load": [],
        "refresh, nothing new": [],
        "refresh, one row new": [],
        "plain DuckDB": [],
    }
    for number in range(times):
        project = place / "project"
        shutil.rmtree(project, ignore_errors=True)
        (project / "sources" / "shop").mkdir(parents=True)
        (project / "andon.toml").write_text(server.connection())
        (project / "sources/shop/sales.sql").write_text("/*---\nconnection: shop\n---*/\nselect * from sales\n")
        samples["first load"].append(run_measured([*ANDON, "run", "--yes"], project, environment)[0])
        samples["refresh, nothing new"].append(run_measured([*ANDON, "refresh"], project, environment)[0])
        server.run(f"insert into sales (id, name) values ({-1 - number}, 'new')")
        samples["refresh, one row new"].append(run_measured([*ANDON, "refresh"], project, environment)[0])
        plain = [sys.executable, "-c", PLAIN, reached, str(place / "plain.parquet")]
        samples["plain DuckDB"].append(run_measured(plain, project, environment)[0])
    return samples


def page_part(rows: int, times: int, samples: dict[str, list[Sample]]) -> list[str]:
    """Lines of the results page."""
    return [
        "## Loads of a database",
        "",
        f"Written by `python benchmarks/database_loads.py`: a Postgres table of {rows:,} rows and 8 columns; medians of {times}.",
        "",
        *cost_table(samples, "plain DuckDB"),
    ]


if __name__ == "__main__":
    main()
