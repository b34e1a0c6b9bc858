"""Suggestions: work that people do over and over, offered as what would do it."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.errors import UsageError
from andon.model.person import PersonRole
from andon.service.suggestion_documents import SuggestionDocument, SuggestionInfo, SuggestionsDocument
from andon.web.endpoint import Endpoint, RouteCall


class Listed(Document, kw_only=True):
    """Which suggestions.

    Attributes:
        all: also what was accepted or dismissed, or is done by hand no more.
    """

    all: bool = False


class Named(Document, kw_only=True):
    """How a suggestion is shown.

    Attributes:
        name: another name for what would be made.
    """

    name: str | None = None


class AcceptSuggestion(Document, kw_only=True):
    """How a suggestion is accepted.

    Attributes:
        name: for what is made, in place of the suggested one.
        branch: that it is written on; without it `suggestion-N`.
    """

    name: str | None = None
    branch: str | None = None


def _list(call: RouteCall) -> Any:
    return call.service.suggestions.list(decided=call.query.all)


def _show(call: RouteCall) -> Any:
    return call.service.suggestions.show(_number(call), call.query.name)


def _accept(call: RouteCall) -> Any:
    return call.service.suggestions.accept(_number(call), call.body.name, call.body.branch, call.listener)


def _dismiss(call: RouteCall) -> Any:
    return call.service.suggestions.dismiss(_number(call))


def _number(call: RouteCall) -> int:
    said = call.path["number"]
    if not said.isdecimal() or len(said) > 15:
        raise UsageError("usage.bad_argument", f"`{said}` is no number", where=said, hint="`andon suggestions`")
    return int(said)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/suggestions",
        "suggestions list",
        PersonRole.READER,
        "Work that people did by hand three times or more, offered as what would do it.",
        _list,
        (SuggestionsDocument,),
        Listed,
    ),
    Endpoint(
        "GET",
        "/suggestions/{number}",
        "suggestions show",
        PersonRole.EDITOR,
        "A suggestion with what speaks for it and all that would be written; a dataset is built aside.",
        _show,
        (SuggestionDocument,),
        Named,
    ),
    Endpoint(
        "POST",
        "/suggestions/{number}/accept",
        "suggestions accept",
        PersonRole.EDITOR,
        "Write it on a branch of its own, build it there, and plan its publish.",
        _accept,
        (SuggestionDocument,),
        body=AcceptSuggestion,
        reports=True,
    ),
    Endpoint(
        "POST",
        "/suggestions/{number}/dismiss",
        "suggestions dismiss",
        PersonRole.EDITOR,
        "Never suggest it again, nor what is much the same.",
        _dismiss,
        (SuggestionInfo,),
    ),
)
