"""Runs: the list of them, one while it goes on or as it was, and what a new one would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from starlette.responses import RedirectResponse, Response

from andon.base.clock import from_text
from andon.base.document import Document
from andon.base.hashing import content_id
from andon.base.record import Record
from andon.errors import AndonError, Problem
from andon.lake.refs import MAIN
from andon.model.check import CheckStatus
from andon.model.plan import UNCHANGED, Action
from andon.model.run import TaskStatus
from andon.render.checks import finding_text
from andon.render.visible import visible_lines
from andon.runs.goal import RunOptions
from andon.state.runs import RunFilter, RunStatus
from andon.web.asking import AtCommit
from andon.web.pages.actions import own_page
from andon.web.pages.approvals import shown_approvals
from andon.web.pages.calls import following
from andon.web.pages.gantt import gantt
from andon.web.pages.page import PageCall, PageRoute, Shown

if TYPE_CHECKING:
    from datetime import datetime

    from andon.model.check_result import CheckResult
    from andon.service.run_changes import Shown as Changed
    from andon.service.run_log import RunInfo, RunShown, RunTask

#: How a run stands: glyph and colour, and the word.
RUN_STATES = {
    "running": ("running", "Running"),
    "done": ("ok", "Done"),
    "held": ("fail", "Held"),
    "failed": ("fail", "Failed"),
    "interrupted": ("blocked", "Interrupted"),
    "moved": ("idle", "Planned again"),
}
_CHECK_STATES = {
    CheckStatus.PASS: ("ok", "Holds"),
    CheckStatus.FAIL: ("fail", "Fails"),
    CheckStatus.ERROR: ("fail", "Could not run"),
    CheckStatus.SKIPPED: ("blocked", "Skipped"),
    "accepted": ("ok", "Accepted"),
}
_KINDS = ("change", "refresh", "publish", "undo", "redo")
#: Runs of one part of the list.
_LISTED = 50
#: Failing rows of a check that are shown, and what is listed of what changed.
_ROWS, _CHANGED = 20, 100
#: What a run of more tasks changed is told after the rest of its page.
_SMALL = 60


class RunsLooked(AtCommit, kw_only=True):
    """Which runs are listed.

    Attributes:
        status, branch, who, kind, dataset: only those; empty is any.
        before: those below this number.
        seen: what the page that asks again shows already.
    """

    status: RunStatus | None = None
    branch: str | None = None
    who: str | None = None
    kind: str | None = None
    dataset: str | None = None
    before: Annotated[int, msgspec.Meta(ge=1, le=10**15)] | None = None
    seen: str | None = None


class RunLooked(AtCommit, kw_only=True):
    """What of a run is shown.

    Attributes:
        task: a dataset whose task is shown in full.
        all: every task, those that took over what was there, too.
        changed: what readers see differently with the rest, however much that is.
        call: by which it was asked for.
        then, form: the pages that are shown when that is done, or failed.
    """

    task: str | None = None
    all: bool = False
    changed: bool = False
    call: str | None = None
    then: str = "/runs"
    form: str | None = None


class NewRunLooked(AtCommit, kw_only=True):
    """What would be run.

    Attributes:
        what: the branch's own code on today's inputs, or the code of the server's folder.
        select: terms of a selection, with spaces between.
        branch: where it is published.
        full: make tables that grow whole.
        plan: show what it would do.
    """

    what: Literal["refresh", "run"] = "refresh"
    select: str = ""
    branch: str | None = None
    full: bool = False
    plan: bool = False


class RunLine(Record):
    """A run in the list: `said` is what it came to."""

    run: RunInfo
    state: str
    word: str
    said: str
    took: float | None


def _runs(call: PageCall) -> Shown:
    asked: RunsLooked = call.query
    if call.wants == "due":
        return _due(call)
    log = call.service.run_log
    only = RunFilter(asked.status, asked.branch, asked.who, asked.kind, asked.dataset)
    found = log.newest(_LISTED + 1, asked.before, only)
    now = call.service.workspace.clock()
    lines = [_line(run, now) for run in found[:_LISTED]]
    seen = _digest(lines)
    if call.wants == "list" and asked.seen == seen:
        return Response(status_code=204)
    chosen = {
        name: getattr(asked, name)
        for name in ("status", "branch", "who", "kind", "dataset")
        if getattr(asked, name) is not None
    }
    return {
        "lines": lines,
        "following": found[_LISTED - 1].number if len(found) > _LISTED else None,
        "chosen": chosen,
        "before": asked.before,
        "among": call.service.workspace.runs.among(),
        "kinds": _KINDS,
        "states": RUN_STATES,
        "seen": seen,
        "is_live": any(line.state == "running" for line in lines),
        "may_change": call.may_change,
        "now": now,
        "due": None,
        "due_problem": None,
    }


def _due(call: PageCall) -> Shown:
    """What is due; where that can't be told, why."""
    try:
        found = call.service.promises.due(RunOptions())
    except AndonError as error:
        return {"due": None, "due_problem": error, "may_change": call.may_change}
    terms = " ".join(f"+{each.dataset}+" for each in found.due)
    return {"due": found, "due_terms": terms, "due_problem": None, "may_change": call.may_change}


