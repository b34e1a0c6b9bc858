"""A question about a dataset or a column, with what people answered; and where what it is about stands by now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum

from andon.base.document import Document
from andon.base.graph import reach
from andon.base.record import Record

#: Characters of a question where it stands among others.
BRIEF = 160


class QuestionState(StrEnum):
    """How far a question is: somebody waits, it was answered, or nobody asks any more."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class QuestionAnswer(Document):
    """What somebody said to a question.

    Attributes:
        number: of the answer, counted within the question.
        edited: when its text was changed last (ISO text).
        settles: whether it answers the question; else it asks back, or adds something.
    """

    number: int
    what: str
    who: str
    at: str
    edited: str | None
    settles: bool


class DatasetQuestion(Document):
    """A question.

    Attributes:
        dataset, column: what it is about, as that was called when it was asked; `field_id` is the column's.
        since: number of the last rename from that name that was before it was asked; 0 for none.
        what: the question itself; `edited` when its text was changed last.
        who, at: who asked, and when (ISO text).
        ended_by, ended: who answered it, said that it is answered, or withdrew it, and when; null while it is open.
        answers: those that stand, the first one first.
    """

    number: int
    dataset: str
    column: str | None
    field_id: int | None
    since: int
    what: str
    who: str
    at: str
    edited: str | None
    state: QuestionState
    ended_by: str | None
    ended: str | None
    answers: list[QuestionAnswer]

    @property
    def subject(self) -> str:
        """What it is about, as it was asked: `schema.name`, or `schema.name.column`."""
        return self.dataset if self.column is None else f"{self.dataset}.{self.column}"

    @property
    def brief(self) -> str:
        """The question in one line, as far as there is room."""
        said = " ".join(self.what.split())
        return said if len(said) <= BRIEF else f"{said[: BRIEF - 1].rstrip()}…"

    @property
    def first_answer(self) -> QuestionAnswer | None:
        """The first answer that settles it; None where nobody gave one."""
        return next((each for each in self.answers if each.settles), None)


class DatasetRename(Record):
    """A dataset that was published under another name.

    Attributes:
        number: counts the renames of a lake.
        commit: the one that shows the new name first.
        since: see `last_left`, of the old name in the state before.
    """

    number: int
    old: str
    new: str
    commit: str
    since: int = 0


#: Steps from one name to the next: a rename, and whether it is gone along with (else back).
Way = tuple[tuple[DatasetRename, bool], ...]


class DatasetPlace(Record):
    """Where a dataset stands.

    Attributes:
        dataset: its name; where it is not there, the last one that it had.
        way: the renames that lead there.
    """

    dataset: str
    is_there: bool
    way: Way = ()


def last_left(dataset: str, renames: Sequence[DatasetRename], names: Collection[str]) -> int:
    """The last rename from a name that was before the dataset which has that name in a state; 0 for none. Pure.

    Where what was renamed is there beside it, that is another dataset; where it is not, the rename was not done here, or was taken back.
    """
    left = [each for each in renames if each.old == dataset and _onward(each.new, each.number, renames, names)]
    return left[-1].number if left else 0


def place_of(dataset: str, since: int, renames: Sequence[DatasetRename], names: Collection[str]) -> DatasetPlace:
    """Where a dataset that somebody named stands in a state that has `names`. Pure.

    It is found along the renames that came after it was named; else under that very name; else back along renames, which another branch
    may not have had, or an undo took back. Of several renames of one name the first counts whose new name is there: one that was taken
    back has none.

    Args:
        since: see `last_left`, of the state in which it was named.
        renames: all there are, in their order.
    """
    found = _onward(dataset, since, renames, names) or _back(dataset, renames, names)
    if found is not None:
        return DatasetPlace(found[0], True, found[1])
    last, way = dataset, []
    for each in renames:
        if each.number > since and each.old == last:
            last = each.new
            way.append((each, True))
    return DatasetPlace(last, False, tuple(way))


def names_linked(dataset: str, renames: Sequence[DatasetRename]) -> set[str]:
    """All names from which renames lead to a dataset, there and back, with its own. Pure."""
    pairs: dict[str, set[str]] = {}
    for each in renames:
        pairs.setdefault(each.old, set()).add(each.new)
        pairs.setdefault(each.new, set()).add(each.old)
    return {dataset, *reach(pairs, [dataset])}


def _onward(
    name: str, since: int, renames: Sequence[DatasetRename], names: Collection[str], way: Way = ()
) -> tuple[str, Way] | None:
    for each in renames:
        if each.number > since and each.old == name:
            found = _onward(each.new, each.number, renames, names, (*way, (each, True)))
            if found is not None:
                return found
    return (name, way) if name in names else None


def _back(name: str, renames: Sequence[DatasetRename], names: Collection[str], way: Way = ()) -> tuple[str, Way] | None:
    for each in reversed(renames):
        if each.new == name and not any(each is step for step, _ in way):
            behind = (*way, (each, False))
            # another branch may have given it another name before
            found = _onward(each.old, each.since, renames, names, behind) or _back(each.old, renames, names, behind)
            if found is not None:
                return found
    return None


def column_of(
    question: DatasetQuestion,
    place: DatasetPlace,
    columns: Mapping[str, int],
    renamed: Callable[[DatasetRename], Mapping[int, int]],
) -> str | None:
    """What the column that a question is about is called by now; None where it is not there. Pure.

    Args:
        place: where the dataset stands.
        columns: field ids of its columns, by their names.
        renamed: ids of columns under the old name of a rename, to those under the new one.
    """
    id = question.field_id
    for rename, is_onward in place.way:
        pairs = renamed(rename)
        id = (pairs if is_onward else {new: old for old, new in pairs.items()}).get(id) if id is not None else None
    there = {field: name for name, field in columns.items()}
    if id is not None and id in there:
        return there[id]
    asked = (question.column or "").lower()
    return next((name for name in columns if name.lower() == asked), None)
