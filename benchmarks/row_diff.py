"""Measures `andon diff --rows` beside a hand-written full outer join of plain DuckDB over the same data files; writes its part of
`benchmarks/RESULTS.md`.

    python benchmarks/row_diff.py             10 million rows on either side
    python benchmarks/row_diff.py --quick     1 million; RESULTS.md stays as it is

A table of eight columns (whole numbers, a decimal, texts, a moment, a double, a truth value), 1,000 rows of which differ: 800 changed
in one or two columns, 100 gone, 100 new. Both sides read the same Parquet files, whole processes are measured in turn. Plain DuckDB
counts added, removed and changed rows and the changed values of each column, and fetches 20 changed rows, told the key; without a key
it groups the rows of both sides and counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from measure import Sample, median, run_measured

HERE = Path(__file__).parent
BEGIN, END = "<!-- row diff: begin -->", "<!-- row diff: end -->"
COLUMNS = ("customer", "name", "amount", "created", "segment", "score", "active")
FULL, QUICK = 10_000_000, 1_000_000
ROUNDS = 5
BUDGET = 1.3
ANDON = (sys.executable, "-m", "andon.cli")

_GENERATE = """
import duckdb, sys
rows, folder = int(sys.argv[1]), sys.argv[2]
options = "(format parquet, compression zstd)"
duckdb.sql(f'''copy (select i as id, (hash(i) % 500000)::bigint as customer, 'name ' || (hash(i, 1) % 1000000) as name,
 ((hash(i, 2) % 1000000) / 100)::decimal(18, 2) as amount, timestamp '2024-01-01' + interval (hash(i, 3) % 30000000) second as created,
 ['new', 'regular', 'lapsed'][1 + (hash(i, 4) % 3)::int] as segment,
 (hash(i, 5) % 100000) / 7.0::double as score, hash(i, 6) % 2 = 0 as active
 from range({rows}) t(i)) to '{folder}/before.parquet' {options}''')
step = rows // 800
duckdb.sql(f'''copy (select * replace (if(id % {step} = 7, amount + 1, amount) as amount,
 if(id % {2 * step} = 7, 'vip', segment) as segment)
 from '{folder}/before.parquet' where id % {rows // 100} <> 3 union all
 select {rows} + i, 1, 'x', 1, timestamp '2025-01-01', 'new', 1, true from range(100) t(i)) to '{folder}/after.parquet' {options}''')
"""

_PLAIN = """
import duckdb, sys
keyed, old, new = sys.argv[1] == "keyed", sys.argv[2], sys.argv[3]
columns = sys.argv[4].split(",")
duckdb.sql("set enable_progress_bar = false")
if keyed:
    differs = " or ".join(f"a.{c} is distinct from b.{c}" for c in columns)
    both = "".join(f", a.{c} as {c}_a, b.{c} as {c}_b" for c in columns)
    duckdb.sql(f"create table d as select a.id as id_a, b.id as id_b{both} from read_parquet('{old}') a"
               f" full join read_parquet('{new}') b on a.id = b.id where a.id is null or b.id is null or {differs}")
    changed = "id_a is not null and id_b is not null"
    counts = ", ".join(f"count(*) filter ({changed} and {c}_a is distinct from {c}_b)" for c in columns)
    print(*duckdb.sql(f"select count(*) filter (id_a is null), count(*) filter (id_b is null),"
                      f" count(*) filter ({changed}), {counts} from d").fetchall()[0][:3])
    duckdb.sql(f"from d where {changed} order by id_a limit 20").fetchall()
else:
    names = ", ".join(["id", *columns])
    duckdb.sql(f"create table d as select {names}, sum(s) as s from (select {names}, 1 as s from read_parquet('{new}')"
               f" union all select {names}, -1 from read_parquet('{old}')) group by {names} having sum(s) <> 0")
    print(*duckdb.sql("select sum(s) filter (s > 0), -sum(s) filter (s < 0), 0 from d").fetchall()[0])
    duckdb.sql("from d order by all limit 20").fetchall()
