"""What a job came to, and what is noted of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from andon.base.clock import to_text
from andon.base.record import replace
from andon.errors import AndonError
from andon.model.plan import Action
from andon.model.run import RunResult, TaskStatus
from andon.operations.scheduling.retries import failed
from andon.state.attempts import Attempt

Trouble = Mapping[str, Mapping[str, Any]]


def outcome_of(result: RunResult | None, error: AndonError | None, *, is_lost: bool, is_stopped: bool) -> str:
    """One of the outcomes of `TickJobDocument`."""
    if result is None:
        if is_lost:
            return "lost"
        is_interrupted = error is not None and error.code == "build.interrupted"
        return "interrupted" if is_stopped and is_interrupted else "failed"
    if result.run is None:
        return "nothing"
    statuses = {task.status for task in result.tasks}
    if TaskStatus.FAILED in statuses:
        return "failed"
    return "held" if TaskStatus.HELD in statuses or not result.published else "done"


def trouble_of(due: Iterable[str], result: RunResult | None, error: AndonError | None) -> dict[str, Mapping[str, Any]]:
    """By dataset the error of what came to nothing: that of its task, of the check that holds it, or of the run as a whole."""
    if result is None:
        return {dataset: error.to_json() for dataset in due} if error is not None else {}
    found: dict[str, Mapping[str, Any]] = {}
    wanted = set(due)
    for task in result.tasks:
        if task.status is TaskStatus.FAILED:
            found[task.dataset] = task.error or {"code": "build.failed", "message": task.reason}
        elif task.status is TaskStatus.HELD:
            found[task.dataset] = {"code": "run.held", "message": result.held or task.reason}
        elif task.action == Action.KEEP and task.dataset in wanted:
            found[task.dataset] = {"code": "source.undone", "message": task.reason}
    if not found and not result.published:
        found = {dataset: {"code": "run.held", "message": result.held or "it was not published"} for dataset in wanted}
    return found


def well_of(result: RunResult | None, trouble: Trouble) -> list[str]:
    """The datasets that are well again, or still."""
    if result is None or not result.published:
        return []
    return [
        task.dataset
        for task in result.tasks
        if task.status is TaskStatus.OK and task.action != Action.KEEP and task.dataset not in trouble
    ]


def noted(
    trouble: Trouble, before: Mapping[str, Attempt], now: datetime, chance: float, marks: Mapping[str, str]
) -> list[Attempt]:
    """What is noted of failures."""
    return [
        failed(dataset, error, before.get(dataset), now, chance, marks.get(dataset))
        for dataset, error in sorted(trouble.items())
    ]


def interruption(due: Iterable[str], before: Mapping[str, Attempt], now: datetime, chance: float) -> list[Attempt]:
    """What is noted where who worked on it before is gone: after the first time it is tried at once, after more it waits."""
    error = {"code": "build.interrupted", "message": "the process that worked on it is gone"}
    found = []
    for dataset in due:
        earlier = before.get(dataset)
        is_again = earlier is not None and earlier.code == error["code"]
        attempt = failed(dataset, error, earlier if is_again else None, now, chance, None)
        found.append(attempt if is_again else replace(attempt, again=to_text(now)))
    return found
