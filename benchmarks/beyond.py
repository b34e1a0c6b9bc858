"""Measures a lake wherever it lies, and whoever computes it, beside plain DuckDB and plain Spark; writes its part of the results page.

    python benchmarks/beyond.py              500 datasets, three turns each; 20 million rows
    python benchmarks/beyond.py --quick      one turn, 2 million rows; the page stays as it is

The same project of 500 datasets is built cold, left as it is, edited at a leaf, and taken back: in a folder, with its catalog in a
Postgres, with its data in a bucket, and in a bucket that takes 30 ms for each request. Plain DuckDB makes the same tables in one process.
Then one large join with groups: by plain DuckDB, by Andon with DuckDB, by plain Spark, and by Andon with Spark, all into Parquet; Spark is
Sail, in one process on this machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import generate
from bars import Bar, bars
from measure import Sample, median, run_measured
from object_storage import LATENCY, Distance
from parts import DOCS, IMAGES, write_part

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

from servers import postgres, postgres_programs

from kit.connect import ConnectServer
from kit.remote import TOKEN, Bucket, S3Server
from kit.spark import spark_python

ROOT = Path(__file__).resolve().parents[1]
_ANDON = [sys.executable, "-c", "import sys; from andon.cli.main import main; sys.exit(main())"]
_PLAIN = [sys.executable, str(ROOT / "benchmarks" / "plain.py"), "build"]
STEPS: Mapping[str, tuple[str, ...]] = {
    "cold build": ("run", "--yes", "--json"),
    "nothing to do": ("run", "--yes", "--json"),
    "edit of a leaf": ("run", "--yes", "--json"),
    "undo": ("undo", "--yes", "--json"),
}
PLACES = ("folder", "catalog in Postgres", "and data in a bucket", "and 30 ms for each request")
#: Two large inputs, joined and grouped: what a shop asks of its events.
LARGE = """select o.customer % 100000 as customer, count(*) as orders, cast(sum(o.amount) as bigint) as amount, max(p.price) as price
from big.orders o join big.products p on o.product = p.id group by o.customer % 100000
"""
_ORDERS = "select i as id, (i * 7919) % 1000003 as customer, (i * 31) % 50000 as product, i % 97 as amount from range({rows}) t(i)"
_PRODUCTS = "select i as id, (i * 13) % 1000 as price from range(50000) t(i)"
_OF_SPARK = """
import sys, warnings
warnings.simplefilter("ignore")
from pyspark.sql import SparkSession
url, data, out, sql = sys.argv[1:]
spark = SparkSession.builder.remote(url).getOrCreate()
for name in ("orders", "products"):
    spark.read.parquet(f"file://{data}/{name}.parquet").createOrReplaceTempView(name)
spark.sql(sql).write.mode("overwrite").parquet(f"file://{out}")
"""
_OF_DUCKDB = """
import sys, duckdb
data, out, sql = sys.argv[1:]
engine = duckdb.connect()
for name in ("orders", "products"):
    engine.execute(f"create view {name} as from '{data}/{name}.parquet'")