"""


def prepare(rows: int) -> Path:
    """A project whose branch `try` differs from main in 1,000 rows of two equal tables, one with a key, one without."""
    import shutil

    folder = HERE / "out" / f"row diff {rows}"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("raw", "data", "sources/shop"):
        (folder / part).mkdir(parents=True)
    (folder / "andon.toml").write_text("", encoding="utf-8")
    body = "select * from read_parquet('raw/rows.parquet')\n"
    (folder / "sources/shop/keyless.sql").write_text(body, encoding="utf-8")
    (folder / "sources/shop/keyed.sql").write_text(f"/*---\nkey: id\n---*/\n{body}", encoding="utf-8")
    _call([sys.executable, "-c", _GENERATE, str(rows), str(folder / "data")], folder)
    for name, words in (("before", ("run", "--yes")), ("after", ("run", "--branch", "try", "--yes"))):
        shutil.copyfile(folder / "data" / f"{name}.parquet", folder / "raw/rows.parquet")
        _call([*ANDON, *words], folder)
    return folder


def measure(folder: Path) -> list[tuple[str, Sample, Sample]]:
    """`(what, Andon, plain DuckDB)`; the counts of both must agree.

    Raises:
        SystemExit: if they don't.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    found = []
    for kind in ("keyed", "keyless"):
        files = [_files(folder, f"shop.{kind}", ref) for ref in ("main", "try")]
        ours, theirs = [], []
        for _ in range(ROUNDS):
            words = [*ANDON, "diff", "main", "try", "--rows", f"shop.{kind}", "--json"]
            sample, text = run_measured(words, folder, environment)
            counts = json.loads(text)["datasets"][0]["rows"]
            ours.append(sample)
            sample, text = run_measured(
                [sys.executable, "-c", _PLAIN, kind, *files, ",".join(COLUMNS)], folder, environment
            )
            theirs.append(sample)
            if text.split() != [str(counts[c]) for c in ("added", "removed", "changed")]:
                raise SystemExit(f"{kind}: Andon counts {counts}, plain DuckDB {text.strip()}")
        found.append((kind, median(ours), median(theirs)))
    return found


def render(rows: int, found: list[tuple[str, Sample, Sample]]) -> str:
    """The section of the results page."""
    today = datetime.now(UTC).date().isoformat()
    lines = [
        BEGIN,
        "## Rows that differ",
        "",
        f"Written by `python benchmarks/row_diff.py`, which says what is compared: {rows:,} rows with {rows:,}, 1,000 of which differ.",
        f"Medians of {ROUNDS} whole processes each, on {today}; {os.cpu_count()} cores, Python {platform.python_version()}.",
        "",
        "| | Andon CPU s | wall s | MB | plain CPU s | wall s | MB | CPU ratio | wall ratio | budget | verdict |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, ours, plain in found:
        ratio = ours.cpu / plain.cpu
        budget, verdict = (f"≤ {BUDGET} × CPU", "met" if ratio <= BUDGET else "missed") if kind == "keyed" else ("", "")
        what = "by key" if kind == "keyed" else "whole rows"
        cells = [what, *_cells(ours), *_cells(plain), f"{ratio:.2f}", f"{ours.wall / plain.wall:.2f}", budget, verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", END])


def _cells(sample: Sample) -> list[str]:
    return [f"{sample.cpu:.2f}", f"{sample.wall:.2f}", f"{sample.peak_bytes / 1e6:.0f}"]


def _files(folder: Path, dataset: str, ref: str) -> str:
    (path,) = json.loads(_call([*ANDON, "show", dataset, "--at", ref, "--json"], folder))["files"]
    (found,) = folder.glob(f".andon/**/{path}")
    return str(found)


def _call(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> int:
    """Measure, print, and put the section into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 million rows; RESULTS.md stays as it is")
    quick = parser.parse_args().quick
    rows = QUICK if quick else FULL
    text = render(rows, measure(prepare(rows)))
    sys.stdout.write(text + "\n")
    if not quick:
        page = HERE / "RESULTS.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2].strip()
        page.write_text(f"{before.rstrip()}\n\n{text}\n" + (f"\n{after}\n" if after else ""), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
