"""Analyses: scripts and notebooks of the server's folder, run against one commit, and what their runs made."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from andon.base.document import Document
from andon.base.record import field
from andon.model.analysis import Scalar
from andon.model.person import PersonRole
from andon.service.analysis_documents import (
    AnalysisInfo,
    AnalysisLine,
    AnalysisOptions,
    AnalysisReproduction,
    AnalysisShown,
)
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall
from andon.web.reading import moment

#: How long a run may take.
Seconds = Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]


class AnalysisAsked(AtCommit, kw_only=True):
    """Which analysis is run, and how.

    Attributes:
        name: of its file, `analyses/NAME.py` or `.ipynb`.
        parameters: what is chosen, by name; texts are read as the type of the default.
        now: the clock that it sees; without it the server's.
        timeout: seconds that it may take; without it `python.timeout`.
    """

    name: str
    parameters: dict[str, Scalar] = field(default_factory=dict)
    now: str | None = None
    timeout: Seconds | None = None


class RunsOf(Document, kw_only=True):
    """Of which analysis.

    Attributes:
        name: without it the newest run of each.
    """

    name: str | None = None


class AnalysisAgainAsked(AtCommit, kw_only=True):
    """Which run of an analysis is made again.

    Attributes:
        run: `NAME@N`, or the newest of `NAME`.
        at: another commit to read; without it the one that the run read.
    """

    run: str
    at: str | None = None


def _list(call: RouteCall) -> Any:
    return call.service.analyses.list(call.query.at)


def _log(call: RouteCall) -> Any:
    return call.service.analyses.log(call.query.name)


def _show(call: RouteCall) -> Any:
    return call.service.analyses.show(call.path["run"])


def _run(call: RouteCall) -> Any:
    asked: AnalysisAsked = call.body
    options = AnalysisOptions(asked.parameters, moment(asked.now, "now"), asked.timeout)
    return call.service.analyses.run(asked.name, asked.at, options, call.listener)


def _reproduce(call: RouteCall) -> Any:
    return call.service.analysis_reproducing.reproduce(call.body.run, call.body.at, call.listener)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/analyses",
        "analysis list",
        PersonRole.READER,
        "All analyses, with the newest run of each.",
        _list,
        (list[AnalysisInfo],),
        AtCommit,
    ),
    Endpoint(
        "GET",
        "/analyses/runs",
        "analysis log",
        PersonRole.READER,
        "Runs of an analysis, the newest first.",
        _log,
        (list[AnalysisLine],),
        RunsOf,
    ),
    Endpoint(
        "GET",
        "/analyses/runs/{run}",
        "analysis show",
        PersonRole.READER,
        "A run of an analysis, `NAME@N` or the newest of `NAME`: what it was made of, and what it made.",
        _show,
        (AnalysisShown,),
    ),
    Endpoint(
        "POST",
        "/analyses/runs",
        "analysis run",
        PersonRole.EDITOR,
        "Run an analysis of the server's folder against one commit, and keep what it made.",
        _run,
        (AnalysisShown,),
        body=AnalysisAsked,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/analyses/reproductions",
        "analysis reproduce",
        PersonRole.EDITOR,
        "Run an analysis again as it was kept, and say of each thing that it made whether the same comes out.",
        _reproduce,
        (AnalysisReproduction,),
        body=AnalysisAgainAsked,
        reports=True,
    ),
)
