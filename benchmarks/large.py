"""Measures joins and sorts of 100 million rows within 2 GB of memory, beside plain DuckDB doing the same with the same limit.

    python benchmarks/large.py              100 million rows, 2 GB
    python benchmarks/large.py --alone      the same without plain DuckDB
    python benchmarks/large.py --quick      10 million rows, 500 MB; RESULTS.md stays as it is

Each dataset is built by `andon run` in a process of its own, from Parquet files that a source hands on as they are: a join of all rows
with as many, a sort of all rows by a text, a sum for each of 20 million keys, and one window over all rows. What spills is watched in the
folder that the engine may spill to, memory is the peak of the process (which holds Python, the engine's code and buffers of writers
beside what the limit counts), and after each nothing is left of what was spilled. Last a build is killed in the middle: the next command
has what it left behind removed. Writes its part of `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Sample, run_measured
from parts import write_part
from scenarios import ANDON, HERE, PYTHON

FILES = 10
DATASETS = {
    "join": "select a.id, a.amount, b.amount as other from feed.rows a join feed.rows b on a.partner = b.id",
    "sort": "select * from feed.rows order by word, id",
    "sum": "select id % {keys} as part, sum(amount) as amount, count(*) as n, max(word) as word from feed.rows group by all",
    "window": "select id, sum(amount) over (partition by id % 1000 order by word, id) as so_far from feed.rows",
}
TITLES = {
    "join": "a join of all rows with all",
    "sort": "a sort by a text",
    "sum": "a sum per key, a fifth as many as rows",
    "window": "a running sum",
}


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--only", nargs="+", choices=DATASETS, default=list(DATASETS))
    words.add_argument("--alone", action="store_true")
    words.add_argument("--out", type=Path, default=HERE / "out")
    given = words.parse_args()
    rows, limit = (10_000_000, "500MB") if given.quick else (100_000_000, "2GB")
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="large-", dir=given.out) as folder:
        project = made(Path(folder), rows, limit)
        lines = [
            "## Larger than memory",
            "",
            f"Written by `python benchmarks/large.py`, which says what is measured: {rows:,} rows, `memory_limit` {limit}.",
            "",
            "| | Andon CPU s | wall s | peak MB | spilled MB | left | plain CPU s | wall s | peak MB | CPU ratio |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for name in given.only:
            lines.append(measured(project, name, rows, "" if given.alone else limit))
            print(lines[-1], flush=True)
        lines += ["", killed(project, rows)]
        print(lines[-1])
    if not given.quick:
        write_part("large", lines)


def made(folder: Path, rows: int, limit: str) -> Path:
    """A project over files of so many rows, its source loaded."""
    import duckdb

    project = folder / "project"
    for part in ("raw", "sources/feed", "datasets/large", ".git"):
        (project / part).mkdir(parents=True)
    (project / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (project / "andon.toml").write_text(f'[engine]\nmemory_limit = "{limit}"\n')
    (project / "sources/feed/rows.sql").write_text("select * from read_parquet('raw/*.parquet')\n")
    with duckdb.connect() as engine:
        for number in range(FILES):
            start, stop = rows * number // FILES, rows * (number + 1) // FILES
            # by large primes, so that neither partner nor word goes along with the order of rows
            sql = (
                f"select i as id, (i * 48271 + 11) % {rows} as partner, (i % 100000 / 100)::decimal(18, 2) as amount,"
                f" 'word ' || (i * 2654435761 % 4294967296) as word from range({start}, {stop}) r(i)"
            )
            engine.execute(f"copy ({sql}) to '{project}/raw/{number:02}.parquet' (format parquet, compression zstd)")
    sample, watched = build(project)
    print(f"source: {told(sample)}, spilled {watched.most / 1e6:,.0f} MB", flush=True)
    return project


class Watched:
    """What was in a folder at most."""

    most = 0


@contextmanager
def watching(place: Path) -> Iterator[Watched]:
    """Look at the size of `place` ten times a second."""
    found, over = Watched(), threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            found.most = max(found.most, size_of(place))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def size_of(place: Path) -> int:
    """Bytes in a folder; what goes meanwhile counts as nothing."""
    found = 0
    for folder, _, names in os.walk(place):
        for name in names:
            try:
                found += (Path(folder) / name).stat().st_size
            except FileNotFoundError:
                continue
    return found


def build(project: Path) -> tuple[Sample, Watched]:
    """One run, with what was spilled."""
    with watching(project / ".andon/tmp") as watched:
        sample, _ = run_measured([ANDON, "run", "--yes"], project, {**os.environ, "HOME": str(project)})
    return sample, watched


def measured(project: Path, name: str, rows: int, limit: str) -> str:
    """The line of one dataset, which is taken out of the project again; `limit` is that of plain DuckDB, which is left out without one."""
    sql = DATASETS[name].format(keys=rows // 5)
    path = project / f"datasets/large/by_{name}.sql"
    path.write_text(sql + "\n")
    sample, watched = build(project)
    left = size_of(project / ".andon/tmp")
    path.unlink()
    ours = (
        f"| {TITLES[name]} | {sample.cpu:.0f} | {sample.wall:.0f} | {sample.peak_bytes / 1e6:,.0f} | {watched.most / 1e6:,.0f}"
        f" | {left:,} |"
    )
    if not limit:
        return f"{ours} | | | |"
    spill = project / "spill"
    out = project / "plain.parquet"
    body = sql.replace("feed.rows", f"read_parquet('{project}/raw/*.parquet')")
    plain = (
        f"import duckdb; c = duckdb.connect(config={{'memory_limit': '{limit}', 'temp_directory': '{spill}'}});"
        f' c.execute("""copy ({body}) to \'{out}\' (format parquet, compression zstd, compression_level 1)""")'
    )
    try:
        beside, _ = run_measured([PYTHON, "-c", plain], project, os.environ)
    finally:
        shutil.rmtree(spill, ignore_errors=True)
        out.unlink(missing_ok=True)
    return f"{ours} {beside.cpu:.0f} | {beside.wall:.0f} | {beside.peak_bytes / 1e6:,.0f} | {sample.cpu / beside.cpu:.2f} |"


def killed(project: Path, rows: int) -> str:
    """What a build that is killed while it spills leaves behind, and what the next command does about it."""
    (project / "datasets/large/killed.sql").write_text(DATASETS["sort"].format(keys=rows // 5) + "\n")
    child = subprocess.Popen(
        [ANDON, "run", "--yes"], cwd=project, env={**os.environ, "HOME": str(project)}, stdout=subprocess.DEVNULL
    )
    place = project / ".andon/tmp"
    while child.poll() is None and size_of(place) < rows:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    left = size_of(place)
    (project / "datasets/large/killed.sql").write_text("select count(*) as n from feed.rows\n")
    build(project)
    return (
        f"Killed while it sorted, a build left {left / 1e6:,.0f} MB of what it spilled; the next run removed all but"
        f" {size_of(place) / 1e6:,.0f} MB."
    )


def told(sample: Sample) -> str:
    """Costs in words."""
    return f"{sample.cpu:.0f} CPU s, {sample.wall:.0f} s, {sample.peak_bytes / 1e6:,.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
