"""Approvals: an owner agrees to what somebody else changes."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.approval import ApprovalsDocument, ApprovedDocument, DisapprovedDocument
from andon.model.person import PersonRole
from andon.web.endpoint import Endpoint, RouteCall


class ApprovalAsked(Document, kw_only=True):
    """What an owner agrees to.

    Attributes:
        ref: a run (`run:41`) or a branch whose changes of main's code are agreed to.
        datasets: the only ones; empty: all that are theirs.
        changes: ids of the changes that they looked at: nothing else is agreed to; empty: what it changes now.
    """

    ref: str
    datasets: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


class WithdrawalAsked(Document, kw_only=True):
    """What an owner does not agree to any more.

    Attributes:
        ref, datasets: as they were approved.
    """

    ref: str
    datasets: list[str] = field(default_factory=list)


class ApprovalsAsked(Document, kw_only=True):
    """What is looked at.

    Attributes:
        ref: a run (`run:41`) or a branch.
    """

    ref: str


def _show(call: RouteCall) -> Any:
    return call.service.approving.show(call.query.ref)


def _withdraw(call: RouteCall) -> Any:
    return call.service.approving.withdraw(call.body.ref, call.body.datasets)


def _approve(call: RouteCall) -> Any:
    return call.service.approving.approve(call.body.ref, call.body.datasets, call.body.changes)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/approvals",
        "approve --show",
        PersonRole.READER,
        "What of a run or a branch owners approve before it is published, and whether they did.",
        _show,
        (ApprovalsDocument,),
        ApprovalsAsked,
    ),
    Endpoint(
        "POST",
        "/approvals/withdrawals",
        "approve --withdraw",
        PersonRole.EDITOR,
        "Take back, as owner, what you agreed to and nobody published yet.",
        _withdraw,
        (DisapprovedDocument,),
        body=WithdrawalAsked,
    ),
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
