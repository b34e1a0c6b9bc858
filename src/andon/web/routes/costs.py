"""What the lake costs, whom that serves, and what nobody needs."""

from __future__ import annotations

from typing import Any, Literal

from andon.base.document import Document
from andon.model.person import PersonRole
from andon.runs.goal import RunOptions
from andon.service.costs import MONTH, CostBy, CostDocument, WasteDocument
from andon.service.renaming import MovedDocument
from andon.service.value import ValueDocument
from andon.web.asking import OnBranch
from andon.web.endpoint import Endpoint, RouteCall


class TimeAsked(OnBranch, kw_only=True):
    """Of which branch, and which time.

    Attributes:
        since: how long before the end (`30d`, `3 mo`), or a moment.
        until: the end, a moment or how long ago; now without it.
    """

    since: str = MONTH
    until: str | None = None


class CostAsked(TimeAsked, kw_only=True):
    """Of which branch, and which time, told apart by what.

    Attributes:
        by: what is told apart; people are an owner's to see, at an address of their own.
    """

    by: Literal["dataset", "run", "insight", "schedule"] = "dataset"


class WasteAsked(OnBranch, kw_only=True):
    """Of which branch, and since when costs are added up.

    Attributes:
        since: how long ago (`30d`, `3 mo`), or a moment.
    """

    since: str = MONTH


class ArchiveAsked(Document, kw_only=True):
    """Datasets that are put away, in one publish; without `agreed` it is only told what would be done.

    Attributes:
        names: all of them.
        branch: where it is published; without it the branch of the server's folder.
        message: of the commit.
        agreed: the digest of the plan that somebody saw, or `any`: it is published.
    """

    names: list[str]
    branch: str | None = None
    message: str | None = None
    agreed: str | None = None


def _cost(call: RouteCall) -> Any:
    asked: CostAsked = call.query
    return call.service.costs.cost(asked.by, asked.since, asked.until, asked.branch)


def _people(call: RouteCall) -> Any:
    asked: TimeAsked = call.query
    return call.service.costs.cost(CostBy.PERSON, asked.since, asked.until, asked.branch)


def _focus(call: RouteCall) -> Any:
    asked: TimeAsked = call.query
    return call.service.costs.focus(asked.since, asked.until, asked.branch)


def _waste(call: RouteCall) -> Any:
    asked: WasteAsked = call.query
    return call.service.costs.waste(asked.since, asked.branch)


def _value(call: RouteCall) -> Any:
    asked: WasteAsked = call.query
    return call.service.worth.value(asked.since, asked.branch)


def _archive(call: RouteCall) -> Any:
    asked: ArchiveAsked = call.body
    request = call.service.workspace.caller.request
    options = RunOptions(branch=asked.branch, message=asked.message, agreed=asked.agreed, request=request)
    return call.service.costs.archive(asked.names, options, call.listener, is_dry=asked.agreed is None)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/cost",
        "cost",
        PersonRole.READER,
        "What was spent, and whom it served: insights, people, what is too young to tell, and waste add up to it.",
        _cost,
        (CostDocument,),
        CostAsked,
    ),
    Endpoint(
        "GET",
        "/cost/people",
        "cost --by person",
        PersonRole.OWNER,
        "Whom the computing of questions went to, for owners; no score of people, only of what they asked.",
        _people,
        (CostDocument,),
        TimeAsked,
    ),
    Endpoint(
        "GET",
        "/cost/focus",
        "cost --format focus",
        PersonRole.READER,
        "What was spent as rows of FOCUS 1.0, for other tools of cost; what they cost adds up to the bill.",
        _focus,
        (list[dict[str, str]],),
        TimeAsked,
    ),
    Endpoint(
        "GET",
        "/waste",
        "waste",
        PersonRole.READER,
        "Datasets that nothing live needs, what they cost, and who read them last.",
        _waste,
        (WasteDocument,),
        WasteAsked,
    ),
    Endpoint(
        "GET",
        "/value",
        "value",
        PersonRole.READER,
        "What datasets are worth by what rests on them, what they cost, and the repair that helps most insights.",
        _value,
        (ValueDocument,),
        WasteAsked,
    ),
    Endpoint(
        "POST",
        "/archives",
        "archive",
        PersonRole.EDITOR,
        "Put datasets away that nothing live needs; their past stays, and an undo brings them back.",
        _archive,
        (MovedDocument,),
        body=ArchiveAsked,
        reports=True,
    ),
)
