"""Most tests that need `andon` in a process of its own take a copy of one that loaded it (`kit.forked`): what a copy does, a start does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit.command_line import Andon

ASKED = "select customer, 'ä' || max(amount) as most from shop.orders group by customer order by customer"


@pytest.mark.parametrize(
    ("words", "given", "status"),
    [
        (["query", "-", "--at", "main"], ASKED, 0),
        (["query", "--csv"], "select 1 / ", 2),
        (["config", "show"], "", 0),
        (["-C", "no", "ls"], "", 2),
    ],
)
def test_a_copy_says_and_ends_as_a_process_that_was_started(
    built: Andon, programs: Path, words: list[str], given: str, status: int
) -> None:
    environ = {**os.environ, "ANDON_AUTHOR": "ben", "ANDON_QUERY_ROWS": "3", "COLUMNS": "70", "HOME": str(built.folder)}
    started, copied = (
        subprocess.run(
            [*command, *words],
            cwd=built.folder / "raw",
            env=environ,
            input=given,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        for command in ([sys.executable, "-m", "andon.cli"], [programs / "andon"])
    )
    assert (started.returncode, copied.returncode) == (status, status)
    assert copied.stdout == started.stdout
    assert copied.stderr.partition(" · ")[0] == started.stderr.partition(" · ")[0]


def test_a_copy_that_is_killed_ends_its_program_so(built: Andon, programs: Path) -> None:
    """It waits for its standard input, and is found by its folder."""
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([programs / "andon", "query", "-"], cwd=built.folder, **pipes) as process:
        os.kill(_other_in(built.folder, process.pid), signal.SIGKILL)
        assert process.wait(timeout=30) == -signal.SIGKILL
        assert process.stderr.read() == b""


def _other_in(folder: Path, but: int) -> int:
    """The process that works in `folder`, once there is one."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != but and (entry / "cwd").readlink() == folder:
                    return int(entry.name)
    raise AssertionError("there is none")
