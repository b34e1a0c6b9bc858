"""One sentence about what a form did, for the page that is shown then."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from andon.web.calls import LiveCall

#: By the call, what is said of its answer.
_SAID: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    "POST /undos": "Taken back: readers see what was there before. Redo brings it back.",
    "POST /redos": "Brought back: readers see it again.",
    "POST /publishes": lambda a: _run_said(a, "Published: readers see it now.", "Readers see all of it already."),
    "POST /runs": lambda a: _run_said(
        a, "Published: readers see it now.", "Nothing was to be done: all results are there."
    ),
    "POST /refreshes": lambda a: _run_said(a, "Refreshed: readers see it now.", "Nothing new was there."),
    "DELETE /calls/{call:path}": "It was told to stop.",
    "POST /datasets": lambda a: _saved(a, str(a.get("name"))),
    "POST /edits": lambda a: _saved(a, str(a.get("file"))),
    "POST /branches": lambda a: f"Branch {a.get('name')} is there.",
    "DELETE /branches/{branch:path}": lambda a: f"Branch {a.get('name')} is gone; its last commit stays.",
    "POST /sources/loads": lambda a: _run_said(a, "Loaded: readers see it now.", "Nothing new was there."),
    "POST /letters/seen": lambda a: f"Known now: {a.get('seen')}.",
    "POST /approvals": lambda a: _approved_said(a),
    "POST /approvals/withdrawals": "Taken back: it is not published until somebody approves it again.",
    "POST /acceptances": lambda a: (
        _run_said(a, "Published, with your reason in the history.", "Nothing new was there.")
        if "published" in a
        else "Accepted: it passes from now on."
    ),
}


def _approved_said(answer: Mapping[str, Any]) -> str:
    owners = ", ".join(dict.fromkeys(str(each["owner"]) for each in answer.get("waiting") or ()))
    return f"Approved; it waits for {owners} too." if owners else "Approved: the same run or publish passes now."


def _saved(answer: Mapping[str, Any], name: str) -> str:
    run = answer.get("run") or {}
    if answer.get("published"):
        return f"{name} is saved on {answer.get('branch')}."
    return f"{name} is not saved: {run.get('held') or 'nothing was published'}"


def _run_said(answer: Mapping[str, Any], published: str, nothing: str) -> str:
    if answer.get("run") is None:
        return nothing
    return published if answer.get("published") else f"Readers see what they saw before: {answer.get('held')}"


def way_back(verb: str, answer: object) -> Mapping[str, str | None] | None:
    """The route, the word and the fields of the button that takes back what a call did: of that branch, that commit, nobody else's."""
    if not isinstance(answer, dict):
        return None
    if verb == "POST /undos":
        return {"route": "redos", "word": "Redo", "branch": answer.get("branch"), "commit": None}
    run = answer.get("run")
    made: Mapping[str, Any] = run if isinstance(run, dict) else answer
    is_new = verb == "POST /redos" or (made.get("published") is True and made.get("commit") != made.get("base"))
    if not is_new or made.get("commit") is None:
        return None
    return {"route": "undos", "word": "Undo", "branch": made.get("branch"), "commit": made["commit"]}


def told_of(live: LiveCall) -> Mapping[str, Any] | None:
    """What a call came to, as `text`, whether it is `good`, and the `way` back where there is one; None while it runs."""
    answer = live.answer
    if answer is None:
        return None
    found = json.loads(answer.body)
    if live.verb == "POST /datasets" and answer.status < 400 and "agreed" not in dict(live.fields):
        return None  # it was only looked at: the page shows what it came to
    if answer.status >= 400:
        return {"text": found["detail"], "good": False, "verb": live.verb, "answer": found, "way": None}
    said = _SAID.get(live.verb, "Done.")
    good = not (isinstance(found, dict) and found.get("published") is False and found.get("held", True))
    text = said if isinstance(said, str) else said(found)
    return {"text": text, "good": good, "verb": live.verb, "answer": found, "way": way_back(live.verb, found)}
