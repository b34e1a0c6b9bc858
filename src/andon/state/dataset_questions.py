"""Questions about datasets and what was answered, as rows, with the renames of datasets along which questions go.

None is ever removed: how long people waited is what a team is measured by, and a word that was taken back may have been acted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from andon.base.database import Database, Transaction, in_batches
from andon.model.dataset_question import DatasetQuestion, DatasetRename, QuestionAnswer, QuestionState

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table dataset_question (number bigint primary key, dataset text not null, about_column text, field_id bigint,"
    " since bigint not null, what text not null, who text not null, at text not null, edited text, state text not null,"
    " ended_by text, ended text, revision bigint not null)",
    "create table dataset_question_answer (question bigint not null, number bigint not null, what text not null,"
    " who text not null, at text not null, edited text, settles integer not null, withdrawn text,"
    " primary key (question, number))",
    "create table dataset_rename (number bigint primary key, old_name text not null, new_name text not null,"
    " commit_id text not null, since bigint not null, at text not null)",
)

_COLUMNS = "number, dataset, about_column, field_id, since, what, who, at, edited, state, ended_by, ended"


class DatasetQuestions:
    """Writes and reads questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self) -> tuple[int, int]:
        """Another one as soon as a question, an answer or a rename came or changed."""
        (row,) = self._database.query(
            "select (select coalesce(max(revision), 0) from dataset_question),"
            " (select coalesce(max(number), 0) from dataset_rename)"
        )
        return int(row[0]), int(row[1])

    def open(self, reader: Transaction | None = None) -> list[DatasetQuestion]:
        """Those for which somebody waits, by number.

        Args:
            reader: the transaction to read within.
        """
        return self._read(reader or self._database, "where state = ?", [str(QuestionState.OPEN)])

    def since(self, moment: str) -> list[DatasetQuestion]:
        """Those that were asked, or ended, at `moment` (ISO text) or later, and those that are open."""
        return self._read(self._database, "where at >= ? or ended >= ? or ended is null", [moment, moment])

    def all(self) -> list[DatasetQuestion]:
        """Every question there ever was, by number."""
        return self._read(self._database, "", [])

    def about(self, datasets: Iterable[str]) -> list[DatasetQuestion]:
        """Those that were asked about any of these names, by number."""
        found: list[DatasetQuestion] = []
        for marks, batch in in_batches(set(datasets)):
            found += self._read(self._database, f"where dataset in ({marks})", batch)
        return sorted(found, key=lambda each: each.number)

    def find(self, number: int, reader: Database | Transaction | None = None) -> DatasetQuestion | None:
        """One; None where there is none of that number.

        Args:
            reader: the transaction to read within.
        """
        return next(iter(self._read(reader or self._database, "where number = ?", [number])), None)

    def renames(self, reader: Database | Transaction | None = None) -> list[DatasetRename]:
        """Datasets that have another name since, the first one first.

        Args:
            reader: the transaction to read within.
        """
        rows = (reader or self._database).query(
            "select number, old_name, new_name, commit_id, since from dataset_rename order by number"
        )
        return [DatasetRename(*row) for row in rows]

    def add(self, transaction: Transaction, question: DatasetQuestion) -> DatasetQuestion:
        """Write a new question; its number is given here."""
        number = int(transaction.query("select coalesce(max(number), 0) + 1 from dataset_question")[0][0])
        transaction.execute(
            f"insert into dataset_question ({_COLUMNS}, revision) values ({', '.join('?' * 13)})",
            [
                number,
                *(question.dataset, question.column, question.field_id, question.since),
                *(question.what, question.who, question.at, None, str(question.state), None, None),
                self._revision(transaction),
            ],
        )
        return self._required(transaction, number)

    def add_rename(self, transaction: Transaction, old: str, new: str, commit: str, since: int, at: str) -> None:
        """Note that a dataset has another name from `commit` on."""
        transaction.execute(
            "insert into dataset_rename (number, old_name, new_name, commit_id, since, at) values (?, ?, ?, ?, ?, ?)",
            [len(self.renames(transaction)) + 1, old, new, commit, since, at],
        )

    def answer(
        self, transaction: Transaction, number: int, what: str, who: str, at: str, *, settles: bool
    ) -> DatasetQuestion:
        """Somebody says something to it.

        Args:
            settles: whether that answers it.
        """
        known = transaction.query("select count(*) from dataset_question_answer where question = ?", [number])
        transaction.execute(
            "insert into dataset_question_answer (question, number, what, who, at, settles) values (?, ?, ?, ?, ?, ?)",
            [number, int(known[0][0]) + 1, what, who, at, int(settles)],
        )
        return self._touched(transaction, number)

    def set_state(
        self, transaction: Transaction, number: int, state: QuestionState, who: str, at: str
    ) -> DatasetQuestion:
        """How far it is from now on, by whose word."""
        ended = (None, None) if state is QuestionState.OPEN else (who, at)
        transaction.execute(
            "update dataset_question set state = ?, ended_by = ?, ended = ? where number = ?",
            [str(state), *ended, number],
        )
        return self._touched(transaction, number)

    def edit(
        self, transaction: Transaction, number: int, what: str, at: str, answer: int | None = None
    ) -> DatasetQuestion:
        """Another text of a question, or of an answer to it."""
        if answer is None:
            transaction.execute("update dataset_question set what = ?, edited = ? where number = ?", [what, at, number])
        else:
            transaction.execute(
                "update dataset_question_answer set what = ?, edited = ? where question = ? and number = ?",
                [what, at, number, answer],
            )
        return self._touched(transaction, number)

    def move(
        self, transaction: Transaction, number: int, dataset: str, column: str | None, field_id: int | None, since: int
    ) -> DatasetQuestion:
        """It is about something else."""
        transaction.execute(
            "update dataset_question set dataset = ?, about_column = ?, field_id = ?, since = ? where number = ?",
            [dataset, column, field_id, since, number],
        )
        return self._touched(transaction, number)

    def withdraw_answer(self, transaction: Transaction, number: int, answer: int, at: str) -> DatasetQuestion:
        """Take an answer back; it stands no more."""
        transaction.execute(
            "update dataset_question_answer set withdrawn = ? where question = ? and number = ?", [at, number, answer]
        )
        return self._touched(transaction, number)

    def _touched(self, transaction: Transaction, number: int) -> DatasetQuestion:
        transaction.execute(
            "update dataset_question set revision = ? where number = ?", [self._revision(transaction), number]
        )
        return self._required(transaction, number)

    def _revision(self, transaction: Transaction) -> int:
        return int(transaction.query("select coalesce(max(revision), 0) + 1 from dataset_question")[0][0])

    def _required(self, transaction: Transaction, number: int) -> DatasetQuestion:
        (found,) = self._read(transaction, "where number = ?", [number])
        return found

    def _read(self, reader: Database | Transaction, condition: str, values: Sequence[object]) -> list[DatasetQuestion]:
        rows = reader.query(f"select {_COLUMNS} from dataset_question {condition} order by number", values)
        answers: dict[int, list[QuestionAnswer]] = {}
        for marks, batch in in_batches([row[0] for row in rows]):
            told = reader.query(
                "select question, number, what, who, at, edited, settles from dataset_question_answer"
                f" where withdrawn is null and question in ({marks}) order by question, number",
                batch,
            )
            for question, number, what, who, at, edited, settles in told:
                each = QuestionAnswer(number, what, who, at, edited, bool(settles))
                answers.setdefault(int(question), []).append(each)
        return [_question(row, answers) for row in rows]


def _question(row: tuple[Any, ...], answers: dict[int, list[QuestionAnswer]]) -> DatasetQuestion:
    values: list[Any] = [*row[:9], QuestionState(row[9]), *row[10:], answers.get(int(row[0]), [])]
    return DatasetQuestion(*values)
