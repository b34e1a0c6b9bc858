"""Messages: what people are told of incidents, and in letters of what is theirs; by which channel, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from andon.base.document import Document
from andon.base.record import Record, field
from andon.model.incident import IncidentState
from andon.model.lamp import Lamp
from andon.model.letter import LetterKind
from andon.model.signal import SignalKind


class IncidentChange(StrEnum):
    """What is new about an incident, for who was told of it before, or not.

    `opened`: it is there. `contained`: readers see what was good before. `worse`: readers may see what was kept from them, or another
    cause is known. `fixed`: something was done about it. `called`: what was done needs a person's look. `reopened`: it was over, and
    came back. `closed`: it is over.
    """

    OPENED = "opened"
    CONTAINED = "contained"
    WORSE = "worse"
    FIXED = "fixed"
    CALLED = "called"
    REOPENED = "reopened"
    CLOSED = "closed"


class Channel(Record):
    """One table `[notify.NAME]` of `andon.toml`: a way to people, and what they want to hear by it.

    Attributes:
        kind: which kind of way, one of `settings.notify.KINDS`.
        options: its other entries as texts, references (`${env:NAME}`) as written.
        to: addresses of e-mails; `command` the program to start with its arguments.
        is_to_owner: whether the owner of a dataset, or whom a letter is for, is told in place of `to`, where `[people]` knows their
            address.
        severity: the least bad that is told.
        only: a selection of datasets; empty: all.
        branches: empty: only the default one.
        changes, kinds: what is told, of which signals.
        letters: which letters it carries.
        per_hour: so many messages at most; what comes after them goes into one.
        window: what comes within as many seconds after a message goes into one.
    """

    name: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    to: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    is_to_owner: bool = False
    severity: Lamp = Lamp.WARN
    only: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    changes: frozenset[IncidentChange] = frozenset(IncidentChange)
    kinds: frozenset[SignalKind] = frozenset(SignalKind)
    letters: frozenset[LetterKind] = frozenset(LetterKind)
    per_hour: int = 12
    window: float = 60.0

    def option(self, name: str) -> str | None:
        """An option as written, or None."""
        return dict(self.options).get(name)


class NotifyBook(Record):
    """What `andon.toml` says of telling people: channels by name, and the addresses of people by theirs."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    mails: Mapping[str, str] = field(default_factory=dict)


class ToldIncident(Document):
    """What a message says of one incident.

    Attributes:
        change: what is new for who gets it; `before` is the state that they were told of last.
        dataset: where the cause is; empty where it is of no single one.
        what: one sentence.
        opened, closed: moments (ISO text, UTC).
        owner: who takes care of it, or of the dataset.
        reaches: datasets below; `insights` what is decided by them.
        did: what was done: what readers see, and the last action.
        next: the command that shows more.
        link: the page that does, where the server's address is known.
    """

    incident: int
    change: IncidentChange
    before: IncidentState | None
    state: IncidentState
    lamp: Lamp
    branch: str
    dataset: str
    kind: SignalKind
    what: str
    opened: str
    closed: str | None
    owner: str | None
    reaches: list[str]
    insights: list[str]
    did: str
    next: str
    link: str | None


class ToldLetter(Document):
    """What a message says of a letter.

    Attributes:
        letter: its number.
        person: whom it is for; `who` did what it tells, `at` when (ISO text, UTC).
        what: one sentence.
        datasets: those that it is about.
        next: the command that goes on.
        link: the page that does, where the server's address is known.
    """

    letter: int
    kind: LetterKind
    person: str
    who: str
    at: str
    what: str
    datasets: list[str]
    next: str
    link: str | None


class MessageState(StrEnum):
    """What became of a message. `waiting`: it is to be sent, or sent again. `sent`: whoever was given it took it. `given-up`: nobody took
    it for days."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"


class Message(Record):
    """A message of the outbox.

    Attributes:
        id: the same each time that it is sent: who gets it twice can tell.
        number: messages of a channel go out in this order.
        recipient: an address in place of the channel's own; empty: those.
        made: when (ISO text); `due` when it is to go out first; `ended` when it was sent or given up.
        attempts: how often it was tried; `next_at` when it may be again.
        holder: the process that sends it now, until `until`.
        error: what the last attempt met.
    """

    id: str
    number: int
    channel: str
    recipient: str
    made: str
    due: str
    state: MessageState
    items: tuple[ToldIncident | ToldLetter, ...]
    attempts: int
    next_at: str
    holder: str | None = None
    until: str | None = None
    ended: str | None = None
    error: str | None = None


class MessageDocument(Document):
    """What a webhook gets, and a command on its standard input.

    Attributes:
        id: the same when a message is sent again, since nobody knows whether it arrived.
        project: the name of the project's folder.
        at: when it was made (ISO text, UTC).
        subject: one line; `text` the whole, as mail has it.
        incidents: the worst first; more than `text` lists where there are many.
        letters: what single people are told of what is theirs.
        is_test: whether it was sent to try the channel.
    """

    id: str
    project: str
    channel: str
    at: str
    subject: str
    text: str
    incidents: list[ToldIncident]
    letters: list[ToldLetter]
    is_test: bool = False


class ChannelDocument(Document):
    """A channel and how it stands.

    Attributes:
        to: whom it reaches, without secrets.
        hears: what it is told, in words.
        sent: messages that arrived; `last` when the newest did (ISO text).
        waiting: messages that are to be sent, the oldest made at `since`.
        given_up: messages that nobody took.
        error: what the newest attempt met, if it failed; or why nothing can be sent from here.
        next: when the next attempt is.
    """

    name: str
    kind: str
    to: str
    hears: str
    sent: int
    last: str | None
    waiting: int
    since: str | None
    given_up: int
    error: str | None
    next: str | None


class SentDocument(Document):
    """What became of a message that was sent to try a channel: `error` is None where it was taken."""

    channel: str
    id: str
    seconds: float
    error: str | None
