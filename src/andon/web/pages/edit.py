"""Editing one file of the project on a branch: what is wrong with it as it is typed, and nobody's newer text lost."""

from __future__ import annotations

import re
from typing import Any

from andon.base.document import Document
from andon.lake.refs import MAIN
from andon.render.code import code_diff
from andon.service.editing import ToEdit
from andon.web.pages.changes import answer_of, done_by, held_run, problem, typed
from andon.web.pages.page import PageCall, PageRoute, Shown

_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")


class EditLooked(Document, kw_only=True):
    """Which file is edited, where.

    Attributes:
        branch: on which it is saved; without it a new one is proposed.
        at: a ref whose text is taken up, such as `run:12` of what was held; without it that of the branch.
    """

    branch: str | None = None
    at: str | None = None


def _edit(call: PageCall) -> Shown:
    call = done_by(call, "POST /edits")
    service, target = call.service, call.path["target"]
    refs = service.workspace.lake.refs
    branch = call.query.branch
    is_there = branch is not None and refs.find(branch) is not None
    base = branch if is_there else MAIN
    known = service.editing.open(target, base)
    file = service.editing.open(target, call.query.at) if call.query.at else known
    fields, told = typed(call), problem(call)
    shown: dict[str, Any] = {
        "file": known,
        "target": target,
        "base": base,
        "branch": fields["branch"]
        or (branch if branch not in (None, MAIN) else new_branch(call, known.name or known.file)),
        "is_there": is_there and branch != MAIN,
        "branches": [ref.name for ref in refs.of_kind("branch") if ref.name != MAIN],
        "text": fields["text"] or file.text,
        "seen": fields["seen"] or known.commit,
        "published": known.text,
        "message": fields["message"],
        "problem": told,
        "merged": None,
        "theirs": None,
        "typed": fields,
        "may_change": call.may_change,
        "is_sql": known.file.endswith(".sql"),
        "held": _held(call),
    }
    if told is not None and told.get("code") == "lake.folder_conflict" and fields["text"]:
        merged = service.editing.merge(ToEdit(target, fields["text"], fields["seen"] or None), fields["branch"])
        shown |= {"merged": merged, "text": merged.text, "seen": merged.commit, "published": merged.theirs}
        shown["theirs"] = {"diff": code_diff(known.file, merged.base, merged.theirs), "is_open": True}
    return shown


def _held(call: PageCall) -> Any:
    """What the text that was to be saved here came to, where checks hold it or it could not be built."""
    found = answer_of(call)
    run = (found or {}).get("run") if (found or {}).get("published") is False else None
    if not run:
        return None
    failed = [task for task in run["tasks"] if task["status"] == "failed"]
    return {"failed": failed, "run": held_run(call, run["run"])}


def new_branch(call: PageCall, name: str) -> str:
    """A name for a branch that is not there yet: who, and what about."""
    who = _PLAIN.sub("-", call.asking.person.name.lower()).strip("-.") or "edit"
    what = _PLAIN.sub("-", name.rpartition("/")[2].rpartition(".")[2] if "/" not in name else name.rpartition("/")[2])
    refs, wanted = call.service.workspace.lake.refs, f"{who}/{what.replace('_', '-').strip('-.') or 'edit'}"[:180]
    found, number = wanted, 2
    while refs.find(found) is not None:
        found, number = f"{wanted}-{number}", number + 1
    return found


PAGES = (PageRoute("/edit/{target:path}", "edit.html", _edit, EditLooked),)
