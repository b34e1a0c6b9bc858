"""Folders of one process alone: gone with it, swept after it was killed, and never taken from one that lives."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from andon.base.temporary import Temporary, left_behind, sweep
from andon.errors import MachineError

#: Makes a folder, says where, and waits to be killed.
HOLDS = """
import sys
from pathlib import Path
from andon.base.temporary import Temporary
held = Temporary([Path(sys.argv[1])], "run-7")
(held.path / "spilled").write_bytes(b"x" * 1000)
print(held.path, flush=True)
sys.stdin.read()
"""


def test_a_folder_is_made_when_it_is_asked_for_and_gone_when_closed(tmp_path):
    temporary = Temporary([tmp_path / "a" / "tmp"], "run-1")
    assert not (tmp_path / "a").exists()
    path = temporary.path
    assert (path.is_dir(), path.parent, path.stat().st_mode & 0o777) == (True, tmp_path / "a" / "tmp", 0o700)
    assert temporary.path == path
    temporary.close()
    assert list((tmp_path / "a" / "tmp").iterdir()) == []
    again = temporary.path
    assert again.is_dir()
    temporary.close()
    temporary.close()


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_holds_is_not(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        held = Path(process.stdout.readline().strip())
        assert left_behind(tmp_path) == []
        assert sweep(tmp_path) == 0
        assert held.is_dir()
        process.kill()
    assert left_behind(tmp_path) == [held]
    other = Temporary([tmp_path], "ask")
    assert (other.path.is_dir(), held.exists()) == (True, False)
    other.close()


def test_only_its_own_folders_are_swept(tmp_path):
    """A place that was chosen, or the system's, holds other things too."""
    names = ("data", "andon-demo", "andon-run-1-99999-0a0b0c0d", "andon-lock-99999-0a0b0c0d", "andon-read-x")
    for name in names:
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1, 1))
    for name in ("data", "andon-demo", "andon-read-x"):
        (tmp_path / name / ".held").touch()
    (tmp_path / "andon-link-1-0a0b0c0d").symlink_to(tmp_path / "data")
    assert sweep(tmp_path) == 0
    (tmp_path / "andon-run-1-99999-0a0b0c0d" / ".held").touch()
    assert sweep(tmp_path) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "andon-demo",
        "andon-link-1-0a0b0c0d",
        "andon-lock-99999-0a0b0c0d",
        "andon-read-x",
        "data",
    ]


def test_the_next_place_is_taken_where_one_can_not_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    temporary = Temporary([tmp_path / "file" / "tmp", tmp_path / "good"], "read")
    assert temporary.path.parent == tmp_path / "good"
    temporary.close()
    with pytest.raises(MachineError) as caught:
        _ = Temporary([tmp_path / "file" / "tmp"], "read").path
    assert "temporary files" in caught.value.message


def test_folders_that_are_made_at_once_are_all_there(tmp_path):
    """Each sweeps what nobody holds before it makes its own."""
    made = [Temporary([tmp_path], "ask") for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda each: each.path, made))
    assert all(path.is_dir() for path in paths)
    assert sweep(tmp_path) == 0
    for each in made:
        each.close()
    assert list(tmp_path.iterdir()) == []
