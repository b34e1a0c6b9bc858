"""Measures the scorecard of the principles over a long history, as a person waits for it; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/principles.py              50 datasets, 10,000 commits within 300 days
    python benchmarks/principles.py --quick      a twentieth of the commits; RESULTS.md stays as it is

Figures: CPU seconds of the first scorecard of a process that has asked nothing yet, over a month and over the whole history, each beside
the time before; and the middle of those that are counted anew later, with what was kept.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from big_lake import big_lake
from parts import write_part

from andon.service.service import Service

#: At most, in seconds.
MOST = 1.0
SPANS = ("30d", "150d")


def took(call: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    began = time.process_time()
    call()
    return time.process_time() - began


def measured(project: Path) -> tuple[list[str], float]:
    """Lines of the table, and the slowest."""
    lines, slowest = [], 0.0
    for span in SPANS:
        firsts = []
        for _ in range(2):
            service = Service.open(project, face="http", clock=_Clock())
            firsts.append(took(lambda span=span, service=service: service.scorecards.scorecard(span)))  # type: ignore[misc]
            again = []
            for _ in range(5):
                service.workspace.clock.minutes += 2  # type: ignore[attr-defined] # what was counted is kept for a minute
                again.append(took(lambda span=span, service=service: service.scorecards.scorecard(span)))  # type: ignore[misc]
            commits = sum(
                1 for _ in service.workspace.lake.commits.first_parents(service.workspace.lake.refs.head("main"))
            )
            service.close()
        slowest = max(slowest, *firsts)
        later = statistics.median(again)
        lines.append(f"| {span} of {commits:,} commits | {firsts[0]:.2f} | {firsts[1]:.2f} | {later:.2f} |")
    return lines, slowest


class _Clock:
    """The time, some minutes later than it is."""

    minutes = 0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self.minutes)


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the commits; RESULTS.md stays as it is")
    parser.add_argument("--folder", type=Path, help="where the lake is made and kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="andon-principles-") as scratch:
        project = big_lake(given.folder or Path(scratch), 50, 500 if given.quick else 10_000)
        lines, slowest = measured(project)
    page = [
        "## Principles",
        "",
        "Written by `python benchmarks/principles.py`, which says what is measured. CPU seconds.",
        "",
        f"The scorecard over 10,000 commits: ≤ {MOST:g} s for the first of a process, {'met' if slowest <= MOST else 'not met'}.",
        "",
        "| | the first ever | the first of a process | later |",
        "|---|---|---|---|",
        *lines,
    ]
    print("\n".join(page))
    if not given.quick:
        write_part("principles", page)
    return 0 if slowest <= MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())
