"""The outbox: what happened with incidents, and letters to people, become messages, and messages are sent until they arrive.

Whoever comes by does it. What is told is decided within the transaction that notes how far was told, so each change is told once to each
channel. A message is claimed before it is sent, and noted when it was taken; who is killed between sent it and noted nothing, so it is
sent once more when the claim ran out: with the same id, by which a receiver can tell.
"""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.process import is_gone, this_process
from andon.base.record import Record
from andon.errors import AndonError
from andon.model.incident import IncidentEvent, IncidentEventKind
from andon.model.message import IncidentChange, ToldIncident
from andon.model.person import person_key
from andon.operations.messages.carry import Handed, carry, options_of
from andon.operations.messages.facts import BranchFacts
from andon.operations.messages.parcel import Parcel
from andon.operations.messages.routing import (
    HOUR,
    News,
    again_at,
    calls_a_person,
    carries,
    change_of,
    gathered,
    heard_as,
    hears,
    new_causes,
    told_letter,
)
from andon.operations.messages.wording import document_of
from andon.state.messages import LastTold, MessageReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from andon.base.database import Transaction
    from andon.model.incident import Incident, IncidentSignal
    from andon.model.message import Channel, Message
    from andon.workspace.workspace import Workspace

#: So long a message is somebody's who claimed it: far longer than any channel may take.
_LEASE = timedelta(minutes=2)
#: Events that are read at once; how long it is known what was sent; how often messages of one channel are sent in one pass.
_EVENTS, _KEPT, _ROUNDS = 1000, timedelta(days=90), 5
#: What is good news, but for who has to hear of another cause, too.
_GOOD = (IncidentChange.CONTAINED, IncidentChange.FIXED)


class Passed(Record):
    """What one pass did."""

    sent: int = 0
    failed: int = 0


