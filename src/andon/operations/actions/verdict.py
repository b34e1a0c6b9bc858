"""Whether the result of a correction may be published: what failed must not fail again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.model.run import TaskStatus
from andon.operations.actions.decide import IncidentSituation

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.model.run import TaskResult


def verdict_on(
    situation: IncidentSituation,
    tasks: Sequence[TaskResult],
    checks: Sequence[CheckResult],
    rows: int | None,
    share: float | None,
) -> str | None:
    """Why what a run made is not to be published, or None.

    Args:
        rows: of the dataset as readers have it; `share`: by which part of them it may grow or shrink.
    """
    done = {task.dataset: task for task in tasks}
    asked = {check.check: check for check in checks}
    for signal in situation.aims:
        check = asked.get(signal.subject) if "check" in signal.details else None
        if check is not None and check.failed and check.accepted is None:
            return f"the check `{check.spoken}` fails again"
        task = done.get(signal.dataset)
        if task is not None and task.status is not TaskStatus.OK:
            return f"`{signal.dataset}` is {task.status} again"
    task = done.get(situation.incident.dataset)
    if share is None or rows is None or task is None or task.rows is None:
        return None
    changed = abs(task.rows - rows) / max(rows, 1)
    return f"its rows change by {changed:.1%}, more than {share:.1%}" if changed > share else None
