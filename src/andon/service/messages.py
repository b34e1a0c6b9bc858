"""Messages: how people are told of incidents and of what is theirs, whether it arrives, and a try of each way."""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.names import did_you_mean
from andon.errors import AndonError, UsageError
from andon.model.event import Notice
from andon.model.lamp import Lamp
from andon.model.message import ChannelDocument, MessageState, SentDocument
from andon.settings.table import mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.model.message import Channel, Message
    from andon.runs.goal import Listener
    from andon.state.messages import ChannelCount
    from andon.workspace.workspace import Workspace

#: Seconds that the end of a run waits for channels, and that a pass of whoever has time does.
AT_THE_END, WITH_TIME = 10.0, 30.0
#: Seconds after which what waits is worth a word.
_LONG = 3600


class MessageDesk:
    """Sends, tries and lists the messages of one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run_ended(self, listener: Listener) -> None:
        """Tell what a run brought about. What can't be sent fails no run: whoever comes by next sends it."""
        if not self._workspace.notify.channels:
            return
        try:
            self.send_due(AT_THE_END)
        except AndonError as failure:
            listener.report(Notice(f"messages were not sent: {failure.message}"))

    def tell(self) -> None:
        """Tell what was just written down. What can't be sent fails nothing: it is kept, whoever comes by next sends it, and `andon doctor`
        says what does not arrive."""
        with contextlib.suppress(AndonError):
            self.send_due(AT_THE_END)

    def send_due(self, seconds: float = WITH_TIME) -> int:
        """Make messages of what happened with incidents and of letters, and send those whose time has come; returns how many arrived.

        Args:
            seconds: to wait for channels, at most.
        """
        if not self._workspace.notify.channels:
            return 0
        from andon.operations.messages.outbox import MessageSender

        return MessageSender(self._workspace).run(seconds).sent

    def test(self, name: str | None = None) -> Sequence[SentDocument]:
        """Send a message by a channel, or by all, and say whether it was taken. Where it was, what waits there is sent, too.

        Raises:
            UsageError: `usage.bad_argument`: there is no such channel, or none at all.
        """
        found = [self._tried(channel) for channel in self._chosen(name)]
        now = to_text(self._workspace.clock())
        if not self._workspace.lake.database.is_read_only:
            for each in found:
                if each.error is None:
                    self._workspace.messages.hurry(each.channel, now)
            self.send_due()
        return found

    def list(self) -> Sequence[ChannelDocument]:
        """All channels and how they stand; those, too, that only older messages name."""
        counts: dict[str, list[ChannelCount]] = {}
        for count in self._workspace.messages.counts():
            counts.setdefault(count.channel, []).append(count)
        waiting: dict[str, Message] = {}
        for message in self._workspace.messages.waiting():
            if message.attempts:
                waiting.setdefault(message.channel, message)
        channels = self._workspace.notify.channels
        names = [*channels, *sorted(counts.keys() - channels.keys())]
        return [self._document(name, channels.get(name), counts.get(name, []), waiting.get(name)) for name in names]

    def trouble(self) -> str | None:
        """What a person should know of messages that do not arrive; None where all do."""
        now = self._workspace.clock()
        for each in self.list():
            if each.since is not None and (now - from_text(each.since)).total_seconds() > _LONG:
                why = f": {each.error}" if each.error else ""
                return f"messages to `{each.name}` wait since {each.since[:16].replace('T', ' ')}{why}"
            if each.given_up and each.error:
                return f"messages to `{each.name}` were given up: {each.error}"
        return None

    def _chosen(self, name: str | None) -> Sequence[Channel]:
        channels = self._workspace.notify.channels
        if not channels:
            message = "there is no channel: nobody is told of incidents"
            hint = "write `[notify.team]` into andon.toml, with its `kind`; docs/how-to/messages.md shows each"
            raise UsageError("usage.bad_argument", message, where="andon.toml", hint=hint)
        if name is not None and name not in channels:
            hint = did_you_mean(name, channels) or f"there are {', '.join(channels)}"
            raise UsageError("usage.bad_argument", f"there is no channel `{name}`", where=name, hint=hint)
        return [*channels.values()] if name is None else [channels[name]]

    def _tried(self, channel: Channel) -> SentDocument:
        from andon.operations.messages.carry import Handed, carry, options_of
        from andon.operations.messages.parcel import Parcel
        from andon.operations.messages.wording import test_document

        id, root = secrets.token_hex(16), self._workspace.root
        began = time.perf_counter()
        document = test_document(id, channel, root.name, to_text(self._workspace.clock()))
        try:
            options = options_of(channel, self._workspace.resolve)
        except AndonError as error:
            outcome = Handed(error.message)
        else:
            parcel = Parcel(document, channel, options, channel.to, root, self._workspace.environ)
            (outcome,) = carry([parcel], WITH_TIME)
        return SentDocument(channel.name, id, round(time.perf_counter() - began, 3), outcome.error or outcome.note)

    def _document(
        self, name: str, channel: Channel | None, counts: Sequence[ChannelCount], failed: Message | None
    ) -> ChannelDocument:
        by = {count.state: count for count in counts}
        sent, waits, lost = (
            by.get(state) for state in (MessageState.SENT, MessageState.WAITING, MessageState.GIVEN_UP)
        )
        met = failed.error if failed is not None else None
        lost_by = self._workspace.messages.last_error(name) if lost is not None else None
        gone = "andon.toml has this channel no more" if channel is None else self._not_from_here(channel)
        return ChannelDocument(
            name,
            channel.kind if channel is not None else "",
            _reaches(channel) if channel is not None else "",
            _hears(channel) if channel is not None else "",
            sent.count if sent is not None else 0,
            sent.newest if sent is not None else None,
            waits.count if waits is not None else 0,
            waits.oldest if waits is not None else None,
            lost.count if lost is not None else 0,
            gone or met or lost_by,
            failed.next_at if failed is not None else None,
        )

    def _not_from_here(self, channel: Channel) -> str | None:
        from andon.operations.messages.carry import options_of

        try:
            options_of(channel, self._workspace.resolve)
        except AndonError as error:
            return error.message
        return None


def _reaches(channel: Channel) -> str:
    """Whom a channel reaches; references stay as written."""
    match channel.kind:
        case "email":
            return ", ".join(("the dataset's owner", *channel.to) if channel.is_to_owner else channel.to)
        case "command":
            return " ".join(channel.command)
    url = mask(channel.option("url") or "")
    return url.partition("?")[0]


def _hears(channel: Channel) -> str:
    """What a channel is told, in words."""
    parts = [f"{channel.severity} or worse" if channel.severity is not Lamp.FAIL else "fail"]
    if channel.only:
        parts.append(f"of {' '.join(channel.only)}")
    if channel.branches:
        parts.append(f"on {', '.join(channel.branches)}")
    return " ".join(parts)
