"""Measures 22 checks on 10 million rows: Andon, plain DuckDB written by hand, and other tools; writes its part of RESULTS.md.

    python benchmarks/checks.py                   all, three repetitions
    python benchmarks/checks.py --quick --only andon planned
    python benchmarks/checks.py --no-peers        without the other tools, which are installed by name into `out/checks/peers`

Whole processes; the figures are CPU seconds, wall time and peak memory, medians of the repetitions, taken in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from checks_peers import PACKAGES
from measure import CommandFailed, Sample, median, run_measured

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "out" / "checks"
RESULTS = HERE / "RESULTS.md"
BEGIN, END = "<!-- checks: begin -->", "<!-- checks: end -->"
STATES = FOLDER / "states.json"
OURS = {
    "planned": "DuckDB by hand: footers, counts that skip, one scan, joins; no rows shown",
    "naive": "DuckDB, one query for each check; no rows shown",
    "andon": "Andon, up to 20 failing rows of each failing check",
    "hand appended": "DuckDB by hand, 100,000 rows added to 10 million",
    "andon appended": "Andon, 100,000 rows added to 10 million that were checked before",
}
TITLES = {
    "soda": "Soda Core 3",
    "pandera": "Pandera on Polars",
    "pointblank": "Pointblank on Polars",
    "dbt": "dbt tests",
}

NOTES = """Read with care: the ratio is that of CPU seconds to DuckDB by hand, for the same rows. Andon's checks run in its build, with what
the write told of the file; here that is read from a file, and the build itself is not part of the figure. DuckDB and Andon are given
1 GB. Polars uses all cores and holds the table in memory. References in Pointblank and Pandera are membership in Polars; Pointblank has
no form for the totals, which Polars computes beside it. dbt is given 1 thread and no model to build. Six of the checks fail in the first
table, none of those on added rows: what is held is never the base of what follows."""


def main() -> int:
    """Measure what the arguments ask for, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one repetition; RESULTS.md stays as it is")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", nargs="+", choices=[*OURS, *PACKAGES])
    given = parser.parse_args()
    if not (FOLDER / "told.json").exists():
        run_measured([sys.executable, str(HERE / "checks_data.py"), str(FOLDER)], HERE, os.environ)
    commands, notes = _commands(given.no_peers)
    samples: dict[str, list[Sample]] = {}
    for _ in range(1 if given.quick else given.repetitions):
        for name, command in commands.items():
            if (given.only and name not in given.only) or name in notes:
                continue
            if name == "andon appended":
                _remember()
            try:
                sample, _ = run_measured(command, HERE, _environment())
            except CommandFailed as error:
                notes[name] = f"failed: {str(error).strip().splitlines()[-1][:160]}"
                samples.pop(name, None)
                continue
            samples.setdefault(name, []).append(sample)
            print(f"{name:15} {sample.cpu:7.2f} s CPU {sample.wall:7.2f} s {sample.peak_bytes >> 20:6} MB", flush=True)
    text = _table(samples, notes, 1 if given.quick else given.repetitions)
    print(text)
    if not given.quick and not given.only:
        _write(text)
    return 0


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _commands(no_peers: bool) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What is measured, and why some of it isn't."""
    python, folder = sys.executable, str(FOLDER)
    andon, plain = str(HERE / "checks_andon.py"), str(HERE / "checks_duckdb.py")
    commands = {
        "planned": [python, plain, folder, "planned"],
        "naive": [python, plain, folder, "naive"],
        "andon": [python, andon, folder, "orders"],
        "hand appended": [python, plain, folder, "appended"],
        "andon appended": [python, andon, folder, "both", str(STATES)],
    }
    notes: dict[str, str] = {}
    for tool in () if no_peers else PACKAGES:
        reason = _install(tool)
        if reason is not None:
            notes[tool] = reason
        commands[tool] = [str(FOLDER / "peers" / tool / "bin" / "python"), str(HERE / "checks_peers.py"), tool, folder]
    return commands, notes


def _install(tool: str) -> str | None:
    """Make the tool's environment if it isn't there; returns why it can't be."""
    home = FOLDER / "peers" / tool
    if (home / "installed").exists():
        return None
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    shutil.rmtree(home, ignore_errors=True)
    try:
        subprocess.run([uv, "venv", "-q", str(home)], check=True, capture_output=True, text=True)
        install = [uv, "pip", "install", "-q", "--python", str(home / "bin" / "python"), *PACKAGES[tool]]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", None) or str(error)
        lines = [line.strip(" ×├─▶╰") for line in told.strip().splitlines() if line.strip()]
        return f"can't be installed: {(lines or ['no reason told'])[0][:120]}"
    (home / "installed").touch()
    return None


def _remember() -> None:
    """The states after the check of the first 10 million rows: what a version leaves behind for the next one."""
    kept = FOLDER / "states-before.json"
    if not kept.exists():
        command = [sys.executable, str(HERE / "checks_andon.py"), str(FOLDER), "clean", str(kept)]
        run_measured(command, HERE, _environment())
    shutil.copy(kept, STATES)


def _table(samples: dict[str, list[Sample]], notes: dict[str, str], repetitions: int) -> str:
    base = median(samples["planned"]) if "planned" in samples else None
    before = median(samples["hand appended"]) if "hand appended" in samples else None
    lines = [
        "| 10 million rows, 22 checks | CPU s | wall s | MB | CPU ratio |",
        "|---|---|---|---|---|",
    ]
    for name, title in {**OURS, **TITLES}.items():
        if name in samples:
            one = median(samples[name])
            against = before if name.endswith("appended") else base
            ratio = f"{one.cpu / against.cpu:.2f}" if against else ""
            lines.append(f"| {title} | {one.cpu:.2f} | {one.wall:.2f} | {one.peak_bytes >> 20} | {ratio} |")
        elif name in notes:
            lines.append(f"| {title} | {notes[name]} | | | |")
    date = datetime.now(UTC).date().isoformat()
    load = os.getloadavg()[1]
    lines += [
        "",
        f"Medians of {repetitions}, {date}, one thread in DuckDB, load {load:.1f} over the last five minutes.",
        "",
        NOTES,
    ]
    return "\n".join(lines)


def _write(text: str) -> None:
    """Put the table between its marks in RESULTS.md."""
    told = json.dumps(text)
    (FOLDER / "measured.json").write_text(told)
    whole = RESULTS.read_text()
    if BEGIN not in whole:
        whole = whole.rstrip() + f"\n\n{BEGIN}\n{END}\n"
    head, _, rest = whole.partition(BEGIN)
    RESULTS.write_text(f"{head}{BEGIN}\n## Checks\n\n{text}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    sys.exit(main())
