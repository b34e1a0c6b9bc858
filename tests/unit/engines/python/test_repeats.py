"""What a function returns hangs on its inputs and what was recorded, and on nothing of the machine, the day or the caller."""

from __future__ import annotations

import ast
import locale
import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from andon.engines.python.run import run_python
from andon.engines.python.task import seed_of
from andon.model.dataset import ClockUse
from andon.project.files.python_clock import clock_of
from kit.locks import lock_or_skip

NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)

#: Everything that may hang on the machine, the day and the caller, without packages.
TELLS = """
    import datetime as dt, locale, os, random, sys, threading, time
    from time import time as moment
    import duckdb
    import andon

    at_import = dt.datetime.now(), random.random()

    def made(orders):
        clocks = [
            *at_import, dt.datetime.now(), dt.datetime.utcnow(), dt.datetime.now(dt.timezone.utc), dt.datetime.today(),
            dt.date.today(), time.time(), time.time_ns(), moment(), time.gmtime(), time.localtime(), time.strftime("%c %Z"),
            time.ctime(), time.asctime(), dt.datetime.now().astimezone(), time.clock_gettime(time.CLOCK_REALTIME),
            andon.logical_time(), orders.query("o", "select now(), current_date, today(), localtimestamp").fetchall(),
            duckdb.sql("select now()").fetchall(), duckdb.connect().sql("select current_timestamp").fetchall(),
        ]
        chances = [
            random.random(), random.sample(range(1000), 5), andon.seed(), random.Random(andon.seed()).random(),
            orders.query("o", "select random() from range(3)").fetchall(), duckdb.sql("select random()").fetchall(),
            duckdb.connect().sql("select random(), uuid()").fetchall(),
        ]
        settings = [
            hash("orders"), list({"ana", "ben", "cleo"}), time.tzname, locale.setlocale(locale.LC_ALL, None), locale.getpreferredencoding(),
            sys.flags.hash_randomization, sorted((k, v) for k, v in os.environ.items() if "/" not in v),
            [c.sql("select current_setting('threads'), current_setting('TimeZone')").fetchall() for c in (duckdb, duckdb.connect())],
        ]
        began = time.monotonic(), time.perf_counter()
        time.sleep(0.001)
        assert time.monotonic() > began[0] and time.perf_counter() > began[1]
        return [{"what": str(each)} for each in (*clocks, *chances, *settings)]
"""

FRAMES = """
    import random
    import numpy, pandas, polars

    def made(orders):
        told = [
            numpy.random.rand(), numpy.random.randint(0, 1000, 3), pandas.Series(range(50)).sample(5).to_list(),
            polars.Series(range(50)).shuffle().to_list(), polars.thread_pool_size(), random.random(),
            pandas.Timestamp.now(), pandas.Timestamp("now"), pandas.Timestamp.today(), pandas.to_datetime("now"),
            pandas.Timestamp.now("Europe/Berlin"), numpy.random.default_rng(__import__("andon").seed()).random(),
        ]
        return [{"what": str(each)} for each in told]
"""


def rows(make_task, environments, code, **changes):
    task = make_task(code, **changes)
    run_python(task, environments=environments, cancelled=threading.Event())
    return task.output.read_bytes()


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """As somebody else would call it: another zone, language, account, folder, and day."""

    def move():
        for name, value in {
            "TZ": "Asia/Tokyo",
            "LC_ALL": "C",
            "LANG": "de_DE.UTF-8",
            "PYTHONHASHSEED": "42",
            "HOME": str(tmp_path),
            "USER": "cleo",
            "OMP_NUM_THREADS": "16",
            "SHOP": "berlin",
        }.items():
            monkeypatch.setenv(name, value)
        time.tzset()
        monkeypatch.chdir(tmp_path)

    yield move
    monkeypatch.undo()
    time.tzset()
    locale.setlocale(locale.LC_ALL, "")


def test_nothing_of_the_machine_the_day_or_the_caller_is_in_a_result(make_task, environments, elsewhere, monkeypatch):
    """Nor how it is kept apart."""
    first = rows(make_task, environments, TELLS)
    elsewhere()
    assert rows(make_task, environments, TELLS) == first
    assert rows(make_task, environments, TELLS, seed=8) != first
    monkeypatch.setattr("andon.engines.python.run.bubblewrap", lambda: None)
    for means in (("namespaces",), ("landlock",), ()):
        monkeypatch.setattr("andon.engines.python.run.CHILD_MEANS", means)
        assert rows(make_task, environments, TELLS) == first


def test_every_clock_shows_the_time_of_the_run(run, make_task):
    then = make_task("").logical_time - timedelta(days=365, microseconds=-7)
    _, shown = run(TELLS, logical_time=then)
    texts = [text for (text,) in shown][:21]
    assert all("2025" in text or "17619768" in text for text in (texts[0], *texts[2:]))
    assert texts[0] == "2025-11-01 06:00:00.000007"
    assert shown[-1] == ("[[(1, 'UTC')], [(1, 'UTC')]]",)


def test_packages_are_seeded_and_see_that_time_too(make_task, environments, elsewhere, run):
    lock = lock_or_skip("marts.made", ["numpy", "pandas", "polars"]).encode()
    _, first = run(FRAMES, lock=lock)
    elsewhere()
    _, shown = run(FRAMES, lock=lock)
    texts = [text for (text,) in shown]
    assert shown == first
    assert texts[4] == "1"
    assert all(text.startswith("2026-11-01 0") for text in texts[6:11])


