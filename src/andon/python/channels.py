"""`lake.channels`: by which ways people are told of incidents; of a lake that is here, and of one that a server has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from andon.base.document import from_json
from andon.model.message import ChannelDocument, SentDocument

if TYPE_CHECKING:
    from andon.python.server_link import ServerLink
    from andon.service.service import Service


class Channels:
    """The channels of a lake."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list(self) -> Sequence[ChannelDocument]:
        """All channels: whom they reach, what they are told, whether messages arrive."""
        return self._service.messages.list()

    def test(self, name: str | None = None) -> Sequence[SentDocument]:
        """Send a message by one channel, or by all, and say whether it was taken.

        Raises:
            UsageError: `usage.bad_argument`: there is no such channel, or none at all.
        """
        return self._service.messages.test(name)

    def __iter__(self) -> Iterator[ChannelDocument]:
        return iter(self.list())


class RemoteChannels:
    """The channels of a lake that a server has."""

    def __init__(self, link: ServerLink) -> None:
        self._link = link

    def list(self) -> Sequence[ChannelDocument]:
        """All channels: whom they reach, what they are told, whether messages arrive."""
        return from_json(list[ChannelDocument], self._link.get("/channels"))

    def test(self, name: str | None = None) -> Sequence[SentDocument]:
        """Send a message by one channel, or by all, and say whether it was taken. Raises as `Channels.test`."""
        return from_json(list[SentDocument], self._link.post("/channels/tests", {"name": name}))

    def __iter__(self) -> Iterator[ChannelDocument]:
        return iter(self.list())
