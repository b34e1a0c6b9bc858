"""Changes: what is not published yet, what it means for whom, and what was published last; each can be published or taken back."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from starlette.responses import RedirectResponse

from andon.base.document import Document
from andon.base.record import field, replace
from andon.errors import AndonError
from andon.lake.refs import MAIN
from andon.model.plan import Plan
from andon.render.code import code_diff
from andon.render.rows import shown_columns
from andon.runs.goal import RunOptions
from andon.service.takebacks import revocable
from andon.web.pages.approvals import shown_approvals
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.problems import problem_of

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.service.changes import Edit

#: Where the edits of the project folder are shown; no branch can have this name.
FOLDER = "@folder"
#: Publishes that are listed.
_LATEST = 12
#: Files whose code is drawn before somebody opens them, and lines of one that are.
_OPEN_FILES, _OPEN_LINES = 12, 400


class ChangesLooked(Document, kw_only=True):
    """Nothing more is said: branches stand beside main.

    Attributes:
        new: a name to begin a new branch with.
    """

    new: str | None = None


class ChangeLooked(Document, kw_only=True):
    """How a change is looked at.

    Attributes:
        view: lines of code below each other or side by side.
        whole: everything at once, for who has no scripts; else what takes long comes later.
        rows: the dataset whose rows are wanted.
        mine: files that both sides changed, where this one's takes the place.
        theirs: files that both sides changed, where what is published stays.
    """

    view: Literal["unified", "split"] = "unified"
    whole: bool = False
    rows: str | None = None
    mine: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)


def _list(call: PageCall) -> Shown:
    service = call.service
    entries = service.history.log(MAIN, limit=_LATEST)
    edits, wrong = _edits(call)
    return {
        "changes": service.changes.list(),
        "edits": edits,
        "edits_wrong": wrong,
        "folder_branch": service.workspace.branch(),
        "held": [held_run(call, run) for run in service.changes.held()],
        "publishes": revocable(entries),
        "now": service.workspace.clock(),
        "typed": typed(call),
        "problem": problem(call),
        "may_change": call.may_change,
    }


def _edits(call: PageCall) -> tuple[Sequence[Edit], str | None]:
    """What was changed in the project folder; where that can't be told, why: the branches are there all the same."""
    try:
        return call.service.changes.edits(), None
    except AndonError as error:
        return (), error.problems[0].message if error.problems else error.message


def _change(call: PageCall) -> Shown:
    name = call.path["branch"]
    if name == FOLDER:
        return _folder(call)
    if name == MAIN:
        return RedirectResponse("/changes", 303)
    service, query = call.service, call.query
    change = service.changes.of(name)
    shown: dict[str, Any] = {
        **_around(call),
        "name": name,
        "change": change,
        "is_folder": False,
        "into": MAIN,
        "address": f"/changes/{name}",
        "held": [held_run(call, run) for run in service.changes.held(name)],
        "approvals": shown_approvals(call, name),
    }
    if call.wants in ("", "plan"):
        shown |= _plan(call, lambda: service.changes.ahead(name, _decided(call))) if query.whole or call.wants else {}
        shown |= _different(call)
    if call.wants in ("", "code", "rows"):
        diff = service.changes.diff(change)
        shown["row_names"] = names = [each.dataset for each in diff.datasets if each.change == "changed"]
        if query.rows or (query.whole and names):
            shown["rows"] = rows = service.changes.rows(change, query.rows or names[0])
            shown["row_columns"] = shown_columns(rows)[0]
            shown["notes"] = service.history.known(change.head, (rows,), name)
        if call.wants != "rows":
            shown["files"] = code_files([*(text for each in diff.datasets for text in each.code), *diff.files])
    return shown


def _folder(call: PageCall) -> Shown:
    """The edits of the project folder, which a run publishes."""
    service = call.service
    branch = service.workspace.branch()
    shown: dict[str, Any] = {
        **_around(call),
        "name": FOLDER,
        "change": None,
        "is_folder": True,
        "into": branch,
        "address": f"/changes/{FOLDER}",
        "held": [],
    }
    if call.wants in ("", "plan"):

        def ahead() -> tuple[Plan, Any]:
            plan = service.runs.plan(_decided(call))
            return plan, service.changes.known(plan)

        shown |= _plan(call, ahead) if call.query.whole or call.wants else {}
        shown |= _different(call)
    if call.wants in ("", "code"):
        edits = service.changes.edits()
        shown["edits"] = edits
        shown["files"] = code_files([(each.path, each.before, each.after) for each in edits])
    return shown


def _decided(call: PageCall) -> RunOptions:
    """What somebody decided about files that both sides changed."""
    return RunOptions(mine=tuple(call.query.mine), theirs=tuple(call.query.theirs))


def _around(call: PageCall) -> dict[str, Any]:
    return {
        "now": call.service.workspace.clock(),
        "view": call.query.view,
        "whole": call.query.whole,
        "mine": call.query.mine,
        "theirs": call.query.theirs,
        "clashes": (),
        "rows": None,
        "row_names": (),
        "notes": (),
        "plan": None,
        "plan_error": None,
        "different": None,
        "typed": typed(call),
        "done": call.done.id if call.done is not None else "",
        "problem": problem(call),
        "may_change": call.may_change,
        "edits": (),
        "files": (),
        "approvals": None,
    }


