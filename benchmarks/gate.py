"""Measures what it costs to have a question answered by a process of its own, beside plain DuckDB in one process; writes its part of
`benchmarks/RESULTS.md`.

    python benchmarks/gate.py              a million rows, 40 runs of each
    python benchmarks/gate.py --quick      a tenth of both; RESULTS.md stays as it is

Four figures: what a warm question takes more than the same on a connection of plain DuckDB that is open; a million rows of seven columns
as an Arrow stream, and what of them is held in the process that hands them on; twenty short questions of ten people, all at once, while a
question of somebody else keeps all cores busy; how soon who cancels a question is told, of one that the engine can stop and of one that
it can't. Both sides take turns in one run, so that the machine's mood is the same for both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb  # noqa: TID253
import pyarrow  # noqa: TID253
from parts import write_part

from andon.base.cancel import CancelToken
from andon.base.record import replace
from andon.errors import AndonError
from andon.query.limits import limits_of
from andon.query.workers import Workers
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.workspace.caller import Caller

ROWS = (
    "select x as id, x % 1000 as customer, date '2026-01-01' + (x % 365)::int as day, (x % 9973)::decimal(12, 2) / 7 as amount,"
    " md5(x::varchar)[:12] as code, x % 3 = 0 as is_new, x * 1.5 as weight from range({rows}) t(x)"
)
SHORT = "select day, sum(amount) as amount, count(*) as n from shop.lately where customer = 7 group by day order by day limit 10"
#: Rows of the table that short questions are about.
LATELY = 50_000
ALL = "select * from shop.sales"
HEAVY = "select count(*) from shop.sales a, shop.sales b where a.id * b.id % 7 = 3"
#: More than plain DuckDB for a warm question, and a short one beside a heavy one, at most (seconds).
OVERHEAD, BESIDE = 0.045, 0.3
#: One function call that takes long, in which the engine looks at no word to stop.
DEAF = "select levenshtein(repeat('a', 100000), repeat('b', 100000)) as a"
#: Until who cancelled is told, at most (seconds).
TOLD = 1.0


def made(folder: Path, rows: int) -> Service:
    """A lake with one table."""
    project = folder / "project"
    (project / "raw").mkdir(parents=True)
    (project / "sources" / "shop").mkdir(parents=True)
    (project / "andon.toml").write_text("")
    for name, count in (("sales", rows), ("lately", LATELY)):
        duckdb.sql(f"copy ({ROWS.format(rows=count)}) to '{project}/raw/{name}.parquet'")
        (project / "sources" / "shop" / f"{name}.sql").write_text(f"select * from read_parquet('raw/{name}.parquet')\n")
    service = Service.open(project, environ={"ANDON_AUTHOR": "benchmark", "HOME": str(folder)})
    service.runs.run(RunOptions(agreed=ANY_PLAN))
    return service


def plain(service: Service) -> duckdb.DuckDBPyConnection:
    """A connection of plain DuckDB that reads the same file under the same name."""
    lake = service.workspace.lake
    connection = duckdb.connect()
    connection.execute("create schema shop")
    for name, leaf in lake.commits.state(lake.refs.resolve("main")).leaves.items():
        version = lake.objects.versions([leaf.version])[leaf.version]
        files = [lake.storage.engine_path(file.path) for file in version.files]
        connection.execute(f"create view {name} as from read_parquet({files})")
    return connection


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(one: Callable[[], object], other: Callable[[], object], often: int) -> tuple[float, float]:
    """The medians of two, each after the other."""
    pairs = [(seconds(one), seconds(other)) for _ in range(often)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def handed_on(service: Service) -> tuple[float, int]:
    """Seconds to hand on all rows without keeping them, and the memory that this took more."""
    before, most = resident(), 0
    began = time.perf_counter()
    for _ in service.querying.stream(ALL).arrow():
        most = max(most, resident())
    return time.perf_counter() - began, max(most - before, 0)


def beside(service: Service, often: int) -> list[float]:
    """How long twenty short questions of ten people take each, all asked at once, `often` times, beside a heavy one of somebody else."""
    limits = replace(limits_of(service.workspace.settings), seconds=600.0)
    heavy, cancel = threading.Event(), CancelToken()

    def keep_busy() -> None:
        by = service.by(Caller("heavy", "http")).querying
        heavy.set()
        try:
            by.stream(HEAVY, limits=limits, cancel=cancel)
        except AndonError:
            return

    thread = threading.Thread(target=keep_busy, daemon=True)
    thread.start()
    heavy.wait()
    time.sleep(1.5)
    found = []
    with ThreadPoolExecutor(20) as pool:
        for _ in range(often):
            people = [service.by(Caller(f"person {number % 10}", "http")).querying for number in range(20)]
            found += list(pool.map(lambda by: seconds(lambda: by.stream(SHORT).rows()), people))
    cancel.cancel()
    thread.join()
    return sorted(found)


def until_told(service: Service, question: str) -> float:
    """Seconds from the word to stop a question until who asked it is told."""
    limits = replace(limits_of(service.workspace.settings), seconds=600.0)
    cancel, said = CancelToken(), 0.0

    def stop() -> None:
        nonlocal said
        said = time.perf_counter()
        cancel.cancel()

    threading.Timer(0.3, stop).start()
    try:
        service.querying.stream(question, limits=limits, cancel=cancel)
    except AndonError as error:
        if error.code != "usage.query_cancelled":
            raise
    return time.perf_counter() - said


def main() -> None:
    """Measure, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of rows and runs; RESULTS.md stays as it is")
    quick = parser.parse_args().quick
    rows, often = (100_000, 6) if quick else (1_000_000, 40)
    with tempfile.TemporaryDirectory(prefix="andon-gate-") as folder:
        service = made(Path(folder), rows)
        service.serve_queries(Workers.of(service.workspace))
        connection = plain(service)
        first = seconds(lambda: service.querying.stream(SHORT).rows())
        own, apart = in_turns(
            lambda: connection.execute(SHORT).fetchall(), lambda: service.querying.stream(SHORT).rows(), often
        )
        own_all, apart_all = in_turns(
            lambda: connection.execute(ALL).to_arrow_table(),
            lambda: pyarrow.ipc.open_stream(b"".join(service.querying.stream(ALL).arrow())).read_all(),
            max(often // 8, 1),
        )
        on, held = handed_on(service)
        alone = statistics.median(seconds(lambda: service.querying.stream(SHORT).rows()) for _ in range(often))
        short = beside(service, max(often // 8, 1))
        told = [max(until_told(service, question) for _ in range(max(often // 8, 1))) for question in (HEAVY, DEAF)]
        service.close()
    ms = [value * 1e3 for value in (own, apart, alone, short[len(short) // 2], short[int(len(short) * 0.95)])]
    lines = [
        "| | plain DuckDB | by a process of its own | |",
        "|---|---|---|---|",
        f"| a short question, warm | {ms[0]:.1f} ms | {ms[1]:.1f} ms | {ms[1] - ms[0]:+.1f} ms (budget {OVERHEAD * 1e3:.0f} ms) |",
        f"| the first question of a server | | {first:.2f} s | |",
        f"| {rows:,} rows x 7 columns as Arrow | {own_all:.2f} s | {apart_all:.2f} s | {apart_all / own_all:.1f} x |",
        f"| the same handed on, not kept | | {on:.2f} s | {held / 1e6:.0f} MB held |",
        f"| 20 short questions at once beside a heavy one | | one by one, without it: {ms[2]:.0f} ms; at once: median {ms[3]:.0f} ms,"
        f" 95th of 100 {ms[4]:.0f} ms | (budget {BESIDE * 1e3:.0f} ms) |",
        f"| from the word to cancel until it is told | | {told[0]:.2f} s; of one that the engine can't stop {told[1]:.2f} s |"
        f" (budget {TOLD:.0f} s) |",
    ]
    print("\n".join(lines))
    if not quick:
        said = "Written by `python benchmarks/gate.py`, which says what is measured."
        write_part("gate", ["## A question answered by a process of its own", "", said, "", *lines])


if __name__ == "__main__":
    main()
