"""The signals that the record of a run holds: builds that came to nothing, checks that say no. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from andon.base.record import replace
from andon.base.text import plural
from andon.checks.language.mentions import is_age
from andon.model.check import CheckKind, Severity
from andon.model.check_result import CheckResult
from andon.model.lamp import Lamp
from andon.model.run import TaskResult, TaskStatus
from andon.model.signal import Signal, SignalKind
from andon.runs.inspection.settle import found_words, outcome
from andon.state.runs import RunRecord

_KINDS = {CheckKind.SCHEMA: SignalKind.SCHEMA, CheckKind.WATCH: SignalKind.WATCH}


def signals_of(
    run: RunRecord, tasks: Sequence[TaskResult], checks: Sequence[CheckResult], own: Container[str] = ()
) -> list[Signal]:
    """What a run noticed, of what readers see or would see by its branch.

    Args:
        run: one that ended.
        tasks, checks: as it recorded them; values of personal columns are masked already.
        own: datasets that it gave other code, and nothing else to read.
    """
    held = {task.dataset: task.version for task in tasks if task.status is TaskStatus.HELD}
    found = [_of_task(run, task) for task in tasks if task.status is TaskStatus.FAILED]
    for check in checks:
        if speaks(check) and not _is_of_the_kept(check, held):
            kept = tuple(dataset for dataset in check.datasets if dataset in held)
            at = run.ended or run.started
            is_own = check.dataset in own
            signal = signal_of_check(run.branch, check, at, run.number, run.commit, held=kept, is_own=is_own)
            found.append(signal if run.published else replace(signal, is_held=True))
    # a run that never said that it ended was killed; one that somebody stopped says so
    is_lost = run.status == "interrupted" and run.seconds is None
    if is_lost or (run.status == "failed" and not found):
        found.append(_of_run(run, is_lost=is_lost))
    return list({signal.fingerprint: signal for signal in found}.values())


def _is_of_the_kept(check: CheckResult, held: Mapping[str, str | None]) -> bool:
    """Whether a check finds what readers keep too old, since what came is kept from them: whoever keeps it says why."""
    return check.dataset in held and check.version != held[check.dataset] and is_age(check.text)


def speaks(check: CheckResult) -> bool:
    """Whether a result is told: a check that says no, or set rows aside, unless somebody accepted that or it is only shown."""
    is_told = check.severity is not Severity.INFO and check.accepted is None
    return is_told and (check.failed or bool(check.quarantined))


def _of_task(run: RunRecord, task: TaskResult) -> Signal:
    error = task.error or {}
    code = str(error.get("code") or "build.failed")
    what = f"it could not be built: {error.get('message') or 'its build failed'}"
    details = {"code": code, "hint": error.get("hint"), "where": error.get("where")}
    if error.get("retryable"):
        details["retryable"] = True
    if _is_additive(error.get("details") or {}):
        details["additive"] = True
    return _signal(run, task.dataset, _kind_of(code), code, Lamp.FAIL, what, is_held=True, details=details)


def _is_additive(facts: Mapping[str, Any]) -> bool:
    """Whether columns are others only so that all that was there is there: there are more, or a type holds more."""
    expected, found = facts.get("expected"), facts.get("found")
    is_less = isinstance(expected, list) and isinstance(found, list) and not set(expected) <= set(found)
    return bool(facts.get("only_new") or facts.get("is_wider")) and not is_less


def _kind_of(code: str) -> SignalKind:
    if code == "source.contract":
        return SignalKind.SCHEMA
    return SignalKind.SOURCE if code.startswith("source.") else SignalKind.FAILED


def signal_of_check(
    branch: str,
    check: CheckResult,
    at: str,
    run: int | None,
    commit: str | None,
    *,
    held: Sequence[str],
    is_own: bool = False,
) -> Signal:
    """What a failing check says.

    Args:
        commit: the one that it is about.
        held: datasets that are kept back because of it.
        is_own: whether it came with a change of the dataset's own code alone.
    """
    value = "" if check.value is None or check.bad is not None else f": it is {found_words(check.value)}"
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
        "held": list(held) or None,
        "version": check.version,
        "age": is_age(check.text) or None,
        "own": is_own or None,
    }
    return Signal(
        branch,
        check.dataset,
        _KINDS.get(check.kind, SignalKind.CHECK),
        check.check,
        Lamp.FAIL if check.failed and check.severity is Severity.HOLD else Lamp.WARN,
        f"the check `{check.spoken}` {outcome(check) if check.failed else _set_aside(check)}{value}",
        at,
        run,
        commit,
        is_held=bool(held),
        details={name: value for name, value in details.items() if value is not None},
    )


def _set_aside(check: CheckResult) -> str:
    """What a check did that passes since it set rows aside."""
    return f"set {plural(check.quarantined or 0, 'row')} aside, of {check.total or 0:,}"


def _of_run(run: RunRecord, *, is_lost: bool) -> Signal:
    error = run.error or ({"code": "build.interrupted", "retryable": True} if is_lost else {})
    code = str(error.get("code") or "run.failed")
    what = f"a run failed: {error.get('message') or 'nothing is known of why'}"
    if is_lost:
        what = "a run came to no end: the process that made it is gone"
    details = {"code": code, "hint": error.get("hint"), "where": error.get("where")}
    if is_lost:
        details["retryable"] = True
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
