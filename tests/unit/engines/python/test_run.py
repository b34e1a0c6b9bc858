"""Running a Python dataset in a real child process, without packages of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from andon.engines.python.run import run_python
from andon.engines.python.stream_tail import LOG_LIMIT
from andon.errors import DatasetError

SLEEPER = """
    import subprocess, sys, time
    from pathlib import Path

    def made(orders):
        child = subprocess.Popen(["sh", "-c", f"sleep 60; : {Path.cwd()}"])
        Path("../started").touch()
        time.sleep(60)
"""


def left_of(work: Path) -> list[str]:
    """Command lines of processes that have to do with this folder (a zombie that nobody has collected yet has none)."""
    if not Path("/proc/self").exists():
        shown = subprocess.run(["ps", "-axo", "command"], capture_output=True, text=True).stdout
        return [line for line in shown.splitlines() if str(work) in line]
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(work) in line:
            found.append(line)
    return found


def wait_until(condition, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def wait_for_start(work: Path, processes: int) -> None:
    assert wait_until((work / "started").exists)
    assert wait_until(lambda: len(left_of(work)) >= processes)


def test_a_relation_goes_in_and_out(run):
    outcome, rows = run(
        """
        from andon import dataset, read

        @dataset(owner="ben", key="id")
        def made(orders=read("shop.orders")):
            return orders.filter("amount is not null").project("id, amount * 2 as twice")
        """
    )
    assert rows == [(1, 3), (3, 5)]
    assert outcome.columns == (("id", "INTEGER"), ("twice", "DECIMAL(12,1)"))
    assert outcome.rows == 2
    assert outcome.packages["duckdb"]
    assert outcome.python == ".".join(map(str, sys.version_info[:3]))
    assert outcome.network in ("blocked", "reachable")
    assert 0 < outcome.seconds < 60


def test_the_result_repeats_byte_for_byte(make_task, environments):
    code = """
        def made(orders):
            return orders.query("o", "select range as n, hash(range) as h, random() < 2 as t from range(5000)")
    """
    contents = []
    for _ in range(2):
        task = make_task(code)
        run_python(task, environments=environments, cancelled=threading.Event())
        contents.append(task.output.read_bytes())
    assert contents[0] == contents[1]


def test_inputs_can_be_named_in_sql_and_be_views(run):
    _, rows = run(
        """
        def made(orders, names):
            return orders.query("o", "select names.name from shop.orders join shop.names as names using (id) order by id")
        """,
        parameters=(("orders", "shop.orders"), ("names", "shop.names")),
        views={"shop.names": "select * from (values (1, 'ana'), (3, 'ben')) as t(id, name)"},
    )
    assert rows == [("ana",), ("ben",)]


def test_modules_of_the_project_are_importable(run):
    _, rows = run(
        """
        from pricing import double
        from shapes.circle import area

        def made(orders):
            return [{"x": double(2), "y": area(1)}]
        """,
        modules={
            "modules/pricing.py": b"def double(x):\n    return 2 * x\n",
            "modules/shapes/__init__.py": b"",
            "modules/shapes/circle.py": b"def area(r):\n    return 3.5 * r\n",
        },
    )
    assert rows == [(4, 3.5)]


def test_a_module_named_like_one_of_the_standard_library_does_no_harm(run):
    _, rows = run(
        "import json\n\ndef made(orders):\n    return [{'x': json.dumps([1])}]\n",
        modules={"modules/json.py": b"raise RuntimeError('shadowed')\n"},
    )
    assert rows == [("[1]",)]


def test_the_child_sees_a_clean_environment(run, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "secret")
    _, rows = run(
        """
        import os, sys
        from andon import logical_time

        def made(orders):
            return [{
                "secret": os.environ.get("SHOP_PASSWORD", "none"), "zone": os.environ["TZ"], "seed": os.environ["PYTHONHASHSEED"],
                "time": logical_time().isoformat(), "input": sys.stdin.read(), "files": ",".join(sorted(os.listdir("."))),
            }]
        """
    )
    assert rows == [("none", "UTC", "0", "2026-11-01T06:00:00+00:00", "", "datasets,modules")]


def test_zoned_times_can_be_fetched(run):
    _, rows = run(
        """
        def made(orders):
            (moment,) = orders.query("o", "select timestamptz '2026-11-01 06:00:00+00'").fetchone()
            return [{"moment": moment.isoformat()}]
        """
    )
    assert rows == [("2026-11-01T06:00:00+00:00",)]


def test_there_is_no_network_where_it_can_be_blocked(run):
    outcome, rows = run(
        """
        import socket

        def made(orders):
            try:
                socket.create_connection(("192.0.2.1", 80), timeout=0.2)
            except OSError as error:
                return [{"error": error.errno or 0}]
            return [{"error": -1}]
        """
    )
    if outcome.network == "reachable":
        pytest.skip("this system blocks no network without privilege")
    import errno

    assert rows == [(errno.ENETUNREACH,)]


def test_a_package_that_is_not_declared_can_not_be_imported(fails):
    error = fails("import yaml\n\ndef made(orders):\n    return orders\n")
    assert error.code == "build.python_failed"
    assert error.where == "datasets/marts/made.py:1"
    assert "andon lock marts.made" in (error.hint or "")


def test_output_is_captured(run):
    outcome, _ = run(
        """
        import os, sys

        def made(orders):
            print("häppy")
            print("to stderr", file=sys.stderr)
            os.system("echo from a program")
            return orders
        """
    )
    assert outcome.log == "häppy\nto stderr\nfrom a program\n"


def test_of_long_output_the_end_is_kept(run):
    outcome, _ = run("def made(orders):\n    print('x' * 1_000_000)\n    print('the end')\n    return orders\n")
    assert outcome.log.endswith("xxx\nthe end\n")
    assert len(outcome.log) < LOG_LIMIT + 100
    assert outcome.log.startswith("[800,009 bytes of earlier output are not kept]\n")


def test_an_error_shows_the_users_stack_only(fails):
    error = fails(
        """
        from pricing import price

        def made(orders):
            print("before")
            return price(orders)
        """,
        modules={"modules/pricing.py": b"def price(x):\n    return 1 / 0\n"},
    )
    assert error.code == "build.python_failed"
    assert error.where == "modules/pricing.py:2"
    assert error.message == "ZeroDivisionError: division by zero"
    assert error.details["log"] == "before\n"
    lines = [line for line in error.details["traceback"].splitlines() if line.strip(" ^~")]
    assert lines == [
        "Traceback (most recent call last):",
        '  File "datasets/marts/made.py", line 6, in made',
        "    return price(orders)",
        '  File "modules/pricing.py", line 2, in price',
        "    return 1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_the_cause_of_an_error_is_shown_too(fails):
    error = fails(
        """
        import json

        def made(orders):
            try:
                json.loads("{")
            except ValueError as cause:
                raise RuntimeError("no settings") from cause
        """
    )
    assert error.where == "datasets/marts/made.py:8"
    trace = error.details["traceback"]
    assert "JSONDecodeError" in trace
    assert "direct cause" in trace
    assert "_andon" not in trace
    assert 'File "json/' in trace


def test_errors_without_a_frame_of_the_user_have_a_place(fails):
    lazy = fails("\n\ndef made(orders):\n    return orders.project(\"id, error('boom') as x\")\n")
    assert lazy.where == "datasets/marts/made.py:3"
    assert "boom" in lazy.message
    wrong_syntax = fails("x = 1\ndef made(orders:\n")
    assert wrong_syntax.where == "datasets/marts/made.py:2"
    assert "SyntaxError" in wrong_syntax.message
    leaves = fails("import sys\ndef made(orders):\n    sys.exit('enough')\n")
    assert leaves.where == "datasets/marts/made.py:3"
    assert leaves.message == "SystemExit: enough"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("return None", "returned nothing (None)"),
        ("return 3", "returned a `int`, which is no table"),
        ("return [1, 2]", "returned a `list`, which is no table"),
        ("return []", "empty list"),
        ("return {}", "without columns"),
        ("return orders.project('id, amount as ID')", "two columns named `ID`"),
        ("return [{'a': 1}, {'a': 'x'}]", "mixes values of different types: int, str"),
    ],
)
def test_what_is_no_table_is_refused(fails, code, words):
    error = fails(f"def made(orders):\n    {code}\n")
    assert error.code == "build.python_failed"
    assert words in error.message
    assert error.where == "datasets/marts/made.py:1"
    assert error.hint


def test_a_crash_is_an_error_that_says_how(fails):
    killed = fails("import os\ndef made(orders):\n    os.kill(os.getpid(), 9)\n")
    assert "ended by SIGKILL" in killed.message
    assert "memory" in (killed.hint or "")
    left = fails("import os\ndef made(orders):\n    print('last words', flush=True)\n    os._exit(3)\n")
    assert "ended with status 3 and no result: last words" in left.message


def test_a_time_limit_ends_the_child_and_what_it_started(make_task, environments):
    task = make_task(SLEEPER, timeout=1.5)
    with pytest.raises(DatasetError) as caught:
        run_python(task, environments=environments, cancelled=threading.Event())
    assert caught.value.code == "build.python_timeout"
    assert "1.5 seconds" in caught.value.message
    assert (task.work / "started").exists()
    assert wait_until(lambda: not left_of(task.work))
    assert not task.output.exists()


def test_a_cancelled_run_ends_the_child_at_once(make_task, environments):
    task, cancelled, errors, times = make_task(SLEEPER), threading.Event(), [], []

    def go() -> None:
        try:
            run_python(task, environments=environments, cancelled=cancelled)
        except DatasetError as error:
            times.append(time.monotonic())
            errors.append(error.code)

    thread = threading.Thread(target=go)
    thread.start()
    wait_for_start(task.work, 2)
    began = time.monotonic()
    cancelled.set()
    thread.join(10)
    assert errors == ["build.interrupted"]
    assert times[0] - began < 1.0  # 0.2 on a machine that does nothing else
    assert wait_until(lambda: not left_of(task.work))


def test_the_child_dies_with_a_parent_that_is_killed(tmp_path, environments):
    work = tmp_path / "work"
    work.mkdir()
    code = """
import threading
from datetime import UTC, datetime
from pathlib import Path
from andon.engines.python.run import run_python
from andon.engines.python.task import PythonTask

source = b'''
from pathlib import Path
import os
def made():
    Path("../started").touch()
    while True:
        pass
'''
work = Path(WORK)
task = PythonTask("marts.made", "made", "made.py", {"made.py": source}, (), {}, work / "out", work, datetime.now(UTC))
run_python(task, environments=Path(ENVIRONMENTS), cancelled=threading.Event())
"""
    code = code.replace("WORK", repr(str(work))).replace("ENVIRONMENTS", repr(str(environments)))
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        wait_for_start(work, 1)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert wait_until(lambda: not left_of(work / "job.json"))


def test_what_a_function_leaves_running_does_not_hold_the_run(run):
    began = time.monotonic()
    run("import subprocess\ndef made(orders):\n    subprocess.Popen(['sleep', '30'])\n    return orders\n")
    assert time.monotonic() - began < 20


def test_a_path_outside_the_project_is_refused(make_task, environments):
    task = make_task("def made(orders): ...", modules={"../../outside.py": b""})
    with pytest.raises(ValueError, match="no path within a project"):
        run_python(task, environments=environments, cancelled=threading.Event())
