"""Messages that are to be sent or were, how far what happened with incidents was read for them, and what each channel was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from andon.base.database import Database, Transaction, in_batches
from andon.base.document import from_json, to_json
from andon.base.record import Record
from andon.model.incident import IncidentState
from andon.model.message import Message, MessageState, ToldIncident, ToldLetter

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    # up to which event of incidents a channel was told; what was over before `since` is none of its business
    "create table message_reader (channel text primary key, seq bigint not null, since text not null)",
    "create table message_told (channel text not null, incident bigint not null, state text not null,"
    " reopened bigint not null, primary key (channel, incident))",
    "create table message (id text primary key, number bigint not null, channel text not null, recipient text not null,"
    " made text not null, due text not null, state text not null, items text not null, attempts bigint not null,"
    " next_at text not null, holder text, until text, ended text, error text)",
    "create index message_state on message (state, channel, number)",
)

_MESSAGE = "id, number, channel, recipient, made, due, state, items, attempts, next_at, holder, until, ended, error"


class MessageReader(Record):
    """How far a channel was told, and since when there is one."""

    channel: str
    seq: int
    since: str


class LastTold(Record):
    """What a channel was told of an incident last."""

    state: IncidentState
    reopened: int


class ChannelCount(Record):
    """How messages of a channel stand: those of a state, when the oldest was made, and when the newest ended."""

    channel: str
    state: MessageState
    count: int
    oldest: str
    newest: str | None


class Messages:
    """Writes and reads messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading

    def readers(self) -> dict[str, MessageReader]:
        """How far each channel was told, by its name."""
        rows = self._database.query("select channel, seq, since from message_reader")
        return {row[0]: MessageReader(*row) for row in rows}

    def told(self, channel: str, incidents: Iterable[int]) -> dict[int, LastTold]:
        """What a channel was told of incidents, by their number."""
        found: dict[int, LastTold] = {}
        for marks, batch in in_batches(str(number) for number in incidents):
            sql = f"select incident, state, reopened from message_told where channel = ? and incident in ({marks})"
            for number, state, reopened in self._database.query(sql, [channel, *map(int, batch)]):
                found[number] = LastTold(IncidentState(state), reopened)
        return found

    def waiting(self) -> list[Message]:
        """What is to be sent, in order."""
        sql = f"select {_MESSAGE} from message where state = 'waiting' order by number"
        return [_message(row) for row in self._database.query(sql)]

    def dues_since(self, moment: str) -> dict[tuple[str, str], list[str]]:
        """When messages were, or are, to go out first, by channel and recipient: those at `moment` (ISO text) or later, in order."""
        found: dict[tuple[str, str], list[str]] = {}
        sql = "select channel, recipient, due from message where due >= ? order by due"
        for channel, recipient, due in self._database.query(sql, [moment]):
            found.setdefault((channel, recipient), []).append(due)
        return found

    def counts(self) -> list[ChannelCount]:
        """How messages stand, by channel and state."""
        sql = "select channel, state, count(*), min(made), max(ended) from message group by channel, state order by channel"
        return [ChannelCount(row[0], MessageState(row[1]), *row[2:]) for row in self._database.query(sql)]

    def last_error(self, channel: str) -> str | None:
        """What the newest message of a channel that was given up met."""
        sql = "select error from message where channel = ? and state = 'given-up' order by number desc limit 1"
        rows = self._database.query(sql, [channel])
        return rows[0][0] if rows else None

    # -- routing, within a transaction of whoever decided

    def start(self, transaction: Transaction, reader: MessageReader) -> None:
        """Note a channel that there was not; one that somebody noted meanwhile stays."""
        if not transaction.query("select seq from message_reader where channel = ?", [reader.channel]):
            values = [reader.channel, reader.seq, reader.since]
            transaction.execute("insert into message_reader (channel, seq, since) values (?, ?, ?)", values)

    def advance(self, transaction: Transaction, reader: MessageReader, seq: int) -> bool:
        """Note how far a channel was told; False where somebody else did since `reader` was read."""
        sql = "update message_reader set seq = ? where channel = ? and seq = ?"
        return transaction.execute(sql, [seq, reader.channel, reader.seq]) == 1

    def put_told(self, transaction: Transaction, channel: str, told: Sequence[tuple[int, LastTold]]) -> None:
        """Note what a channel was told of incidents."""
        transaction.execute_many(
            "delete from message_told where channel = ? and incident = ?", [(channel, number) for number, _ in told]
        )
        transaction.execute_many(
            "insert into message_told (channel, incident, state, reopened) values (?, ?, ?, ?)",
            [(channel, number, str(each.state), each.reopened) for number, each in told],
        )

    def put(self, transaction: Transaction, message: Message) -> None:
        """Write a message that is to be sent, in place of what was written of its id; a new one gets its number here."""
        number = message.number
        if not number:
            number = int(transaction.query("select coalesce(max(number), 0) + 1 from message")[0][0])
        transaction.execute("delete from message where id = ?", [message.id])
        transaction.execute(
            f"insert into message ({_MESSAGE}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                message.id,
                number,
                message.channel,
                message.recipient,
                message.made,
                message.due,
                str(message.state),
                json.dumps(to_json(list(message.items))),
                message.attempts,
                message.next_at,
                message.holder,
                message.until,
                message.ended,
                message.error,
            ],
        )

    def untried(self, transaction: Transaction, channel: str) -> dict[str, Message]:
        """What waits for a channel and was never tried, by recipient: more may be said by it."""
        sql = f"select {_MESSAGE} from message where state = 'waiting' and channel = ? and attempts = 0"
        return {row[3]: _message(row) for row in transaction.query(sql, [channel])}

    def forget(self, transaction: Transaction, before: str) -> None:
        """Remove what ended before `before` (ISO text)."""
        transaction.execute("delete from message where state <> 'waiting' and made < ?", [before])

    # -- sending

    def claim(self, message: Message, holder: str, now: str, until: str, *, is_free: bool) -> Message | None:
        """The message as it is now, if it is the holder's to send until `until`: nobody else has it, and nobody tried it since it was read.

        Args:
            is_free: whether who held it when it was read is known to be gone.
        """
        sql = (
            "update message set holder = ?, until = ?, attempts = attempts + 1 where id = ? and state = 'waiting'"
            " and attempts = ? and next_at <= ? and (until is null or until <= ? or holder = ?)"
        )
        gone = message.holder if is_free and message.holder else ""
        values = [holder, until, message.id, message.attempts, now, now, gone]
        with self._database.write() as transaction:
            if transaction.execute(sql, values) != 1:
                return None
            # more may have been said by it since it was read
            return _message(transaction.query(f"select {_MESSAGE} from message where id = ?", [message.id])[0])

    def sent(self, transaction: Transaction, message: Message, holder: str, now: str, error: str | None) -> bool:
        """Note that a message was taken; False where another one holds it."""
        sql = (
            "update message set state = 'sent', ended = ?, error = ?, holder = null, until = null"
            " where id = ? and holder = ? and state = 'waiting'"
        )
        return transaction.execute(sql, [now, error, message.id, holder]) == 1

    def failed(self, message: Message, holder: str, error: str, next_at: str | None, now: str) -> None:
        """Note that a message was not taken: it is tried again at `next_at`, or given up where that is None."""
        state = MessageState.WAITING if next_at is not None else MessageState.GIVEN_UP
        sql = (
            "update message set state = ?, error = ?, next_at = ?, ended = ?, holder = null, until = null"
            " where id = ? and holder = ? and state = 'waiting'"
        )
        values = [str(state), error, next_at or now, None if next_at else now, message.id, holder]
        with self._database.write() as transaction:
            transaction.execute(sql, values)

    def hurry(self, channel: str, now: str) -> None:
        """Let what waits for a channel be tried now."""
        sql = "update message set next_at = ? where channel = ? and state = 'waiting' and attempts > 0 and next_at > ?"
        with self._database.write() as transaction:
            transaction.execute(sql, [now, channel, now])


def _message(row: tuple[Any, ...]) -> Message:
    values = list(row)
    values[6] = MessageState(row[6])
    values[7] = tuple(_item(each) for each in json.loads(row[7]))
    return Message(*values)


def _item(document: Any) -> ToldIncident | ToldLetter:
    is_letter = isinstance(document, dict) and "letter" in document
    if is_letter:
        return from_json(ToldLetter, document, stored=True)
    return from_json(ToldIncident, document, stored=True)
