"""Questions: what people ask about datasets and columns, and what was answered."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.errors import UsageError
from andon.model.person import PersonRole
from andon.service.question_places import QuestionInfo
from andon.web.asking import AtCommit
from andon.web.endpoint import Endpoint, RouteCall

#: A number has so many digits at most.
_DIGITS = 15


class QuestionsAsked(AtCommit, kw_only=True):
    """Which questions are listed.

    Attributes:
        subject: a dataset, `schema.name`, or a column of one.
        all: with those that are answered or withdrawn.
    """

    subject: str | None = None
    all: bool = False


class QuestionAsked(Document, kw_only=True):
    """What somebody asks.

    Attributes:
        subject: a dataset, `schema.name`, or a column of one, `schema.name.column`.
        what: the question.
        at: where it is called so: a branch, tag, commit or run; without it the branch that is read.
    """

    subject: str
    what: str
    at: str | None = None


class AnswerGiven(Document, kw_only=True):
    """What answers a question.

    Attributes:
        what: the answer.
        open: it asks back, or adds something: the question stays as it is.
    """

    what: str
    open: bool = False


class QuestionReopened(Document, kw_only=True):
    """That a question is not answered yet.

    Attributes:
        note: what is missing.
    """

    note: str | None = None


class QuestionEdited(Document, kw_only=True):
    """Other words, or what a question is about: one of both.

    Attributes:
        what: the new text.
        answer: of that answer to the question; without it of the question itself.
        subject: what the question is about.
    """

    what: str | None = None
    answer: int | None = None
    subject: str | None = None


class QuestionWithdrawn(Document, kw_only=True):
    """What is taken back.

    Attributes:
        answer: that answer to the question; without it the question itself.
    """

    answer: int | None = None


def _list(call: RouteCall) -> Any:
    asked: QuestionsAsked = call.query
    return call.service.dataset_questions.list(asked.subject, asked.at, with_ended=asked.all)


def _show(call: RouteCall) -> Any:
    return call.service.dataset_questions.show(_number(call), call.query.at)


def _ask(call: RouteCall) -> Any:
    asked: QuestionAsked = call.body
    return call.service.dataset_questions.ask(asked.subject, asked.what, asked.at)


def _answer(call: RouteCall) -> Any:
    given: AnswerGiven = call.body
    return call.service.dataset_questions.answer(_number(call), given.what, settles=not given.open)


def _close(call: RouteCall) -> Any:
    return call.service.dataset_questions.close(_number(call))


def _reopen(call: RouteCall) -> Any:
    return call.service.dataset_questions.reopen(_number(call), call.body.note)


def _edit(call: RouteCall) -> Any:
    edited: QuestionEdited = call.body
    return call.service.dataset_questions.edit(_number(call), edited.what, edited.answer, edited.subject)


def _withdraw(call: RouteCall) -> Any:
    return call.service.dataset_questions.withdraw(_number(call), call.body.answer)


def _number(call: RouteCall) -> int:
    text = call.path["number"]
    if not text.isdecimal() or len(text) > _DIGITS:
        raise UsageError("question.none", f"there is no question `{text[:20]}`", hint="questions have numbers")
    return int(text)


_READER = PersonRole.READER
_TOLD = (QuestionInfo,)
ENDPOINTS = (
    Endpoint(
        "GET",
        "/questions",
        "questions",
        _READER,
        "What people ask about datasets and columns and nobody answered yet, the oldest first.",
        _list,
        (list[QuestionInfo],),
        QuestionsAsked,
    ),
    Endpoint(
        "GET",
        "/questions/{number}",
        "question show",
        _READER,
        "A question with all that was said to it.",
        _show,
        _TOLD,
        AtCommit,
    ),
    Endpoint(
        "POST",
        "/questions",
        "question ask",
        _READER,
        "Ask about a dataset or a column.",
        _ask,
        _TOLD,
        body=QuestionAsked,
    ),
    Endpoint(
        "POST",
        "/questions/{number}/answers",
        "question answer",
        _READER,
        "Answer a question, ask back, or add something.",
        _answer,
        _TOLD,
        body=AnswerGiven,
    ),
    Endpoint(
        "POST",
        "/questions/{number}/closings",
        "question close",
        _READER,
        "Say that a question is answered by what was said.",
        _close,
        _TOLD,
    ),
    Endpoint(
        "POST",
        "/questions/{number}/reopenings",
        "question reopen",
        _READER,
        "Say that a question is not answered yet.",
        _reopen,
        _TOLD,
        body=QuestionReopened,
    ),
    Endpoint(
        "POST",
        "/questions/{number}/edits",
        "question edit",
        _READER,
        "Say one's question or answer in other words, or what a question is about.",
        _edit,
        _TOLD,
        body=QuestionEdited,
    ),
    Endpoint(
        "POST",
        "/questions/{number}/withdrawals",
        "question withdraw",
        _READER,
        "Take one's question or answer back.",
        _withdraw,
        _TOLD,
        body=QuestionWithdrawn,
    ),
)
