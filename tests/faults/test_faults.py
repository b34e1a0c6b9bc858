"""A process that builds, publishes, undoes and refreshes is struck at its changes of the disk, one after another.

SIGKILL, a loss of power, a disk that is full from there on, and a disk that fails once. After each a fresh process finds the refs
whole, what was acknowledged in the history, every file of its sha256, readers on the old state or the new one and on nothing
between, and the same command and the next run complete with the right figures.

CI strikes a spread of places; `ANDON_FAULT_POINTS=all` strikes each one (some thousand, half an hour).
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.story import VERBS
from faults.tracer import BROKEN, FULL, KILL, POWER, why_not

#: How many places of each verb are struck by each fault.
POINTS = {"run": 18, "branch": 12, "publish": 12, "undo": 10, "refresh": 14, "part": 10, "accept": 8}
FAULTS = (KILL, POWER, FULL, BROKEN)

_REASON = why_not()
pytestmark = pytest.mark.skipif(_REASON is not None and not os.environ.get("CI"), reason=str(_REASON))


class Harness:
    """A process that strikes. It works in memory where it can, since the faults are what is tested and not the disk."""

    def __init__(self, folder: Path) -> None:
        self._errors = (folder / "errors").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore::ResourceWarning", "-m", "faults.harness", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=Path(__file__).parents[1],
        )

    def strike(self, verb: str, fault: str, points: int | str, *bug: str) -> dict:
        """What it reports."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([verb, fault, points, *bug]) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            pytest.fail(self._errors.read()[-3000:])
        return json.loads(line)

    def stop(self) -> None:
        self._process.communicate(timeout=30)
        self._errors.close()


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        found = Harness(Path(folder))
        yield found
        found.stop()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", [v.name for v in VERBS])
def test_nothing_is_lost_and_nothing_is_torn(harness, verb, fault):
    wanted = os.environ.get("ANDON_FAULT_POINTS") or POINTS[verb]
    report = harness.strike(verb, fault, wanted)
    assert report["violations"] == []
    assert len(report["points"]) >= 0.8 * (report["operations"] if wanted == "all" else int(wanted))


def test_at_least_three_hundred_places_are_struck():
    assert POINTS.keys() == {v.name for v in VERBS}
    assert len(FAULTS) * sum(POINTS.values()) * 0.9 >= 300


@pytest.mark.parametrize(
    ("bug", "verb", "fault", "points", "seen"),
    [
        ("rows before files", "refresh", POWER, 30, "the file data/"),
        ("commits not synced", "undo", POWER, "all", "was acknowledged and is not in the history"),
        ("ref before commit", "undo", KILL, 20, "is not in the catalog"),
    ],
)
def test_the_harness_sees_a_seeded_bug(harness, bug, verb, fault, points, seen):
    assert any(seen in line for line in harness.strike(verb, fault, points, bug, seen)["violations"])
