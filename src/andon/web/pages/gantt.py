"""When the tasks of a run began and how long they took, as bars beside each other. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.document import UNSET
from andon.base.record import Record
from andon.model.run import TaskStatus
from andon.service.run_log import RunTask

#: So many rows are drawn unless all are asked for.
MOST = 200
#: Lengths between two marks of the axis, in seconds, of which the first is taken that gives few.
_STEPS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    1800,
    3600,
    7200,
    21600,
    43200,
    86400,
)
_MARKS = 6
#: A bar is not narrower, in percent: what took no time is still seen.
_NARROWEST = 0.4

#: What became of a task, as states are drawn.
TASK_STATES = {
    TaskStatus.WAITING: ("idle", "Waits"),
    TaskStatus.RUNNING: ("running", "Running"),
    TaskStatus.STOPPED: ("blocked", "Stopped"),
    TaskStatus.OK: ("ok", "Done"),
    TaskStatus.HELD: ("fail", "Held"),
    TaskStatus.FAILED: ("fail", "Failed"),
    TaskStatus.SKIPPED: ("blocked", "Skipped"),
}
_TROUBLE = frozenset((TaskStatus.FAILED, TaskStatus.HELD, TaskStatus.RUNNING, TaskStatus.STOPPED))


class Mark(Record):
    """A line of the axis: where, in percent, and what stands there."""

    x: str
    text: str


class GanttBar(Record):
    """A task: its row and its bar; `x` and `width` in percent, empty where nothing was done."""

    task: RunTask
    state: str
    word: str
    x: str
    width: str


class Gantt(Record):
    """All of it.

    Attributes:
        more: tasks that are left out.
        reused: how many took over what was there.
    """

    bars: tuple[GanttBar, ...]
    marks: tuple[Mark, ...]
    more: int
    reused: int


def gantt(tasks: Sequence[RunTask], elapsed: float, *, whole: bool = False) -> Gantt:
    """The tasks of a run that did something, in the order in which they began; then those that wait.

    Args:
        elapsed: seconds since the run was recorded, or that it took.
        whole: all tasks, those that took over what was there, too.
    """
    shown = [task for task in tasks if whole or not _is_reused(task)]
    if not whole and len(shown) > MOST:
        chosen = sorted(shown, key=lambda task: (task.status not in _TROUBLE, _began(task)))[:MOST]
    else:
        chosen = shown
    length = max([elapsed, *(_began(t) + t.seconds for t in tasks if t.began is not UNSET)], default=0) or 1.0
    bars = [_bar(task, elapsed, length) for task in sorted(chosen, key=lambda t: (_began(t), t.dataset))]
    reused = sum(_is_reused(task) for task in tasks)
    return Gantt(tuple(bars), tuple(_marks(length)), len(shown) - len(chosen), reused)


def _is_reused(task: RunTask) -> bool:
    return task.status is TaskStatus.OK and task.began is UNSET and task.action in ("reuse", "keep")


def _began(task: RunTask) -> float:
    return task.began if isinstance(task.began, (int, float)) else float("inf")


def _bar(task: RunTask, elapsed: float, length: float) -> GanttBar:
    state, word = TASK_STATES[task.status]
    began = _began(task)
    if began == float("inf"):
        return GanttBar(task, state, word, "", "")
    is_open = task.status in (TaskStatus.RUNNING, TaskStatus.STOPPED)
    took = max(0.0, elapsed - began) if is_open else task.seconds
    width = max(_NARROWEST, 100 * took / length)
    x = min(100 * began / length, 100 - width)
    return GanttBar(task, state, word, f"{max(0.0, x):.2f}%", f"{width:.2f}%")


def _marks(length: float) -> list[Mark]:
    step = next((step for step in _STEPS if length / step <= _MARKS), length)
    # the last one would hang over the edge
    count = int(length / step * 0.97)
    return [Mark(f"{100 * place * step / length:.2f}%", _moment(place * step)) for place in range(count + 1)]


def _moment(seconds: float) -> str:
    """What stands at a mark: `0.2 s`, `2 min`."""
    if seconds < 60:
        return f"{seconds:g} s" if seconds else "0"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"
