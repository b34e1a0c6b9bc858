"""Many publishers at once, each in a process of its own, and somebody who reads all the time: what was lost, or torn, and who waited."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from andon.errors import MachineError
from andon.lake.refs import RefMove
from faults.audit import catalog_is_sound, is_in_history, lake_is_whole
from faults.publishers import COUNTER, adds, branch_of, number_in, open_lake


@dataclass
class AtOnce:
    """What came of it.

    Attributes:
        wrong: what was lost or torn, in words.
        waits: how long each publish took (seconds).
        seconds: how long all took.
    """

    wrong: list[str]
    waits: list[float]
    seconds: float


def publish_at_once(
    folder: Path,
    publishers: int,
    publishes: int,
    *bug: str,
    branches: int = 1,
    ended: Callable[[], None] = lambda: None,
) -> AtOnce:
    """Let them publish while somebody reads.

    Args:
        ended: is called when all were published.
    """
    lake = open_lake(folder)
    for branch in {branch_of(number, branches) for number in range(publishers)} - {"main"}:
        lake.move(RefMove(branch, "branch", None, "made"), lake.refs.resolve("main").id, "ana")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "faults.publishers", folder, str(number), str(publishes), str(branches), *bug],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        for number in range(publishers)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    reader = Reader(lake)
    reader.start()
    began = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    acknowledged: dict[str, list[str]] = {}
    waits = []
    for process in processes:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        for line in map(json.loads, out.splitlines()):
            acknowledged.setdefault(line["branch"], []).append(line["commit"])
            waits.append(line["seconds"])
    seconds = time.perf_counter() - began
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
        return AtOnce(found, waits, seconds)
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
