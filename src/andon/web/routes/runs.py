"""Plans and runs: what would be done, and doing it, with its progress told."""

from __future__ import annotations

from typing import Any, Literal

from andon.base.document import Document
from andon.base.record import field
from andon.errors import UsageError
from andon.model.due import DueDocument
from andon.model.person import PersonRole
from andon.model.plan import PlanDocument
from andon.model.run import RunDocument, RunResult
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.run_log import RunInfo, RunPage
from andon.service.unit_tests import TestsDocument
from andon.state.runs import RunFilter, RunStatus
from andon.web.asking import OnBranch, PageOf, RunAsked
from andon.web.endpoint import Endpoint, RouteCall
from andon.web.paging import Paged
from andon.web.reading import moment


class OptimizeAsked(OnBranch, kw_only=True):
    """Of which tables small files are put together; of all without a selection.

    Attributes:
        select: terms of a selection; empty means all.
        exclude: terms of what is left out of it.
        message: of the commit.
    """

    select: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    message: str | None = None


class BackfillAsked(OnBranch, kw_only=True):
    """Which times of a table that grows by time are filled, from `start` to before `end`.

    Attributes:
        dataset: a table that grows by time.
        start: a day or a moment, `2026-01-01`.
        end: a day or a moment, itself left out.
        publish: all in one commit, or a commit for each batch.
        message: of the commit.
    """

    dataset: str
    start: str
    end: str
    publish: Literal["whole", "batch"] = "whole"
    message: str | None = None


class TestAsked(Document, kw_only=True):
    """Whose unit tests are run.

    Attributes:
        select: terms of a selection; empty means all.
        exclude: terms of what is left out of it.
        again: run also what is known.
    """

    select: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    again: bool = False


class RunsAsked(PageOf, kw_only=True):
    """Which runs are listed.

    Attributes:
        status: how they stand; `interrupted` where their process is gone, too.
        branch: of this branch.
        who: by this author.
        kind: `change`, `refresh`, `publish`, `undo`, `redo`.
        dataset: which made, or tried to make, this dataset.
    """

    status: RunStatus | None = None
    branch: str | None = None
    who: str | None = None
    kind: str | None = None
    dataset: str | None = None

    def only(self) -> RunFilter:
        """What the service is told."""
        return RunFilter(self.status, self.branch, self.who, self.kind, self.dataset)


def _options(call: RouteCall) -> RunOptions:
    asked: RunAsked = call.body
    return asked.options(call.service.workspace.caller.request)


def _plan(call: RouteCall) -> Any:
    return call.service.runs.plan(call.query.options())


def _due(call: RouteCall) -> Any:
    return call.service.promises.due(call.query.options())


def _run(call: RouteCall) -> Any:
    return call.service.runs.run(_options(call), call.listener)


def _refresh(call: RouteCall) -> Any:
    return call.service.runs.refresh(_options(call), call.listener)


def _optimize(call: RouteCall) -> Any:
    asked: OptimizeAsked = call.body
    options = RunOptions(
        select=tuple(asked.select),
        exclude=tuple(asked.exclude),
        branch=asked.branch,
        message=asked.message,
        request=call.service.workspace.caller.request,
    )
    return call.service.runs.optimize(options, call.listener)


def _backfill(call: RouteCall) -> Any:
    asked: BackfillAsked = call.body
    start, end = moment(asked.start, "start"), moment(asked.end, "end")
    assert start is not None  # both are required
    assert end is not None
    options = RunOptions(branch=asked.branch, message=asked.message, agreed=ANY_PLAN)
    found = call.service.backfills.fill(asked.dataset, start, end, options, call.listener, publish=asked.publish)
    last: RunResult | None = None
    for result in found:
        last = result
    if last is None:
        raise UsageError("usage.bad_argument", "there is nothing to fill", where=asked.dataset)
    return last


def _test(call: RouteCall) -> Any:
    asked: TestAsked = call.body
    return TestsDocument.of(call.service.unit_tests.run(asked.select, asked.exclude, again=asked.again))


def _list(call: RouteCall) -> Any:
    asked: RunsAsked = call.query
    after = asked.after
    if after is not None and not (after.isdecimal() and len(after) < 16):
        raise UsageError("usage.bad_argument", f"`{after[:20]}` is no number of a run", where="after")
    found = call.service.run_log.newest(asked.limit or 20, None if after is None else int(after), asked.only())
    is_cut = len(found) == (asked.limit or 20) and found[-1].number > 1
    return Paged(found, ("after", str(found[-1].number)) if is_cut else None)


def _show(call: RouteCall) -> Any:
    return call.service.run_log.show(call.path["run"])


ENDPOINTS = (
    Endpoint(
        "GET",
        "/plan",
        "plan",
        PersonRole.READER,
        "What a run of the server's folder would do, and why.",
        _plan,
        (PlanDocument,),
        RunAsked,
    ),
    Endpoint(
        "GET",
        "/due",
        "plan --due",
        PersonRole.READER,
        "What a refresh is due for by now.",
        _due,
        (DueDocument,),
        RunAsked,
    ),
    Endpoint(
        "GET",
        "/runs",
        "",
        PersonRole.READER,
        "Runs, the newest first.",
        _list,
        (list[RunInfo],),
        RunsAsked,
    ),
    Endpoint(
        "GET",
        "/runs/{run}",
        "show run",
        PersonRole.READER,
        "One run: what became of each step, and what was asked of it.",
        _show,
        (RunPage,),
    ),
    Endpoint(
        "POST",
        "/runs",
        "run",
        PersonRole.EDITOR,
        "Build what the server's folder says and publish it in one step.",
        _run,
        (RunDocument,),
        body=RunAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/refreshes",
        "refresh",
        PersonRole.EDITOR,
        "Build the branch's own code on today's inputs.",
        _refresh,
        (RunDocument,),
        body=RunAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/optimizations",
        "optimize",
        PersonRole.EDITOR,
        "Put small files of tables together.",
        _optimize,
        (RunDocument,),
        body=OptimizeAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/backfills",
        "backfill",
        PersonRole.EDITOR,
        "Fill times of a table that grows by time.",
        _backfill,
        (RunDocument,),
        body=BackfillAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/tests",
        "test",
        PersonRole.EDITOR,
        "Run unit tests: given rows in, expected rows out.",
        _test,
        (TestsDocument,),
        body=TestAsked,
        reports=True,
    ),
)
