"""What is told of suggestions."""

from __future__ import annotations

from andon.base.document import Document
from andon.model.plan import PlanDocument
from andon.model.run import RunDocument


class SuggestionInfo(Document):
    """A suggestion in one line.

    Attributes:
        number: by which it is named.
        kind: `query`, `run`, `files`, `correction`.
        title: what would be made.
        times, people: how often it was done by hand, and by whom.
        first, last: when.
        state: `open`, `accepted`, `dismissed`, `answered` (something does it already), `gone` (nothing speaks for it any more).
        branch: where it was accepted; None else.
    """

    number: int
    kind: str
    title: str
    times: int
    people: tuple[str, ...]
    first: str
    last: str
    state: str
    branch: str | None


class AnsweredInfo(Document):
    """A question that is asked over and over, and that the dataset or saved query `by` answers; who never asked it sees no values."""

    sql: str
    times: int
    people: tuple[str, ...]
    by: str


class SuggestionsDocument(Document):
    """What is suggested, and which questions something answers already."""

    suggestions: list[SuggestionInfo]
    answered: list[AnsweredInfo]


class SuggestedFile(Document):
    """A file that would be written; `is_new` where the project has none of that name."""

    file: str
    text: str
    is_new: bool


class SuggestionDocument(Document):
    """A suggestion, whole.

    Attributes:
        why: what speaks for it. notes: what there is to know of what is written.
        left: what a person has to write, and why.
        files: what is written. checks: lines of the check language in them that its values speak for.
        branch: where it was accepted, or None.
        plan: what publishing it comes to; None where that can't be told, as `problem` says.
        run: how it was built.
    """

    number: int
    kind: str
    title: str
    state: str
    times: int
    people: tuple[str, ...]
    why: list[str]
    notes: list[str]
    left: list[str]
    files: list[SuggestedFile]
    checks: list[str]
    branch: str | None
    plan: PlanDocument | None
    problem: str | None
    run: RunDocument | None
