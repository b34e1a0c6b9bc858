"""Measures a server as a team feels it, beside plain DuckDB in one process; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/serving.py               a million rows, a thousand questions of fifty people
    python benchmarks/serving.py --quick       a tenth of both; RESULTS.md stays as it is
    python benchmarks/serving.py --soak 10     asks for so many minutes, and tells how memory moves

Figures: until a server of that lake answers; a small question over HTTP and in this process by plain DuckDB; all rows as Arrow through
`andon.connect`; a thousand small questions by fifty people at once; what a server that nobody asks costs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from gate import ALL, SHORT, in_turns, made, plain, seconds
from parts import write_part

import andon

PEOPLE = 50
#: At most: until it is ready, all rows, the 99th of a hundred questions of fifty people (seconds).
READY, ROWS, SLOWEST = 2.0, 0.5, 2.0


@contextmanager
def up(project: Path) -> Iterator[tuple[str, int, float]]:
    """A server of its own process: its address, its process, and how long it took to be there."""
    command = [sys.executable, "-m", "andon.cli", "-C", str(project), "up", "--port", "0", "--json", "--log", "none"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    text = ""
    while not text.rstrip().endswith("}"):
        text += process.stdout.readline()
    address = json.loads(text)["address"]
    andon.connect(address).close()
    ready = time.perf_counter() - began
    try:
        yield address, process.pid, ready
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def family(process: int) -> list[int]:
    """The process and all below it."""
    found, waiting = [], [process]
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def resident(processes: list[int]) -> int:
    """Bytes of memory that processes hold, what they share counted once."""
    total = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def cpu(processes: list[int]) -> float:
    """Seconds of processor that processes took."""
    total = 0
    for process in processes:
        try:
            total += sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return total / os.sysconf("SC_CLK_TCK")


def crowd(address: str, questions: int) -> tuple[list[float], float]:
    """How long each of many questions of fifty people took, and how many were answered in a second. Any error ends it."""
    local = threading.local()

    def ask(_: int) -> float:
        if not hasattr(local, "lake"):
            local.lake = andon.connect(address)
        return seconds(lambda: local.lake.sql(SHORT).arrow())

    began = time.perf_counter()
    with ThreadPoolExecutor(PEOPLE) as pool:
        found = sorted(pool.map(ask, range(questions)))
    return found, questions / (time.perf_counter() - began)


def soak(address: str, process: int, minutes: float) -> tuple[int, list[int]]:
    """How many questions were answered, and the memory of the server at ten moments."""
    end, held, asked = time.monotonic() + minutes * 60, [], 0
    while time.monotonic() < end:
        asked += len(crowd(address, 200)[0])
        if len(held) < 1 + 10 * (1 - (end - time.monotonic()) / (minutes * 60)):
            held.append(resident([process]))
    return asked, held


def main() -> None:
    """Measure, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of rows and questions; RESULTS.md stays as it is")
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="ask for so long instead")
    given = parser.parse_args()
    rows, questions, often = (100_000, 100, 5) if given.quick or given.soak else (1_000_000, 1_000, 30)
    with tempfile.TemporaryDirectory(prefix="andon-serving-") as folder:
        service = made(Path(folder), rows)
        connection = plain(service)
        project = service.workspace.root
        service.close()
        with up(project) as (address, process, ready):
            if given.soak:
                asked, held = soak(address, process, given.soak)
                moved = ", ".join(f"{each / 1e6:.0f}" for each in held)
                print(f"{asked:,} questions in {given.soak:g} minutes; memory of the server in MB: {moved}")
                return
            lake = andon.connect(address)
            own, served = in_turns(
                lambda: connection.execute(SHORT).fetchall(), lambda: lake.sql(SHORT).fetchall(), often
            )
            own_all, served_all = in_turns(
                lambda: connection.execute(ALL).to_arrow_table(), lambda: lake.sql(ALL).arrow(), max(often // 5, 2)
            )
            each, rate = crowd(address, questions)
            time.sleep(2)
            before = cpu(family(process))
            time.sleep(10)
            idle = (cpu(family(process)) - before) / 10
            memory = resident(family(process))
    lines = [
        "| | plain DuckDB | served | |",
        "|---|---|---|---|",
        f"| until it answers | | {ready:.2f} s | (budget {READY:g} s) |",
        f"| a short question | {own * 1e3:.1f} ms | {served * 1e3:.1f} ms | {(served - own) * 1e3:+.1f} ms |",
        f"| {rows:,} rows x 7 columns, `andon.connect` | {own_all:.2f} s | {served_all:.2f} s | {served_all / own_all:.1f} x"
        f" (budget {ROWS:g} s) |",
        f"| {questions:,} short questions of {PEOPLE} people at once | | median {statistics.median(each) * 1e3:.0f} ms,"
        f" 99th of 100 {each[int(len(each) * 0.99)] * 1e3:.0f} ms | {rate:.0f} a second (budget {SLOWEST * 1e3:.0f} ms) |",
        f"| nobody asks | | {idle * 100:.1f} % of a core, {memory / 1e6:.0f} MB | |",
    ]
    print("\n".join(lines))
    if not given.quick:
        write_part(
            "serving",
            ["## A server", "", "Written by `python benchmarks/serving.py`, which says what is measured.", "", *lines],
        )


if __name__ == "__main__":
    main()
