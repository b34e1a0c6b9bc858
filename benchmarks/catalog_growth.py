"""Measures what a publish adds to the catalog, over 10,000 publishes of one changed dataset each, in a lake of 500 datasets.

    python benchmarks/catalog_growth.py                 500 datasets, 10,000 commits; beside 10,000 datasets, 300 commits
    python benchmarks/catalog_growth.py --quick         100 datasets, 200 commits; RESULTS.md stays as it is

The first build is a real one. Each publish then goes the way of a run that changed one dataset: a run is begun, its version and build are
recorded (T1), and commit, trees, refs, tasks and outcome are written in one transaction (T2); only the engine writes no file, the version
names that of its dataset. Bytes are those of the catalog's pages that are in use, its time is CPU time of this process.
Writes its parts of `benchmarks/RESULTS.md` and `docs/explanation/results.md`, and the picture `docs/images/catalog_growth.svg`.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from generate import big, write
from growth_plot import Series, plot
from parts import DOCS, IMAGES, write_part

from andon.base.clock import to_text
from andon.base.hashing import content_id
from andon.base.record import Record, replace
from andon.lake.commits import Draft
from andon.lake.refs import MAIN, RefMove
from andon.model.commit import CommitKind, State
from andon.model.run import TaskResult, TaskStatus
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.state.runs import RunBegin, RunEnd
from andon.state.unchanged import PlannedOn

#: So often a point is noted.
POINTS = 100


class Point(Record):
    """How large the catalog was after so many commits, and what they took since the last point."""

    commits: int
    size: int
    seconds: float


def main() -> None:
    """See the module."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true")
    quick = words.parse_args().quick
    lakes = ((100, 200), (1_000, 100)) if quick else ((500, 10_000), (10_000, 300))
    found = {datasets: grown(datasets, commits) for datasets, commits in lakes}
    lines = table(found)
    print("\n".join(lines))
    if not quick:
        write_part("catalog growth", lines)
        write_part("catalog growth", told(found), DOCS)
        points = found[lakes[0][0]]
        size = Series("catalog, MB", [(p.commits, p.size / 1e6) for p in points])
        cost = Series("CPU ms per commit", [(p.commits, p.seconds * 1e3) for p in points[1:]])
        title = f"{lakes[0][1]:,} publishes of one dataset in a lake of {lakes[0][0]:,}"
        (IMAGES / "catalog_growth.svg").write_text(plot(title, "commits", size, cost))


def grown(datasets: int, commits: int) -> list[Point]:
    """The catalog over so many publishes."""
    with tempfile.TemporaryDirectory(prefix="bench-growth-") as folder:
        place = Path(folder)
        write(big(datasets), place)
        service = Service.open(place / "project", environ={"ANDON_AUTHOR": "ana", "HOME": folder})
        try:
            if not service.runs.run(RunOptions(agreed=ANY_PLAN)).published:
                raise RuntimeError("the lake could not be made")
            return _points(service, commits)
        finally:
            service.close()


