"""Measures Andon beside plain DuckDB doing the same, and writes `benchmarks/RESULTS.md`.

    python benchmarks/run.py                     100 and 500 small datasets, 500 with four checks each, five repetitions
    python benchmarks/run.py --heavy             20 datasets over 20 million rows as well
    python benchmarks/run.py --big               what should not depend on the number, at 10,000 datasets, as well
    python benchmarks/run.py --n 100 --quick     one project, two repetitions; RESULTS.md stays as it is
    python benchmarks/run.py --only no-op leaf   only scenarios whose name begins so, on the lake of the last cold build

Each repetition runs Andon's command and then plain DuckDB's; the first pair warms up and doesn't count. After the cold builds, after
the edits and after the undo every dataset's rows, types and content hash are compared, and any difference ends the benchmark.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import report
import scenarios
from measure import Sample, median, run_measured
from scenarios import PYTHON, Row, Step, Subject

HERE = Path(__file__).resolve().parent
Story = Callable[[Subject], Iterator[Step]]


def main() -> int:
    """Run what the arguments ask for; returns the exit status: 1 if contents differ."""
    given = _arguments()
    out: Path = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    repetitions = 2 if given.quick else given.repetitions
    rows: list[Row] = []
    for label, kind, arguments in _subjects(given):
        folder = out / label
        print(f"== {label}", flush=True)
        if not given.only or not (folder / "shape.json").exists():
            run_measured([PYTHON, str(HERE / "generate.py"), kind, str(folder), *arguments], HERE, os.environ)
        subject = Subject(label, folder)
        for name, story in _stories(kind).items():
            if given.only and not any(name.startswith(prefix) for prefix in given.only):
                continue
            often = _often(kind, name, repetitions)
            rows += _measure(subject, story, often)
            if name in ("cold", "middle", "branch") and not _same_contents(subject):
                return 1
    known = report.remember(out / "measured.json", rows)
    text = report.render(known)
    print(text)
    if not given.quick and not given.only:
        page = HERE / "RESULTS.md"
        page.write_text(text + report.kept(page))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="*", default=[100, 500], help="numbers of small datasets")
    parser.add_argument(
        "--checked", type=int, nargs="*", default=[500], help="numbers of datasets with four checks each"
    )
    parser.add_argument("--heavy", action="store_true", help="20 datasets over 20 million rows as well (minutes)")
    parser.add_argument("--big", action="store_true", help="10,000 trivial datasets as well (minutes)")
    parser.add_argument("--quick", action="store_true", help="two repetitions")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--only", nargs="+", metavar="SCENARIO", help=", ".join(_stories("small")))
    parser.add_argument("--out", type=Path, default=HERE / "out", help="where projects and lakes are made")
    return parser.parse_args()


def _subjects(given: argparse.Namespace) -> Iterator[tuple[str, str, list[str]]]:
    """Label, kind and the generator's arguments of each project."""
    for count in given.n:
        yield f"{count} small", "small", ["--datasets", str(count)]
    for count in given.checked:
        yield f"{count} checked", "checked", ["--datasets", str(count)]
    if given.heavy:
        yield "20 heavy", "heavy", []
    if given.big:
        yield "10000 trivial", "big", ["--datasets", "10000"]


def _stories(kind: str) -> dict[str, Story]:
    """The scenarios of a kind of project, in the order in which they run."""
    if kind == "heavy":
        return {"cold": lambda subject: scenarios.cold(subject, scenarios.times(1.15))}
    if kind == "checked":
        return {"cold": lambda subject: scenarios.cold(subject, scenarios.times(1.25))}
    return {
        "start": scenarios.start_up,
        "cold": lambda subject: scenarios.cold(subject, _cold_budget(subject)),
        "no-op": scenarios.no_op,
        "cosmetic": scenarios.cosmetic,
        "leaf": scenarios.leaf,
        "middle": scenarios.middle,
        "branch": scenarios.branch,
        "additive": scenarios.additive,
    }


def _cold_budget(subject: Subject) -> scenarios.Budget:
    """What is promised for 500 datasets and more; below, the start of the process weighs too much for a ratio."""
    return scenarios.times(1.0, 0.65) if len(subject.paths) >= 500 else scenarios.NO_BUDGET


def _often(kind: str, name: str, repetitions: int) -> int:
    """How often a scenario is repeated: the slow ones less often."""
    if name == "cold" and kind == "big":
        return 1
    return min(repetitions, 3) if kind == "heavy" else repetitions


def _measure(subject: Subject, story: Story, repetitions: int) -> list[Row]:
    """The rows of one story: Andon and plain DuckDB in turn, the first round dropped."""
    andon: dict[str, list[Sample]] = {}
    plain: dict[str, list[Sample]] = {}
    steps: dict[str, Step] = {}
    warm_up = 0 if repetitions == 1 else 1
    for repetition in range(repetitions + warm_up):
        for step in story(subject):
            steps[step.title] = step
            step.prepare_andon()
            sample, output = run_measured(step.andon, subject.project, subject.environment())
            step.check(output)
            if repetition >= warm_up:
                andon.setdefault(step.title, []).append(sample)
            step.prepare_plain()
            if step.plain is not None:
                sample, _ = run_measured(step.plain, subject.project, subject.environment())
                if repetition >= warm_up:
                    plain.setdefault(step.title, []).append(sample)
    rows = []
    for title, step in steps.items():
        ours = median(andon[title])
        theirs = median(plain[title]) if title in plain else None
        judged = scenarios.verdict(step.budget, ours, theirs)
        date = datetime.now(UTC).date().isoformat()
        rows.append(Row(subject.label, title, ours, theirs, step.budget.text, judged, repetitions, date))
        print(report.line(rows[-1]), flush=True)
    return rows


def _same_contents(subject: Subject) -> bool:
    """Whether Andon's lake and the plain database hold the same; prints what differs."""
    environment = subject.environment()
    commands = (
        [PYTHON, str(HERE / "andon_facts.py"), str(subject.folder)],
        [PYTHON, str(HERE / "plain.py"), "facts", str(subject.folder), str(subject.database)],
    )
    ours, theirs = (json.loads(run_measured(command, HERE, environment)[1]) for command in commands)
    different = [name for name in subject.paths if name not in ours or ours[name] != theirs.get(name)]
    for name in different[:20]:
        print(f"DIFFERENT {name}\n  andon {ours.get(name)}\n  plain {theirs.get(name)}", file=sys.stderr)
    if different:
        print(f"CONTENTS DIFFER in {len(different)} of {len(subject.paths)} datasets", file=sys.stderr)
    else:
        print(f"contents of all {len(subject.paths)} datasets are the same", flush=True)
    return not different


if __name__ == "__main__":
    sys.exit(main())