engine.execute(f"copy ({sql}) to '{out}' (format parquet, compression zstd)")
"""

Samples = dict[str, list[Sample]]


def small(turns: int, folder: Path) -> Samples:
    """Samples by `step, place`, and of plain DuckDB."""
    programs = postgres_programs()
    assert programs is not None, "Postgres is not installed"
    generate.write(generate.small(500), folder)
    project = folder / "project"
    plain_config = (project / "andon.toml").read_text()
    leaf = max((project / "datasets").rglob("*.sql"))
    text = leaf.read_text()
    samples: Samples = {}
    (folder / "server").mkdir()
    server = S3Server(folder / "server")
    near, far = Distance(server, 0.0), Distance(server, LATENCY)
    bucket = Bucket(server, "bench")
    try:
        with postgres(programs, "lakes") as database:
            for turn in range(turns + 1):
                for number, place in enumerate(PLACES):
                    name = f"{place[-5:-3].strip()}{number}_{turn}".replace(" ", "")
                    shutil.rmtree(project / ".andon", ignore_errors=True)
                    said = f'catalog = "{database.address}?schema=s{number}_{turn}"\n' if number else ""
                    if number > 1:
                        said += f'storage = "s3://bench/{name}"\n' + bucket.connection(
                            (near if number == 2 else far).url
                        )
                    said = said.replace(f":{database.password}@", ":${env:PGPASS}@")
                    (project / "andon.toml").write_text(
                        f"{said and _first(said)}{plain_config}\n{said and _rest(said)}"
                    )
                    environ = {**os.environ, "ANDON_AUTHOR": "ana", "S3_SECRET": TOKEN, "PGPASS": database.password}
                    for step, words in STEPS.items():
                        leaf.write_text(
                            f"{text.rstrip()} limit {turn + 100000}\n" if step == "edit of a leaf" else text
                        )
                        sample, _ = run_measured([*_ANDON, *words], project, environ)
                        if turn:  # what is read the first time is read from the disk
                            samples.setdefault(f"{step}, {place}", []).append(sample)
                    leaf.write_text(text)
                made = folder / f"plain{turn}.db"
                sample, _ = run_measured([*_PLAIN, str(folder), str(made)], folder, os.environ)
                if turn:
                    samples.setdefault("plain DuckDB", []).append(sample)
                made.unlink()
    finally:
        (project / "andon.toml").write_text(plain_config)
        near.stop()
        far.stop()
        server.stop()
    return samples


def _first(said: str) -> str:
    return said.partition("[")[0]


def _rest(said: str) -> str:
    return "".join(said.partition("[")[1:])


def large(turns: int, rows: int, folder: Path) -> Samples:
    """Samples of one large query, by who made it."""
    import duckdb

    data = folder / "data"
    data.mkdir()
    with duckdb.connect() as engine:
        for name, sql in (("orders", _ORDERS.format(rows=rows)), ("products", _PRODUCTS)):
            engine.execute(f"copy ({sql}) to '{data / name}.parquet' (format parquet, compression zstd)")
    sql = LARGE.replace("big.", "")
    samples: Samples = {}
    server = ConnectServer("sail")
    try:
        for turn in range(turns + 1):
            for who, config in (
                ("Andon with DuckDB", ""),
                ("Andon with Spark", f'[engines.spark]\nurl = "{server.url}"\nserver = "sail"\n'),
            ):
                project = folder / f"{who.split()[-1]}{turn}"
                for name in ("orders", "products"):
                    _write(
                        project / f"sources/big/{name}.sql", f"select * from read_parquet('{data / name}.parquet')\n"
                    )
                _write(project / "andon.toml", f'{config}compare_below = "0MB"\ncompare_for = ""\n' if config else "")
                environ = {**os.environ, "ANDON_AUTHOR": "ana"}
                run_measured([*_ANDON, "run", "--yes", "--json"], project, environ)
                front = "/*---\nengine: spark\n---*/\n" if config else ""
                _write(project / "datasets/marts/customers.sql", front + LARGE)
                sample, _ = run_measured([*_ANDON, "run", "--yes", "--json"], project, environ)
                if turn:
                    samples.setdefault(who, []).append(sample)
                shutil.rmtree(project)
            for who, command in (
                ("plain DuckDB", [sys.executable, "-c", _OF_DUCKDB, str(data), str(folder / "out.parquet"), sql]),
                (
                    "plain Spark",
                    [str(spark_python("sail")), "-c", _OF_SPARK, server.url, str(data), str(folder / "spark"), sql],
                ),
            ):
                # the client looks for what it does not need
                sample, _ = run_measured(command, folder, {**os.environ, "SPARK_HOME": str(folder)})
                if turn:
                    samples.setdefault(who, []).append(sample)
    finally:
        server.stop()
    return samples


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def page(of_small: Samples, of_large: Samples, rows: int, turns: int) -> str:
    """Its part of the page."""
    base = median(of_small["plain DuckDB"]).wall
    lines = [
        f"Written by `python benchmarks/beyond.py`, which says what is measured: medians of {turns} turns, in seconds on the clock,"
        " all on one machine of two cores. [All other figures](../../benchmarks/RESULTS.md).",
        "",
        "## 500 datasets, wherever their lake lies",
        "",
        "![Cold build of 500 datasets](../images/results_places.svg)",
        "",
        "| | " + " | ".join(STEPS) + " |",
        "|---|" + "---|" * len(STEPS),
    ]
    for place in PLACES:
        found = [median(of_small[f"{step}, {place}"]).wall for step in STEPS]
        lines.append(f"| {place} | " + " | ".join(f"{seconds:.2f}" for seconds in found) + " |")
    lines += [
        f"| plain DuckDB | {base:.2f} | | | |",
        "",
        f"## {rows // 1_000_000} million rows joined and grouped",
        "",
        "![A large join](../images/results_spark.svg)",
        "",
        "| | seconds | CPU seconds of the client |",
        "|---|---|---|",
    ]
    for who, samples in sorted(of_large.items(), key=lambda item: item[0]):
        middle = median(samples)
        lines.append(f"| {who} | {middle.wall:.2f} | {middle.cpu:.2f} |")
    lines += [
        "",
        "Andon's also hash, keep and commit what they make; what Spark wrote, DuckDB writes out once more as the lake stores it. On one"
        " machine Spark is no gain: it is for what one machine's memory and cores are too small for.",
    ]
    return "\n".join(lines)


def plots(of_small: Samples, of_large: Samples, rows: int) -> dict[str, str]:
    """The pictures, by file name."""
    places = [Bar(place, median(of_small[f"cold build, {place}"]).wall) for place in PLACES]
    places.append(Bar("plain DuckDB", median(of_small["plain DuckDB"]).wall, is_own=False))
    jobs = [Bar(who, median(found).wall, is_own=who.startswith("Andon")) for who, found in sorted(of_large.items())]
    return {
        "results_places.svg": bars("Cold build of 500 datasets", "s", places),
        "results_spark.svg": bars(f"{rows // 1_000_000} million rows joined and grouped", "s", jobs),
    }


def main() -> int:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one turn, 2 million rows; the page stays as it is")
    given = parser.parse_args()
    turns, rows = (1, 2_000_000) if given.quick else (3, 20_000_000)
    with tempfile.TemporaryDirectory(prefix="andon-beyond-") as scratch:
        folders = Path(scratch, "small"), Path(scratch, "large")
        for folder in folders:
            folder.mkdir()
        of_large = large(turns, rows, folders[1])
        of_small = small(turns, folders[0])
    told = page(of_small, of_large, rows, turns)
    print(told)
    if not given.quick:
        write_part("beyond", told.split("\n"), DOCS)
        for name, picture in plots(of_small, of_large, rows).items():
            (IMAGES / name).write_text(picture)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
