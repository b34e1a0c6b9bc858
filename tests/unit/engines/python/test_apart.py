"""What the code of a Python dataset can't do: read or reach the lake's files, other processes, the network, or live on after its end.

Each attack is tried in the child for real. How far a system keeps the child apart is told by the outcome; where it can't at all, what
always holds is tested in `test_run.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from andon.engines.python import isolation
from andon.engines.python.run import run_python

ATTACKS = """
import ctypes, glob, os, signal, socket, subprocess
from pathlib import Path

LAKE, SECRET, PARENT, SOCKET = Path({lake!r}), {secret!r}, {parent}, {socket!r}
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

def read():
    return (LAKE / "data.parquet").read_bytes()

def read_by_link():
    Path("link").symlink_to(LAKE)
    return Path("link/data.parquet").read_bytes()

def read_by_hard_link():
    os.link(LAKE / "data.parquet", "hard")
    return Path("hard").read_bytes()

def move_here():
    os.rename(LAKE / "data.parquet", "moved")
    return Path("moved").read_bytes()

def read_by_database():
    import duckdb
    return duckdb.sql(f"select content from read_text('{{LAKE}}/data.parquet')").fetchall()[0]

def read_by_program():
    return subprocess.run(["cat", LAKE / "data.parquet"], capture_output=True, check=True).stdout

def list_folder():
    return os.listdir(LAKE)

def read_the_project():
    return Path({project!r}).read_text()

def read_up():
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    os.fchdir(here)
    return Path("../" * 40 + str(LAKE) + "/data.parquet").read_bytes()

def chroot():
    os.mkdir("jail")
    os.chroot("jail")
    for _ in range(40):
        os.chdir("..")
    return Path(str(LAKE)[1:] + "/data.parquet").read_bytes()

def by_handle():
    handle = (ctypes.c_uint32 * 34)(128)
    libc.name_to_handle_at(-100, bytes(LAKE / "data.parquet"), handle, ctypes.byref(ctypes.c_int()), 0)
    opened = libc.open_by_handle_at(os.open(".", os.O_RDONLY), handle, 0)
    return os.read(opened, 9)

def disk():
    number = os.stat(".").st_dev
    os.mknod("disk", 0o60600, number)
    return open("disk", "rb").read(1)

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

def connect_by_file():
    socket.socket(socket.AF_UNIX).connect(SOCKET)

def connect_by_name():
    socket.socket(socket.AF_UNIX).connect("\\0" + SOCKET)

def live_on():
    subprocess.Popen(["setsid", "sh", "-c", "sleep 61; : " + str(LAKE)], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sh", ["sh", "-c", "sleep 62; : " + str(LAKE)])
        os._exit(0)

def own_work():
    import multiprocessing, sys, tempfile
    with tempfile.TemporaryFile() as file, multiprocessing.get_context("fork").Lock():
        file.write(b"x")
    Path("made/here").mkdir(parents=True)
    Path("made/here/a").write_text("x")
    Path("made/here/a").rename("made/b")
    Path("/dev/null").write_text("x")
    subprocess.run([sys.executable, "-c", "import json, ssl, zoneinfo; zoneinfo.ZoneInfo('Europe/Paris')"], check=True)
    return "done"

def made(orders):
    found = []
    for attack in ({attacks}):
        try:
            said = repr(attack() or "")
        except BaseException as error:
            said = type(error).__name__
        found.append({{"attack": attack.__name__, "said": said}})
    return found
"""
#: What must fail, whatever keeps the child apart.
REFUSED = (
    *(
        "make",
        "remove",
        "read",
        "read_by_link",
        "read_by_hard_link",
        "move_here",
        "read_by_database",
        "read_by_program",
    ),
    *(
        "list_folder",
        "read_the_project",
        "read_up",
        "chroot",
        "by_handle",
        "disk",
        "memory_of_the_parent",
        "kill_the_parent",
    ),
    *("connect", "connect_by_name"),
)
#: What may end in any way, as long as it reaches nothing.
HARMLESS = ("write", "remount", "through_the_root_of_another", "environments", "own_environment")
#: What the kernel has no means against without namespaces.
WITH_NAMESPACES = ("connect_by_file", "live_on")
SECRET = "s3cret-of-the-caller"


def need_bubblewrap() -> None:
    """Skip without it; where the whole suite is to run, it must be installed."""
    if isolation.bubblewrap() is None:
        assert shutil.which("bwrap") or not os.environ.get("CI"), "install bubblewrap"
        pytest.skip("no bubblewrap that works here")


@pytest.fixture(params=["bubblewrap", "namespaces", "landlock"])
def means(request, monkeypatch):
    """Each means that there is here, alone."""
    if request.param == "bubblewrap":
        need_bubblewrap()
    else:
        monkeypatch.setattr("andon.engines.python.run.bubblewrap", lambda: None)
        monkeypatch.setattr("andon.engines.python.run.CHILD_MEANS", (request.param,))
    return request.param


@pytest.fixture
def lake() -> Iterator[Path]:
    # on a disk: Landlock leaves shared memory open, where locks of multiprocessing are made
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "data.parquet").write_bytes(b"data")
        (place / "catalog.db").write_bytes(b"reflog")
        yield place


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


def test_no_attack_reaches_out(means, make_task, environments, lake, tmp_path_factory, monkeypatch):
    import socket

    monkeypatch.setenv("TOKEN", SECRET)
    by_file = str(tmp_path_factory.mktemp("s") / "s")
    attacks = (*REFUSED, *HARMLESS, *(WITH_NAMESPACES if means != "landlock" else ()), "own_work")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as listens,
        socket.socket(socket.AF_UNIX) as nameless,
        subprocess.Popen(["sleep", "50"]) as other,
    ):
        listens.bind(by_file)
        listens.listen()
        nameless.bind("\0" + by_file)
        nameless.listen()
        code = ATTACKS.format(
            lake=str(lake),
            secret=SECRET,
            parent=other.pid,
            port=server.getsockname()[1],
            socket=by_file,
            project=__file__,
            attacks=", ".join(attacks),
        )
        task = make_task(code)
        outcome = run_python(task, environments=environments, cancelled=threading.Event())
        ended = other.poll()
        other.kill()
    if outcome.isolation == "none":
        pytest.skip(f"this system has no {means}")
    assert outcome.isolation == means
    assert ended is None
    import duckdb

    said = dict(duckdb.sql(f"from '{task.output}'").fetchall())
    assert sorted((p.name, p.read_bytes()) for p in lake.iterdir()) == [
        ("catalog.db", b"reflog"),
        ("data.parquet", b"data"),
    ]
    for attack in ("environments", "own_environment"):
        assert said[attack] in ("''", "[]") or said[attack].endswith("Error"), said[attack]
    passed = {attack: said[attack] for attack in REFUSED if not said[attack].endswith(("Error", "Exception"))}
    assert passed == {}
    assert said["own_work"] == "'done'"
    if means == "landlock":
        return
    assert said["connect_by_file"].endswith("Error")
    end = time.monotonic() + 5
    while processes_with(str(lake)) and time.monotonic() < end:
        time.sleep(0.02)
    assert processes_with(str(lake)) == []


def test_other_files_are_not_even_seen(means, run, lake):
    outcome, rows = run(
        f"from pathlib import Path\ndef made(orders):\n    return [{{'seen': Path({str(lake / 'catalog.db')!r}).exists()}}]\n"
    )
    assert rows == [(outcome.isolation in ("landlock", "none"),)]


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
