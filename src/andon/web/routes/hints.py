"""Hints: what could be simpler, with the change ready."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.errors import UsageError
from andon.model.person import PersonRole
from andon.service.simplify_documents import HintDocument, HintInfo, HintsDocument
from andon.web.endpoint import Endpoint, RouteCall


class HintsListed(Document, kw_only=True):
    """Which hints.

    Attributes:
        all: also what was accepted or dismissed, or is over.
    """

    all: bool = False


class AcceptHint(Document, kw_only=True):
    """How a hint is accepted.

    Attributes:
        branch: that it is written on; without it `simplify-N`.
    """

    branch: str | None = None


class DismissHint(Document, kw_only=True):
    """How a hint is dismissed.

    Attributes:
        why: what is to be said of it.
    """

    why: str | None = None


def _list(call: RouteCall) -> Any:
    return call.service.simplifying.list(decided=call.query.all)


def _show(call: RouteCall) -> Any:
    return call.service.simplifying.show(_number(call))


def _accept(call: RouteCall) -> Any:
    return call.service.simplifying.accept(_number(call), call.body.branch, call.listener)


def _dismiss(call: RouteCall) -> Any:
    return call.service.simplifying.dismiss(_number(call), call.body.why)


def _number(call: RouteCall) -> int:
    said = call.path["number"]
    if not said.isdecimal() or len(said) > 15:
        raise UsageError("usage.bad_argument", f"`{said}` is no number", where=said, hint="`andon simplify`")
    return int(said)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/hints",
        "simplify list",
        PersonRole.READER,
        "What could be simpler, what saves most first.",
        _list,
        (HintsDocument,),
        HintsListed,
    ),
    Endpoint(
        "GET",
        "/hints/{number}",
        "simplify show",
        PersonRole.EDITOR,
        "A hint with what speaks for it, all that would be written, and what publishing that would do.",
        _show,
        (HintDocument,),
    ),
    Endpoint(
        "POST",
        "/hints/{number}/accept",
        "simplify accept",
        PersonRole.EDITOR,
        "Write it on a branch of its own, build it there, compare all rows with those of main, and plan its publish.",
        _accept,
        (HintDocument,),
        body=AcceptHint,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/hints/{number}/dismiss",
        "simplify dismiss",
        PersonRole.EDITOR,
        "Tell it no more, as long as it is about the same.",
        _dismiss,
        (HintInfo,),
        body=DismissHint,
    ),
)
