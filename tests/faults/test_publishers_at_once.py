"""Publishers of many processes on one lake at once, to one branch and to many, and somebody who reads all the time: none is lost, none is
torn, none starves. With the compare taken out, some are lost.

`ANDON_PUBLISHERS=16x100` has as many publish as often (`benchmarks/publishers.py` measures it).
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from andon.errors import MachineError
from andon.lake.refs import RefMove
from faults.audit import catalog_is_sound, is_in_history, lake_is_whole
from faults.publishers import COUNTER, adds, branch_of, number_in, open_lake

PUBLISHERS, PUBLISHES = map(int, os.environ.get("ANDON_PUBLISHERS", "8x20").split("x"))
#: How long one publish may take (seconds), however busy the machine is.
WORST = 30.0


def publish_at_once(
    folder: Path,
    publishers: int,
    publishes: int,
    *bug: str,
    branches: int = 1,
    ended: Callable[[], None] = lambda: None,
) -> list[str]:
    """Let them publish while somebody reads; what was lost or torn, or starved.

    Args:
        ended: is called when all were published.
    """
    lake = open_lake(folder)
    for branch in {branch_of(number, branches) for number in range(publishers)} - {"main"}:
        lake.move(RefMove(branch, "branch", None, "made"), lake.refs.resolve("main").id, "ana")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "faults.publishers", folder, str(number), str(publishes), str(branches), *bug],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        for number in range(publishers)
    ]
    reader = Reader(lake)
    reader.start()
    acknowledged: dict[str, list[str]] = {}
    waits = []
    for process in processes:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        for line in map(json.loads, out.splitlines()):
            acknowledged.setdefault(line["branch"], []).append(line["commit"])
            waits.append(line["seconds"])
    ended()
    found = reader.told()
    assert len(waits) == publishers * publishes
    try:
        found += catalog_is_sound(folder / "catalog.db") if (folder / "catalog.db").exists() else ()
        for branch, commits in acknowledged.items():
            own = [number for number in range(publishers) if branch_of(number, branches) == branch]
            found += is_in_history(lake, branch, commits)
            found += numbers_are_right(lake, branch, own, publishes)
            found += each_commit_holds_one_publish(lake, branch)
        found += (line for line in lake_is_whole(lake) if "definition" not in line)
        if max(waits) > WORST:
            found.append(f"somebody waited {max(waits):.1f} s")
        return found
    finally:
        lake.database.close()


class Reader(threading.Thread):
    """Reads what the branches show, all the time: whole, and never older than before."""

    def __init__(self, lake):
        super().__init__(daemon=True)
        self._lake, self._over, self._found, self._reads = lake, threading.Event(), [], 0

    def run(self):
        newest: dict[str, int] = {}
        while not self._over.is_set():
            try:
                self._read(newest)
            except MachineError as error:
                if not error.retryable:
                    self._found.append(str(error))

    def _read(self, newest):
        for ref in self._lake.refs.of_kind("branch"):
            commit = self._lake.commits.get(ref.commit)
            if commit.generation < newest.get(ref.name, 0):
                self._found.append(f"{ref.name} went back")
            newest[ref.name] = commit.generation
            for dataset, leaf in self._lake.commits.state(commit).leaves.items():
                if number_in(self._lake, leaf) < 0:
                    self._found.append(f"{dataset} can't be read")
            self._reads += 1

    def told(self):
        self._over.set()
        self.join()
        return [*self._found, *([] if self._reads else ["nobody could read"])]


def numbers_are_right(lake, branch, own, publishes):
    leaves = lake.commits.state(lake.refs.resolve(branch)).leaves
    for number in own:
        leaf = leaves.get(f"own.p{number}")
        if leaf is None or number_in(lake, leaf) != publishes - 1:
            yield f"publisher {number} is not at its last turn"
    counted = number_in(lake, leaves[COUNTER])
    if counted != len(own) * adds(publishes):
        yield f"the counter is at {counted}, not {len(own) * adds(publishes)}"


def each_commit_holds_one_publish(lake, branch):
    """A torn publish would show as a commit with less or more than its author's change."""
    for commit in lake.commits.first_parents(lake.refs.resolve(branch)):
        if commit.parent is None:
            continue
        own, turn = f"own.{commit.author}", int(commit.message.removeprefix("turn "))
        expected = {own, COUNTER} if turn % 5 == 0 else {own}
        changed = lake.commits.changed_leaves(lake.commits.get(commit.parent), commit)
        if changed.keys() != expected:
            yield f"{commit.id[:8]} ({commit.author}, {commit.message}) changed {sorted(changed)}"
        elif number_in(lake, changed[own][1]) != turn:
            yield f"{commit.id[:8]} does not hold turn {turn}"


@pytest.mark.parametrize("branches", [1, 3])
def test_none_is_lost_and_none_is_torn(tmp_path, branches):
    assert publish_at_once(tmp_path, PUBLISHERS, PUBLISHES, branches=branches) == []


@pytest.mark.parametrize("branches", [1, 3])
def test_nor_is_any_in_a_catalog_of_postgres(tmp_path, postgres, monkeypatch, branches):
    monkeypatch.setenv("CATALOG", postgres.catalog(f"at_once_{branches}"))
    assert publish_at_once(tmp_path, PUBLISHERS, PUBLISHES, branches=branches) == []
    assert not (tmp_path / "catalog.db").exists()


def test_without_the_compare_some_are_lost(tmp_path):
    found = publish_at_once(tmp_path, 3, 10, "no compare")
    assert any("lost" in line for line in found)
    assert any("is not at its last turn" in line or "the counter is at" in line for line in found) or len(found) > 1


if __name__ == "__main__":
    pytest.main([__file__])
