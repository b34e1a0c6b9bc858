"""Measures what commands cost in a lake of 10,000 datasets beside one of 500: each a new process, CPU seconds, in turn.

    python benchmarks/many_datasets.py              10,000 beside 500, 5 repetitions
    python benchmarks/many_datasets.py --quick      1,000 beside 100, 2 repetitions; RESULTS.md stays as it is

The datasets are the trivial ones of `generate.py big`. Loading the project is measured alone, by `project_load.py`: cold without what was
kept of files, unchanged with it. A command's cost is the least of its repetitions: other work on the machine only adds to it.
Writes its parts of `benchmarks/RESULTS.md` and `docs/explanation/results.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from generate import big, write
from measure import Sample, run_measured
from parts import DOCS, write_part
from scenarios import ANDON, HERE, PYTHON, Subject, WrongWork, builds, published, undone

#: What a command may cost at the larger number, as a multiple of the smaller one.
FACTOR = 2.0
#: CPU seconds that loading the larger project may take.
COLD, UNCHANGED = 4.0, 0.5


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    words.add_argument("--repetitions", type=int, default=5)
    words.add_argument("--out", type=Path, default=HERE / "out")
    given = words.parse_args()
    counts, repetitions = ((100, 1_000), 2) if given.quick else ((500, 10_000), given.repetitions)
    subjects = [built(given.out.resolve(), count) for count in counts]
    costs: dict[str, list[list[Sample]]] = {}
    for repetition in range(repetitions + 1):
        for place, subject in enumerate(subjects):
            for title, sample in round_of(subject):
                if repetition:
                    costs.setdefault(title, [[], []])[place].append(sample)
    lines = table(costs, counts, repetitions)
    print("\n".join(lines))
    if not given.quick:
        write_part("many datasets", lines)
        write_part("many datasets", told(costs, counts), DOCS)


def built(out: Path, count: int) -> Subject:
    """The project with `count` datasets, built and published once; one that is there is taken as it is."""
    folder = out / f"many {count}"
    if not (folder / "shape.json").exists():
        write(big(count), folder)
    subject = Subject(f"many {count}", folder)
    if not (subject.project / ".andon").exists():
        sample, _ = run_measured([ANDON, "run", "--yes", "--json"], subject.project, subject.environment())
        print(f"{count:,} datasets built: {sample.cpu:.1f} CPU s, {sample.peak_bytes / 1e6:.0f} MB", flush=True)
    return subject


def round_of(subject: Subject) -> list[tuple[str, Sample]]:
    """Each command once, with what it cost."""
    found: list[tuple[str, Sample]] = []

    def ask(title: str, command: list[str], check: Callable[[str], None] = lambda _: None) -> None:
        sample, text = run_measured(command, subject.project, subject.environment())
        check(text)
        found.append((title, sample))

    load = [PYTHON, str(HERE / "project_load.py"), str(subject.project)]
    count = str(len(subject.paths))
    ask("project load, cold", [*load, "--cold"], lambda text: _same(text, count))
    ask("project load, unchanged", load, lambda text: _same(text, count))
    ask("`status`", [ANDON, "status"])
    ask("`log`", [ANDON, "log"])
    ask("`plan`", [ANDON, "plan"])
    ask("no-op `run`", [ANDON, "run", "--yes", "--json"], builds(0))
    name = f"aside_{subject.edits()}"
    ask("`branch create`", [ANDON, "branch", "create", name])
    path = subject.project / subject.paths[subject.leaf]
    before = path.read_text()
    subject.edit(subject.leaf)
    ask("`status` with one edit", [ANDON, "status"])
    ask("`plan` of one edit", [ANDON, "plan", "--branch", name])
    ask("`run` of one edit on the branch", [ANDON, "run", "--branch", name, "--yes", "--json"], builds(1))
    ask("`publish` of the branch", [ANDON, "publish", name, "--yes", "--json"], published)
    ask("`undo`", [ANDON, "undo", "--yes", "--json"], undone([subject.leaf]))
    subject.edit(subject.leaf)
    ask("project load, one file changed", load, lambda text: _same(text, count))
    path.write_text(before)
    run_measured([ANDON, "branch", "drop", name], subject.project, subject.environment())
    return found


def _same(text: str, wanted: str) -> None:
    if text.strip() != wanted:
        raise WrongWork(f"{text.strip()} datasets were loaded, not {wanted}")


def table(costs: dict[str, list[list[Sample]]], counts: tuple[int, int], repetitions: int) -> list[str]:
    """The part of the results page."""
    few, many = counts
    lines = [
        "## Many datasets",
        "",
        "Written by `python benchmarks/many_datasets.py`, which says what is measured. CPU seconds of new processes, the least of"
        f" {repetitions}.",
        "",
        f"| | {few:,} datasets | {many:,} datasets | MB | ratio | allowed | verdict |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for title, (small, large) in costs.items():
        less, more = (min(sample.cpu for sample in samples) for samples in (small, large))
        limit, text = allowed(title, less)
        verdict = "" if text == "" else "met" if more <= limit else f"missed by {more - limit:.2f} s"
        peak = max(sample.peak_bytes for sample in large) / 1e6
        lines.append(f"| {title} | {less:.2f} | {more:.2f} | {peak:.0f} | {more / less:.2f} | {text} | {verdict} |")
    return lines


def told(costs: dict[str, list[list[Sample]]], counts: tuple[int, int]) -> list[str]:
    """The part of the page that people read."""
    few, many = counts
    lines = [
        f"## {many:,} datasets",
        "",
        f"CPU seconds of a command of its own process, beside the same in a lake of {few:,}.",
        "",
        f"| | {few:,} | {many:,} |",
        "|---|--:|--:|",
    ]
    for title, pair in costs.items():
        less, more = (min(sample.cpu for sample in samples) for samples in pair)
        lines.append(f"| {title} | {less:.2f} | {more:.2f} |")
    return lines


def allowed(title: str, less: float) -> tuple[float, str]:
    """What the larger lake may cost, and in words; no words where nothing is promised."""
    if title.startswith("project load"):
        limit = {"cold": COLD, "unchanged": UNCHANGED}.get(title.split(", ")[1], 0.0)
        return limit, f"≤ {limit:g} s" if limit else ""
    if title.startswith(("`run`", "`plan`", "no-op")):
        return 0.0, ""
    return FACTOR * less, f"≤ {FACTOR:g} ×"


if __name__ == "__main__":
    sys.exit(main())
