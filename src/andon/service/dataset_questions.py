"""Questions about datasets and columns: anybody asks, anybody answers; they stand with what they are about, whatever that is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.errors import ConflictError, UsageError
from andon.model.dataset_question import (
    DatasetQuestion,
    QuestionAnswer,
    QuestionState,
    last_left,
)
from andon.service.question_places import QuestionCount, QuestionInfo, QuestionPlaces
from andon.service.typed_text import require_text
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.model.commit import Commit
    from andon.workspace.workspace import Workspace

#: A question, and what is said to it, may be so long.
LONGEST = 2000


class QuestionDesk:
    """Takes and answers questions about the datasets of one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._book = workspace.dataset_questions
        self._places = QuestionPlaces(workspace)

    def ask(self, subject: str, what: str, at: str | None = None) -> QuestionInfo:
        """Ask about a dataset or a column. The same person asking the same again, while it is open, is answered with the one there is.

        Args:
            subject: `schema.name`, or `schema.name.column`, as it is called at `at`.

        Raises:
            UsageError: `usage.bad_argument` for what is empty or too long; `lake.dataset_not_found`, `lake.column_not_found`,
                `lake.ref_not_found`.
        """
        said = _said(what)
        view = View.at(self._workspace, at)
        target = self._places.target(view, subject)
        who = self._workspace.caller.author
        with self._workspace.lake.database.write() as transaction:
            same = (who, said, target.dataset, target.column)
            known = self._book.open(transaction)
            found = next((q for q in known if (q.who, q.what, q.dataset, q.column) == same), None)
            if found is None:
                since = last_left(target.dataset, self._book.renames(transaction), view.state.leaves)
                new = DatasetQuestion(
                    0,
                    target.dataset,
                    target.column,
                    target.field_id,
                    since,
                    said,
                    who,
                    self._now(),
                    None,
                    QuestionState.OPEN,
                    None,
                    None,
                    [],
                )
                found = self._book.add(transaction, new)
        return self._places.infos(view, [found])[0]

    def list(
        self, subject: str | None = None, at: str | None = None, *, with_ended: bool = False
    ) -> Sequence[QuestionInfo]:
        """Questions that are open, the oldest first.

        Args:
            subject: a dataset, or a column of one, by the name that it has, or had when it was asked about.
            with_ended: those that are answered or withdrawn too, behind them, the newest first.

        Raises:
            UsageError: `lake.ref_not_found`; `lake.dataset_not_found`, `lake.column_not_found` for what is not there and nobody asked
                about.
        """
        view = View.at(self._workspace, at)
        found = self._places.infos(view, self._book.all() if with_ended or subject is not None else self._book.open())
        if subject is not None:
            known = [each for each in found if _is_about(each, subject)]
            if not known:
                self._places.target(view, subject)
            found = [each for each in known if with_ended or each.question.state is QuestionState.OPEN]
        return sorted(found, key=_order)

    def of(self, dataset: str, commit: Commit) -> Sequence[QuestionInfo]:
        """All questions about a dataset as it is called at a commit, but for those that were withdrawn, in the order of `list`."""
        view = View(self._workspace, commit.id, commit)
        found = self._places.about(view, dataset)
        return sorted((each for each in found if each.question.state is not QuestionState.WITHDRAWN), key=_order)

    def count(self, dataset: str, commit: Commit) -> QuestionCount:
        """How many questions there are about a dataset as it is called at a commit."""
        view = View(self._workspace, commit.id, commit)
        states = self._places.states(view, dataset)
        return QuestionCount(states.count(QuestionState.OPEN), states.count(QuestionState.ANSWERED))

    def show(self, number: int, at: str | None = None) -> QuestionInfo:
        """A question.

        Raises:
            UsageError: `question.none`, `lake.ref_not_found`.
        """
        return self._places.infos(View.at(self._workspace, at), [self._known(number)])[0]

    def answer(self, number: int, what: str, *, settles: bool = True) -> QuestionInfo:
        """Answer a question; one that has an answer takes others, too. Said twice by one person it is noted once.

        Args:
            settles: whether that answers it; else it asks back, or adds something, and leaves the question as it is.

        Raises:
            UsageError: `question.none`; `usage.bad_argument` for what is empty or too long.
            ConflictError: `question.over` if it was withdrawn.
        """
        said, who = _said(what, "answer"), self._workspace.caller.author
        with self._workspace.lake.database.write() as transaction:
            found = self._standing(transaction, number)
            if not any((each.who, each.what, each.settles) == (who, said, settles) for each in found.answers):
                found = self._book.answer(transaction, number, said, who, self._now(), settles=settles)
            if settles and found.state is QuestionState.OPEN:
                found = self._book.set_state(transaction, number, QuestionState.ANSWERED, who, self._now())
        return self._shown(found)

    def close(self, number: int) -> QuestionInfo:
        """Say that a question is answered by what was said: who asked it may, and who answered.

        Raises:
            UsageError: `question.none`; `question.not_yours` for anybody else.
            ConflictError: `question.over` if it was withdrawn; `question.no_answer` where nobody said anything.
        """
        with self._workspace.lake.database.write() as transaction:
            found = self._of_own(transaction, number, "says whether it is answered")
            if not found.answers:
                raise ConflictError(
                    "question.no_answer",
                    f"nobody answered question {number} yet",
                    where=str(number),
                    hint=f'`andon question answer {number} "…"`, or `andon question withdraw {number}` where nobody asks any more',
                )
            if found.state is QuestionState.OPEN:
                who = self._workspace.caller.author
                found = self._book.set_state(transaction, number, QuestionState.ANSWERED, who, self._now())
        return self._shown(found)

    def reopen(self, number: int, note: str | None = None) -> QuestionInfo:
        """Say that a question is not answered yet, or, where it was withdrawn, that it is asked again. Who may: as `close`.

        Args:
            note: what is missing; it is noted with the answers.

        Raises:
            UsageError: `question.none`; `question.not_yours`; `usage.bad_argument` for a note that is empty or too long.
        """
        who, said = self._workspace.caller.author, None if note is None else _said(note, "note")
        with self._workspace.lake.database.write() as transaction:
            found = self._of_own(transaction, number, "opens it again", with_withdrawn=True)
            if found.state is not QuestionState.OPEN:
                if said is not None:
                    self._book.answer(transaction, number, said, who, self._now(), settles=False)
                found = self._book.set_state(transaction, number, QuestionState.OPEN, who, self._now())
        return self._shown(found)

    def edit(
        self, number: int, what: str | None = None, answer: int | None = None, subject: str | None = None
    ) -> QuestionInfo:
        """Say one's question, or one's answer, in other words; or say what a question is about.

        Args:
            what: the new text; without it the text stays.
            answer: the number of an answer to the question; without it the question itself.
            subject: what the question is about, where that was renamed by hand or was meant otherwise. Anybody may say that.

        Raises:
            UsageError: `question.none`; `question.not_yours`; `usage.bad_argument`; `lake.dataset_not_found`, `lake.column_not_found`.
            ConflictError: `question.over` if it was withdrawn.
        """
        if (what is None) == (subject is None) or (subject is not None and answer is not None):
            raise UsageError(
                "usage.bad_argument",
                "say the new text, or what the question is about",
                where="edit",
                hint=f'`andon question edit {number} "…"`, `andon question edit {number} --about schema.dataset`',
            )
        view = View.at(self._workspace)
        target, names = None if subject is None else self._places.target(view, subject), view.state.leaves
        said = None if what is None else _said(what, "question" if answer is None else "answer")
        with self._workspace.lake.database.write() as transaction:
            found = self._standing(transaction, number)
            if target is not None:
                since = last_left(target.dataset, self._book.renames(transaction), names)
                found = self._book.move(transaction, number, target.dataset, target.column, target.field_id, since)
            elif self._own_text(found, answer) != said:
                found = self._book.edit(transaction, number, said or "", self._now(), answer)
        return self._shown(found)

    def withdraw(self, number: int, answer: int | None = None) -> QuestionInfo:
        """Take one's question back, or one's answer: where no other answer is left, the question is open again.

        Args:
            answer: the number of an answer to the question; without it the question itself.

        Raises:
            UsageError: `question.none`, `question.not_yours`.
            ConflictError: `question.over` if it was withdrawn by then, and an answer is meant.
        """
        who = self._workspace.caller.author
        with self._workspace.lake.database.write() as transaction:
            found = self._known(number, transaction)
            is_done = answer is None and found.state is QuestionState.WITHDRAWN and found.who == who
            if not is_done:
                found = self._standing(transaction, number)
                self._own_text(found, answer)
            if answer is None and not is_done:
                found = self._book.set_state(transaction, number, QuestionState.WITHDRAWN, who, self._now())
            elif answer is not None:
                found = self._book.withdraw_answer(transaction, number, answer, self._now())
                if found.state is QuestionState.ANSWERED and found.first_answer is None:
                    found = self._book.set_state(transaction, number, QuestionState.OPEN, who, self._now())
        return self._shown(found)

    def open(self, view: View) -> Sequence[QuestionInfo]:
        """Those that wait for an answer, the oldest first, as they stand at a commit."""
        return self._places.infos(view, self._book.open())

    # -- parts

    def _shown(self, question: DatasetQuestion) -> QuestionInfo:
        return self._places.infos(View.at(self._workspace), [question])[0]

    def _now(self) -> str:
        return to_text(self._workspace.clock())

    def _known(self, number: int, transaction: Transaction | None = None) -> DatasetQuestion:
        found = self._book.find(number, transaction)
        if found is None:
            raise UsageError(
                "question.none",
                f"there is no question {number}",
                where=str(number),
                hint="`andon questions --all` lists them",
            )
        return found

    def _standing(self, transaction: Transaction, number: int) -> DatasetQuestion:
        found = self._known(number, transaction)
        if found.state is QuestionState.WITHDRAWN:
            raise ConflictError(
                "question.over",
                f"{found.ended_by} withdrew question {number} on {(found.ended or '')[:10]}",
                where=str(number),
                hint=f'`andon question ask {found.subject} "…"` asks another one',
            )
        return found

    def _of_own(
        self, transaction: Transaction, number: int, does: str, *, with_withdrawn: bool = False
    ) -> DatasetQuestion:
        """A question of which the caller may say how far it is."""
        found = self._known(number, transaction) if with_withdrawn else self._standing(transaction, number)
        who = self._workspace.caller.author
        answered = found.state is not QuestionState.WITHDRAWN and any(each.who == who for each in found.answers)
        if who != found.who and not answered:
            raise UsageError(
                "question.not_yours",
                f"{found.who} asked question {number}, and {does}; so does who answered it",
                where=str(number),
                hint=f'`andon question answer {number} "…" --open` says what is missing',
            )
        return found

    def _own_text(self, question: DatasetQuestion, answer: int | None) -> str:
        """What the caller wrote."""
        texts: Sequence[DatasetQuestion | QuestionAnswer] = [question]
        if answer is not None:
            texts = [each for each in question.answers if each.number == answer]
        if not texts:
            raise UsageError(
                "question.none",
                f"question {question.number} has no answer {answer}",
                where=str(answer),
                hint=f"`andon question show {question.number}` has all of it",
            )
        (text,) = texts
        if text.who != self._workspace.caller.author:
            raise UsageError(
                "question.not_yours",
                f"{text.who} wrote that, and nobody else changes it or takes it back",
                where=str(question.number),
                hint=f'say what you know beside it: `andon question answer {question.number} "…"`',
            )
        return text.what


def _is_about(info: QuestionInfo, subject: str) -> bool:
    wanted = subject.lower()
    names = {info.dataset, info.subject.lower(), info.question.dataset, info.question.subject.lower()}
    return wanted in names


def _order(info: QuestionInfo) -> tuple[bool, int]:
    is_open = info.question.state is QuestionState.OPEN
    return not is_open, info.question.number if is_open else -info.question.number


def _said(text: str, name: str = "question") -> str:
    """What somebody typed, as it is kept: lines without ends that nobody sees.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    said = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
    return require_text(said, name, LONGEST, "say it in a sentence or two, as plain text")
