"""What tests cost: seconds of processor time of this process and of all that it started, by file. A plugin: `make test-costs`.

Time on the wall says little on a machine that does something else, too. A file of tests that costs more than it proves stands out here.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

#: How many files and tests are listed.
_LISTED = 40
_NAME = "seconds of the processor"

_last: float = 0.0
_by_test: dict[str, float] = {}


def pytest_collection_finish() -> None:
    """Tests begin."""
    global _last
    _last = _used()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the last report of a test what was used since the last test."""
    global _last
    report = yield
    if call.when == "teardown":
        used = _used()
        report.user_properties = [*report.user_properties, (_NAME, used - _last)]
        _last = used
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take note of it, where all reports arrive."""
    _by_test.update((report.nodeid, float(value)) for name, value in report.user_properties if name == _NAME)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List folders, files and tests by what they cost."""
    by_place: defaultdict[str, float] = defaultdict(float)
    for test, cost in _by_test.items():
        file = test.partition("::")[0]
        for place in {"/".join(file.split("/")[:2]), file}:
            by_place[place] += cost
    for listed in (by_place, _by_test):
        for name, cost in sorted(listed.items(), key=lambda each: -each[1])[:_LISTED]:
            terminalreporter.write_line(f"{cost:8.1f} s  {name}")
        terminalreporter.write_line("")
    terminalreporter.write_line(f"{sum(_by_test.values()):8.1f} s of the processor in all")


def _used() -> float:
    """Of this process, of those that it waited for, and on Linux of those that still run."""
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system + sum(_running(os.getpid()))


def _running(process: int) -> Iterator[float]:
    """What those that a process started, and those that they did, have used so far."""
    try:
        threads = [*Path(f"/proc/{process}/task").iterdir()]
    except OSError:  # it has just ended
        return
    for thread in threads:
        try:
            started = [int(child) for child in (thread / "children").read_text().split()]
        except OSError:  # so has this thread
            continue
        for child in started:
            try:
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            yield sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
            yield from _running(child)
