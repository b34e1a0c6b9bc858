"""The copies of this machine have a bound; what the store has not, and what is in use, stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from andon.lake.mirror import Mirror

OLD = 20 * 3600.0


def put(mirror: Mirror, path: str, size: int, *, age: float, stored: bool = True) -> Path:
    place = mirror.place(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(bytes(size))
    if stored:
        mirror.stored(path)
    then = time.time() - age
    os.utime(place, (then, then))
    return place


def total(mirror: Mirror) -> int:
    return sum(each.stat().st_size for each in (mirror.root / "data").rglob("*") if each.is_file())


@given(
    files=st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.booleans()), max_size=12),
    bound=st.integers(1, 2000),
)
def test_what_goes_was_stored_and_not_used_for_long_and_what_was_used_last_stays(tmp_path_factory, files, bound):
    mirror = Mirror(tmp_path_factory.mktemp("mirror"), bound)
    (mirror.root / "data").mkdir()
    places = {}
    for number, (size, stored, recent) in enumerate(files):
        age = number if recent else OLD + number
        places[put(mirror, f"data/x/{number}", size, age=age, stored=stored)] = (stored and not recent, age, size)
    mirror.came(bound)  # enough to make room
    left = {place for place in places if place.exists()}
    may_go = {place for place, (may, *_) in places.items() if may}
    assert places.keys() - left <= may_go
    kept = [places[place][1] for place in left & may_go]
    gone = [places[place][1] for place in places.keys() - left]
    assert not kept or not gone or max(kept) < min(gone)  # the oldest went
    assert total(mirror) <= bound or not left & may_go
    mirror.close()


def test_a_use_keeps_a_file_that_came_long_ago(tmp_path):
    mirror = Mirror(tmp_path, 100)
    old, used = (put(mirror, f"data/x/{name}", 80, age=OLD) for name in ("old", "used"))
    assert mirror.find("data/x/used") is not None
    mirror.came(100)
    assert (old.exists(), used.exists()) == (False, True)


def test_what_a_living_process_may_read_stays(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from andon.lake.mirror import Mirror\n"
        "m = Mirror(Path(sys.argv[1]), 1 << 40); m.came(1); print('on', flush=True); sys.stdin.read()"
    )
    mirror = Mirror(tmp_path, 100)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "on\n"
        (note,) = (tmp_path / ".users").iterdir()
        begun = time.time() - 3 * 3600
        os.utime(note, (begun, begun))  # it has run for three hours
        before, since = (put(mirror, f"data/x/{age}", 80, age=age * 3600) for age in (4, 2))
        mirror.came(100)
        assert (before.exists(), since.exists()) == (False, True)
        other.stdin.close()
    put(mirror, "data/x/now", 80, age=0)
    mirror.came(100)
    assert not since.exists()


def test_a_sweep_takes_what_a_process_that_is_gone_never_handed_over(tmp_path):
    mirror = Mirror(tmp_path, 100)
    stored = put(mirror, "data/x/stored", 1, age=60)
    left = put(mirror, "data/x/left", 1, age=60, stored=False)
    mirror.join()
    waiting = put(mirror, "data/x/waiting", 1, age=0, stored=False)
    assert mirror.sweep() == 1
    assert (stored.exists(), left.exists(), waiting.exists()) == (True, False, True)


def test_a_count_that_can_not_be_read_begins_again(tmp_path):
    mirror = Mirror(tmp_path, 100)
    (tmp_path / ".came").write_text("nonsense")
    mirror.came(1)
    mirror.came(1)
    assert (tmp_path / ".came").read_text() == "1"
