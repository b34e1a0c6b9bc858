"""Measures `andon lineage` over 500 datasets with nothing known, after one edit, and known; writes its part of `benchmarks/RESULTS.md`.

    python benchmarks/lineage.py              500 datasets, 5 runs of each
    python benchmarks/lineage.py --quick      50 datasets, 1 run; RESULTS.md stays as it is

The project is that of `generate.py small`. What is measured is the whole command, which answers with all that a dataset in the middle
is made of and goes into. With nothing known (the folder's cache is removed) it reads all code anew and traces every column of every
dataset.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import Sample, median, run_measured

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- lineage: begin -->", "<!-- lineage: end -->"
BUDGET = 3.0


class Subject:
    """A generated project with a lake."""

    def __init__(self, folder: Path, datasets: int) -> None:
        generate = [sys.executable, str(HERE / "generate.py"), "small", str(folder), "--datasets", str(datasets)]
        subprocess.run(generate, check=True, capture_output=True)
        self.project = folder / "project"
        shape = json.loads((folder / "shape.json").read_text())
        self.middle: str = shape["middle"]["name"]
        self.path = self.project / shape["paths"][self.middle]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANDON_", "PYTHONDONT"))},
            "ANDON_AUTHOR": "benchmark",
            "HOME": str(folder),
        }
        self.edits = 0
        self.run()

    def command(self, *words: str) -> tuple[Sample, str]:
        """Run `andon`."""
        return run_measured([sys.executable, "-m", "andon.cli", *words], self.project, self.environment)

    def run(self) -> None:
        """Publish what the folder holds."""
        self.command("run", "--yes")

    def ask(self) -> tuple[Sample, str]:
        """The measured question."""
        return self.command("lineage", self.middle, "--json")

    def forget(self) -> None:
        """Remove all that the folder knows."""
        for path in (self.project / ".andon").glob("cache.db*"):
            path.unlink()

    def edit(self) -> None:
        """Add a column to the dataset in the middle, and publish."""
        self.edits += 1
        text = self.path.read_text(encoding="utf-8").rstrip().rstrip(";")
        self.path.write_text(f"select *, {self.edits} as edit_{self.edits} from (\n{text}\n)\n", encoding="utf-8")
        self.run()


def measured(subject: Subject, before: Callable[[], None], often: int) -> Sample:
    """The median of asking, each time after `before`."""
    samples = []
    for _ in range(often):
        before()
        samples.append(subject.ask()[0])
    return median(samples)


def render(datasets: int, columns: int, edges: int, rows: list[tuple[str, Sample, str]]) -> str:
    """The section of the results page."""
    lines = [
        BEGIN,
        "## Lineage",
        "",
        "Written by `python benchmarks/lineage.py`, which says what is measured: the whole command `andon lineage DATASET --json`",
        f"over a lake of {datasets} datasets and its sources. The dataset lies in the middle: the answer has {columns:,} columns",
        f"and {edges:,} edges.",
        "",
        "| | CPU s | wall s | MB | budget |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {name} | {s.cpu:.2f} | {s.wall:.2f} | {s.peak_bytes / 1e6:.0f} | {b} |" for name, s, b in rows]
    return "\n".join([*lines, END])


def main() -> int:
    """Measure, print, and put the section into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few datasets, once; RESULTS.md stays as it is")
    quick = parser.parse_args().quick
    datasets, often = (50, 1) if quick else (500, 5)
    with tempfile.TemporaryDirectory(prefix="andon-lineage-") as folder:
        subject = Subject(Path(folder), datasets)
        document = json.loads(subject.ask()[1])
        columns = sum(1 for node in document["nodes"] if node["kind"] == "column")
        cold = measured(subject, subject.forget, often)
        known = measured(subject, lambda: None, often)
        edited = measured(subject, subject.edit, often)
    met = "met" if cold.cpu <= BUDGET else f"missed by {cold.cpu - BUDGET:.2f} s"
    rows = [
        ("nothing known: all code read, all columns traced", cold, f"≤ {BUDGET:.0f} s CPU: {met}"),
        ("after a publish of one edited dataset", edited, ""),
        ("known", known, ""),
    ]
    text = render(datasets, columns, len(document["edges"]), rows)
    print(text)
    if not quick:
        page = HERE / "RESULTS.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before.rstrip()}\n\n{text}\n{after.lstrip() and chr(10) + after.lstrip()}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
