"""Insights: what data serves, whether it is still true, and what came of it."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field, values_of
from andon.model.person import PersonRole
from andon.runs.goal import RunOptions
from andon.service.insight_changes import NewInsight, NewOutcome
from andon.service.insight_documents import InsightCheck, InsightDocument, InsightInfo, InsightSaved
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall


class InsightAsked(Document, kw_only=True):
    """An insight that is to be made: its query is asked, the answer pinned, its file published.

    Attributes:
        name: of its file, `insights/NAME.md`.
        question: the question, the decision or the action in one line.
        kind: `insight`, `question`, `decision`, `action`, `report` or `dashboard`.
        answer: in one line.
        query: SQL, or the name of a saved query.
        uses: datasets, columns or saved queries that serve it.
        owner: who asks, decides or acts.
        amount: what it is worth, such as `5000`; `currency`, in which money: three capital letters.
        per: for which time: `once`, `day`, `week`, `month`, `quarter`, `year`.
        basis: how that is known: `measured`, `estimated`, `none`; with an amount `estimated`.
        words: what it is worth, in words.
        review_by: until when its value counts unless somebody looks again (a day).
        decision: what is decided, and how often.
        description: more about it.
        branch: where it is published; without it the branch of the server's folder.
        message: of the commit.
    """

    name: str
    question: str
    kind: str = "question"
    answer: str | None = None
    query: str | None = None
    uses: list[str] = field(default_factory=list)
    owner: str | None = None
    amount: str | None = None
    currency: str | None = None
    per: str = "once"
    basis: str | None = None
    words: str | None = None
    review_by: str | None = None
    decision: str | None = None
    description: str | None = None
    branch: str | None = None
    message: str | None = None


class InsightsNamed(Document, kw_only=True):
    """Which insights are asked again, and of which commit.

    Attributes:
        names: without any, all.
        at: without it, what readers see now.
    """

    names: list[str] = field(default_factory=list)
    at: str | None = None


class PinInsights(Document, kw_only=True):
    """Insights whose answers are pinned as they are now.

    Attributes:
        names: which.
        branch: where it is published; without it the branch of the server's folder.
        message: of the commit.
    """

    names: list[str]
    branch: str | None = None
    message: str | None = None


class OutcomeAsked(Document, kw_only=True):
    """What came of an insight.

    Attributes:
        what: in one line.
        on: the day; today without.
        amount: the value that was realised, once; `currency`, in which money.
        basis: how that is known.
        branch: where it is published; without it the branch of the server's folder.
        message: of the commit.
    """

    what: str
    on: str | None = None
    amount: str | None = None
    currency: str | None = None
    basis: str | None = None
    branch: str | None = None
    message: str | None = None


def _list(call: RouteCall) -> Any:
    return call.service.insights.list(call.query.at)


def _show(call: RouteCall) -> Any:
    return call.service.insights.show(call.path["name"], call.query.at)


def _add(call: RouteCall) -> Any:
    said = {key: value for key, value in values_of(call.body).items() if key not in ("branch", "message")}
    wanted = NewInsight(**{**said, "uses": tuple(said["uses"])})
    return call.service.insight_changes.add(wanted, _options(call), call.listener)


def _check(call: RouteCall) -> Any:
    return call.service.insight_checks.check(call.body.names, call.body.at)


def _pin(call: RouteCall) -> Any:
    return call.service.insight_changes.pin(call.body.names, _options(call), call.listener)


def _outcome(call: RouteCall) -> Any:
    asked: OutcomeAsked = call.body
    wanted = NewOutcome(call.path["name"], asked.what, asked.on, asked.amount, asked.currency, asked.basis)
    return call.service.insight_changes.outcome(wanted, _options(call), call.listener)


def _options(call: RouteCall) -> RunOptions:
    request = call.service.workspace.caller.request
    return RunOptions(branch=call.body.branch, message=call.body.message, request=request)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/insights",
        "insight list",
        PersonRole.READER,
        "All insights: worth, freshness of their data, weakest link.",
        _list,
        (list[InsightInfo],),
        AtCommit,
    ),
    Endpoint(
        "GET",
        "/insights/{name}",
        "insight show",
        PersonRole.READER,
        "All of an insight: what it rests on, its value and outcomes, what is known against it.",
        _show,
        (InsightDocument,),
        AtCommit,
    ),
    Endpoint(
        "POST",
        "/insights",
        "insight add",
        PersonRole.EDITOR,
        "Make an insight: its query is asked, the answer pinned, its file published.",
        _add,
        (InsightSaved,),
        body=InsightAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/insights/checks",
        "insight check",
        PersonRole.READER,
        "Ask insights again: still true, or which numbers moved, and through which dataset.",
        _check,
        (list[InsightCheck],),
        body=InsightsNamed,
    ),
    Endpoint(
        "POST",
        "/insights/pins",
        "insight pin",
        PersonRole.EDITOR,
        "Pin the answers that insights have now.",
        _pin,
        (InsightSaved,),
        body=PinInsights,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/insights/{name}/outcomes",
        "insight outcome",
        PersonRole.EDITOR,
        "Note what came of an insight.",
        _outcome,
        (InsightSaved,),
        body=OutcomeAsked,
        reports=True,
    ),
)
