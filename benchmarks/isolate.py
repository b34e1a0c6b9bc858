"""Measures how long a stage of a million rows takes to be packed, and to be made again in its folder; writes its part of
`benchmarks/RESULTS.md`.

    python benchmarks/isolate.py              a million rows in, as many and a hundred thousand out
    python benchmarks/isolate.py --quick      a twentieth of the rows; RESULTS.md stays as it is

Figures: seconds as a person waits for them, the best of three: `andon isolate` as a process of its own, then `python run.py` in the folder.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from parts import write_part

from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service

#: At most, in seconds, to pack a table of a million rows.
MOST = 3.0
SOURCE = "select * from read_csv('raw/orders.csv')\n"
STAGES = {
    "marts.rows": "select *, amount * 2 as twice from shop.orders\n",
    "marts.totals": "select customer, sum(amount) as amount, count(*) as n from shop.orders group by customer order by customer\n",
    "marts.days": "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\nselect id, day, amount from shop.orders\n",
}


def project(root: Path, rows: int) -> Path:
    """A project that was run once."""
    import duckdb

    for path, text in {"andon.toml": "", "sources/shop/orders.sql": SOURCE}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for name, text in STAGES.items():
        path = root / "datasets" / name.replace(".", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".sql").write_text(text)
    (root / "raw").mkdir()
    duckdb.sql(
        f"copy (select i as id, 'customer ' || (i * 7919 % {rows // 10}) as customer, date '2026-01-01' + (i % 300)::integer as day,"
        f" (i * 31 % 100000) / 100 as amount, md5(i::varchar) as note from range({rows}) t(i)) to '{root}/raw/orders.csv'"
    )
    service = Service.open(root, face="cli")
    service.runs.run(RunOptions(agreed=ANY_PLAN))
    service.close()
    return root


def best(command: Sequence[str], before: Path, folder: Path) -> float:
    """Seconds of the fastest of three; the folder `before` is removed first."""
    found = []
    for _ in range(3):
        shutil.rmtree(before, ignore_errors=True)
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        found.append(time.perf_counter() - began)
    return min(found)


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the rows; RESULTS.md stays as it is")
    given = parser.parse_args()
    andon = str(Path(sys.executable).with_name("andon"))
    lines, slowest = [], 0.0
    with tempfile.TemporaryDirectory(prefix="andon-isolate-") as scratch:
        root = project(Path(scratch, "acme"), 50_000 if given.quick else 1_000_000)
        for name in STAGES:
            folder = Path(scratch, name)
            packed = best([andon, "isolate", name, "-o", str(folder)], folder, root)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
            again = best([sys.executable, str(folder / "run.py")], folder / "out", folder)
            slowest = max(slowest, packed)
            lines.append(f"| {name} | {packed:.2f} | {size:,.0f} MB | {again:.2f} |")
    page = [
        "## Isolated stages",
        "",
        "Written by `python benchmarks/isolate.py`, which says what is measured.",
        "",
        f"A stage of a million rows is packed: ≤ {MOST:g} s, {'met' if slowest <= MOST else 'missed'}.",
        "",
        "| stage | `andon isolate`, s | folder | `python run.py`, s |",
        "|---|---|---|---|",
        *lines,
    ]
    print("\n".join(page))
    if not given.quick:
        write_part("isolate", page)
    return 0 if slowest <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
