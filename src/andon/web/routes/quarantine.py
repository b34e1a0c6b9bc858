"""Quarantine: rows that checks set aside."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.model.person import PersonRole
from andon.model.run import RunDocument
from andon.service.quarantine import QuarantineInfo, QuarantineRows
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall


class QuarantineAsked(AtCommit, kw_only=True):
    """Whose rows, at which commit; without a dataset those of all that have some.

    Attributes:
        dataset: whose checks set them aside.
    """

    dataset: str | None = None


class QuarantineRowsAsked(AtCommit, kw_only=True):
    """Some of the rows that were set aside.

    Attributes:
        limit: how many.
    """

    limit: int = 20


class PutBackAsked(Document, kw_only=True):
    """Rows that are to be put back.

    Attributes:
        reason: why they are right; it is kept in the commit.
        where: SQL over the rows that were set aside; without it all of them.
        check: the only check that they are released from: name, text or id.
        branch: where; the caller's without.
    """

    reason: str
    where: str | None = None
    check: str | None = None
    branch: str | None = None


def _list(call: RouteCall) -> Any:
    return call.service.quarantine.overview(call.query.dataset, call.query.at)


def _show(call: RouteCall) -> Any:
    return call.service.quarantine.show(call.path["dataset"], call.query.limit, call.query.at)


def _release(call: RouteCall) -> Any:
    asked: PutBackAsked = call.body
    return call.service.quarantine.release(
        call.path["dataset"],
        asked.reason,
        where=asked.where,
        check=asked.check,
        branch=asked.branch,
        listener=call.listener,
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/quarantine",
        "quarantine list",
        PersonRole.READER,
        "How many rows checks set aside, why and since when.",
        _list,
        (list[QuarantineInfo],),
        QuarantineAsked,
    ),
    Endpoint(
        "GET",
        "/quarantine/{dataset}",
        "quarantine show",
        PersonRole.READER,
        "Rows that the checks of a dataset set aside, and what each fails.",
        _show,
        (QuarantineRows,),
        QuarantineRowsAsked,
    ),
    Endpoint(
        "POST",
        "/quarantine/{dataset}/releases",
        "quarantine release",
        PersonRole.EDITOR,
        "Put rows back into their dataset, and publish that.",
        _release,
        (RunDocument,),
        body=PutBackAsked,
        reports=True,
    ),
)