def _plan(call: PageCall, ahead: Any) -> dict[str, Any]:
    """What publishing does, or why it can't be done."""
    try:
        plan, known = ahead()
    except AndonError as error:
        clashes = error.details.get("files", ()) if error.code == "lake.folder_conflict" else ()
        return {"plan": None, "plan_error": problem_of(error), "clashes": clashes}
    steps = plan.moves
    checks: Sequence[CheckResult] = known.checks
    reach = [step.reach for step in steps if step.reach is not None]
    datasets = {name for each in reach for name in each.datasets} - {step.dataset for step in steps}
    return {
        "plan": plan,
        "steps": steps,
        "known": {diff.dataset: diff for diff in known.rows},
        "totals": known.totals,
        "checks": sorted(checks, key=lambda check: (not check.holds, not check.failed)),
        "checked_by": known.run,
        "failed": [check for check in checks if check.failed],
        "holding_by": Counter(check.dataset for check in checks if not check.failed).most_common(5),
        "reached": sorted(datasets),
        "readers": call.service.changes.readers({*datasets, *(step.dataset for step in steps)}) if steps else [],
        "insights": sorted({name for each in reach for name in each.insights}),
        "owners": sorted({name for each in reach for name in each.owners}),
        "seen": json.dumps(seen_plan(plan)),
    }


def seen_plan(plan: Plan) -> Mapping[str, Any]:
    """What a form takes along of the plan that it shows, to say what became different."""
    return {"base": plan.base, "steps": {step.dataset: str(step.action) for step in plan.works}}


def _different(call: PageCall) -> dict[str, Any]:
    """What became different since somebody looked at a plan that is not the plan any more."""
    told = problem(call)
    if told is None or told.get("code") != "usage.confirmation_needed" or not told.get("plan"):
        return {}
    fields = dict(call.done.fields) if call.done is not None else {}
    try:
        seen = json.loads(fields.get("_seen", "{}"))
    except ValueError:
        seen = None
    return {"different": different_since(call, seen, told["plan"])}


def different_since(call: PageCall, seen: Any, plan: Any) -> Mapping[str, Any]:
    """How a plan differs from the one that was `seen`: what was published since, and what is done to which dataset."""
    try:
        before, steps = str(seen["base"]), dict(seen["steps"])
    except (KeyError, TypeError, ValueError):
        return {"commits": (), "steps": ()}
    now = {step["dataset"]: step["action"] for step in plan["steps"] if step["action"] not in ("reuse", "keep")}
    lines = [f"{name}: {now[name]}" for name in now if name not in steps]
    lines += [f"{name}: no longer {steps[name]}" for name in steps if name not in now]
    lines += [
        f"{name}: {now[name]} instead of {steps[name]}" for name in now if steps.get(name, now[name]) != now[name]
    ]
    commits = call.service.changes.since(before, plan["branch"]) if before != plan["base"] else ()
    return {"commits": commits[:_LATEST], "steps": lines[:_LATEST]}


def held_run(call: PageCall, number: int) -> Mapping[str, Any]:
    """A held run with the checks that hold it."""
    page = call.service.run_log.show(str(number)).document()
    approvals = shown_approvals(call, f"run:{number}") if page.branch == MAIN else None
    return {
        "run": page,
        "approvals": approvals,
        "holding": [c for c in page.checks if c.status in ("fail", "error") and c.severity == "hold"],
    }


def code_files(texts: Sequence[tuple[str, str | None, str | None]]) -> list[Mapping[str, Any]]:
    """Files that differ, as they are drawn; those that are many or long stay folded."""
    found: list[Mapping[str, Any]] = []
    for number, (path, before, after) in enumerate(texts):
        diff = code_diff(path, before, after)
        is_open = number < _OPEN_FILES and diff.added + diff.removed <= _OPEN_LINES
        found.append({"diff": diff, "is_open": is_open})
    return found


def done_by(call: PageCall, verb: str) -> PageCall:
    """The visit as what a form of that verb led to; of another verb, it is one that nothing led to."""
    return call if call.done is None or call.done.verb == verb else replace(call, done=None)


def typed(call: PageCall) -> Mapping[str, str]:
    """What stood in the form that led here and was not done: nobody types a thing twice."""
    found = answer_of(call)
    was_done = found is None or (problem(call) is None and found.get("published") is not False)
    return defaultdict(str, () if was_done or call.done is None else call.done.fields)


def problem(call: PageCall) -> Mapping[str, Any] | None:
    """Why what a form of this page asked for could not be done."""
    answer = call.done.answer if call.done is not None else None
    return answer_of(call) if answer is not None and answer.status >= 400 else None


def answer_of(call: PageCall) -> Mapping[str, Any] | None:
    """What the form that led here came to; None where none did."""
    answer = call.done.answer if call.done is not None else None
    found = json.loads(answer.body) if answer is not None else None
    return found if isinstance(found, dict) else None


PAGES = (
    PageRoute("/changes", "changes.html", _list, ChangesLooked),
    PageRoute("/changes/{branch:path}", "change.html", _change, ChangeLooked),
)