def _line(run: RunInfo, now: datetime) -> RunLine:
    state, word = RUN_STATES[run.status]
    took = run.seconds
    if run.status == "running":
        took = max(0.0, (now - from_text(run.started)).total_seconds())
    return RunLine(run, state, word, _said(run), took)


def _said(run: RunInfo) -> str:
    """What a run came to, in one line."""
    if isinstance(run.error, Document):
        return run.error.message
    if run.held is not None:
        return run.held
    if run.message is not None:
        return run.message
    return {
        "running": "at work",
        "interrupted": "ended before it was done; nothing was published",
        "moved": "another publish came first; it was planned again",
    }.get(run.status, "nothing was published")


def _digest(lines: Sequence[RunLine]) -> str:
    return content_id([[line.run.number, line.run.status, line.run.ended, int(line.took or 0)] for line in lines])[:16]


def _run(call: PageCall) -> Shown:
    asked: RunLooked = call.query
    shown = call.service.run_log.show(call.path["run"])
    begun = call.calls.known(asked.call) if asked.call is not None else None
    place = following(begun, own_page(asked.then), asked.form) if begun is not None else None
    if place is not None:
        if call.wants:
            return Response(status_code=204, headers={"HX-Redirect": place})
        return RedirectResponse(place, 303)
    is_over = shown.info.status != "running" and (begun is None or begun.answer is not None)
    if call.wants == "live" and is_over:
        # it ended since: the whole page is another one
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return {**run_view(call, shown, asked), "is_live": not is_over}


def run_view(call: PageCall, shown: RunShown, asked: RunLooked) -> dict[str, Any]:
    """What the page of a run shows."""
    info, now = shown.info, call.service.workspace.clock()
    is_running = info.status == "running"
    since_record = _elapsed(info, now)
    live = call.calls.of_run(info.number) if is_running else None
    task = next((each for each in shown.tasks if each.dataset == asked.task), None)
    state, word = RUN_STATES[info.status]
    is_small = sum(each.action not in ("reuse", "keep") for each in shown.tasks) <= _SMALL
    is_changed_asked = not is_running and (is_small or asked.changed or call.wants == "changed")
    done = sum(task.status not in (TaskStatus.WAITING, TaskStatus.RUNNING) for task in shown.tasks)
    return {
        "shown": shown,
        "run": info,
        "state": state,
        "word": word,
        "said": _said(info),
        "is_running": is_running,
        "elapsed": since_record,
        "planning": max(0.0, info.seconds - since_record) if info.seconds is not None and not is_running else None,
        "chart": gantt(shown.tasks, since_record, whole=asked.all),
        "done": done,
        "asked": asked,
        "task": task,
        "task_log": _task_log(call, info, task),
        "difference": visible_lines(shown.diff or ""),
        "failed_tasks": [each for each in shown.tasks if each.status is TaskStatus.FAILED],
        "approvals": shown_approvals(call, f"run:{info.number}")
        if info.status == "held" and info.branch == MAIN
        else None,
        "holding": [each for each in shown.results if each.holds],
        "checks": _by_outcome(shown.results),
        "finding": finding_text,
        "call": live,
        "may_change": call.may_change,
        "changed": _changed(call, info) if is_changed_asked else None,
        "is_changed_later": not is_running and info.published and not is_changed_asked,
        "may_undo": call.may_change and call.service.run_log.is_in_force(info),
        "exact": _exact(call, shown),
        "check_states": _CHECK_STATES,
        "most_rows": _ROWS,
        "most_checks": _CHANGED,
        "most_changed": _CHANGED,
    }


