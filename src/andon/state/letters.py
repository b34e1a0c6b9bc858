"""Letters, as rows: what people were told of what is theirs, and how far each channel carried it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from andon.base.database import Database, Transaction
from andon.base.record import replace
from andon.model.letter import Letter, LetterKind
from andon.model.person import person_key

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table letter (number bigint primary key, person text not null, person_key text not null, kind text not null,"
    " who text not null, at text not null, what text not null, subject text not null, datasets text not null,"
    " next text not null, page text not null, seen text, ended text)",
    "create table letter_reader (channel text primary key, number bigint not null)",
)

_COLUMNS = "number, person, kind, who, at, what, subject, datasets, next, page, seen, ended"


class Letters:
    """Writes and reads letters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading

    def of(self, person: str, *, all: bool = False) -> list[Letter]:
        """What was written to a person, the newest first: what they do not know and is not over, or all of it."""
        more = "" if all else " and seen is null and ended is null"
        sql = f"select {_COLUMNS} from letter where person_key = ?{more} order by number desc"
        return [_letter(row) for row in self._database.query(sql, [person_key(person)])]

    def after(self, number: int, limit: int) -> list[Letter]:
        """The first that were written after one, in order."""
        sql = f"select {_COLUMNS} from letter where number > ? order by number limit ?"
        return [_letter(row) for row in self._database.query(sql, [number, limit])]

    def newest(self, reader: Transaction | None = None) -> int:
        """The number of the newest; 0 where there is none.

        Args:
            reader: the transaction to read within.
        """
        return int((reader or self._database).query("select coalesce(max(number), 0) from letter")[0][0])

    def standing(self, transaction: Transaction, subject: str) -> list[Letter]:
        """Those about something that are not over."""
        sql = f"select {_COLUMNS} from letter where subject = ? and ended is null order by number"
        return [_letter(row) for row in transaction.query(sql, [subject])]

    # -- writing

    def add(self, transaction: Transaction, letters: Iterable[Letter]) -> list[Letter]:
        """Write letters; what its person was told already, and is not over, is not written again. Returns those that are new."""
        number, new = self.newest(transaction), []
        for each in letters:
            key = person_key(each.person)
            same = "select datasets from letter where person_key = ? and kind = ? and subject = ? and ended is null"
            told = [json.loads(row[0]) for row in transaction.query(same, [key, str(each.kind), each.subject])]
            rest = [name for name in each.datasets if not any(name in datasets for datasets in told)]
            if told and not rest:
                continue
            number += 1
            marks = ", ".join("?" * 11)
            transaction.execute(
                "insert into letter (number, person, person_key, kind, who, at, what, subject, datasets, next, page)"
                f" values ({marks})",
                [
                    *(number, each.person, key, str(each.kind), each.who, each.at, each.what, each.subject),
                    *(json.dumps(rest), each.next, each.page),
                ],
            )
            new.append(replace(each, number=number, datasets=rest))
        return new

    def end(self, transaction: Transaction, subject: str, at: str, kinds: Iterable[LetterKind] = ()) -> None:
        """Nothing is left to know of something.

        Args:
            kinds: the only kinds of letters; empty: all.
        """
        some = [str(kind) for kind in kinds]
        only = f" and kind in ({', '.join('?' * len(some))})" if some else ""
        transaction.execute(
            f"update letter set ended = ? where subject = ? and ended is null{only}", [at, subject, *some]
        )

    def see(self, transaction: Transaction, person: str, numbers: Iterable[int] | None, at: str) -> int:
        """A person knows some letters of theirs, or all; how many they did not know before."""
        sql = "update letter set seen = ? where person_key = ? and seen is null"
        if numbers is None:
            return transaction.execute(sql, [at, person_key(person)])
        there = self.newest(transaction)
        some = [each for each in numbers if 0 < each <= there]
        return sum(transaction.execute(f"{sql} and number = ?", [at, person_key(person), each]) for each in some)

    # -- how far channels carried them

    def readers(self) -> dict[str, int]:
        """Up to which letter each channel was told."""
        return {row[0]: int(row[1]) for row in self._database.query("select channel, number from letter_reader")}

    def start(self, transaction: Transaction, channel: str, number: int) -> None:
        """Note a channel that there was not; one that somebody noted meanwhile stays."""
        if not transaction.query("select 1 from letter_reader where channel = ?", [channel]):
            transaction.execute("insert into letter_reader (channel, number) values (?, ?)", [channel, number])

    def advance(self, transaction: Transaction, channel: str, before: int, number: int) -> bool:
        """Note how far a channel was told; False where somebody else did since it was `before`."""
        sql = "update letter_reader set number = ? where channel = ? and number = ?"
        return transaction.execute(sql, [number, channel, before]) == 1


def _letter(row: tuple[Any, ...]) -> Letter:
    values = list(row)
    values[2], values[7] = LetterKind(row[2]), json.loads(row[7])
    return Letter(*values)
