"""What a command had on its way when it was killed, spilled or about to be handed on, does not stay: the next one that needs such a place
clears it, and so does `andon gc --apply`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROWS, LITTLE = 1_500_000, "50MB"
#: What a command has on its way, and how much of it is there when it is killed.
COMMANDS = {
    "a sort that spills": (["run", "--yes"], 2 << 20),
    "an answer that spills": (["query", "select * from m.rows order by word"], 2 << 20),
    "an answer that nobody reads": (["query", "from m.rows", "--format", "csv"], 5 << 20),
    "rows that differ": (["diff", "main~1", "main", "--rows", "m.rows", "-o", "differ.parquet"], 1 << 20),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a table that does not fit in what commands may take, and one to sort it that is not built yet."""
    root = tmp_path_factory.mktemp("acmé 'x'")
    (root / "andon.toml").write_text("[engine]\nthreads = 1\n")
    (root / "datasets/m").mkdir(parents=True)
    rows = "select i as id, {} as n, 'word ' || (i * 2654435761 % 4294967296) as word from range({}) r(i)\n"
    for what in ("i", "i + 1"):
        (root / "datasets/m/rows.sql").write_text(rows.format(what, ROWS))
        assert andon(root, "run", "--yes").wait() == 0
    (root / "datasets/m/sorted.sql").write_text("select * from m.rows order by word\n")
    return root


def andon(root: Path, *words: str, memory: str = "1GB") -> subprocess.Popen[bytes]:
    system = root / "system's own"
    system.mkdir(exist_ok=True)
    environ = {
        **os.environ,
        "HOME": str(root),
        "ANDON_AUTHOR": "ana",
        "TMPDIR": str(system),
        "ANDON_ENGINE_MEMORY_LIMIT": memory,
    }
    command = [sys.executable, "-m", "andon.cli", *words]
    return subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def on_its_way(root: Path) -> dict[str, int]:
    """Files in the places for what is temporary, with their sizes."""
    found = {}
    for place in (root / "system's own", root / ".andon/tmp"):
        for path in place.rglob("*"):
            try:
                found[path.relative_to(root).as_posix()] = path.stat().st_size if path.is_file() else 0
            except FileNotFoundError:
                continue
    return found


@pytest.mark.parametrize("what", COMMANDS)
def test_nothing_of_it_stays_whoever_comes_next(project: Path, what: str):
    words, most = COMMANDS[what]
    child = andon(project, *words, memory=LITTLE)
    until = time.monotonic() + 120
    while sum(on_its_way(project).values()) < most:
        assert child.poll() is None, "it ended before it was killed"
        assert time.monotonic() < until
        time.sleep(0.002)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert on_its_way(project), "it had no time to clear up"
    cleared = andon(project, "gc", "--apply")
    cleared.communicate()
    assert cleared.returncode == 0
    assert on_its_way(project) == {}


def test_who_needs_such_a_place_clears_it(project: Path):
    words, most = COMMANDS["a sort that spills"]
    child = andon(project, *words, memory=LITTLE)
    while sum(on_its_way(project).values()) < most and child.poll() is None:
        time.sleep(0.002)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    left = on_its_way(project)
    assert left
    again = andon(project, "query", "select count(*) as n from m.rows", "--json")
    said, _ = again.communicate()
    assert (again.returncode, str(ROWS) in said.decode()) == (0, True)
    assert left.keys().isdisjoint(on_its_way(project))
