"""The wall behind the gate: a process that was talked into running any statement reaches the files of the datasets in question and nothing
else, whether the engine or the system is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kit.attacks import SECRET, Canary, attacks

#: Runs each text in a copy of a process that loaded what answering takes, without the gate; writes what came of it, a line each.
ANSWERING = """
import json, os, socket, sys
from pathlib import Path
from andon.query.apart.answering import Answering, _One
from andon.query.apart.messages import Grant, GrantedNode, Inquiry
from andon.query.gate import Question
from andon.query.limits import QueryLimits
from andon.query.workers import _GUARD

job = json.loads(sys.stdin.read())
answering = Answering("none", str(_GUARD), job["readable"])
answering.warm()
if sys.platform.startswith("linux"):
    import ctypes
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)

def tried(work):
    try:
        return str(work())
    except Exception as error:
        return f"{type(error).__name__}: {error}"

for number, text in enumerate(job["texts"]):
    told, tell = os.pipe()
    if not os.fork():
        folder = Path(job["place"]) / str(number)
        one = _One(answering._instance, None, Inquiry("", QueryLimits()), folder, job["readable"])
        grant = Grant((GrantedNode(files=(job["granted"],)),), {"shop.orders": 0}, None)
        found = [tried(lambda: one._asked(Question(text, text, "", (), ()), grant).fetchall())]
        if text == "select count(*) from shop.orders":
            found += [tried(Path(path).read_bytes) for path in job["others"]]
            found.append(tried(lambda: (folder / "own").write_bytes(b"x")))
            found.append(tried(lambda: Path(job["granted"]).write_bytes(b"x")))
            found.append(tried(lambda: socket.create_connection(("127.0.0.1", job["port"]), 1)))
        os.write(tell, json.dumps(found)[:60000].encode())
        os._exit(0)
    os.close(tell)
    with os.fdopen(told) as read:
        print(read.read() or "[null]", flush=True)
    os.wait()
"""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """What came of each text, with the canary."""
    import socket

    import duckdb

    from andon.engines.python.isolation import interpreter_paths, readable

    root = tmp_path_factory.mktemp("sealed")
    for name in ("granted", "other"):
        rows = "select 1 as id, 'ada' as customer, 5 as amount" if name == "granted" else f"select '{SECRET}' as a"
        duckdb.sql(f"copy ({rows}) to '{root}/{name}.parquet'")
    canary = Canary(root / "outside", f"{root}/other.parquet")
    reaching = [text for _, text in attacks("refused", "statement") if "{" in text]
    texts = ["select count(*) from shop.orders", *(canary.fill(text) for text in reaching)]
    paths = [Path(path) for path in sys.path if path and Path(path).is_dir()]
    (root / "work").mkdir()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        job = {
            "texts": texts,
            "place": str(root / "work"),
            "readable": readable(interpreter_paths([sys.executable], paths))[0],
            "granted": f"{root}/granted.parquet",
            "others": [str(canary.csv), f"{root}/other.parquet", "/proc/1/environ"],
            "port": listening.getsockname()[1],
        }
        tells = canary.tells_reads()
        canary.forget()
        done = subprocess.run(
            [sys.executable, "-c", ANSWERING], input=json.dumps(job), capture_output=True, text=True, timeout=300
        )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(texts)
    return found, canary, tells


def test_statements_reach_no_other_file(sealed):
    found, canary, tells = sealed
    assert found[0][0] == "[(1,)]"
    assert SECRET not in str(found[1:])
    assert not canary.is_written
    assert not (tells and canary.is_read)


def test_the_system_refuses_what_the_engine_would(sealed):
    import ctypes

    if not sys.platform.startswith("linux") or ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) < 4:
        pytest.skip("the kernel has no Landlock that knows TCP")
    outside, other, init, own, granted, network = sealed[0][0][1:]
    for refused in (outside, other, init, granted, network):
        assert refused.startswith("PermissionError"), refused
    assert own == "1"
