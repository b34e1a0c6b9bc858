"""What is told of insights: as lines of a list, whole, and of whether they are still true."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from andon.base.document import UNSET, Document, UnsetType
from andon.model.run import RunDocument
from andon.service.trust import TrustNote
from andon.value.movement import AnswerChange
from andon.value.through import MovedDataset


class InsightState(StrEnum):
    """Whether an answer is still true. `true`: asked again it is the same. `moved`: numbers of it are others. `failed`: it can't be
    asked any more. `unpinned`: nothing is known of what it was. `no_query`: nothing can be asked."""

    TRUE = "true"
    MOVED = "moved"
    FAILED = "failed"
    UNPINNED = "unpinned"
    NO_QUERY = "no_query"


class InsightValue(Document):
    """What an insight is worth: an amount of a currency, once or for each `per`, measured or estimated; or said in words.

    Attributes:
        amount: as text, with all its places; null where nobody says how much.
    """

    amount: str | None
    currency: str | None
    per: str
    basis: str
    words: str | None


class InsightFlaw(Document):
    """Something that makes an insight less reliable: of which dataset, how bad (`red`, `amber`), what it is, and what would mend it."""

    dataset: str
    kind: str
    level: str
    what: str
    repair: str


class InsightOutcomeDocument(Document):
    """What came of an insight, and when; the value that was realised."""

    on: str
    what: str
    value: InsightValue | None


class InsightPin(Document):
    """What an answer was read from: the commit whose data the query saw, and the hash of what came."""

    commit: str
    result: str | None


class InsightInfo(Document):
    """An insight, in a line.

    Attributes:
        title: the question, decision or action.
        fresh: when the oldest dataset that it uses was made (ISO text).
        unreviewed: whether the day is past until which its value counts unless somebody looks at it again.
        level: of its weakest link: `green`, `amber`, `red`; `weakest` says what makes it that.
        rests_on: how many datasets it rests on, those above what it uses among them.
        state: what the last look on that branch found; null where nobody looked since it was pinned.
    """

    name: str
    kind: str
    title: str
    owner: str | None
    value: InsightValue
    review_by: str | None
    unreviewed: bool
    fresh: str | None
    level: str
    weakest: InsightFlaw | None
    rests_on: int
    outcomes: int
    state: InsightState | None


class InsightRows(Document):
    """An answer: the names of its columns, their types, and rows."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]


class InsightDocument(Document):
    """All of an insight.

    Attributes:
        uses: datasets, or columns of them, that serve it; `queries`, saved queries.
        query: what answers it: SQL, or the name of a saved query.
        rests_on: all datasets that it rests on.
        pinned: what its answer was read from; `pinned_answer` is what came, where it is kept.
        flaws: what is known against it, the worst first.
        notes: what is to be known of the datasets that it uses, as with the answer of a query.
        looked: when it was looked at last; `found`, what that came to.
        evidence: runs of analyses that show it, `name@2`.
    """

    name: str
    kind: str
    file: str
    title: str
    answer: str | None
    decision: str | None
    description: str | None
    owner: str | None
    date: str | None
    uses: list[str]
    queries: list[str]
    query: str | None
    value: InsightValue
    review_by: str | None
    unreviewed: bool
    fresh: str | None
    rests_on: list[str]
    pinned: InsightPin | None
    pinned_answer: InsightRows | None
    outcomes: list[InsightOutcomeDocument]
    level: str
    flaws: list[InsightFlaw]
    notes: list[TrustNote]
    state: InsightState | None
    looked: str | None
    found: str | None
    evidence: list[str]
    branch: str
    commit: str


class InsightCheck(Document):
    """Whether an insight is still true.

    Attributes:
        what: in a sentence.
        pinned: the commit that its answer was read from; `commit` is the one that it was asked of now.
        movements: what moved, up to 20; `total` is how much there is.
        changed, came, went: how many rows have other numbers, are new, are not there any more.
        through: the datasets that are others than when it was pinned, where it began first; empty where that is not known any more.
        notes: what is known of what it rests on, as with the answer of a query.
    """

    shown_first: ClassVar = ("name", "state", "what")

    name: str
    title: str
    state: InsightState
    what: str
    pinned: str | None
    commit: str
    movements: list[AnswerChange]
    total: int
    changed: int
    came: int
    went: int
    through: list[MovedDataset]
    notes: list[TrustNote] | UnsetType = UNSET


class InsightSaved(Document):
    """An insight's file that was written: with which answer, whether that is kept beside it, and how it was published.

    Attributes:
        names: the insights.
        files: what was written.
        answer: of one that was asked, its first rows.
        rows: how many rows it has.
        kept: whether all of them are kept; not where they are too many, or of personal columns.
        behind: files that the project folder does not have as they were published.
        notes: what is known of what the answer was read from.
    """

    shown_first: ClassVar = ("names", "published", "branch")

    names: list[str]
    files: list[str]
    branch: str
    published: bool
    answer: InsightRows | None
    rows: int | None
    kept: bool
    behind: list[str]
    run: RunDocument | None
    notes: list[TrustNote] | UnsetType = UNSET