def _points(service: Service, commits: int) -> list[Point]:
    points = [Point(0, _size(service), 0.0)]
    names = sorted(service.workspace.lake.commits.state(service.workspace.lake.refs.head(MAIN)).leaves)
    step = max(1, commits // POINTS)
    began = time.process_time()
    for number in range(1, commits + 1):
        publish(service, names[number * 7919 % len(names)], number)
        if number % step == 0:
            spent = time.process_time() - began
            points.append(Point(number, _size(service), spent / step))
            began = time.process_time()
    return points


def publish(service: Service, dataset: str, number: int) -> None:
    """One publish that shows another version of one dataset."""
    workspace = service.workspace
    lake, at = workspace.lake, to_text(workspace.clock())
    head = lake.refs.head(MAIN)
    state = lake.commits.state(head)
    leaf = state.leaves[dataset]
    run = workspace.runs.begin(RunBegin(MAIN, head.id, "refresh", "ana", at, face="cli"))
    objects = lake.objects
    old, build = objects.versions([leaf.version])[leaf.version], objects.builds([leaf.build])[leaf.build]
    files = tuple(replace(file, sha256=content_id([file.sha256, number])) for file in old.files)
    version = replace(old, id=content_id(["other", old.id, number]), files=files)
    again = replace(
        build, id=secrets.token_hex(20), key=content_id([build.key, number]), version=version.id, run=run, created=None
    )
    objects.record([(version, again)], new=())
    leaves = {**state.leaves, dataset: replace(leaf, key=again.key, build=again.id, version=version.id)}
    versions = {name: each.version for name, each in state.leaves.items()}
    counts = objects.row_counts(versions.values())
    tasks = [
        TaskResult(name, "build", "its raw file changed", TaskStatus.OK, version.rows, 0.01, version.id)
        if name == dataset
        else TaskResult(name, "reuse", "unchanged", TaskStatus.OK, counts[versions[name]][0], version=versions[name])
        for name in leaves
    ]
    lake.commit(
        Draft((head.id,), CommitKind.REFRESH, "ana", f"refreshed {dataset}", at, run),
        State(leaves, state.shared),
        [RefMove(f"run:{run}", "run", None, "run"), RefMove(MAIN, "branch", head.id, "refresh")],
        also=lambda transaction, commit: workspace.runs.end(
            transaction,
            run,
            RunEnd("done", 0.01, commit.id, published=True, tasks=tasks, on=PlannedOn(head.id, versions)),
        ),
    )


def _size(service: Service) -> int:
    database = service.workspace.lake.database
    (pages,), (free,), (size,) = (
        database.query(f"select * from pragma_{name}()")[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return (int(pages) - int(free)) * int(size)


def table(found: dict[int, Sequence[Point]]) -> list[str]:
    """The part of the results page."""
    lines = [
        "## Growth of the catalog",
        "",
        "Written by `python benchmarks/catalog_growth.py`, which says what is measured. Each publish changes one dataset.",
        "",
        "| datasets | commits | catalog before, MB | after, MB | bytes a commit | of the first tenth | of the last tenth"
        " | CPU ms a commit, first tenth | last tenth |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for datasets, points in found.items():
        tenth = max(1, (len(points) - 1) // 10)
        early, late = points[1 : tenth + 1], points[-tenth:]
        whole = _each(points[0], points[-1])
        figures = (
            f"{points[-1].commits:,}",
            f"{points[0].size / 1e6:.1f}",
            f"{points[-1].size / 1e6:.1f}",
            f"{whole:,.0f}",
            f"{_each(points[0], early[-1]):,.0f}",
            f"{_each(points[-tenth - 1], late[-1]):,.0f}",
            f"{1e3 * sum(p.seconds for p in early) / len(early):.1f}",
            f"{1e3 * sum(p.seconds for p in late) / len(late):.1f}",
        )
        lines.append(f"| {datasets:,} | " + " | ".join(figures) + " |")
    return [*lines, "", "![The catalog over 10,000 publishes](../docs/images/catalog_growth.svg)"]


def told(found: dict[int, Sequence[Point]]) -> list[str]:
    """The part of the page that people read."""
    few, many = found.values()
    commits = few[-1].commits
    each = [_each(points[0], points[-1]) / 1e3 for points in (few, many)]
    return [
        f"## {commits:,} publishes",
        "",
        f"![The catalog over {commits:,} publishes](../images/catalog_growth.svg)",
        "",
        f"A publish that changes one dataset adds {each[0]:.1f} kB to the catalog of a lake of 500 datasets, the last as the first, and"
        f" {each[1]:.1f} kB to that of one of 10,000: what changed, not what is there.",
    ]


def _each(before: Point, after: Point) -> float:
    return (after.size - before.size) / (after.commits - before.commits)


if __name__ == "__main__":
    main()