class MessageSender:
    """The messages of one lake, in the hands of a process that has channels."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.messages
        self._incidents = workspace.incidents
        self._letters = workspace.letters
        self._database = workspace.lake.database
        self._holder = f"{this_process()}#{secrets.token_hex(4)}"

    def run(self, seconds: float) -> Passed:
        """Make messages of what happened, and send those whose time it is, for `seconds` at most."""
        channels = self._workspace.notify.channels
        if not channels or self._database.is_read_only:
            return Passed()
        self.gather(list(channels.values()))
        return self.send(channels, seconds)

    # -- what is to be told

    def gather(self, channels: Sequence[Channel]) -> None:
        """Make messages of what happened with incidents, and of letters, and is not told yet."""
        self._carry_letters(channels)
        readers = self._store.readers()
        newest = self._incidents.newest_seq()
        for channel in channels:
            reader = readers.get(channel.name)
            if reader is None:
                began = MessageReader(channel.name, newest, to_text(self._workspace.clock()))
                with self._database.write() as transaction:
                    self._store.start(transaction, began)
            elif reader.seq < newest:
                self._tell(channel, reader)

    def _tell(self, channel: Channel, reader: MessageReader) -> None:
        events = self._incidents.events_after(reader.seq, _EVENTS)
        touched = {event.incident for event in events if event.kind is not IncidentEventKind.MESSAGE}
        incidents = self._incidents.of_numbers(touched)
        signals = self._incidents.signals(incidents)
        told = self._store.told(channel.name, incidents)
        now = self._workspace.clock()
        # beside what changes the state: a call for a person comes after it
        beside = dict.fromkeys(new_causes(events, told), IncidentChange.WORSE)
        beside |= {event.incident: IncidentChange.CALLED for event in events if calls_a_person(event)}
        news, changed = self._news(channel, reader.since, incidents, signals, told, beside, to_text(now))
        own = self._dues(channel, now) if news else {}
        with self._database.write() as transaction:
            if not self._store.advance(transaction, reader, events[-1].seq):
                return  # somebody else told it meanwhile
            self._store.put_told(transaction, channel.name, changed)
            self._put(transaction, channel, news, own, now)

    def _carry_letters(self, channels: Sequence[Channel]) -> None:
        """Make messages of the letters that were not carried yet."""
        readers, newest = self._letters.readers(), self._letters.newest()
        for channel in channels:
            before = readers.get(channel.name)
            if before is None:
                with self._database.write() as transaction:
                    self._letters.start(transaction, channel.name, newest)
            elif before < newest:
                self._carry_some(channel, before)

    def _carry_some(self, channel: Channel, before: int) -> None:
        letters = self._letters.after(before, _EVENTS)
        selected = (
            BranchFacts(self._workspace, self._workspace.default_branch).selected(channel) if channel.only else ()
        )
        address = str(self._workspace.settings.get("server.address")).rstrip("/")
        mails = {person_key(name): mail for name, mail in self._workspace.notify.mails.items()}
        news = [
            News(mails.get(person_key(each.person), "") if channel.is_to_owner else "", told_letter(each, address))
            for each in letters
            if carries(channel, each, selected)
        ]
        now = self._workspace.clock()
        own = self._dues(channel, now) if news else {}
        with self._database.write() as transaction:
            if self._letters.advance(transaction, channel.name, before, letters[-1].number):
                self._put(transaction, channel, news, own, now)

    def _dues(self, channel: Channel, now: datetime) -> dict[str, list[str]]:
        """When messages of a channel went or go out, by recipient."""
        dues = self._store.dues_since(to_text(now - HOUR))
        return {recipient: moments for (name, recipient), moments in dues.items() if name == channel.name}

    def _put(
        self,
        transaction: Transaction,
        channel: Channel,
        news: Sequence[News],
        dues: Mapping[str, Sequence[str]],
        now: datetime,
    ) -> None:
        """Write the messages that say `news`."""
        if not news:
            return
        ids = [secrets.token_hex(16) for _ in news]
        untried = self._store.untried(transaction, channel.name)
        for message in gathered(channel, news, untried, dues, now, ids):
            self._store.put(transaction, message)
        self._store.forget(transaction, to_text(now - _KEPT))

    def _news(
        self,
        channel: Channel,
        since: str,
        incidents: Mapping[int, Incident],
        signals: Mapping[int, Sequence[IncidentSignal]],
        told: Mapping[int, LastTold],
        beside: Mapping[int, IncidentChange],
        now: str,
    ) -> tuple[list[News], list[tuple[int, LastTold]]]:
        """What a channel is told, and what it is then known to have been told of."""
        default = self._workspace.default_branch
        facts: dict[str, BranchFacts] = {}
        events = self._incidents.events_of(incidents)
        news, changed = [], []
        for number, incident in sorted(incidents.items()):
            before = told.get(number)
            change = change_of(before, incident, since)
            if before is not None and (
                change is None or (change in _GOOD and beside.get(number) is IncidentChange.WORSE)
            ):
                change = beside.get(number)
            if change is None or not hears(channel, incident, signals[number], default, now):
                continue
            known = facts.setdefault(incident.branch, BranchFacts(self._workspace, incident.branch))
            is_chosen = not channel.only or not incident.dataset or incident.dataset in known.selected(channel)
            if not is_chosen and before is None:
                continue
            changed.append((number, LastTold(incident.state, incident.reopened)))
            change = heard_as(change, before, incident, channel)
            if change in channel.changes:
                item = known.item(
                    incident,
                    signals[number],
                    events[number],
                    change,
                    before.state if before is not None else None,
                )
                news.append(News(self._recipient(channel, known, incident), item))
        return news, changed

    def _recipient(self, channel: Channel, facts: BranchFacts, incident: Incident) -> str:
        if not channel.is_to_owner:
            return ""
        return self._workspace.notify.mails.get(incident.owner or facts.owner(incident.dataset) or "", "")

    # -- sending

    def send(self, channels: Mapping[str, Channel], seconds: float) -> Passed:
        """Send what may go out now; of each channel in its order, so that nobody hears of an end before its beginning."""
        sent = failed = 0
        end = time.monotonic() + seconds
        for _ in range(_ROUNDS):
            parcels = self._claimed(channels)
            if not parcels:
                break
            outcomes = carry([parcel for _, parcel in parcels], max(0.1, end - time.monotonic()))
            for (message, parcel), outcome in zip(parcels, outcomes, strict=True):
                if self._note(message, parcel, outcome):
                    sent += 1
                else:
                    failed += 1
            if time.monotonic() >= end:
                break
        return Passed(sent, failed)

    def _claimed(self, channels: Mapping[str, Channel]) -> list[tuple[Message, Parcel]]:
        """The first message of each channel and recipient, if its time has come and this process can send it and got it."""
        found = []
        now = self._workspace.clock()
        for message in first_of_each(self._store.waiting()):
            channel = channels.get(message.channel)
            if channel is None or from_text(message.next_at) > now:
                continue
            options = self._options(channel)
            is_free = message.holder is not None and is_gone(message.holder.partition("#")[0])
            until = to_text(now + _LEASE)
            if options is None:
                continue
            claimed = self._store.claim(message, self._holder, to_text(now), until, is_free=is_free)
            if claimed is not None:
                found.append((claimed, self._parcel(channel, options, claimed)))
        return found

    def _options(self, channel: Channel) -> dict[str, str] | None:
        """The options of a channel, or None where this process does not have its secrets: who has them sends it."""
        try:
            return options_of(channel, self._workspace.resolve)
        except AndonError:
            return None

    def _parcel(self, channel: Channel, options: dict[str, str], message: Message) -> Parcel:
        to = (message.recipient,) if message.recipient else channel.to
        root = self._workspace.root
        return Parcel(document_of(message, root.name), channel, options, to, root, self._workspace.environ)

    def _note(self, message: Message, parcel: Parcel, outcome: Handed) -> bool:
        """Note what became of a message; whether it was taken."""
        now = self._workspace.clock()
        if outcome.error is not None:
            again = again_at(message, now)
            at = to_text(again) if again is not None else None
            self._store.failed(message, self._holder, outcome.error, at, to_text(now))
            return False
        with self._database.write() as transaction:
            if self._store.sent(transaction, message, self._holder, to_text(now), outcome.note):
                self._said(transaction, message, parcel, now)
        return True

    def _said(self, transaction: Transaction, message: Message, parcel: Parcel, now: datetime) -> None:
        """What was told stands in the history of the incidents, too."""
        for item in message.items:
            if not isinstance(item, ToldIncident):
                continue
            what = f"{parcel.channel.name} was told: {item.change}"
            body = {"message": message.id, "channel": message.channel}
            event = IncidentEvent(
                0, item.incident, to_text(now), IncidentEventKind.MESSAGE, "andon", item.state, what, body
            )
            self._incidents.add_event(transaction, event)


def first_of_each(messages: Iterable[Message]) -> list[Message]:
    """The first message of each channel and recipient."""
    found: dict[tuple[str, str], Message] = {}
    for message in messages:
        found.setdefault((message.channel, message.recipient), message)
    return list(found.values())
