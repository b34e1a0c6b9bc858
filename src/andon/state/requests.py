"""Requests, as rows. None is ever removed: what people waited for, and how long, is what self-service is measured by."""

from __future__ import annotations

from typing import Any

from andon.base.database import Database, Transaction
from andon.model.request import DataRequest, RequestState

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table data_request (number bigint primary key, what text not null, decision text, due text, worth text,"
    " currency text, asked_of text, incident bigint, who text not null, at text not null, state text not null,"
    " claimed_by text, claimed text, answer text, answer_kind text, note text, ended_by text, ended text)",
    "create table data_request_person (request bigint not null, person text not null, at text not null,"
    " primary key (request, person))",
)

_COLUMNS = (
    "number, what, decision, due, worth, currency, asked_of, incident, who, at, state, claimed_by, claimed, answer,"
    " answer_kind, note, ended_by, ended"
)
_WAITING = ("open", "claimed")


class Requests:
    """Writes and reads requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, reader: Transaction | None = None) -> list[DataRequest]:
        """Those that nobody answered yet, by number.

        Args:
            reader: the transaction to read within.
        """
        return self._read(reader or self._database, "where state in (?, ?)", [*_WAITING])

    def since(self, moment: str) -> list[DataRequest]:
        """Those that were made, or were over, at `moment` (ISO text) or later, and those that wait."""
        return self._read(self._database, "where at >= ? or ended >= ? or ended is null", [moment, moment])

    def all(self) -> list[DataRequest]:
        """Every request there ever was, by number."""
        return self._read(self._database, "", [])

    def about(self, incident: int, reader: Transaction | None = None) -> list[DataRequest]:
        """Those about an incident, whatever became of them.

        Args:
            reader: the transaction to read within.
        """
        return self._read(reader or self._database, "where incident = ?", [incident])

    def find(self, number: int, reader: Database | Transaction | None = None) -> DataRequest | None:
        """One; None where there is none of that number.

        Args:
            reader: the transaction to read within.
        """
        return next(iter(self._read(reader or self._database, "where number = ?", [number])), None)

    def add(self, transaction: Transaction, request: DataRequest) -> DataRequest:
        """Write a new request; its number is given here."""
        number = int(transaction.query("select coalesce(max(number), 0) + 1 from data_request")[0][0])
        transaction.execute(
            f"insert into data_request ({_COLUMNS}) values ({', '.join('?' * 18)})",
            [
                number,
                *(request.what, request.decision, request.by, request.worth, request.currency, request.asked_of),
                *(request.incident, request.who, request.at, str(request.state)),
                *(None,) * 7,
            ],
        )
        self.join(transaction, number, request.who, request.at)
        return self._required(transaction, number)

    def join(self, transaction: Transaction, number: int, person: str, at: str) -> DataRequest:
        """Somebody needs it, too; who said so already is not noted twice."""
        known = transaction.query(
            "select 1 from data_request_person where request = ? and person = ?", [number, person]
        )
        if not known:
            transaction.execute(
                "insert into data_request_person (request, person, at) values (?, ?, ?)", [number, person, at]
            )
        return self._required(transaction, number)

    def claim(self, transaction: Transaction, number: int, person: str | None, at: str) -> DataRequest:
        """Somebody answers it; without a person nobody does any more."""
        state = RequestState.CLAIMED if person is not None else RequestState.OPEN
        transaction.execute(
            "update data_request set state = ?, claimed_by = ?, claimed = ? where number = ?",
            [str(state), person, at if person is not None else None, number],
        )
        return self._required(transaction, number)

    def end(
        self,
        transaction: Transaction,
        number: int,
        state: RequestState,
        who: str,
        at: str,
        answer: tuple[str, str] | None,
        note: str | None,
    ) -> DataRequest:
        """It is over.

        Args:
            answer: what answers it, and which kind of thing that is.
        """
        found, kind = answer or (None, None)
        transaction.execute(
            "update data_request set state = ?, answer = ?, answer_kind = ?, note = ?, ended_by = ?, ended = ? where number = ?",
            [str(state), found, kind, note, who, at, number],
        )
        return self._required(transaction, number)

    def _required(self, transaction: Transaction, number: int) -> DataRequest:
        (found,) = self._read(transaction, "where number = ?", [number])
        return found

    def _read(self, reader: Database | Transaction, condition: str, values: list[object]) -> list[DataRequest]:
        rows = reader.query(f"select {_COLUMNS} from data_request {condition} order by number", values)
        people: dict[int, list[str]] = {}
        if rows:
            some = "" if len(rows) > 1 else "where request = ?"
            told = reader.query(
                f"select request, person from data_request_person {some} order by request, at, person",
                [] if len(rows) > 1 else [rows[0][0]],
            )
            for number, person in told:
                people.setdefault(int(number), []).append(person)
        return [_request(row, people) for row in rows]


def _request(row: tuple[Any, ...], people: dict[int, list[str]]) -> DataRequest:
    number, who, state = row[0], row[8], RequestState(row[10])
    needed = [who, *(each for each in people.get(number, []) if each != who)]
    values: list[Any] = [*row[:10], state, needed, *row[11:]]
    return DataRequest(*values)
