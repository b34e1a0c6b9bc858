"""`lake.questions`: what people ask about datasets and columns, of a lake that is opened and of one that a server has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.document import from_json
from andon.python.server_link import ServerLink
from andon.service.question_places import QuestionInfo

if TYPE_CHECKING:
    from andon.service.service import Service


class LakeQuestions:
    """What people ask about datasets and columns, and what was answered."""

    def __init__(self, service: Service, ref: str | None) -> None:
        self._service = service
        self._ref = ref

    def list(self, subject: str | None = None, *, with_ended: bool = False) -> Sequence[QuestionInfo]:
        """Those that are open, the oldest first.

        Args:
            subject: a dataset, `schema.name`, or a column of one, `schema.name.column`.
            with_ended: those that are answered or withdrawn too, behind them.
        """
        return self._service.dataset_questions.list(subject, self._ref, with_ended=with_ended)

    def show(self, number: int) -> QuestionInfo:
        """One, with all that was said to it.

        Raises:
            UsageError: `question.none`.
        """
        return self._service.dataset_questions.show(number, self._ref)

    def ask(self, subject: str, what: str) -> QuestionInfo:
        """Ask about a dataset or a column.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.column_not_found`.
        """
        return self._service.dataset_questions.ask(subject, what, self._ref)

    def answer(self, number: int, what: str, *, settles: bool = True) -> QuestionInfo:
        """Answer one.

        Args:
            settles: whether that answers it; else it asks back, or adds something.

        Raises:
            ConflictError: `question.over` if it was withdrawn.
        """
        return self._service.dataset_questions.answer(number, what, settles=settles)

    def close(self, number: int) -> QuestionInfo:
        """Say that one is answered by what was said: for who asked, and who answered."""
        return self._service.dataset_questions.close(number)

    def reopen(self, number: int, note: str | None = None) -> QuestionInfo:
        """Say that one is not answered yet: for who asked, and who answered."""
        return self._service.dataset_questions.reopen(number, note)

    def edit(
        self, number: int, what: str | None = None, *, answer: int | None = None, subject: str | None = None
    ) -> QuestionInfo:
        """Say your question, or your answer, in other words; or say what a question is about."""
        return self._service.dataset_questions.edit(number, what, answer, subject)

    def withdraw(self, number: int, *, answer: int | None = None) -> QuestionInfo:
        """Take your question back, or your answer to one."""
        return self._service.dataset_questions.withdraw(number, answer)


class RemoteQuestions:
    """The questions of a lake that a server has; verbs and arguments as in `LakeQuestions`."""

    def __init__(self, link: ServerLink, ref: str | None) -> None:
        self._link = link
        self._ref = ref

    def list(self, subject: str | None = None, *, with_ended: bool = False) -> Sequence[QuestionInfo]:
        """Those that are open, the oldest first."""
        found = self._link.get("/questions", subject=subject, at=self._ref, all=with_ended)
        return from_json(list[QuestionInfo], found)

    def show(self, number: int) -> QuestionInfo:
        """One, with all that was said to it."""
        return from_json(QuestionInfo, self._link.get(f"/questions/{number}", at=self._ref))

    def ask(self, subject: str, what: str) -> QuestionInfo:
        """Ask about a dataset or a column."""
        body = {"subject": subject, "what": what, "at": self._ref}
        return from_json(QuestionInfo, self._link.post("/questions", body))

    def answer(self, number: int, what: str, *, settles: bool = True) -> QuestionInfo:
        """Answer one."""
        return self._done(number, "answers", {"what": what, "open": not settles})

    def close(self, number: int) -> QuestionInfo:
        """Say that one is answered by what was said."""
        return self._done(number, "closings", {})

    def reopen(self, number: int, note: str | None = None) -> QuestionInfo:
        """Say that one is not answered yet."""
        return self._done(number, "reopenings", {"note": note})

    def edit(
        self, number: int, what: str | None = None, *, answer: int | None = None, subject: str | None = None
    ) -> QuestionInfo:
        """Say your question, or your answer, in other words; or say what a question is about."""
        return self._done(number, "edits", {"what": what, "answer": answer, "subject": subject})

    def withdraw(self, number: int, *, answer: int | None = None) -> QuestionInfo:
        """Take your question back, or your answer to one."""
        return self._done(number, "withdrawals", {"answer": answer})

    def _done(self, number: int, what: str, body: dict[str, Any]) -> QuestionInfo:
        return from_json(QuestionInfo, self._link.post(f"/questions/{number}/{what}", body))
