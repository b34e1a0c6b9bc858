"""Calls of a server that were given an id by who asked: what they were answered, so that asking again does nothing again."""

from __future__ import annotations

from andon.base.database import Database
from andon.base.record import Record


class AnsweredCall(Record):
    """A call that was begun, and what it was answered.

    Attributes:
        id: of the request, made by who asked.
        digest: of what was asked.
        status, body: of the answer (JSON); None while it is on its way, or where its process died.
    """

    id: str
    who: str
    digest: str
    at: str
    status: int | None = None
    body: str | None = None


class AnsweredCalls:
    """Writes and reads what calls were answered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, call: AnsweredCall) -> AnsweredCall:
        """Note that a call is begun. What is noted of its id by then: `call` itself, or who came first."""
        with self._database.write() as transaction:
            rows = transaction.query("select who, digest, at, status, body from answered_call where id = ?", [call.id])
            if rows:
                return AnsweredCall(call.id, *rows[0])
            transaction.execute(
                "insert into answered_call (id, who, digest, at, status, body) values (?, ?, ?, ?, null, null)",
                [call.id, call.who, call.digest, call.at],
            )
        return call

    def end(self, id: str, status: int, body: str) -> None:
        """Note the answer."""
        with self._database.write() as transaction:
            transaction.execute("update answered_call set status = ?, body = ? where id = ?", [status, body, id])

    def forget(self, id: str) -> None:
        """Forget a call that did nothing, so that it can be asked again."""
        with self._database.write() as transaction:
            transaction.execute("delete from answered_call where id = ?", [id])

    def forget_before(self, at: str) -> None:
        """Forget calls that were begun before a moment."""
        with self._database.write() as transaction:
            transaction.execute("delete from answered_call where at < ?", [at])
