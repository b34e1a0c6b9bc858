"""A query becomes a dataset: what it would be called and mean, what it comes to, and then published as it was shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.document import from_json, to_json
from andon.errors import AndonError
from andon.lake.refs import MAIN
from andon.render.code import code_diff
from andon.runs.goal import RunOptions
from andon.service.proposed_checks import ProposedCheck
from andon.service.saved_texts import ToSave
from andon.web.asking import AtCommit
from andon.web.pages.changes import answer_of, different_since, done_by, held_run, problem, seen_plan
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href
from andon.web.problems import problem_of

#: Rows of what was built that are shown.
_SAMPLE = 6
#: Where a plan that was shown is not the plan any more, the page asks again.
_ASKED_AGAIN = "usage.confirmation_needed"


class SaveLooked(AtCommit, kw_only=True):
    """Which query is saved, and what is known of it already.

    Attributes:
        q: the query.
        name, description, owner, materialize, refresh, branch, replace: what stands in the form.
    """

    q: str | None = None
    name: str | None = None
    description: str | None = None
    owner: str | None = None
    materialize: str | None = None
    refresh: str | None = None
    branch: str | None = None
    replace: bool = False


def _save(call: PageCall) -> Shown:
    call = done_by(call, "POST /datasets")
    service, query = call.service, call.query
    fields = _fields(call)
    answer, told = answer_of(call), problem(call)
    shown: dict[str, Any] = {
        "address": href("/save", q=query.q, at=query.at, name=query.name),
        "fields": fields,
        "problem": told,
        "asks_again": told is not None and told.get("code") == _ASKED_AGAIN,
        "built": None,
        "held": None,
        "owner": call.asking.person.name,
        "schemas": sorted({each.dataset.partition(".")[0] for each in service.datasets.list(None)} | {"marts"}),
        "branches": [ref.name for ref in service.workspace.lake.refs.of_kind("branch")],
        "home": service.workspace.branch(),
        "may_change": call.may_change,
    }
    if answer is None or (told is not None and not shown["asks_again"]):
        return shown
    run = answer.get("run") if told is None else None
    if run is not None and (failed := [task for task in run["tasks"] if task["status"] == "failed"]):
        return {**shown, "held": {"failed": failed, "run": held_run(call, run["run"])}}
    if run is not None and fields.get("agreed") and not answer["published"]:
        shown["held"] = {"failed": [], "run": held_run(call, run["run"])}
    return shown | _built(call, fields, answer, shown)


def _fields(call: PageCall) -> Mapping[str, Any]:
    """What stands in the form: as it was sent, or as the address says; `checks` are all that were ticked."""
    query = call.query
    found: dict[str, Any] = {
        "name": query.name or "",
        "sql": query.q or "",
        "description": query.description or "",
        "owner": query.owner if query.owner is not None else call.asking.person.name,
        "materialize": query.materialize or "",
        "refresh": query.refresh or "",
        "branch": query.branch or "",
        "message": "",
        "replace": "true" if query.replace else "",
        "agreed": "",
        "checks": [],
        "proposed": [],
        "run": "",
    }
    for name, value in call.done.fields if call.done is not None else ():
        if name == "checks":
            found["checks"].append(value)
        elif name == "_seen":
            found |= _carried(value)
        elif name in found:
            found[name] = value
    return found


def _carried(text: str) -> Mapping[str, Any]:
    """What the second step of the form took along: the plan that was shown, which checks were proposed, by which run."""
    try:
        seen = json.loads(text)
        proposed = from_json(list[ProposedCheck], seen["proposed"])
        return {"proposed": proposed, "run": str(int(seen["run"])) if seen["run"] else "", "plan": seen["plan"]}
    except (ValueError, KeyError, TypeError):
        return {}


def _built(
    call: PageCall, fields: Mapping[str, Any], answer: Mapping[str, Any], shown: Mapping[str, Any]
) -> dict[str, Any]:
    """What saving would come to with the checks that are ticked: the plan that is agreed to is this one."""
    proposed, number, ticked = fields["proposed"], fields["run"], fields["checks"]
    if not shown["asks_again"] and shown["held"] is None:
        proposed = from_json(list[ProposedCheck], answer["proposed"])
        number = str((answer.get("run") or {}).get("run") or "")
        ticked = [each.line for each in proposed if each.is_safe]
    saving, options = call.service.saving, RunOptions(branch=fields["branch"] or None)
    try:
        found = saving.look(_wanted(fields, ticked), options)
    except AndonError as error:
        return {"problem": problem_of(error), "asks_again": False}
    carried = {"proposed": to_json(proposed), "run": number, "plan": seen_plan(found.plan)}
    return {
        "built": found,
        "proposed": proposed,
        "ticked": frozenset(ticked),
        "own": [line for line in ticked if line not in {each.line for each in proposed}],
        "steps": found.plan.moves,
        "code": code_of(call, found.file, found.text, found.branch),
        "sample": _sample(call, found.name, number),
        "run": number,
        "seen": json.dumps(carried),
        "different": different_since(call, fields.get("plan"), answer.get("plan")) if shown["asks_again"] else None,
        "then": f"/d/{found.name}" if found.kind == "dataset" else href("/sql", saved=found.name),
        "is_main": found.branch == MAIN,
    }


def _wanted(fields: Mapping[str, Any], checks: Sequence[str]) -> ToSave:
    texts = {key: fields[key] or None for key in ("owner", "description", "materialize", "refresh")}
    is_query = "." not in fields["name"]
    return ToSave(
        fields["name"],
        fields["sql"],
        **texts,
        checks=() if is_query else tuple(checks),
        replaces=bool(fields["replace"]),
    )


def _sample(call: PageCall, name: str, run: str) -> Any:
    """The first rows of what was built aside; values of personal columns are masked."""
    if not run or "." not in name:
        return None
    found = call.service.datasets.show(name, f"run:{run}").document()
    return {
        "columns": [column.name for column in found.columns],
        "rows": found.sample[:_SAMPLE],
        "count": found.rows,
        "notes": found.notes or (),
    }


def code_of(call: PageCall, path: str, text: str, branch: str) -> Any:
    """How the file would differ from what the branch has."""
    known = call.service.editing.open(path, branch if call.service.workspace.lake.refs.find(branch) else MAIN)
    return {"diff": code_diff(path, None if known.is_new else known.text, text), "is_open": True}


PAGES = (PageRoute("/save", "save.html", _save, SaveLooked),)
