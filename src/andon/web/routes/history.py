"""What was published, how commits differ, and how a publish is taken back."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.errors import UsageError
from andon.model.commit import CauseDocument
from andon.model.person import PersonRole
from andon.model.reverted import RevertedDocument
from andon.model.run import RunDocument
from andon.service.diff_report import DiffReportDocument
from andon.service.documents import AcceptedDocument
from andon.service.history import DiffDocument, LogDocument
from andon.service.row_diffs import RowOptions
from andon.web.asking import AtCommit, Limit, OnBranch
from andon.web.endpoint import API, Endpoint, RouteCall
from andon.web.paging import Paged


class LogAsked(AtCommit, kw_only=True):
    """Which commits: the newest before `at`, of all or of one dataset.

    Attributes:
        dataset: the one whose changes are wanted.
        limit: commits at most.
    """

    dataset: str | None = None
    limit: Limit = 20


class DiffAsked(Document, kw_only=True):
    """Two commits, and how they are compared.

    Attributes:
        a: a ref, the earlier one.
        b: a ref; without it the newest of the branch.
        rows: datasets whose rows are compared; `*` is all that differ.
        where: a condition in SQL; only rows that it holds for are compared.
        tolerance: by how much numbers may differ, `0.01` or `0.1%`.
        limit: rows that are shown of each dataset.
        report: the report for a pull request instead.
    """

    a: str
    b: str | None = None
    rows: list[str] = field(default_factory=list)
    where: str | None = None
    tolerance: str | None = None
    limit: Limit = 20
    report: bool = False


class UndoAsked(OnBranch, kw_only=True):
    """What is taken back.

    Attributes:
        commit: a publish; without it the newest.
        message: of the commit.
        agreed: whether somebody wants it although it is a refresh, somebody else's, or an older publish.
    """

    commit: str | None = None
    message: str | None = None
    agreed: bool = False


class AcceptAsked(OnBranch, kw_only=True):
    """A result that is published in spite of checks (`run`, `checks`, `reason`), or what undos took out and may pass again (`rejected`).

    Attributes:
        run: whose held result is published.
        checks: those that it does not have to hold, this once.
        reason: why; it stays in the history.
        rejected: paths that undos took out.
    """

    run: int | None = None
    checks: list[str] = field(default_factory=list)
    reason: str = ""
    rejected: list[str] = field(default_factory=list)


def _log(call: RouteCall) -> Any:
    asked: LogAsked = call.query
    entries = call.service.history.log(asked.at, asked.dataset, asked.limit)
    is_cut = len(entries) == asked.limit and entries[-1].commit.parent is not None
    return Paged(entries, ("at", f"{entries[-1].commit.id}~1") if is_cut else None)


def _diff(call: RouteCall) -> Any:
    asked: DiffAsked = call.query
    b = asked.b or call.service.workspace.branch()
    if asked.report:
        if asked.rows or asked.where is not None or asked.tolerance is not None:
            message = "a report has its own summary of rows"
            raise UsageError(
                "usage.bad_argument", message, where="report", hint="leave `rows`, `where` and `tolerance` out"
            )
        return call.service.diff_reports.report(asked.a, b)
    if asked.rows:
        names = tuple(dict.fromkeys(name for name in asked.rows if name != "*"))
        limit = asked.limit if names else 0
        return call.service.history.diff_rows(asked.a, b, names, RowOptions(asked.where, limit, asked.tolerance, None))
    if asked.where is not None or asked.tolerance is not None:
        message = "`where` and `tolerance` are about rows"
        raise UsageError("usage.bad_argument", message, where="where", hint="add `rows=DATASET`")
    return call.service.history.diff(asked.a, b)


def _undo(call: RouteCall) -> Any:
    asked: UndoAsked = call.body
    service = call.service
    undoing, request = service.undoing, service.workspace.caller.request
    if request is not None and (done := undoing.answered(request, asked.branch)) is not None:
        return done
    wanted = service.reverting.wanted(asked.commit, asked.branch)
    target = wanted.target
    if wanted.question is not None and not asked.agreed:
        short = target.id[:8]
        hint = f'ask again with `"agreed": true` and `"commit": "{short}"`'
        raise UsageError("usage.confirmation_needed", wanted.question, where=short, hint=hint)
    if not wanted.restores:
        return service.reverting.revert(target, asked.branch, asked.message, listener=call.listener, request=request)
    return undoing.undo(asked.branch, expect=target.id, message=asked.message, request=request)


def _redo(call: RouteCall) -> Any:
    return call.service.undoing.redo(call.body.branch, request=call.service.workspace.caller.request)


def _accept(call: RouteCall) -> Any:
    asked: AcceptAsked = call.body
    if (asked.run is None) == (not asked.rejected) or (asked.run is not None and not asked.checks):
        message = "say either `run`, `checks` and `reason`, or `rejected`"
        raise UsageError("usage.bad_argument", message, where=f"{API}/acceptances", hint='`rejected: ["."]` is all')
    if asked.run is not None:
        return call.service.checks.accept(asked.run, asked.checks, asked.reason, call.listener)
    commit, lifted = call.service.undoing.accept_rejected(*asked.rejected, branch=asked.branch)
    return AcceptedDocument(commit.id, [CauseDocument.about(cause) for cause in lifted])


ENDPOINTS = (
    Endpoint(
        "GET",
        "/commits",
        "log",
        PersonRole.READER,
        "What readers saw, newest first; of one dataset, what changed it.",
        _log,
        (list[LogDocument],),
        LogAsked,
    ),
    Endpoint(
        "GET",
        "/diff",
        "diff",
        PersonRole.READER,
        "How two commits differ: datasets, code, and with `rows` which rows.",
        _diff,
        (DiffDocument, DiffReportDocument),
        DiffAsked,
    ),
    Endpoint(
        "POST",
        "/undos",
        "undo",
        PersonRole.EDITOR,
        "Take the newest publish back, or an older one.",
        _undo,
        (RevertedDocument, RunDocument),
        body=UndoAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/redos",
        "redo",
        PersonRole.EDITOR,
        "Bring back what the newest undo took.",
        _redo,
        (RevertedDocument,),
        body=OnBranch,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/acceptances",
        "accept",
        PersonRole.EDITOR,
        "Publish a result in spite of a check, or let what undos took out pass again.",
        _accept,
        (RunDocument, AcceptedDocument),
        body=AcceptAsked,
        reports=True,
    ),
)
