"""Channels: by which ways people are told of incidents."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.model.message import ChannelDocument, SentDocument
from andon.model.person import PersonRole
from andon.web.endpoint import Endpoint, RouteCall


class ChannelTried(Document, kw_only=True):
    """A channel that is to be tried.

    Attributes:
        name: one of those below `[notify]` in andon.toml; all without.
    """

    name: str | None = None


def _list(call: RouteCall) -> Any:
    return call.service.messages.list()


def _test(call: RouteCall) -> Any:
    asked: ChannelTried = call.body
    return call.service.messages.test(asked.name)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/channels",
        "notify list",
        PersonRole.READER,
        "All channels: whom they reach, what they are told, whether messages arrive.",
        _list,
        (list[ChannelDocument],),
    ),
    Endpoint(
        "POST",
        "/channels/tests",
        "notify test",
        PersonRole.EDITOR,
        "Send a message by one channel, or by all, and say whether it was taken.",
        _test,
        (list[SentDocument],),
        body=ChannelTried,
    ),
)
