"""The results page: what was measured, on what machine, against which budget. Earlier results stay until they are measured again."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from measure import Sample
from scenarios import Row

_INTRODUCTION = """\
# Benchmark results

Written by `make bench` (`python benchmarks/run.py`; `--heavy` and `--big` add the slow ones). Each figure is the median of several runs of
the whole process, measured beside plain DuckDB doing the same in turn on the same machine: `CREATE TABLE AS` in topological order, one
process, a database file, default settings. CPU is user + system time of the process and its children; memory is the peak of the
largest process. Budgets are about CPU, where nothing else is said. What plain DuckDB does for the same:

- an edit: it rebuilds exactly the affected tables in the existing file, told which they are;
- branch: it copies the database file; publish and undo: it rebuilds the changed table from the new or the old text;
- no-op and cosmetic edit: nothing, so there is no figure.

Plain DuckDB's tables are not versioned and not hashed, and are seen one by one as they are made. After the cold builds rows, types and
content hash of every dataset were compared between the two; a difference would have stopped the benchmark.

The generated projects (`benchmarks/generate.py`): *N small*: N datasets in 8 layers of joins, windows, aggregates, filters and unions over
N / 10 sources that read a Parquet file of 1,000 to 10,000 rows each; sources are built too, so a cold build makes 1.1 N tables.
*20 heavy*: 20 datasets over four sources of 5 million rows. *10000 trivial*: one projection each, over ten small sources.
"""

_PEERS = """\
## Other tools

Not measured by this benchmark. Measured earlier on the same kind of project (500 SQL models in layers, small inputs, DuckDB), by CPU of the
whole process; the generated project was another one, so only the order of magnitude compares.

| | plain DuckDB | dbt 2 | dbt-core | SQLMesh | Dagster |
|---|---|---|---|---|---|
| cold build of 500 | 1 | 2.2 × | 5.9 × | 8.6 × | 14 × |
| no-op | | 0.34 s | 2.9 s | 4.5 s | 5.9 s |
| edit of a leaf | 0.15 s | 0.47 s | | | |
| edit in the middle (52 affected) | 0.40 s | 1.22 s | | | |
| cosmetic edit | | 1.18 s | | | |
| publish of a branch | | 1.2 s (rebuild) | | 9.9 s | |
| data-heavy build | 1 | about 1.1 × | about 1.1 × | about 1.1 × | about 1.1 × |
"""

_MEGA = 1024 * 1024


def remember(path: Path, rows: Iterable[Row]) -> list[Row]:
    """Add `rows` to what `path` keeps, in place of older ones of the same label and title; returns all."""
    known: dict[tuple[str, str], Row] = {}
    if path.exists():
        for entry in json.loads(path.read_text()):
            plain = Sample(**entry["plain"]) if entry["plain"] else None
            row = Row(**{**entry, "andon": Sample(**entry["andon"]), "plain": plain})
            known[row.label, row.title] = row
    known.update({(row.label, row.title): row for row in rows})
    path.write_text(json.dumps([asdict(row) for row in known.values()], indent=1))
    return list(known.values())


def kept(page: Path) -> str:
    """The parts of the page that other benchmarks wrote, between `<!-- NAME: begin -->` and `<!-- NAME: end -->`."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = re.finditer(r"<!-- ([\w -]+): begin -->.*?<!-- \1: end -->\n?", text, re.DOTALL)
    return "".join(f"\n{part[0]}" for part in parts)


def render(rows: Iterable[Row]) -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION, _machine()]
    by_label: dict[str, list[Row]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row)
    for label in sorted(by_label, key=lambda text: (text.split()[1] != "small", int(text.split()[0]))):
        parts += [f"## {label}\n", _table(by_label[label])]
    return "\n".join([*parts, _PEERS])


def line(row: Row) -> str:
    """One row for a terminal."""
    plain = _figures(row.plain) if row.plain else "-"
    return f"  {row.title:<36} andon {_figures(row.andon)}   plain {plain}   {row.budget}: {row.verdict}"


def _table(rows: Iterable[Row]) -> str:
    lines = [
        "| | Andon CPU s | wall s | MB | plain CPU s | wall s | MB | CPU ratio | wall ratio | budget | verdict | runs, date |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row.title, *_cells(row.andon), *_cells(row.plain)]
        if row.plain:
            cells += [f"{row.andon.cpu / row.plain.cpu:.2f}", f"{row.andon.wall / row.plain.wall:.2f}"]
        else:
            cells += ["", ""]
        cells += [row.budget, row.verdict, f"{row.repetitions}, {row.date}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cells(sample: Sample | None) -> list[str]:
    if sample is None:
        return ["", "", ""]
    return [f"{sample.cpu:.2f}", f"{sample.wall:.2f}", f"{sample.peak_bytes / _MEGA:.0f}"]


def _figures(sample: Sample) -> str:
    return f"{sample.cpu:.2f} s CPU {sample.wall:.2f} s wall {sample.peak_bytes / _MEGA:.0f} MB"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    python = ".".join(str(part) for part in sys.version_info[:3])
    return (
        f"Machine of the newest figures: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB of memory, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {python}, DuckDB {version('duckdb')}, Andon {version('andon')}; "
        f"load {os.getloadavg()[1]:.1f} over the last five minutes, the benchmark's own part included.\n"
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for text in facts.read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    return platform.machine()
