"""What it costs to set rows aside: a dataset with a check that warns, and with one that sets aside; writes its part of RESULTS.md.

    python benchmarks/quarantine.py                       10 million rows, three repetitions
    python benchmarks/quarantine.py --rows 1_000_000 --quick

Whole processes of `andon run --force`, and one of plain DuckDB that parts the same rows into two files and does nothing else: it checks
nothing, keeps no version, names no run. Then a load on a table that grows: a hundredth of the rows comes, with one that is set aside in
ten thousand. The figures are CPU seconds, wall time and peak memory, medians of the repetitions, taken in turn.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from measure import Sample, median, run_measured

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "out" / "quarantine"
RESULTS = HERE / "RESULTS.md"
BEGIN, END = "<!-- quarantine: begin -->", "<!-- quarantine: end -->"

#: One row of ten thousand fails the first line, none the others.
CHECKS = """\
  amount 0..99.99 {how}
  not null id, customer, day, note
  key id
  status in new, open, paid, shipped
  quantity 0..
  price 0..100
  day 2024-01-01..2025-12-31
  length(note) 6..40
  total = price * quantity +- 0.01
  customer matches 'c[0-9]+'
  rows > 0
  sum(quantity) > 0
  avg(price) 0..100
  share(status = 'paid') 0%..100%
  max(day) >= '2024-01-02'
"""
ROWS = """\
select
  range as id,
  case when range % 10_000 = 7 then -1 else (hash(range) % 9_999) / 100 end as amount,
  (hash(range + 7) % 1_000)::int as quantity,
  ['new', 'open', 'paid', 'shipped'][1 + (hash(range * 3) % 4)::int] as status,
  'c' || (hash(range * 5) % 200_000) as customer,
  date '2024-01-01' + (hash(range * 11) % 700)::int as day,
  'note ' || hash(range) as note,
  (hash(range + 3) % 10_000) / 100 as price
from range({rows})
"""


TITLES = {
    "duckdb": "plain DuckDB, one thread: two files, nothing checked",
    "plain": "built and checked, the failing check warns",
    "parted": "the same, it sets aside 0.01% of the rows",
    "grown": "a hundredth more on a table that grows, one check that warns",
    "grown_parted": "the same, it sets aside 0.01% of what comes",
}
#: What parts the rows with nothing around it, with one thread as a build has.
PLAIN = """\
import duckdb, shutil
shutil.rmtree("out", ignore_errors=True)
rows = "select *, price * quantity as total from 'raw/rows.parquet'"
duckdb.connect(config={"threads": 1}).execute(
    f"copy (select *, amount < 0 or amount > 99.99 as bad from ({rows})) to 'out'"
    " (format parquet, compression zstd, compression_level 1, partition_by (bad))"
)
"""


def main() -> int:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one repetition; RESULTS.md stays as it is")
    given = parser.parse_args()
    _project(given.rows)
    found: dict[str, list[Sample]] = {name: [] for name in TITLES}
    for _ in range(1 if given.quick else given.repetitions):
        found["duckdb"].append(run_measured([sys.executable, "-c", PLAIN], FOLDER, os.environ)[0])
        for name in ("plain", "parted"):
            found[name].append(_andon("run", "--yes", "--force", f"big.{name}"))
    for number in range(1 if given.quick else given.repetitions):
        _more(given.rows // 100, given.rows + number * (given.rows // 100), number)
        _andon("run", "--yes", "grow.rows")
        for name in ("grown", "grown_parted"):
            found[name].append(_andon("run", "--yes", "grow.parted" if name == "grown_parted" else "grow.plain"))
    lines = _table({name: median(samples) for name, samples in found.items()}, given.rows)
    print("\n".join(lines))
    if not given.quick:
        text = RESULTS.read_text(encoding="utf-8")
        start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
        RESULTS.write_text(text[:start] + "\n" + "\n".join(lines) + "\n" + text[end:], encoding="utf-8")
    return 0


def _project(rows: int) -> None:
    """A project with a table of `rows` rows, and two datasets that are made of it."""
    import duckdb

    shutil.rmtree(FOLDER, ignore_errors=True)
    for folder in ("raw", "sources/big", "datasets/big"):
        (FOLDER / folder).mkdir(parents=True)
    duckdb.sql(f"copy ({ROWS.format(rows=rows)}) to '{FOLDER}/raw/rows.parquet' (format parquet, compression zstd)")
    (FOLDER / "andon.toml").write_text('author = "ana"\n')
    (FOLDER / "sources/big/rows.sql").write_text("select * from 'raw/rows.parquet'\n")
    for name, how in (("plain", "warn"), ("parted", "quarantine 0.1%")):
        text = f"/*---\nchecks: |\n{CHECKS.format(how=how)}---*/\nselect *, price * quantity as total from big.rows\n"
        (FOLDER / f"datasets/big/{name}.sql").write_text(text)
    for folder in ("raw/more", "sources/grow", "datasets/grow"):
        (FOLDER / folder).mkdir(parents=True)
    (FOLDER / "sources/grow/rows.sql").write_text("select * from 'raw/more/*.parquet'\n")
    for name, line in (("plain", "warn"), ("parted", "quarantine 0.1%")):
        front = f"materialize: incremental\nincremental: {{by: append}}\nchecks: amount 0..99.99 {line}"
        text = f"/*---\n{front}\n---*/\nselect *, price * quantity as total from grow.rows\n"
        (FOLDER / f"datasets/grow/{name}.sql").write_text(text)
    _more(rows, 0, -1)
    _andon("run", "--yes", "big.rows", "grow.rows", "grow.plain", "grow.parted")


def _more(rows: int, start: int, number: int) -> None:
    """Rows that come to the table that grows."""
    import duckdb

    made = ROWS.format(rows=f"{start}, {start + rows}")
    place = FOLDER / f"raw/more/rows_{number + 1:03}.parquet"
    duckdb.sql(f"copy ({made}) to '{place}' (format parquet, compression zstd)")


def _andon(*words: str) -> Sample:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return run_measured([sys.executable, "-m", "andon.cli", *words], FOLDER, environ)[0]


def _table(found: dict[str, Sample], rows: int) -> list[str]:
    bases = {"duckdb": "plain", "plain": "plain", "parted": "plain", "grown": "grown", "grown_parted": "grown"}
    lines = [
        f"{rows:,} rows of nine columns, built and checked.",
        "",
        "| | CPU s | ratio | wall s | peak MB |",
        "|---|---|---|---|---|",
    ]
    for name, sample in found.items():
        ratio = sample.cpu / found[bases[name]].cpu
        lines.append(
            f"| {TITLES[name]} | {sample.cpu:.2f} | {ratio:.2f} | {sample.wall:.2f} | {sample.peak_bytes / 1e6:.0f} |"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
