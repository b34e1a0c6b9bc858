"""Insights: what data serves and what it is worth; one with all that is known of it; and a query that becomes one."""

from __future__ import annotations

from typing import Any

from andon.render.insights import (
    LAMPS,
    LEVELS,
    STATES,
    cell_words,
    more_words,
    movement_words,
    review_words,
    through_words,
    value_words,
)
from andon.value.answers import is_number
from andon.web.asking import AtCommit
from andon.web.pages.changes import done_by, problem
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href

#: How what was found at the last look is drawn.
STATE_LAMPS = {"true": "ok", "moved": "warn", "failed": "fail", "unpinned": "idle", "no_query": "idle"}
KINDS = ("question", "insight", "decision", "action", "report", "dashboard")
PERIODS = (
    ("once", "once"),
    ("year", "a year"),
    ("quarter", "a quarter"),
    ("month", "a month"),
    ("week", "a week"),
    ("day", "a day"),
)
#: How what it is worth is known: that nobody knows is an answer as good as the others.
BASES = (("estimated", "estimated"), ("measured", "measured"), ("none", "on no basis"))


class InsightLooked(AtCommit, kw_only=True):
    """How an insight is shown.

    Attributes:
        look: whether it is asked again.
    """

    look: bool = False


class InsightKept(AtCommit, kw_only=True):
    """Which query becomes an insight.

    Attributes:
        q: the query. name: of the insight.
    """

    q: str | None = None
    name: str | None = None


def _insights(call: PageCall) -> Shown:
    found = call.service.insights.list(call.query.at)
    return {**_words(), "insights": found, "branch": call.service.workspace.reading(call.query.at)}


def _insight(call: PageCall) -> Shown:
    name = call.path["name"]
    found = call.service.insights.show(name, call.query.at)
    checked = None
    if call.query.look:
        (checked,) = call.service.insight_checks.check([name], call.query.at, is_noted=False)
    answer = found.pinned_answer
    return {
        **_words(),
        "insight": found,
        "checked": checked,
        "numbers": [is_number(kind) for kind in answer.types] if answer is not None else [],
        "may_change": call.may_change,
        "here": href(f"/insights/{name}", at=call.query.at),
    }


def _keep(call: PageCall) -> Shown:
    call = done_by(call, "POST /insights")
    query = call.query
    fields: dict[str, Any] = dict.fromkeys(
        ("question", "answer", "amount", "currency", "per", "basis", "review_by", "branch", "decision"), ""
    )
    fields |= {"name": query.name or "", "query": query.q or "", "kind": "question", "owner": call.asking.person.name}
    for name, value in call.done.fields if call.done is not None else ():
        if name in fields:
            fields[name] = value
    return {
        "address": href("/save-insight", q=query.q, at=query.at, name=query.name),
        "fields": fields,
        "problem": problem(call),
        "kinds": KINDS,
        "periods": PERIODS,
        "bases": BASES,
        "branches": [ref.name for ref in call.service.workspace.lake.refs.of_kind("branch")],
        "home": call.service.workspace.branch(),
        "may_change": call.may_change,
    }


def _words() -> dict[str, Any]:
    return {
        "levels": LEVELS,
        "lamps": LAMPS,
        "states": STATES,
        "state_lamps": STATE_LAMPS,
        "value_words": value_words,
        "review_words": review_words,
        "movement_words": movement_words,
        "through_words": through_words,
        "more_words": more_words,
        "cell_words": cell_words,
    }


PAGES = (
    PageRoute("/insights", "insights.html", _insights),
    PageRoute("/save-insight", "save_insight.html", _keep, InsightKept),
    PageRoute("/insights/{name}", "insight.html", _insight, InsightLooked),
)
