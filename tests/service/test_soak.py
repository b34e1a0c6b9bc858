"""Many callers on one Service for a while: every answer right, everybody's own name on what they did, and nothing that stays behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kit.soak import THREADS, VERBS, Soaked, prepare

TESTS = Path(__file__).parents[1]
#: Bytes by which the process may grow after it is warm: some commits and states more in caches that have a bound.
GROWTH = 32 << 20

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory and handles are told by /proc")


@pytest.fixture(scope="module")
def soaked(tmp_path_factory) -> Soaked:
    folder = tmp_path_factory.mktemp("soak") / "acme"
    prepare(folder)
    done = subprocess.run(
        [sys.executable, "-m", "kit.soak", str(folder), "5"], cwd=TESTS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Soaked(**json.loads(done.stdout))


def test_every_verb_answers_as_it_does_to_one_caller_alone(soaked):
    assert soaked.errors == []
    assert soaked.done == THREADS * VERBS
    assert set(soaked.conflicts) <= {"lake.ref_moved"}
    assert len(soaked.conflicts) < THREADS


def test_each_caller_stands_by_what_it_did(soaked):
    assert soaked.authors == {f"own-{n}": f"a{n}" for n in range(THREADS)}
    assert soaked.asked == soaked.own_queries


def test_memory_is_flat_after_the_process_is_warm(soaked):
    assert soaked.end - soaked.warm < GROWTH


def test_nothing_stays_behind(soaked):
    assert (soaked.threads, soaked.handles, soaked.left) == ([], [], [])
