"""Measures what a Python dataset costs to start in a warm environment, beside its interpreter doing the same; writes its part of
`benchmarks/RESULTS.md`.

    python benchmarks/python_start.py              ten of each
    python benchmarks/python_start.py --quick      three; RESULTS.md stays as it is

The dataset reads a table of one row and gives it back. Beside it, the same interpreter in the same environment imports DuckDB, reads the
same Parquet file and writes it. Told are wall seconds of one call, for an environment without packages and for one of a lock.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from parts import write_part

from andon.engines.python.environment import provide_environment
from andon.engines.python.lock import make_lock
from andon.engines.python.run import run_python
from andon.engines.python.task import PythonTask

#: At most over plain start, in seconds.
MOST = 0.3
_CODE = b"def made(orders):\n    return orders\n"
_PLAIN = (
    "import sys; sys.path += sys.argv[3:]; import duckdb;"
    " duckdb.execute('set threads = 1'); duckdb.read_parquet(sys.argv[1]).write_parquet(sys.argv[2], compression='zstd')"
)


def took(call: Callable[[], object]) -> float:
    """Wall seconds of a call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def measured(folder: Path, lock: bytes | None, times: int) -> tuple[float, float]:
    """The middle of the seconds that a dataset takes, and of those that its interpreter does."""
    import duckdb

    orders = folder / "orders.parquet"
    duckdb.execute(f"copy (select 1 as id) to '{orders}' (format parquet)")
    environment = provide_environment("a.made", lock, folder / "environments")
    number = iter(range(1000))

    def dataset() -> None:
        work = folder / f"work{next(number)}"
        (work / "child").mkdir(parents=True)
        run_python(
            PythonTask(
                dataset="a.made",
                function="made",
                entry="datasets/a/made.py",
                files={"datasets/a/made.py": _CODE},
                parameters=(("orders", "shop.orders"),),
                inputs={"shop.orders": (orders,)},
                output=work / "result.parquet",
                work=work / "child",
                logical_time=datetime(2026, 11, 1, tzinfo=UTC),
                lock=lock,
            ),
            environments=folder / "environments",
            cancelled=threading.Event(),
        )

    def plain() -> None:
        paths = [str(path) for path in environment.paths]
        target = folder / f"plain{next(number)}.parquet"
        subprocess.run([*environment.command, "-c", _PLAIN, str(orders), str(target), *paths], check=True)

    dataset()  # once, so that both read what is in memory
    plain()
    pairs = [(took(dataset), took(plain)) for _ in range(times)]
    return statistics.median(first for first, _ in pairs), statistics.median(second for _, second in pairs)


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three of each; RESULTS.md stays as it is")
    given = parser.parse_args()
    lines, slowest = [], 0.0
    with tempfile.TemporaryDirectory(prefix="andon-python-") as scratch:
        lock = make_lock("a.made", ["iniconfig"], "digest").encode()
        for name, each in (("without packages", None), ("of a lock", lock)):
            place = Path(scratch, name)
            place.mkdir()
            own, plain = measured(place, each, 3 if given.quick else 10)
            slowest = max(slowest, own - plain)
            lines.append(f"| {name} | {own:.2f} | {plain:.2f} | {own - plain:+.2f} |")
    page = [
        "## Start of Python datasets",
        "",
        "Written by `python benchmarks/python_start.py`, which says what is measured. Wall seconds.",
        "",
        f"A warm environment: ≤ {MOST:g} s over plain start, {'met' if slowest <= MOST else 'not met'}.",
        "",
        "| | dataset | plain | over |",
        "|---|---|---|---|",
        *lines,
    ]
    print("\n".join(page))
    if not given.quick:
        write_part("python_start", page)
    return 0 if slowest <= MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())
