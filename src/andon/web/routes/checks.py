"""Checks by themselves: asked, explained, proposed."""

from __future__ import annotations

from typing import Any

from andon.base.record import field
from andon.model.person import PersonRole
from andon.service.checks import CheckReportDocument, ChecksSqlDocument
from andon.service.proposing import ProposedChecksDocument
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall


class ChosenAt(AtCommit, kw_only=True):
    """Which datasets, at which commit.

    Attributes:
        select: terms of a selection; empty means all.
    """

    select: list[str] = field(default_factory=list)


class CheckAsked(ChosenAt, kw_only=True):
    """Whose checks are asked, of which commit; without one the folder's lines of what the branch publishes.

    Attributes:
        again: ask also what is known.
    """

    again: bool = False


def _run(call: RouteCall) -> Any:
    asked: CheckAsked = call.body
    return call.service.checks.run(tuple(asked.select), asked.at, again=asked.again)


def _sql(call: RouteCall) -> Any:
    return ChecksSqlDocument(call.service.checks.sql(tuple(call.query.select), call.query.at))


def _suggest(call: RouteCall) -> Any:
    return ProposedChecksDocument(call.service.proposing.suggest(tuple(call.query.select), call.query.at), {})


def _write(call: RouteCall) -> Any:
    nouns = call.service.proposing
    found = nouns.suggest(tuple(call.body.select), call.body.at)
    written = nouns.write(found)
    return ProposedChecksDocument(found, {path: [s.line for s in lines] for path, lines in written.items()})


ENDPOINTS = (
    Endpoint(
        "POST",
        "/checks",
        "check",
        PersonRole.EDITOR,
        "Ask what must hold; nothing is built or published.",
        _run,
        (CheckReportDocument,),
        body=CheckAsked,
    ),
    Endpoint(
        "GET",
        "/checks/sql",
        "check --sql",
        PersonRole.READER,
        "What would run for checks, and how.",
        _sql,
        (ChecksSqlDocument,),
        ChosenAt,
    ),
    Endpoint(
        "GET",
        "/checks/proposals",
        "check --suggest",
        PersonRole.READER,
        "Checks that may be added, from the data and its history.",
        _suggest,
        (ProposedChecksDocument,),
        ChosenAt,
    ),
    Endpoint(
        "POST",
        "/checks/proposals",
        "check --suggest --write",
        PersonRole.EDITOR,
        "Put into the server's folder what would never have failed.",
        _write,
        (ProposedChecksDocument,),
        body=ChosenAt,
    ),
)
