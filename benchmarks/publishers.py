"""Measures many who publish at once: 16 processes with 100 publishes each, to one branch and to eight, in SQLite and in Postgres.

    python benchmarks/publishers.py              16 × 100, and one alone
    python benchmarks/publishers.py --quick      16 × 10; RESULTS.md stays as it is

Every fifth publish also adds one to a counter that all of a branch share. What was lost or torn would be told, as the test does it
(`tests/faults/test_publishers_at_once.py`), with somebody who reads all the time. The server writes durably, as one that is run does.
Writes its part of `benchmarks/RESULTS.md`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from parts import write_part

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from faults.at_once import publish_at_once
from kit.servers import PostgresServer

PUBLISHERS, BRANCHES = 16, 8


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true")
    quick = options.parse_args().quick
    publishes = 10 if quick else 100
    lines = []
    with tempfile.TemporaryDirectory(prefix="andon-publishers-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "server").mkdir()
        server = PostgresServer(folder / "server", durable=True)
        try:
            for kind in ("SQLite", "Postgres"):
                for publishers, branches in ((1, 1), (PUBLISHERS, 1), (PUBLISHERS, BRANCHES)):
                    lines.append(_measured(folder, server, kind, publishers, branches, publishes))
                    print(lines[-1], flush=True)
        finally:
            server.stop()
    if not quick:
        write_part("publishers", _page(publishes, lines))


def _measured(folder: Path, server: PostgresServer, kind: str, publishers: int, branches: int, publishes: int) -> str:
    own = folder / f"{kind}-{publishers}-{branches}"
    own.mkdir()
    os.environ.pop("CATALOG", None)
    if kind == "Postgres":
        os.environ["CATALOG"] = server.catalog(f"p{publishers}_{branches}")
    done = publish_at_once(own, publishers, publishes, branches=branches)
    if done.wrong:
        raise SystemExit("\n".join(done.wrong))
    rate, middle = len(done.waits) / done.seconds, 1000 * statistics.median(done.waits)
    return f"| {kind} | {publishers} | {branches} | {rate:.0f} | {middle:.0f} | {max(done.waits):.1f} |"


def _page(publishes: int, lines: list[str]) -> list[str]:
    return [
        "## Many who publish at once",
        "",
        "Written by `python benchmarks/publishers.py`, which says what is measured: each publishes"
        f" {publishes} times. None was lost, none torn, while somebody read all the time.",
        "",
        "| catalog | publishers | branches | publishes/s | median wait, ms | worst wait, s |",
        "|---|---|---|---|---|---|",
        *lines,
    ]


if __name__ == "__main__":
    main()
