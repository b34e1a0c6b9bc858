"""Measures `andon gc`: a lake in which 10,000 versions of 100 datasets were replaced longer ago than they are kept.

    python benchmarks/gc.py              10,000 versions, each of a real file
    python benchmarks/gc.py --quick      500; RESULTS.md stays as it is

Writes CPU and wall time to its part of `benchmarks/RESULTS.md`. Nothing is known of the files but what the catalog says: what their rows
come to is told from the files before they go.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import Sample, run_measured
from parts import cost_table, write_part

from andon.base.clock import to_text
from andon.base.hashing import digest
from andon.base.record import replace
from andon.lake.commits import Draft
from andon.lake.refs import RefMove
from andon.model.build import Build
from andon.model.commit import CommitKind, State
from andon.model.version import DataFile, Version, version_id
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service

BUDGET = 5.0
DATASETS = 100
AGO = datetime.now(UTC) - timedelta(days=200)


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    quick = words.parse_args().quick
    versions = 500 if quick else 10_000
    with tempfile.TemporaryDirectory(prefix="bench-gc-") as folder:
        project = Path(folder) / "project"
        environ = {"ANDON_AUTHOR": "benchmark", "HOME": folder}
        made(project, environ, versions)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "PYTHON"))} | environ
        gc = [sys.executable, "-m", "andon.cli", "gc", "--json"]
        samples: dict[str, list[Sample]] = {}
        samples["look"] = [measured(gc, project, environment, 0, versions)]
        samples["mark"] = [measured([*gc, "--apply"], project, environment, 0, versions)]
        samples["delete"] = [measured([*gc, "--apply"], project, environment, 8, versions, deleted=True)]
        samples["look again"] = [measured(gc, project, environment, 8, 0)]
    taken = samples["delete"][0]
    lines = [
        "## Collections",
        "",
        f"Written by `python benchmarks/gc.py`: {versions:,} versions of {DATASETS} datasets, a file each, that were replaced long ago.",
        "",
        f"Deleting {versions:,} versions, what their rows come to kept before: {taken.wall:.1f} s ({taken.cpu:.1f} CPU s),"
        f" {'met' if taken.wall <= BUDGET else 'missed'} (≤ {BUDGET:g} s on a machine that does nothing else).",
        "",
        *cost_table(samples, "look"),
    ]
    if quick:
        print("\n".join(lines))
    else:
        write_part("gc", lines)


def measured(
    command: list[str], project: Path, environment: dict[str, str], days: int, versions: int, *, deleted: bool = False
) -> Sample:
    """One collection, so many days later; what it found is as many versions as there are."""
    later = environment | ({"ANDON_CLOCK": to_text(datetime.now(UTC) + timedelta(days=days))} if days else {})
    sample, out = run_measured(command, project, later)
    found = json.loads(out)
    assert sum(part["versions"] for part in found["parts"]) == versions, found["parts"][:3]
    assert not deleted or found["files"] == versions
    return sample


def made(project: Path, environ: dict[str, str], versions: int) -> None:
    """A lake whose datasets had so many versions before those that it shows."""
    (project / "datasets/m").mkdir(parents=True)
    (project / "andon.toml").write_text('[retention]\nkeep = "90d"\ngrace = "7d"\n')
    for number in range(DATASETS):
        text = f"select range as id, range * {number} as amount, 'row ' || range as name from range(100)\n"
        (project / f"datasets/m/d{number}.sql").write_text(text)
    import duckdb

    service = Service.open(project, environ=environ, clock=lambda: AGO)
    try:
        service.runs.run(RunOptions(agreed=ANY_PLAN))
        lake = service.workspace.lake
        con = duckdb.connect()
        head = lake.refs.resolve("main")
        first = lake.commits.state(head)
        shown = lake.objects.versions(leaf.version for leaf in first.leaves.values())
        for turn in range(versions // DATASETS):
            outcomes = []
            for name, leaf in first.leaves.items():
                path = lake.storage.new_path("data/m", name.partition(".")[2], ".parquet")
                place = lake.storage.engine_path(path)
                con.execute(
                    f"copy (select range as id, range * {turn} as amount, '{name} ' || range as name from range(100))"
                    f" to '{place}' (format parquet, compression zstd)"
                )
                data = Path(place).read_bytes()
                old = shown[leaf.version]
                files = (DataFile(path, len(data), digest(data), 100),)
                version = Version(version_id(old.columns, files), name, old.columns, files)
                made_by = Build(secrets.token_hex(16), f"{name} {turn}", name, leaf.definition, version.id, None)
                outcomes.append((version, made_by))
            lake.objects.record(outcomes)
            leaves = {
                v.dataset: replace(first.leaves[v.dataset], version=v.id, build=b.id, key=b.key) for v, b in outcomes
            }
            when = to_text(AGO + timedelta(hours=turn + 1))
            draft = Draft((head.id,), CommitKind.REFRESH, "benchmark", f"turn {turn}", when)
            head = lake.commit(draft, State(leaves, first.shared), [RefMove("main", "branch", head.id, "turn")])
        draft = Draft(
            (head.id,),
            CommitKind.CHANGE,
            "benchmark",
            "as it is",
            to_text(AGO + timedelta(hours=versions // DATASETS + 1)),
        )
        # two publishes, so that nothing old is what an undo brings back
        head = lake.commit(draft, first, [RefMove("main", "branch", head.id, "last")])
        text = to_text(AGO + timedelta(hours=versions // DATASETS + 2))
        again = State({**first.leaves}, {**first.shared})
        del again.leaves["m.d0"]
        draft = Draft((head.id,), CommitKind.CHANGE, "benchmark", "the last", text)
        lake.commit(draft, again, [RefMove("main", "branch", head.id, "last")])
    finally:
        service.close()


if __name__ == "__main__":
    main()
