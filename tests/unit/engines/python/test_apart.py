"""What the code of a Python dataset can't do: reach the lake's files, other processes, the network, or live on after its end.

Each attack is tried in the child for real. How far a system keeps the child apart is told by the outcome; where it can't at all, what
always holds is tested in `test_run.py`.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from andon.engines.python import isolation
from andon.engines.python.run import run_python

ATTACKS = """
import ctypes, glob, os, signal, socket, subprocess
from pathlib import Path

LAKE, SECRET, PARENT = Path({lake!r}), {secret!r}, {parent}
libc = ctypes.CDLL(None, use_errno=True)

def write():
    for file in LAKE.rglob("*"):
        file.write_bytes(b"overwritten")

def make():
    (LAKE / "new").write_text("x")

def remove():
    (LAKE / "data.parquet").unlink()

def remount():
    libc.mount(b"none", b"/", None, 32 | 4096, None)
    libc.unshare(0x10000000 | 0x20000)
    libc.mount(b"none", b"/", None, 32 | 4096, None)
    libc.umount2(bytes(LAKE), 2)
    write()

def through_the_root_of_another():
    for root in glob.glob("/proc/[0-9]*/root"):
        Path(root + str(LAKE / "data.parquet")).write_bytes(b"overwritten")

def environments():
    return [p for p in glob.glob("/proc/[0-9]*/environ") if SECRET.encode() in Path(p).read_bytes()]

def own_environment():
    return [name for name, value in os.environ.items() if SECRET in value]

def memory_of_the_parent():
    return Path(f"/proc/{{PARENT}}/mem").open("rb").read(1)

def kill_the_parent():
    os.kill(PARENT, signal.SIGTERM)

def connect():
    socket.create_connection(("127.0.0.1", {port}), timeout=1)

def live_on():
    subprocess.Popen(["setsid", "sh", "-c", "sleep 61; : " + str(LAKE)], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sh", ["sh", "-c", "sleep 62; : " + str(LAKE)])
        os._exit(0)

def made(orders):
    found = []
    for attack in (write, make, remove, remount, through_the_root_of_another, environments, own_environment,
                   memory_of_the_parent, kill_the_parent, connect, live_on):
        try:
            said = repr(attack() or "")
        except BaseException as error:
            said = type(error).__name__
        found.append({{"attack": attack.__name__, "said": said}})
    return found
"""
SECRET = "s3cret-of-the-caller"


def need_bubblewrap() -> None:
    """Skip without it; where the whole suite is to run, it must be installed."""
    if isolation.bubblewrap() is None:
        assert shutil.which("bwrap") or not os.environ.get("CI"), "install bubblewrap"
        pytest.skip("no bubblewrap that works here")


@pytest.fixture(params=["bubblewrap", "namespaces"])
def means(request, monkeypatch):
    """Each means that there is here."""
    if request.param == "bubblewrap":
        need_bubblewrap()
    if request.param == "namespaces":
        monkeypatch.setattr("andon.engines.python.run.bubblewrap", lambda: None)
    return request.param


@pytest.fixture
def lake(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("lake")
    (place / "data.parquet").write_bytes(b"data")
    (place / "catalog.db").write_bytes(b"reflog")
    return place


def processes_with(text: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def test_no_attack_reaches_out(means, make_task, environments, lake, monkeypatch):
    import socket

    monkeypatch.setenv("TOKEN", SECRET)
    with socket.create_server(("127.0.0.1", 0)) as server, subprocess.Popen(["sleep", "50"]) as other:
        code = ATTACKS.format(lake=str(lake), secret=SECRET, parent=other.pid, port=server.getsockname()[1])
        task = make_task(code)
        outcome = run_python(task, environments=environments, cancelled=threading.Event())
        if outcome.isolation == "none":
            other.kill()
            pytest.skip("this system lets nobody make namespaces")
        assert outcome.isolation == means
        assert other.poll() is None
        other.kill()
    import duckdb

    said = dict(duckdb.sql(f"from '{task.output}'").fetchall())
    assert sorted((p.name, p.read_bytes()) for p in lake.iterdir()) == [
        ("catalog.db", b"reflog"),
        ("data.parquet", b"data"),
    ]
    for attack in ("environments", "own_environment"):
        assert ast.literal_eval(said[attack]) in ("", [])
    for attack in ("memory_of_the_parent", "kill_the_parent", "connect"):
        assert said[attack].endswith("Error"), (attack, said[attack])
    end = time.monotonic() + 5
    while processes_with(str(lake)) and time.monotonic() < end:
        time.sleep(0.02)
    assert processes_with(str(lake)) == []


def test_with_bubblewrap_other_files_are_not_even_seen(run, lake):
    need_bubblewrap()
    _, rows = run(
        f"from pathlib import Path\ndef made(orders):\n    return [{{'seen': Path({str(lake / 'catalog.db')!r}).exists()}}]\n"
    )
    assert rows == [(False,)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is one of Linux")
def test_memory_is_bounded(means, fails):
    error = fails("def made(orders):\n    return [{'n': len(bytearray(3_000_000_000))}]\n", memory=int(1e9))
    assert error.details["type"] == "MemoryError"
    assert "python.memory" in (error.hint or "")


def test_a_crash_is_told_by_its_signal(means, fails):
    for name in ("SIGKILL", "SIGSEGV", "SIGTERM"):
        error = fails(f"import os, signal\ndef made(orders):\n    os.kill(os.getpid(), signal.{name})\n")
        assert name in error.message


def test_a_bubblewrap_that_does_not_work_is_not_used(tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    isolation.bubblewrap.cache_clear()
    try:
        if shutil.which("bwrap") == str(fake):
            assert isolation.bubblewrap() is None
    finally:
        isolation.bubblewrap.cache_clear()
