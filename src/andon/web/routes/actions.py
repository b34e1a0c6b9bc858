"""Corrective actions: what was done, what answers incidents, and the switch that stops all that is automatic."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.action import ActionDocument
from andon.model.person import PersonRole
from andon.service.actions import FreezeDocument, PlaybooksDocument
from andon.web.asking import Limit, OnBranch
from andon.web.endpoint import Endpoint, RouteCall


class ActionsAsked(Document, kw_only=True):
    """Which actions are listed.

    Attributes:
        incident: only those about it.
        limit: so many of the newest.
    """

    incident: int | None = None
    limit: Limit = 100


class PlaybooksAsked(OnBranch, kw_only=True):
    """Which playbooks are listed.

    Attributes:
        incident: only those that answer it, and whether they act.
    """

    incident: int | None = None


class ActionAsked(Document, kw_only=True):
    """What is done about an incident.

    Attributes:
        incident: its number.
        action: a kind of action, or the name of a playbook.
        params: what the action is told.
    """

    incident: int
    action: str
    params: dict[str, str] = field(default_factory=dict)


class FreezeAsked(Document, kw_only=True):
    """All automatic action is stopped, or goes on.

    Attributes:
        off: let it go on.
        why: for those who wonder.
    """

    off: bool = False
    why: str = ""


def _actions(call: RouteCall) -> Any:
    return call.service.actions.newest(call.query.limit, call.query.incident)


def _act(call: RouteCall) -> Any:
    asked: ActionAsked = call.body
    return ActionDocument.about(call.service.actions.fix(asked.incident, asked.action, asked.params))


def _playbooks(call: RouteCall) -> Any:
    return call.service.actions.playbooks(call.query.branch, call.query.incident)


def _frozen(call: RouteCall) -> Any:
    return call.service.actions.frozen()


def _freeze(call: RouteCall) -> Any:
    asked: FreezeAsked = call.body
    return call.service.actions.thaw() if asked.off else call.service.actions.freeze(asked.why)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/actions",
        "actions",
        PersonRole.READER,
        "What was done about what is wrong, newest first.",
        _actions,
        (list[ActionDocument],),
        ActionsAsked,
    ),
    Endpoint(
        "POST",
        "/actions",
        "incident fix",
        PersonRole.EDITOR,
        "Do something about an incident, and verify it.",
        _act,
        (ActionDocument,),
        body=ActionAsked,
    ),
    Endpoint(
        "GET",
        "/playbooks",
        "playbooks",
        PersonRole.READER,
        "What answers incidents, how far it is trusted, and how it came out.",
        _playbooks,
        (PlaybooksDocument,),
        PlaybooksAsked,
    ),
    Endpoint(
        "GET",
        "/freeze",
        "",
        PersonRole.READER,
        "Whether all automatic action is stopped.",
        _frozen,
        (FreezeDocument,),
    ),
    Endpoint(
        "POST",
        "/freezes",
        "freeze",
        PersonRole.EDITOR,
        "Stop all automatic action at once, or let it go on.",
        _freeze,
        (FreezeDocument,),
        body=FreezeAsked,
    ),
)
