"""Measures the memory of what goes through a large table: each command in a process of its own, with the peak of that process.

    python benchmarks/peaks.py              20 million rows, streams of 60 million, 1 GB
    python benchmarks/peaks.py --quick      4 million rows, 300 MB; RESULTS.md stays as it is
    python benchmarks/peaks.py --rows N --limit SIZE

A table of so many rows is read from Parquet with a check that sets some of them aside, and a dataset over it is changed so that half of its
rows differ. Then it is compared, built again, packed, asked for as files and streams, with each row three times in these, checked and
backed up. The bound is the engine's `memory_limit` and what a process holds beside it: Python, the engine's code, buffers of readers and
writers. As Python objects the table would take some ten times what it is allowed. A server is measured with the processes that answer for
it. Writes its part of `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from measure import CommandFailed, run_measured
from parts import write_part
from scenarios import ANDON, HERE, PYTHON

#: What a process may hold beside the engine's limit.
BESIDE = 700 << 20
_UNITS = {"MB": 10**6, "GB": 10**9}
_ALL = "select b.* from marts.big b, range(3) r"
_PYTHON = "import andon; lake = andon.open('.'); print(sum(len(b) for b in lake.sql('{}').batches()))"
#: What is measured, as the words of a command; at its end, whether somebody reads what it says from a pipe.
_PIPE = "| cat > /dev/null"
STEPS = {
    "which rows differ": ["diff", "main~1", "main", "--rows", "marts.big"],
    "which rows differ, all to a file": ["diff", "main~1", "main", "--rows", "marts.big", "-o", "differ.parquet"],
    "built again": ["reproduce", "marts.big"],
    "packed": ["isolate", "stage", "marts.big", "-o", "packed"],
    "a file of Parquet": ["query", _ALL, "-o", "answer.parquet"],
    "a file of Arrow": ["query", _ALL, "-o", "answer.arrow"],
    "a file of CSV": ["query", _ALL, "-o", "answer.csv"],
    "Arrow to a pipe": ["query", _ALL, "--format", "arrow", _PIPE],
    "JSON to a pipe": ["query", _ALL, "--format", "json", _PIPE],
    "rows set aside": ["quarantine", "show", "shop.rows"],
    "checks asked again": ["check"],
    "the page of the dataset": ["show", "marts.big"],
    "read whole": ["verify", "--all"],
    "backed up": ["backup", "kept"],
}


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--rows", type=int)
    words.add_argument("--limit")
    words.add_argument("--out", type=Path, default=HERE / "out")
    given = words.parse_args()
    rows, limit = (
        given.rows or (4_000_000 if given.quick else 20_000_000),
        given.limit or ("300MB" if given.quick else "1GB"),
    )
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="peaks-", dir=given.out) as folder:
        lines = [
            "## Memory of what goes through a large table",
            "",
            f"Written by `python benchmarks/peaks.py`, which says what is measured: {rows:,} rows, `memory_limit` {limit}.",
            "",
            "| | CPU s | wall s | peak MB | of the bound |",
            "|---|--:|--:|--:|--:|",
            *measured(Path(folder), rows, limit),
        ]
    if not given.quick:
        write_part("peaks", lines)


def measured(folder: Path, rows: int, limit: str) -> list[str]:
    """A line for each step."""
    project = made(folder, rows, limit)
    bound = int(limit[:-2]) * _UNITS[limit[-2:]] + BESIDE
    lines: list[str] = []

    def step(title: str, command: list[str]) -> None:
        try:
            sample, _ = run_measured(command, project, {**os.environ, "HOME": str(project)})
        except CommandFailed as failure:
            raise SystemExit(f"{title}: {failure}") from failure
        share = sample.peak_bytes / bound
        figures = f"{sample.cpu:.0f} | {sample.wall:.0f} | {sample.peak_bytes / 1e6:,.0f} | {share:.2f}"
        lines.append(f"| {title} | {figures} |")
        print(lines[-1], flush=True)

    step("built, rows set aside", [ANDON, "run", "--yes"])
    edited = (project / "datasets/marts/big.sql").read_text().replace("amount * 2", "amount * 2 + id % 2")
    (project / "datasets/marts/big.sql").write_text(edited)
    step("an edit of half of the rows", [ANDON, "run", "--yes"])
    for title, command in STEPS.items():
        words = [ANDON, *command]
        step(title, ["sh", "-c", f"{shlex.join(words[:-1])} {_PIPE}"] if command[-1] == _PIPE else words)
        for name in ("answer.parquet", "answer.arrow", "answer.csv", "differ.parquet"):
            (project / name).unlink(missing_ok=True)
        shutil.rmtree(project / "packed", ignore_errors=True)
    step("batches in Python", [PYTHON, "-c", _PYTHON.format(_ALL)])
    most = streamed(project)
    lines.append(f"| Arrow by HTTP, the server and who answers | | | {most / 1e6:,.0f} | {most / bound:.2f} |")
    print(lines[-1], flush=True)
    return lines


def streamed(project: Path) -> int:
    """The most that a process of a server held while it sent all rows as an Arrow stream."""
    limits = {
        "ANDON_QUERY_ROWS": "0",
        "ANDON_QUERY_SIZE": "0",
        "ANDON_QUERY_TIMEOUT": "3600",
        "ANDON_SCHEDULE_ENABLED": "false",
    }
    around = {**os.environ, "HOME": str(project), **limits}
    server = subprocess.Popen(
        [ANDON, "up", "--port", "0", "--json"], cwd=project, env=around, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        text = ""
        while not text.rstrip().endswith("}"):
            text += server.stdout.readline()
        address = json.loads(text)["address"].rstrip("/")
        words = urllib.parse.urlencode({"sql": _ALL, "format": "arrow"})
        size = most = 0
        with urllib.request.urlopen(f"{address}/api/v1/queries?{words}") as reply:
            while piece := reply.read(1 << 20):
                # who answers may end with its answer
                if size % (64 << 20) + len(piece) >= 64 << 20:
                    most = max(most, *(most_of(each) for each in [server.pid, *below(server.pid)]))
                size += len(piece)
        print(f"{size / 1e6:,.0f} MB of Arrow", flush=True)
        return most
    finally:
        server.terminate()
        server.wait()


def below(process: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            found += [int(place.parent.name), *below(int(place.parent.name))]
    return found


def most_of(process: int) -> int:
    """The peak memory of a process that runs."""
    try:
        said = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it ended
        return 0
    return int(said.partition("VmHWM:")[2].split()[0]) << 10 if "VmHWM:" in said else 0


def made(folder: Path, rows: int, limit: str) -> Path:
    """A project over a file of so many rows."""
    import duckdb

    project = folder / "project"
    for part in ("raw", "sources/shop", "datasets/marts", ".git"):
        (project / part).mkdir(parents=True)
    (project / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (project / "andon.toml").write_text(f'[engine]\nmemory_limit = "{limit}"\n')
    check = "/*---\nchecks: |\n  amount 0..990 quarantine 5%\n---*/\n"
    (project / "sources/shop/rows.sql").write_text(check + "select * from read_parquet('raw/*.parquet')\n")
    dataset = (
        "/*---\nkey: id\nchecks: |\n  unique id\n---*/\nselect id, part, amount * 2 as amount, word from shop.rows\n"
    )
    (project / "datasets/marts/big.sql").write_text(dataset)
    sql = (
        "select i as id, i % 1000 as part, (i % 100000 / 100)::decimal(18, 2) as amount,"
        f" 'word ' || (i * 2654435761 % 4294967296) as word from range({rows}) r(i)"
    )
    with duckdb.connect() as engine:
        engine.execute(f"copy ({sql}) to '{project}/raw/rows.parquet' (format parquet, compression zstd)")
    return project


if __name__ == "__main__":
    sys.exit(main())
