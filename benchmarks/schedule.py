"""Measures what it costs to look whether something is due, where nothing is; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/schedule.py               10,000 datasets
    python benchmarks/schedule.py --quick       500; RESULTS.md stays as it is

Every dataset promises `every: 1d` and is new; chains of twenty views read each other. A pass is the whole verb that `andon tick` calls and
`andon up` repeats: what is due is decided, what is wrong is looked for, answered and told. Four are told apart: the first that ever looked
at a lake, the first of a process that comes later (`andon tick`, without the start of Python), one of a process that looked before, and the
first after somebody published an edit of one dataset. Then a loop as that of `andon up` goes on for a minute.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from parts import write_part

from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service

#: At most, in seconds of CPU: a pass where nothing is due; and the part of a core that a loop takes.
PASS, SHARE = 0.5, 0.01
#: So many seconds of a loop are measured.
LOOP = 60
#: The process that looks: after each pass its CPU seconds and the statements that it asked the catalog.
LOOK = """
import sys, time
from pathlib import Path
from andon.service.service import Service
service = Service.open(Path(sys.argv[1]))
database = type(service.workspace.lake.database)
query, asked = database.query, [0]
def counted(self, *given, **named):
    asked[0] += 1
    return query(self, *given, **named)
database.query = counted
for _ in range(3):
    asked[0], began = 0, time.process_time()
    tick = service.scheduling.tick("benchmark")
    print(time.process_time() - began, asked[0], len(tick.due))
service.close()
"""

#: A loop as that of `andon up`, after its first pass: the seconds of CPU that it took, and of time.
IDLE = """
import sys, time
from pathlib import Path
from andon.service.service import Service
service = Service.open(Path(sys.argv[1]))
with service.scheduling.loop(print).running():
    time.sleep(15)
    began, cpu = time.monotonic(), time.process_time()
    time.sleep(float(sys.argv[2]))
    print(time.process_time() - cpu, time.monotonic() - began)
service.close()
"""


def edit(folder: Path, many: int) -> None:
    """Publish an edit of a dataset in the middle."""
    number = many // 2 + 7
    path = folder / "datasets" / f"s{number // 100}" / f"t{number}.sql"
    path.write_text(path.read_text().replace("select n", "select n + 1 as n"))
    service = Service.open(folder)
    service.runs.run(RunOptions(agreed=ANY_PLAN))
    service.close()


def idle(folder: Path, seconds: int) -> float:
    """The part of a core that a loop takes."""
    command = [sys.executable, "-c", IDLE, str(folder), str(seconds)]
    cpu, wall = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.split()
    return float(cpu) / float(wall)


def project(folder: Path, many: int) -> Path:
    """A lake of so many datasets, all new."""
    folder.mkdir(parents=True)
    (folder / "andon.toml").touch()
    for number in range(many):
        place = folder / "datasets" / f"s{number // 100}"
        place.mkdir(parents=True, exist_ok=True)
        above = number - 1
        query = f"select n from s{above // 100}.t{above}" if number % 20 else "select 1 as n"
        text = f"/*---\nrefresh: {{every: 1d}}\nmaterialize: view\n---*/\n{query}\n"
        (place / f"t{number}.sql").write_text(text)
    service = Service.open(folder)
    service.runs.run(RunOptions(agreed=ANY_PLAN))
    service.close()
    return folder


def looked(folder: Path) -> list[tuple[float, int]]:
    """CPU seconds and statements of three passes of one process, none of which finds anything."""
    command = [sys.executable, "-c", LOOK, str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    found = [line.split() for line in done.stdout.splitlines()]
    assert all(due == "0" for _, _, due in found)
    return [(float(seconds), int(asked)) for seconds, asked, _ in found]


def main() -> int:
    """Measure, print, and put the part into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 datasets; RESULTS.md stays as it is")
    given = parser.parse_args()
    many = 500 if given.quick else 10_000
    with tempfile.TemporaryDirectory(prefix="andon-schedule-") as scratch:
        began = time.time()
        lake = project(Path(scratch) / "lake", many)
        print(f"{many:,} datasets in {time.time() - began:.0f} s", file=sys.stderr)
        (first, *_), (later, *_, again) = looked(lake), looked(lake)
        edit(lake, many)
        edited, *_ = looked(lake)
        share = idle(lake, 5 if given.quick else LOOP)
    rows = {
        "the first look at a lake": first,
        "the first after an edit": edited,
        "the first of a process": later,
        "one after another": again,
    }
    page = [
        "## Schedule",
        "",
        "Written by `python benchmarks/schedule.py`, which says what is measured.",
        "",
        f"A pass over {many:,} datasets of which none is due: ≤ {PASS} CPU s.",
        "",
        "| | CPU s | statements | |",
        "|---|---|---|---|",
        *(
            f"| {name} | {seconds:.3f} | {asked} | {'met' if seconds <= PASS else 'missed'} |"
            for name, (seconds, asked) in rows.items()
        ),
        "",
        f"A loop as that of `andon up`, for a minute: {share:.2%} of a core (≤ {SHARE:.0%},"
        f" {'met' if share <= SHARE else 'missed'}).",
    ]
    print("\n".join(page))
    if not given.quick:
        write_part("schedule", page)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