def test_a_lock_of_before_sees_that_time_all_the_same(run, small_lock):
    """Nothing in it shows the clock: Andon's own does."""
    lines = small_lock.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("time-machine=="))
    end = next(
        number for number in range(begin + 1, len(lines) + 1) if number == len(lines) or "==" in lines[number][:80]
    )
    old = "\n".join([*lines[:begin], *lines[end:], ""])
    assert "time-machine" not in old
    code = "from datetime import date\n\ndef made(orders):\n    return [{'day': date.today()}]\n"
    outcome, shown = run(code, lock=old.encode())
    assert "time-machine" not in outcome.packages
    assert str(shown[0][0]) == "2026-11-01"


@pytest.mark.parametrize(("hosts", "stands"), [((), True), (("example.com",), False)])
def test_only_a_source_that_reaches_hosts_sees_the_time_of_the_day(make_task, environments, hosts, stands):
    """What it signs, and what it waits for, goes by that."""
    code = "import time\n\ndef made(state):\n    state['now'] = time.time()\n    return []\n"
    task = make_task(code, state={}, hosts=hosts, inputs={}, parameters=(("state", "state"),))
    done = run_python(task, environments=environments, cancelled=threading.Event())
    assert (done.state["now"] == NOW.timestamp()) is stands


def test_a_seed_hangs_on_the_name_alone():
    assert seed_of("marts.trend") == seed_of("marts.trend") != seed_of("marts.line")
    assert 0 <= seed_of("marts.trend") < 2**32
    assert os.environ.get("ANDON_SEED") is None


#: What `andon lint` tells, and the forms that it calls exact, as far as they need no packages.
OPEN = """
    import os, random, secrets, time, uuid
    from concurrent.futures import ThreadPoolExecutor

    def made(orders):
        random.seed()
        return [{"what": str(each)} for each in (
            uuid.uuid4(), secrets.token_hex(8), os.urandom(8), random.SystemRandom().random(), random.Random().random(),
            time.perf_counter_ns(), id(object()), os.environ["HOME"], random.random(),
        )]
"""
EXACT = """
    import random, time, uuid, hashlib
    from concurrent.futures import ThreadPoolExecutor
    from andon import seed

    def made(orders):
        random.seed(seed())
        with ThreadPoolExecutor(4) as pool:
            mapped = list(pool.map(hash, "ana"))
        return [{"what": str(each)} for each in (
            uuid.uuid5(uuid.NAMESPACE_URL, "ana"), hashlib.sha256(b"ana").hexdigest(), random.Random(seed()).random(), random.random(),
            time.time(), mapped, {*"ana ben cleo".split()},
        )]
"""


def test_what_is_called_open_differs_and_what_is_called_exact_does_not(run):
    first, second = (run(OPEN)[1] for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))
    first, second = (run(EXACT)[1] for _ in range(2))
    assert first == second


#: Ways to the clock, and ways that only look like it; each is one expression.
WAYS = """
    datetime.now()
    datetime.utcnow()
    datetime.today().isoformat()
    dt.datetime.now(dt.timezone.utc)
    date.today()
    datetime.now().date()
    time.time()
    now_ns()
    time.gmtime()
    time.localtime().tm_hour
    time.strftime("%H")
    time.ctime()
    time.asctime()
    time.clock_gettime(time.CLOCK_REALTIME)
    list(map(lambda f: f(), [datetime.now, time.time]))
    uuid.uuid1().time
    email.utils.formatdate()
    logical_time()
    logical_time().date()
    andon.logical_time().year
    orders.query("o", "select now()").fetchall()
    orders.query("o", "select current_date").fetchall()
    orders.project("current_timestamp::varchar as x").fetchall()
    orders.query("o", f"select ago(interval {1} day)").fetchall()
    orders.query("o", "select age(timestamp '2020-01-01')").fetchall()
    duckdb.sql("select today()").fetchall()
    logging.makeLogRecord({}).created
    time.gmtime(0)
    time.strftime("%Y", time.gmtime(0))
    time.ctime(0)
    datetime.fromtimestamp(0)
    datetime(2026, 1, 1).date()
    random.random()
    hash("now")
    orders.query("o", "select age(timestamp '2020-01-01', timestamp '2019-01-01')").fetchall()
    "current date"
"""
HEAD = """import andon, datetime as dt, duckdb, email.utils, logging, random, time, uuid
from andon import logical_time
from datetime import date, datetime
from time import time_ns as now_ns
"""
#: What a module of Python reads by itself, as a package would.
BY_ITSELF = {"logging.makeLogRecord({}).created"}


def test_what_differs_by_the_run_s_time_is_part_of_the_recipe(run):
    ways = [line.strip() for line in WAYS.strip().splitlines()]
    code = f"{HEAD}\n\ndef made(orders):\n    return [{{'what': str(each)}} for each in ({', '.join(ways)},)]\n"
    first, second = (run(code, logical_time=NOW + more)[1] for more in (timedelta(0), timedelta(days=400, hours=1)))
    differs = {way for way, one, other in zip(ways, first, second, strict=True) if one != other}
    told = {way for way in ways if clock_of(ast.parse(f"{HEAD}\nx = {way}")) is not ClockUse.NONE}
    assert differs - told == BY_ITSELF
    assert told <= differs
    assert len(differs) > 25
