"""Measures what it costs to read the checks of a project: 500 datasets with a key and 4 lines each.

    python benchmarks/checks_read.py

Two kinds of projects: `alike`, whose datasets have the same columns, and `distinct`, where no line and no column is like another. Each
step runs in a process of its own, so imports count; CPU seconds, the median of the runs.

    import    loading what reads checks, duckdb there already
    cold      nothing kept: parsed and bound
    one edit  everything kept but one dataset's lines
    warm      everything kept: no engine
    alone     each line by itself, as `parse_check` and `compile_check` do it
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from andon.base.cache import FileCache
from andon.checks.compile.plans import Catalog, DeclaredChecks
from andon.model.dataset import CheckLine

DATASETS = 500
BUDGET = 0.25
STEPS = ("import", "cold", "one edit", "warm", "alone")


def project(kind: str) -> tuple[list[DeclaredChecks], Catalog]:
    """Datasets with their lines and columns."""
    declared, columns = [], {}
    for index in range(DATASETS):
        tail = f"_{index}" if kind == "distinct" else ""
        name = f"s{index % 10}.d{index}"
        columns[name] = (
            (f"id{tail}", "BIGINT"),
            (f"amount{tail}", "DECIMAL(10,2)"),
            (f"a{tail}", "INTEGER"),
            (f"b{tail}", "INTEGER"),
            (f"x{tail}", "DOUBLE"),
            (f"status{tail}", "VARCHAR"),
            ("created_at", "TIMESTAMP"),
        )
        third = (f"status{tail} in new, paid", f"amount{tail} 0..100", f"x{tail} 0..1")
        fourth = (
            f"sum(amount{tail}) > 0",
            f"a{tail} >= b{tail}",
            f"amount{tail} = x{tail} * a{tail} +- 0.01",
            f"avg(x{tail}) 0..10",
        )
        lines = (
            f"not null id{tail}, created_at",
            f"unique id{tail}, created_at",
            third[index % len(third)],
            fourth[index % len(fourth)],
        )
        placed = tuple(CheckLine(text, f"datasets/{name}.sql", at) for at, text in enumerate(lines, 3))
        declared.append(DeclaredChecks(name, placed, (f"id{tail}",)))
    return declared, Catalog(columns, {}, {})


def edited(declared: list[DeclaredChecks]) -> list[DeclaredChecks]:
    """The same with another line in one dataset."""
    first, *rest = declared
    return [
        DeclaredChecks(first.dataset, (*first.lines, CheckLine("rows < 1_000_000", "datasets/x.sql", 9)), first.key),
        *rest,
    ]


def step(name: str, kind: str, kept: Path) -> float:
    """CPU seconds of one step in this process."""
    import duckdb

    duckdb.connect().execute("select 1").fetchall()
    declared, catalog = project(kind)
    begin = time.process_time()
    from andon.checks.compile.read import read_checks

    if name == "import":
        import andon.checks.compile.reader

        return time.process_time() - begin
    if name != "warm":
        import andon.checks.compile.reader  # noqa: F401 - its cost is that of `import`

        begin = time.process_time()
    if name == "alone":
        return _alone(declared, catalog)
    cache = None if name == "cold" else FileCache(kept, "1")
    found, problems = read_checks(edited(declared) if name == "one edit" else declared, catalog, cache)
    spent = time.process_time() - begin
    expected = DATASETS * 5 + (name == "one edit")
    if problems or sum(map(len, found.values())) != expected:
        raise SystemExit(f"expected {expected} checks and no problems, found {problems[:3]}")
    if name == "warm" and "andon.checks.compile.reader" in sys.modules:
        raise SystemExit("what was kept was read again")
    return spent


def _alone(declared: list[DeclaredChecks], catalog: Catalog) -> float:
    from andon.checks.compile.check import compile_check
    from andon.checks.language.parse import parse_lines
    from andon.sql.bind import Binder

    begin, binder = time.process_time(), Binder()
    for one in declared:
        checks, _ = parse_lines(one.lines, dataset=one.dataset, columns=catalog.columns[one.dataset], key=one.key)
        for check in checks:
            compile_check(check, catalog, binder)
    return time.process_time() - begin


def main() -> int:
    """Measure every step of both projects, or one of them for the calling process."""
    parser = argparse.ArgumentParser(description="What it costs to read the checks of a project.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(step(options.step[0], options.step[1], Path(options.step[2])))
        return 0
    worst = 0.0
    print(f"{DATASETS} datasets, {DATASETS * 4:,} lines and {DATASETS} keys; CPU seconds\n")
    print("project   " + "".join(f"{name:>10}" for name in STEPS))
    for kind in ("alike", "distinct"):
        spent = {name: median(_runs(name, kind, options.runs)) for name in STEPS}
        worst = max(worst, spent["cold"])
        print(f"{kind:<10}" + "".join(f"{spent[name]:>10.3f}" for name in STEPS))
    print(f"\nbudget of a cold reading: {BUDGET} s")
    return 0 if worst <= BUDGET else 1


def _runs(name: str, kind: str, runs: int) -> list[float]:
    from andon.checks.compile.read import read_checks

    with tempfile.TemporaryDirectory() as folder:
        spent = []
        for run in range(runs):
            kept = Path(folder) / f"{run}.db"
            if name in ("warm", "one edit"):
                declared, catalog = project(kind)
                cache = FileCache(kept, "1")
                read_checks(declared, catalog, cache)
                cache.close()
            command = [sys.executable, __file__, "--step", name, kind, str(kept)]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
            spent.append(float(answer.stdout))
    return spent


if __name__ == "__main__":
    sys.exit(main())