def _elapsed(run: RunInfo, now: datetime) -> float:
    end = from_text(run.ended) if run.ended is not None else now if run.status == "running" else from_text(run.started)
    return max(0.0, (end - from_text(run.started)).total_seconds())


def _task_log(call: PageCall, run: RunInfo, task: RunTask | None) -> str:
    """What a dataset in Python printed when it was made."""
    if task is None:
        return ""
    error = task.error
    if isinstance(error, Document) and isinstance(error.details, Mapping):
        return str(error.details.get("log") or "")
    made = call.service.run_log.made(run.number, task.dataset)
    return (made.log or "") if made is not None else ""


def _by_outcome(results: Sequence[CheckResult]) -> list[CheckResult]:
    """Those that hold something first, then what else failed, then the rest as it was asked."""
    order = {CheckStatus.FAIL: 1, CheckStatus.ERROR: 1, CheckStatus.SKIPPED: 2, CheckStatus.PASS: 3}
    return sorted(results, key=lambda each: 0 if each.holds else order[each.status])


class ChangedLine(Record):
    """What a run changed of one dataset, in words."""

    dataset: str
    what: str
    rows: str


def _changed(call: PageCall, run: RunInfo) -> list[ChangedLine] | None:
    """What a published run changed for readers; None where it published nothing."""
    if not run.published or run.commit is None:
        return None
    commit = call.service.workspace.lake.commits.get(run.commit)
    if commit.parent is None:
        return None
    return changes_of(call.service.run_changes.of_commit(commit))


def changes_of(found: Changed) -> list[ChangedLine]:
    """What is known of a change for readers, a line for each dataset."""
    lines = {name: ChangedLine(name, "new", _count(found.totals.get(name))) for name in sorted(found.new)}
    lines |= {name: ChangedLine(name, "gone", "") for name in sorted(found.gone)}
    for diff in found.rows:
        counts = diff.rows
        parts = [("+", counts.added), ("−", counts.removed), ("~", counts.changed)]
        said = " ".join(f"{sign}{count:,}" for sign, count in parts if count)
        lines.setdefault(diff.dataset, ChangedLine(diff.dataset, "rows" if said else "same rows", said))
    for name, (before, after) in found.others.items():
        lines.setdefault(name, ChangedLine(name, "content", f"{_count(before)} → {_count(after)}"))
    for name in found.totals:
        lines.setdefault(name, ChangedLine(name, "code alone", ""))
    return [lines[name] for name in sorted(lines)]


def _count(rows: int | None) -> str:
    return "–" if rows is None else f"{rows:,}"


def _exact(call: PageCall, shown: RunShown) -> list[str]:
    """What a run made, for who wants just that made once more; nothing where its branch has gone on, or who looks may not."""
    run, refs = shown.info, call.service.workspace.lake.refs
    if not (call.may_change and run.published and run.commit):
        return []
    branch = refs.find(run.branch)
    if branch is None or branch.commit != run.commit:
        return []
    return [task.dataset for task in shown.tasks if task.action == Action.BUILD]


def _new_run(call: PageCall) -> Shown:
    asked: NewRunLooked = call.query
    workspace = call.service.workspace
    select = tuple(asked.select.split())
    options = RunOptions(select=select, branch=asked.branch, full=asked.full)
    plan, problem = None, None
    if asked.plan:
        verbs = call.service.runs
        try:
            plan = verbs.plan(options) if asked.what == "run" else verbs.plan_refresh(options)
        except AndonError as error:
            problem = error
    works = plan.works if plan is not None else ()
    taken = [step for step in plan.moves if step not in works] if plan is not None else []
    known = [step.seconds for step in works if step.seconds is not None]
    return {
        "asked": asked,
        "select": select,
        "branch": workspace.branch(asked.branch),
        "plan": plan,
        "problem": problem,
        "problems": _problems(problem),
        "works": works,
        "taken": taken,
        "unchanged": sum(step.reason == UNCHANGED for step in plan.steps) if plan is not None else 0,
        "expected": sum(known) if known else None,
        "may_change": call.may_change,
    }


def _problems(error: AndonError | None) -> Sequence[Problem]:
    return error.problems if error is not None else ()


PAGES = (
    PageRoute("/runs", "runs.html", _runs, RunsLooked),
    PageRoute("/runs/new", "run_new.html", _new_run, NewRunLooked),
    PageRoute("/runs/{run}", "run.html", _run, RunLooked),
)
