"""Approvals: an owner agrees to what somebody else changes."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.approval import ApprovedDocument
from andon.model.person import PersonRole
from andon.web.endpoint import Endpoint, RouteCall


class ApprovalAsked(Document, kw_only=True):
    """What an owner agrees to.

    Attributes:
        ref: a run (`run:41`) or a branch whose changes of main's code are agreed to.
        datasets: the only ones; empty: all that are theirs.
    """

    ref: str
    datasets: list[str] = field(default_factory=list)


def _approve(call: RouteCall) -> Any:
    return call.service.approving.approve(call.body.ref, call.body.datasets)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/approvals",
        "approve",
        PersonRole.EDITOR,
        "Agree, as owner, to exactly what a run or a branch changes of datasets that say `review: owner`.",
        _approve,
        (ApprovedDocument,),
        body=ApprovalAsked,
    ),
)
