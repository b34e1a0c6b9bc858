"""Letters: what whoever asks is told of what is theirs."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import field
from andon.model.letter import Letter
from andon.model.person import PersonRole
from andon.service.letters import LettersSeen
from andon.web.endpoint import Endpoint, RouteCall


class LettersAsked(Document, kw_only=True):
    """Which letters are listed.

    Attributes:
        all: what they know, and what is over, too.
    """

    all: bool = False


class LettersKnown(Document, kw_only=True):
    """Letters that whoever asks knows.

    Attributes:
        numbers: the only ones; empty: all.
    """

    numbers: list[int] = field(default_factory=list)


def _list(call: RouteCall) -> Any:
    return call.service.letters.list(all=call.query.all)


def _see(call: RouteCall) -> Any:
    return call.service.letters.see(call.body.numbers)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/letters",
        "letters",
        PersonRole.READER,
        "What you are told because it is yours: requests asked of you, answers, your datasets that others change.",
        _list,
        (list[Letter],),
        LettersAsked,
    ),
    Endpoint(
        "POST",
        "/letters/seen",
        "letters --seen",
        PersonRole.READER,
        "Say that you know what you were told.",
        _see,
        (LettersSeen,),
        body=LettersKnown,
    ),
)
