"""What Python leaves open is told with its line and a form that is exact: that form says nothing, and gives the same at each run."""

from __future__ import annotations

import pytest

from andon.project.files.python_places import python_places

IMPORTS = """import glob, getpass, multiprocessing, os, random, secrets, socket, subprocess, threading, time, uuid
import concurrent.futures as futures
from concurrent.futures import as_completed
from datetime import datetime
from pathlib import Path
import numpy as np
import pandas, polars as pl
import requests
from numpy.random import default_rng
from andon import seed
"""
CASES = [
    ("numpy.random.default_rng()", "np.random.default_rng()", "np.random.default_rng(seed())"),
    ("numpy.random.default_rng()", "default_rng(None)", "default_rng(seed=seed())"),
    ("numpy.random.RandomState()", "np.random.RandomState()", "np.random.RandomState(seed())"),
    ("numpy.random.PCG64()", "np.random.Generator(np.random.PCG64())", "np.random.Generator(np.random.PCG64(seed()))"),
    ("numpy.random.seed()", "np.random.seed()", "np.random.seed(seed())"),
    ("random.seed()", "random.seed()", "random.seed(seed())"),
    ("random.Random()", "random.Random()", "random.Random(seed())"),
    ("random.SystemRandom()", "random.SystemRandom().random()", "random.Random(seed()).random()"),
    ("uuid.uuid4()", "uuid.uuid4()", "uuid.uuid5(uuid.NAMESPACE_URL, key)"),
    ("uuid.uuid4", "list(map(uuid.uuid4, rows))", "list(map(str, rows))"),
    ("secrets.token_hex()", "secrets.token_hex(8)", "random.random()"),
    ("os.urandom()", "os.urandom(8)", "random.randbytes(8)"),
    ("time.perf_counter()", "time.perf_counter()", "time.time()"),
    ('numpy.datetime64("now")', "np.datetime64('now')", "np.datetime64(datetime.now())"),
    ("os.listdir()", "os.listdir('.')", "sorted(os.listdir('.'))"),
    ("glob.glob()", "list(glob.glob('*'))", "sorted(glob.glob('*'))"),
    (".iterdir()", "[p.name for p in Path('.').iterdir()]", "sorted(p.name for p in Path('.').iterdir())"),
    (
        "concurrent.futures.as_completed()",
        "list(as_completed(jobs))",
        "list(futures.ThreadPoolExecutor(2).map(f, jobs))",
    ),
    (".imap_unordered()", "pool.imap_unordered(f, rows)", "pool.imap(f, rows)"),
    ("threading.Thread()", "threading.Thread(target=f)", "futures.ThreadPoolExecutor(2).map(f, rows)"),
    ("subprocess.run()", "subprocess.run(['date'])", "f(['date'])"),
    ("multiprocessing.Pool()", "multiprocessing.Pool(2)", "futures.ThreadPoolExecutor(2)"),
    ("os.environ", "os.environ['HOME']", "'berlin'"),
    ("socket.gethostname()", "socket.gethostname()", "'berlin'"),
    ("id()", "id(rows)", "len(rows)"),
    ("requests.get()", "requests.get(address)", "rows"),
    (".group_by()", "pl.from_dicts(rows).group_by('x').len()", "pl.from_dicts(rows).group_by('x').len().sort('x')"),
    (".unique()", "pl.from_dicts(rows).unique()", "pl.from_dicts(rows).unique(maintain_order=True)"),
    ("pandas.read_csv(…)", "pandas.read_csv('https://example.com/a.csv')", "pandas.read_csv('a.csv')"),
]


@pytest.mark.parametrize(("what", "open", "exact"), CASES)
def test_each_is_found_at_its_line_and_its_exact_form_says_nothing(what, open, exact):
    found = python_places(f"{IMPORTS}\n\ndef made(rows):\n    return {open}\n")
    assert [(each.what, each.line) for each in found] == [(what, 14)]
    assert found[0].exact
    assert python_places(f"{IMPORTS}\n\ndef made(rows):\n    return {exact}\n") == []


def test_what_a_dataset_is_seeded_for_and_sees_the_run_s_time_in_is_no_such_place():
    calm = "np.random.rand(), random.random(), datetime.now(), time.time(), {*rows}, hash('ana')"
    assert python_places(f"{IMPORTS}\n\ndef made(rows):\n    return {calm}\n") == []
    assert python_places('"""uuid.uuid4()"""\n# os.urandom(1)\nx = "secrets.token_hex()"\n') == []


def test_a_comment_with_a_reason_silences_its_line_and_alone_the_next():
    text = "import uuid\na = uuid.uuid4()  # exact: a name only\n# exact: the same\nb = uuid.uuid4()\nc = uuid.uuid4()  # exact:\n"
    assert [(each.line, each.silenced) for each in python_places(text)] == [
        (2, "a name only"),
        (4, "the same"),
        (5, None),
    ]
    assert "gives no reason" in python_places(text)[2].why


@pytest.mark.parametrize("text", ["def (", "\0", "", "x = '''", "async def f(): await id(1)\n", "é = id(ü)\n"])
def test_whatever_is_written_is_read_without_a_failure(text):
    assert isinstance(python_places(text), list)
