"""Requests: needs that nobody could serve themselves; anyone claims and answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from textwrap import shorten
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.document import Document
from andon.base.record import Record, replace
from andon.errors import ConflictError, UsageError
from andon.lake.refs import MAIN
from andon.model.letter import LetterKind
from andon.model.person import person_key
from andon.model.request import DataRequest, RequestState, ranked, weight
from andon.operations.messages.request_letters import letters_of, outdated, subject_of
from andon.service.costs import MONTH, moment_said
from andon.service.request_measures import RequestMeasures, request_measures
from andon.service.typed_text import require_text
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.service.question_places import QuestionInfo
    from andon.workspace.workspace import Workspace

#: What is asked for, and what is said of it, may be so long.
_LONGEST = 500
#: Datasets that may answer already are named up to this many.
_NAMED = 3


class NewRequest(Record):
    """What somebody asks for.

    Attributes:
        what: in a sentence.
        decision: what is decided by it.
        by: until when it is needed (a day, ISO).
        worth, currency: what that is worth to them: a number as text, three letters.
        asked_of: who is asked.
        incident: the number of the incident that it is about.
        question: the number of the question of which it is made: of whoever owns what that is about, in its words where `what` is empty.
    """

    what: str
    decision: str | None = None
    by: str | None = None
    worth: str | None = None
    currency: str | None = None
    asked_of: str | None = None
    incident: int | None = None
    question: int | None = None


class RequestInfo(Document):
    """A request as it stands on the board.

    Attributes:
        weight: how much it weighs: what is at stake, age and people; null for what is over.
        waited_seconds: from when it was made until it was over, or until now.
        is_late: whether the day is past until which it is needed, and it waits.
        published: of a dataset that answers: whether main has it still; of a branch: whether it has nothing any more that main lacks,
            null where it is gone; null without an answer.
    """

    request: DataRequest
    weight: float | None
    waited_seconds: float
    is_late: bool
    published: bool | None


class RequestMade(Document):
    """A request that was made, and datasets that may answer it already: the best that the catalog finds, `schema.name`."""

    request: DataRequest
    found: list[str]


class RequestDesk:
    """Takes and answers the requests of one lake.

    Args:
        find: names of the datasets that the catalog finds for words, best first.
        published: whether a branch has nothing any more that main lacks; None where it is gone.
        tell: hands over what people are to be told, now that it is written down.
        question: a question about a dataset, by its number.
    """

    def __init__(
        self,
        workspace: Workspace,
        find: Callable[[str], Sequence[str]],
        published: Callable[[str], bool | None],
        tell: Callable[[], None],
        question: Callable[[int], QuestionInfo],
    ) -> None:
        self._workspace = workspace
        self._find = find
        self._published = published
        self._tell = tell
        self._question = question

    def ask(self, wanted: NewRequest) -> RequestMade:
        """Make a request. The same person asking for the same again, while it waits, is answered with the one there is.

        Raises:
            UsageError: `usage.bad_argument` for what is empty, too long, no day, no amount or no incident; `question.none`.
        """
        made = self._new(self._of_question(wanted))
        with self._telling() as transaction:
            same = [each for each in self._workspace.requests.waiting(transaction) if _is_same(each, made)]
            if same:
                found = same[0]
            else:
                found = self._workspace.requests.add(transaction, made)
                self._write(transaction, LetterKind.ASKED, found)
        return RequestMade(found, list(self._find(made.what))[:_NAMED])

    def ask_about(self, incident: int, person: str, text: str) -> DataRequest:
        """Ask something of a person because of an incident; whatever became of it, of one person it is asked once.

        Raises:
            UsageError: `usage.bad_argument` for what is empty, `incident.none`.
        """
        made = self._new(NewRequest(text[:_LONGEST], asked_of=person, incident=incident))
        with self._telling() as transaction:
            for known in self._workspace.requests.about(incident, transaction):
                if person_key(known.asked_of or "") == person_key(person):
                    return known
            found = self._workspace.requests.add(transaction, made)
            self._write(transaction, LetterKind.ASKED, found)
        return found

    def list(self, *, with_ended: bool = False) -> list[RequestInfo]:
        """Requests that wait, what weighs most first.

        Args:
            with_ended: those that are over too, behind them, the newest first.
        """
        book = self._workspace.requests
        today = self._workspace.clock().date()
        return [self._info(each, today) for each in ranked(book.all() if with_ended else book.waiting(), today)]

    def show(self, number: int) -> RequestInfo:
        """A request.

        Raises:
            UsageError: `request.none`.
        """
        found = self._workspace.requests.find(number)
        if found is None:
            raise _none(number)
        return self._info(found, self._workspace.clock().date())

    def claim(self, number: int) -> DataRequest:
        """Take care of a request.

        Raises:
            UsageError: `request.none`.
            ConflictError: `request.claimed` if somebody else does; `request.over`.
        """
        who = self._workspace.caller.author
        with self._telling() as transaction:
            found = self._waiting(transaction, number)
            if found.claimed_by == who:
                return found
            if found.claimed_by is not None:
                raise ConflictError(
                    "request.claimed",
                    f"{found.claimed_by} takes care of request {number} since {(found.claimed or '')[:10]}",
                    where=str(number),
                    hint=f"talk to {found.claimed_by}, or answer it all the same: `andon answer {number} …`",
                )
            found = self._workspace.requests.claim(transaction, number, who, self._now())
            self._write(transaction, LetterKind.CLAIMED, found)
            return found

    def unclaim(self, number: int) -> DataRequest:
        """Leave a request to others again.

        Raises:
            UsageError: `request.none`.
            ConflictError: `request.over`.
        """
        with self._telling() as transaction:
            found = self._waiting(transaction, number)
            if found.claimed_by is None:
                return found
            left = self._workspace.requests.claim(transaction, number, None, "")
            self._write(transaction, LetterKind.LEFT, left, found.claimed_by)
            return left

    def join(self, number: int) -> DataRequest:
        """Say that one needs it, too.

        Raises:
            UsageError: `request.none`.
            ConflictError: `request.over`.
        """
        with self._telling() as transaction:
            self._waiting(transaction, number)
            return self._workspace.requests.join(transaction, number, self._workspace.caller.author, self._now())

    def answer(self, number: int, answer: str, note: str | None = None) -> DataRequest:
        """Answer a request with a dataset, or with a branch on which the answer lies.

        Args:
            answer: `schema.name` of a dataset that main has, or the name of a branch.

        Raises:
            UsageError: `request.none`; `lake.dataset_not_found`, `lake.ref_not_found` for what is neither.
            ConflictError: `request.over`.
        """
        kind = self._kind(answer)
        said = None if note is None else _said(note, "note")
        with self._telling() as transaction:
            found = self._workspace.requests.find(number, transaction)
            if (
                found is not None
                and found.state is RequestState.ANSWERED
                and (found.answer, found.note) == (answer, said)
            ):
                return found
            self._waiting(transaction, number)
            return self._ended(transaction, number, RequestState.ANSWERED, (answer, kind), said)

    def withdraw(self, number: int, note: str | None = None) -> DataRequest:
        """Say that nobody needs it any more: its asker may, and whoever takes care of it, with a reason.

        Raises:
            UsageError: `request.none`; `usage.bad_argument` for anybody else, or without a note by who did not ask.
            ConflictError: `request.over`.
        """
        who = self._workspace.caller.author
        said = None if note is None else _said(note, "note")
        with self._telling() as transaction:
            found = self._workspace.requests.find(number, transaction)
            if found is not None and found.state is RequestState.WITHDRAWN and found.ended_by == who:
                return found
            found = self._waiting(transaction, number)
            if who != found.who and (who != found.claimed_by or said is None):
                raise UsageError(
                    "usage.bad_argument",
                    f"{found.who} asked for it, and knows whether it is needed still",
                    where=str(number),
                    hint=f'`andon claim {number}` first, then say why: `andon request --withdraw {number} --note "…"`',
                )
            return self._ended(transaction, number, RequestState.WITHDRAWN, None, said)

    def measures(self, since: str = MONTH) -> RequestMeasures:
        """How long people wait, and how much they find out by themselves.

        Args:
            since: how long ago (`30d`, `3 mo`), or a moment (ISO text).

        Raises:
            UsageError: `usage.bad_argument` for what is no such time.
        """
        now = self._workspace.clock()
        return request_measures(self._workspace, moment_said(since, now, now, "since"), now)

    # -- parts

    def _now(self) -> str:
        return to_text(self._workspace.clock())

    @contextmanager
    def _telling(self) -> Iterator[Transaction]:
        """A transaction after which people are told what was written within it."""
        with self._workspace.lake.database.write() as transaction:
            yield transaction
        self._tell()

    def _write(
        self, transaction: Transaction, kind: LetterKind, request: DataRequest, before: str | None = None
    ) -> None:
        """Write to whom it concerns what the caller did with a request; `before` took care of it until then."""
        letters, now = self._workspace.letters, self._now()
        letters.end(transaction, subject_of(request), now, outdated(kind))
        letters.add(transaction, letters_of(kind, request, self._workspace.caller.author, now, before))

    def _ended(
        self,
        transaction: Transaction,
        number: int,
        state: RequestState,
        answer: tuple[str, str] | None,
        note: str | None,
    ) -> DataRequest:
        who = self._workspace.caller.author
        found = self._workspace.requests.end(transaction, number, state, who, self._now(), answer, note)
        is_answer = state is RequestState.ANSWERED
        self._write(transaction, LetterKind.ANSWERED if is_answer else LetterKind.WITHDRAWN, found)
        return found

    def _waiting(self, transaction: Transaction, number: int) -> DataRequest:
        found = self._workspace.requests.find(number, transaction)
        if found is None:
            raise _none(number)
        if not found.state.is_waiting:
            told = f"answered with {found.answer}" if found.answer else "withdrawn"
            raise ConflictError(
                "request.over",
                f"request {number} was {told} by {found.ended_by} on {(found.ended or '')[:10]}",
                where=str(number),
                hint='`andon request "…"` makes another one',
            )
        return found

    def _kind(self, answer: str) -> str:
        if "." in answer and "/" not in answer:
            View.at(self._workspace, MAIN).leaf(answer)
            return "dataset"
        ref = self._workspace.lake.refs.find(answer)
        if ref is None or ref.kind != "branch":
            raise UsageError(
                "lake.ref_not_found",
                f"there is no branch `{answer[:80]}`",
                where="answer",
                hint="a request is answered with a dataset, `schema.name`, or with a branch: `andon branch list`",
            )
        return "branch"

    def _info(self, request: DataRequest, today: date) -> RequestInfo:
        end = from_text(request.ended) if request.ended else self._workspace.clock()
        waits = request.state.is_waiting
        return RequestInfo(
            request,
            round(weight(request, today), 3) if waits else None,
            max(0.0, (end - from_text(request.at)).total_seconds()),
            waits and request.by is not None and request.by < today.isoformat(),
            self._stands(request),
        )

    def _stands(self, request: DataRequest) -> bool | None:
        """Whether readers of main have what answers a request."""
        if request.answer is None:
            return None
        if request.answer_kind == "branch":
            return self._published(request.answer)
        lake = self._workspace.lake
        return request.answer in lake.commits.state(lake.refs.resolve(MAIN)).leaves

    def _of_question(self, wanted: NewRequest) -> NewRequest:
        """What is asked for, where it is made of a question: its words, with its number, of whoever owns what it is about."""
        if wanted.question is None:
            return wanted
        found = self._question(wanted.question)
        about = f" (question {found.question.number} about {found.subject})"
        words = wanted.what if wanted.what.strip() else found.question.what
        what = f"{shorten(words, _LONGEST - len(about), placeholder='…')}{about}"
        owner = None if person_key(found.owner or "") == person_key(self._workspace.caller.author) else found.owner
        return replace(wanted, what=what, asked_of=wanted.asked_of or owner)

    def _new(self, wanted: NewRequest) -> DataRequest:
        worth = _worth(wanted.worth, wanted.currency)
        if wanted.incident is not None and self._workspace.incidents.find(wanted.incident) is None:
            raise UsageError(
                "incident.none", f"there is no incident {wanted.incident}", where="incident", hint="`andon incidents`"
            )
        return DataRequest(
            number=0,
            what=_said(wanted.what, "request"),
            decision=None if wanted.decision is None else _said(wanted.decision, "decision"),
            by=_day(wanted.by),
            worth=worth[0],
            currency=worth[1],
            asked_of=_said(wanted.asked_of, "person") if wanted.asked_of else None,
            incident=wanted.incident,
            who=self._workspace.caller.author,
            at=self._now(),
            state=RequestState.OPEN,
            people=[],
            claimed_by=None,
            claimed=None,
            answer=None,
            answer_kind=None,
            note=None,
            ended_by=None,
            ended=None,
        )


def _is_same(there: DataRequest, wanted: DataRequest) -> bool:
    return (there.who, there.what.casefold(), there.incident) == (wanted.who, wanted.what.casefold(), wanted.incident)


def _none(number: int) -> UsageError:
    return UsageError(
        "request.none", f"there is no request {number}", where=str(number), hint="`andon requests --all` lists them"
    )


def _said(text: str, name: str) -> str:
    return require_text(
        " ".join(text.split()), name, _LONGEST, 'say it in a sentence: `andon request "orders by weekday"`'
    )


def _day(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UsageError(
            "usage.bad_argument", f"`{text[:40]}` is no day", where="by", hint="write it as 2026-12-31"
        ) from error


def _worth(amount: str | None, currency: str | None) -> tuple[str | None, str | None]:
    if not amount:
        if currency:
            raise UsageError(
                "usage.bad_argument", "a currency without an amount", where="worth", hint="say how much, too"
            )
        return None, None
    try:
        number = Decimal(amount.replace("_", "").replace(",", ""))
    except InvalidOperation as error:
        raise UsageError(
            "usage.bad_argument", f"`{amount[:40]}` is no amount", where="worth", hint="write it as 5000"
        ) from error
    said = (currency or "").upper()
    if not (number.is_finite() and 0 < number < 10**15):
        raise UsageError(
            "usage.bad_argument", "what an answer is worth is more than 0", where="worth", hint="write it as 5000"
        )
    if len(said) != 3 or not said.isalpha() or not said.isascii():
        raise UsageError(
            "usage.bad_argument",
            "nobody knows of which currency that is",
            where="currency",
            hint="write three letters: USD",
        )
    return format(number, "f"), said
