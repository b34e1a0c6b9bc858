"""Progress: the lines of a pipe and the live view of a terminal."""

from __future__ import annotations

import io
import re

from andon.base.record import replace
from andon.cli.output import Ink
from andon.cli.text.progress import LineReporter, LiveReporter
from andon.model.event import Ended, Event, Notice, Planned, TaskEnded, TaskStarted
from andon.model.plan import Action, Plan, Step
from andon.model.run import RunResult, TaskResult, TaskStatus

STEPS = (
    Step("shop.orders", Action.BUILD, "new"),
    Step("marts.a", Action.BUILD, "new", ("shop.orders",)),
    Step("marts.b", Action.VIEW, "new", ("marts.a",)),
    Step("marts.c", Action.REUSE, "unchanged"),
)
PLAN = Plan("0" * 64, "main", STEPS)
ORDERS = TaskResult("shop.orders", "build", "new", TaskStatus.OK, 1200, 0.42, "v")
FAILED = TaskResult("marts.a", "build", "new", TaskStatus.FAILED, error={"code": "build.failed", "message": "no luck"})
SKIPPED = TaskResult("marts.b", "view", "needs marts.a", TaskStatus.SKIPPED)
RESULT = RunResult(7, "main", "0" * 64, "1" * 64, False, "marts.a failed", 1.0, (ORDERS, FAILED, SKIPPED))
EVENTS: tuple[Event, ...] = (
    Notice("a file was kept"),
    Planned(PLAN, 7),
    TaskStarted("shop.orders", "build"),
    TaskEnded(ORDERS),
    TaskStarted("marts.a", "build"),
    TaskEnded(FAILED),
    TaskEnded(SKIPPED),
    Ended(RESULT),
)


def test_lines_in_a_pipe() -> None:
    stream = io.StringIO()
    report = LineReporter(Ink(stream, None, {}))
    for event in EVENTS:
        report(event)
    assert stream.getvalue().splitlines() == [
        "note: a file was kept",
        "run 7 on main: 3 to do, 1 reused",
        "✓ shop.orders  1,200 rows  0.42 s",
        "✗ marts.a  no luck",
        "○ marts.b  skipped: needs marts.a",
    ]


def test_live_view_shows_what_runs_and_waits() -> None:
    now = 10.0
    stream = io.StringIO()
    report = LiveReporter(Ink(stream, False, {}), clock=lambda: now)
    report(Planned(PLAN, 7))
    report(TaskStarted("shop.orders", "build"))
    now = 12.5
    try:
        assert report.text().plain == "0 of 3  0 rows  2.50 s  2 waiting\n● shop.orders  2.50 s"
        report(TaskEnded(ORDERS))
        report(TaskStarted("marts.a", "build"))
        report(TaskEnded(FAILED))
        assert report.text().plain == "2 of 3  1,200 rows  2.50 s  1 failed  1 waiting"
    finally:
        report.stop()
    assert "✓ shop.orders  1,200 rows  0.42 s" in stream.getvalue()
    assert "✗ marts.a  no luck" in stream.getvalue()


def test_live_view_of_nothing_loads_nothing() -> None:
    stream = io.StringIO()
    report = LiveReporter(Ink(stream, False, {}))
    report(Planned(Plan("0" * 64, "main", STEPS[3:]), None))
    report(Ended(RESULT))
    assert stream.getvalue() == ""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_no_color_leaves_no_style_in_the_live_view() -> None:
    def shown(**environ: str) -> str:
        stream = Terminal()
        report = LiveReporter(Ink(stream, None, environ))
        for event in EVENTS:
            report(event)
        return stream.getvalue()

    style = re.compile(r"\x1b\[[0-9;]*m")
    assert style.search(shown())
    assert not style.search(shown(NO_COLOR="1"))
    assert "1,200 rows" in shown(NO_COLOR="1")


def test_live_view_counts_one_row_as_one() -> None:
    report = LiveReporter(Ink(io.StringIO(), False, {}), clock=lambda: 1.0)
    report(TaskEnded(replace(ORDERS, rows=1)))
    assert report.text().plain.startswith("1 of 0  1 row  ")
