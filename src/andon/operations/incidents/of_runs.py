"""The signals that the record of a run holds: builds that came to nothing, checks that say no. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.text import plural
from andon.model.check import CheckKind, Severity
from andon.model.check_result import CheckResult
from andon.model.lamp import Lamp
from andon.model.run import TaskResult, TaskStatus
from andon.model.signal import Signal, SignalKind
from andon.runs.inspection.settle import outcome
from andon.state.runs import RunRecord

_KINDS = {CheckKind.SCHEMA: SignalKind.SCHEMA, CheckKind.WATCH: SignalKind.WATCH}


def signals_of(run: RunRecord, tasks: Sequence[TaskResult], checks: Sequence[CheckResult]) -> list[Signal]:
    """What a run noticed, of what readers see or would see by its branch.

    Args:
        run: one that ended.
        tasks, checks: as it recorded them; values of personal columns are masked already.
    """
    held = {task.dataset for task in tasks if task.status is TaskStatus.HELD} if run.published else None
    found = [_of_task(run, task) for task in tasks if task.status is TaskStatus.FAILED]
    found += [_of_check(run, check, held) for check in checks if _counts(check)]
    if run.status == "failed" and not found:
        found.append(_of_run(run))
    return list({signal.fingerprint: signal for signal in found}.values())


def _counts(check: CheckResult) -> bool:
    is_told = check.severity is not Severity.INFO and check.accepted is None
    return is_told and (check.failed or bool(check.quarantined))


def _of_task(run: RunRecord, task: TaskResult) -> Signal:
    error = task.error or {}
    code = str(error.get("code") or "build.failed")
    what = f"it could not be built: {error.get('message') or 'its build failed'}"
    details = {"code": code, "hint": error.get("hint"), "where": error.get("where")}
    if error.get("retryable"):
        details["retryable"] = True
    return _signal(run, task.dataset, _kind_of(code), code, Lamp.FAIL, what, is_held=True, details=details)


def _kind_of(code: str) -> SignalKind:
    if code == "source.contract":
        return SignalKind.SCHEMA
    return SignalKind.SOURCE if code.startswith("source.") else SignalKind.FAILED


def _of_check(run: RunRecord, check: CheckResult, held: set[str] | None) -> Signal:
    """`held`: datasets that the run kept back; None where it published nothing."""
    is_held = held is None or any(dataset in held for dataset in check.datasets)
    value = "" if check.value is None or check.bad is not None else f": it is {check.value}"
    details: dict[str, Any] = {
        "check": check.spoken,
        "file": check.file,
        "line": check.line,
        "severity": str(check.severity),
        "status": str(check.status),
        "bad": check.bad,
        "quarantined": check.quarantined,
        "total": check.total,
        "value": check.value,
        "limit": check.limit,
        "why": check.why,
    }
    return _signal(
        run,
        check.dataset,
        _KINDS.get(check.kind, SignalKind.CHECK),
        check.check,
        Lamp.FAIL if check.failed and check.severity is Severity.HOLD else Lamp.WARN,
        f"the check `{check.spoken}` {outcome(check) if check.failed else _set_aside(check)}{value}",
        is_held=is_held,
        details={name: value for name, value in details.items() if value is not None},
    )


def _set_aside(check: CheckResult) -> str:
    """What a check did that passes since it set rows aside."""
    return f"set {plural(check.quarantined or 0, 'row')} aside, of {check.total or 0:,}"


def _of_run(run: RunRecord) -> Signal:
    error = run.error or {}
    code = str(error.get("code") or "run.failed")
    what = f"a run failed: {error.get('message') or 'nothing is known of why'}"
    details = {"code": code, "hint": error.get("hint"), "where": error.get("where")}
    return _signal(run, "", SignalKind.FAILED, code, Lamp.FAIL, what, is_held=True, details=details)


def _signal(
    run: RunRecord,
    dataset: str,
    kind: SignalKind,
    subject: str,
    lamp: Lamp,
    what: str,
    *,
    is_held: bool,
    details: dict[str, Any],
) -> Signal:
    at = run.ended or run.started
    return Signal(
        run.branch, dataset, kind, subject, lamp, what, at, run.number, run.commit, is_held=is_held, details=details
    )
