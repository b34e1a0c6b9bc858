"""Scheduled work: what is due and why, a pass, pauses."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.person import PersonRole
from andon.model.schedule_view import ScheduleDocument, WhyDocument
from andon.model.tick import PauseDocument, TickDocument
from andon.web.asking import OnBranch
from andon.web.endpoint import Endpoint, RouteCall
from andon.web.reading import moment


class TickAsked(Document, kw_only=True):
    """A pass of the scheduler.

    Attributes:
        trigger: what makes it look, for the record.
        branch: without it the default one.
        now: the clock that it sees, `2026-11-01T06:00:00Z`.
    """

    trigger: str = "http"
    branch: str | None = None
    now: str | None = None


class PauseAsked(OnBranch, kw_only=True):
    """What the schedule leaves as it is published.

    Attributes:
        datasets: which; none: all of the branch.
        until: when it ends by itself, `2026-12-01T06:00:00Z`; without it when somebody says so.
        why: for those who wonder.
    """

    datasets: list[str] = field(default_factory=list)
    until: str | None = None
    why: str | None = None


class ResumeAsked(OnBranch, kw_only=True):
    """What the schedule goes on with.

    Attributes:
        datasets: which; none: all that is paused.
    """

    datasets: list[str] = field(default_factory=list)


class ScheduleAsked(OnBranch, kw_only=True):
    """Of what it is told what is due.

    Attributes:
        select: terms of a selection, `marts.orders`, `tag:daily`; empty means all.
        exclude: terms of what is left out of it.
        at: the time that counts, `2026-12-01T06:00:00Z`; without it now.
    """

    select: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    at: str | None = None


class WhyAsked(OnBranch, kw_only=True):
    """Of when it is told why.

    Attributes:
        at: a moment, by what was recorded, `2026-12-01T14:00:00Z`; without it now.
    """

    at: str | None = None


def _due(call: RouteCall) -> Any:
    asked: ScheduleAsked = call.query
    return call.service.schedules.due(asked.select, asked.exclude, at=moment(asked.at, "at"), branch=asked.branch)


def _why(call: RouteCall) -> Any:
    return call.service.schedules.why(call.path["dataset"], moment(call.query.at, "at"), call.query.branch)


def _tick(call: RouteCall) -> Any:
    asked: TickAsked = call.body
    return call.service.scheduling.tick(
        asked.trigger, branch=asked.branch, now=moment(asked.now, "now"), listener=call.listener
    )


def _pauses(call: RouteCall) -> Any:
    return call.service.scheduling.pauses(call.query.branch)


def _pause(call: RouteCall) -> Any:
    asked: PauseAsked = call.body
    return call.service.scheduling.pause(asked.datasets, moment(asked.until, "until"), asked.why, asked.branch)


def _resume(call: RouteCall) -> Any:
    asked: ResumeAsked = call.body
    return call.service.scheduling.resume(asked.datasets, asked.branch)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/schedule",
        "due",
        PersonRole.READER,
        "What is due by schedule, what keeps it back, and what comes when.",
        _due,
        (ScheduleDocument,),
        ScheduleAsked,
    ),
    Endpoint(
        "GET",
        "/datasets/{dataset}/why",
        "why",
        PersonRole.READER,
        "Why a dataset is, or was at a moment, brought up to date, or not.",
        _why,
        (WhyDocument,),
        WhyAsked,
    ),
    Endpoint(
        "POST",
        "/ticks",
        "tick",
        PersonRole.EDITOR,
        "Look once what is due and bring it up to date.",
        _tick,
        (TickDocument,),
        body=TickAsked,
        reports=True,
    ),
    Endpoint(
        "GET",
        "/pauses",
        "",
        PersonRole.READER,
        "What the schedule leaves as it is published.",
        _pauses,
        (list[PauseDocument],),
        OnBranch,
    ),
    Endpoint(
        "POST",
        "/pauses",
        "pause",
        PersonRole.EDITOR,
        "Let datasets, or all, be as they are published.",
        _pause,
        (list[PauseDocument],),
        body=PauseAsked,
    ),
    Endpoint(
        "POST",
        "/resumptions",
        "resume",
        PersonRole.EDITOR,
        "Let the schedule go on with datasets.",
        _resume,
        (list[PauseDocument],),
        body=ResumeAsked,
    ),
)
