"""Questions about datasets and columns: anybody asks, anybody answers; they stand with what they are about, whatever that is called."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.document import Document
from andon.base.names import did_you_mean
from andon.errors import ConflictError, UsageError
from andon.model.dataset_question import (
    DatasetPlace,
    DatasetQuestion,
    QuestionAnswer,
    QuestionState,
    column_of,
    last_left,
    names_linked,
    place_of,
)
from andon.workspace.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from andon.base.database import Transaction
    from andon.model.commit import Commit
    from andon.model.dataset_question import DatasetRename
    from andon.state.dataset_questions import DatasetQuestions
    from andon.workspace.workspace import Workspace

#: A question, and what is said to it, may be so long.
LONGEST = 2000


class QuestionInfo(Document):
    """A question as it stands at a commit.

    Attributes:
        dataset, column: what it is about is called so there; where it is not there, what it was called last.
        gone: what of it is not there: `dataset`, `column`; null where all is.
        owner: who owns the dataset.
        waited_seconds: from asking until the first answer that stands, until it was withdrawn, or, while it is open, until now.
    """

    question: DatasetQuestion
    dataset: str
    column: str | None
    gone: str | None
    owner: str | None
    waited_seconds: float

    @property
    def subject(self) -> str:
        """What it is about: `schema.name`, or `schema.name.column`."""
        return self.dataset if self.column is None else f"{self.dataset}.{self.column}"


class QuestionCount(Document):
    """How many questions about a dataset wait for an answer, and how many have one."""

    open: int
    answered: int


class QuestionDesk:
    """Takes and answers questions about the datasets of one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

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
        dataset, column, field_id = self._target(view, subject)
        who = self._workspace.caller.author
        with self._workspace.lake.database.write() as transaction:
            same = (who, said, dataset, column)
            known = self._book.open(transaction)
            found = next((q for q in known if (q.who, q.what, q.dataset, q.column) == same), None)
            if found is None:
                since = last_left(dataset, self._book.renames(transaction), view.state.leaves)
                new = DatasetQuestion(
                    0,
                    dataset,
                    column,
                    field_id,
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
        return self._info(view, found)

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
        found = self._infos(view, self._book.all() if with_ended or subject is not None else self._book.open())
        if subject is not None:
            known = [each for each in found if _is_about(each, subject)]
            if not known:
                self._target(view, subject)
            found = [each for each in known if with_ended or each.question.state is QuestionState.OPEN]
        return sorted(found, key=_order)

    def of(self, dataset: str, commit: Commit) -> Sequence[QuestionInfo]:
        """All questions about a dataset as it is called at a commit, but for those that were withdrawn, in the order of `list`."""
        view = View(self._workspace, commit.id, commit)
        found = [self._placed(view, each, place) for each, place in self._about(view, dataset)]
        return sorted((each for each in found if each.question.state is not QuestionState.WITHDRAWN), key=_order)

    def count(self, dataset: str, commit: Commit) -> QuestionCount:
        """How many questions there are about a dataset as it is called at a commit."""
        view = View(self._workspace, commit.id, commit)
        states = [each.state for each, _ in self._about(view, dataset)]
        return QuestionCount(states.count(QuestionState.OPEN), states.count(QuestionState.ANSWERED))

    def show(self, number: int, at: str | None = None) -> QuestionInfo:
        """A question.

        Raises:
            UsageError: `question.none`, `lake.ref_not_found`.
        """
        return self._info(View.at(self._workspace, at), self._known(number))

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
        target, names = None if subject is None else self._target(view, subject), view.state.leaves
        said = None if what is None else _said(what, "question" if answer is None else "answer")
        with self._workspace.lake.database.write() as transaction:
            found = self._standing(transaction, number)
            if target is not None:
                since = last_left(target[0], self._book.renames(transaction), names)
                found = self._book.move(transaction, number, *target, since)
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
        return self._infos(view, self._book.open())

    # -- parts

    @property
    def _book(self) -> DatasetQuestions:
        return self._workspace.dataset_questions

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

    def _target(self, view: View, subject: str) -> tuple[str, str | None, int | None]:
        """The dataset, the column, and its field id."""
        schema, _, rest = subject.partition(".")
        name, has_column, column = rest.partition(".")
        dataset = f"{schema}.{name}"
        leaf = view.leaf(dataset if rest else subject)
        if not has_column:
            return dataset, None, None
        version = self._workspace.lake.objects.versions([leaf.version])[leaf.version]
        exact = [each for each in version.columns if each.name == column]
        found = exact or [each for each in version.columns if each.name.lower() == column.lower()]
        if not found:
            names = [each.name for each in version.columns]
            raise UsageError(
                "lake.column_not_found",
                f"`{dataset}` has no column `{column[:80]}` at {view.ref}",
                where=subject[:200],
                hint=did_you_mean(column, names) or f"it has {', '.join(names[:20])}",
            )
        return dataset, found[0].name, found[0].field_id

    # -- where they stand

    def _shown(self, question: DatasetQuestion) -> QuestionInfo:
        return self._info(View.at(self._workspace), question)

    def _info(self, view: View, question: DatasetQuestion) -> QuestionInfo:
        return self._infos(view, [question])[0]

    def _infos(self, view: View, questions: Iterable[DatasetQuestion]) -> Sequence[QuestionInfo]:
        renames, names = self._book.renames(), view.state.leaves
        placed = [(each, place_of(each.dataset, each.since, renames, names)) for each in questions]
        return [self._placed(view, each, place) for each, place in placed]

    def _about(self, view: View, dataset: str) -> Sequence[tuple[DatasetQuestion, DatasetPlace]]:
        """Questions about a dataset as it is called there."""
        renames, names = self._book.renames(), view.state.leaves
        asked = self._book.about(names_linked(dataset, renames))
        placed = [(each, place_of(each.dataset, each.since, renames, names)) for each in asked]
        return [(each, place) for each, place in placed if place.dataset == dataset]

    def _placed(self, view: View, question: DatasetQuestion, place: DatasetPlace) -> QuestionInfo:
        gone = None if place.is_there else "dataset"
        column = question.column
        if column is not None and place.is_there:
            now = column_of(question, place, self._columns(view.commit, place.dataset), self._renamed)
            column, gone = (column, "column") if now is None else (now, None)
        said = view.project.datasets.get(place.dataset) if place.is_there else None
        first = question.first_answer
        until = first.at if first is not None and question.state is QuestionState.ANSWERED else question.ended
        end = from_text(until) if until is not None else self._workspace.clock()
        waited = max(0.0, (end - from_text(question.at)).total_seconds())
        return QuestionInfo(
            question, place.dataset, column, gone, said.owner if said is not None else None, round(waited, 3)
        )

    def _columns(self, commit: Commit, dataset: str) -> Mapping[str, int]:
        leaf = self._workspace.lake.commits.leaf(commit, dataset)
        if leaf is None:
            return {}
        version = self._workspace.lake.objects.versions([leaf.version])[leaf.version]
        return {each.name: each.field_id for each in version.columns}

    def _renamed(self, rename: DatasetRename) -> Mapping[int, int]:
        """Ids of columns under the old name, to those under the new one: each name has ids of its own."""
        commit = self._workspace.lake.commits.get(rename.commit)
        before = self._workspace.lake.commits.get(commit.parent or commit.id)
        old, new = self._columns(before, rename.old), self._columns(commit, rename.new)
        return {id: new[name] for name, id in old.items() if name in new}


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
    wrong = None
    if not said:
        wrong = f"the {name} is empty"
    elif len(said) > LONGEST:
        wrong = f"the {name} is longer than {LONGEST:,} characters"
    elif any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in said):
        wrong = f"the {name} has a character that is no text"
    if wrong is not None:
        hint = 'say it in a sentence or two: `andon question ask marts.revenue "Is tax in it?"`'
        raise UsageError("usage.bad_argument", wrong, where=name, hint=hint)
    return said
