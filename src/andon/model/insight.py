"""An insight: a question, decision or action that data serves, what it is worth, and what came of it (`insights/*.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from andon.base.record import Record


class InsightKind(StrEnum):
    """What an insight is."""

    INSIGHT = "insight"
    QUESTION = "question"
    DECISION = "decision"
    ACTION = "action"
    REPORT = "report"
    DASHBOARD = "dashboard"


class Basis(StrEnum):
    """How an amount is known. What is measured and what is estimated are never added."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    NONE = "none"


class Period(StrEnum):
    """What an amount is for."""

    ONCE = "once"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Worth(Record, omit_defaults=True):
    """What an insight is worth.

    Attributes:
        amount: in `currency`, for each `per`; None where nobody says how much.
        words: what is said of it in words.
    """

    amount: Decimal | None = None
    currency: str | None = None
    per: Period = Period.ONCE
    basis: Basis = Basis.NONE
    words: str | None = None


class InsightOutcome(Record, omit_defaults=True):
    """What came of an insight.

    Attributes:
        on: the day (ISO).
        worth: the value that was realised; once.
    """

    on: str
    what: str
    worth: Worth | None = None


class Pin(Record, omit_defaults=True):
    """What an insight was read from.

    Attributes:
        commit: the id of the commit whose data the query saw.
        result: the hash of its answer.
    """

    commit: str
    result: str | None = None


class Insight(Record, omit_defaults=True):
    """A question, decision or action that data serves.

    Attributes:
        title: the question, decision or action in one line.
        uses: the datasets that serve it, or single columns of them (`schema.dataset.column`), as written; what its
            `query` reads is among them.
        queries: saved queries that serve it, by name.
        query: the SQL that answers it, or the name of a saved query.
        answer: the answer in one line.
        date: the day on which it was made (ISO).
        review_by: the day until which it counts without being looked at again (ISO).
        decision: what is decided, and how often.
        evidence: runs of analyses that show it, `name@2`.
    """

    name: str
    file: str
    title: str
    kind: InsightKind = InsightKind.QUESTION
    owner: str | None = None
    uses: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    query: str | None = None
    answer: str | None = None
    date: str | None = None
    worth: Worth = Worth()
    outcomes: tuple[InsightOutcome, ...] = ()
    review_by: str | None = None
    pinned: Pin | None = None
    description: str | None = None
    decision: str | None = None
    evidence: tuple[str, ...] = ()

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that it uses, each once, in order of appearance."""
        return tuple(dict.fromkeys(use_parts(use)[0] for use in self.uses))

    def texts(self, saved: Mapping[str, str]) -> list[str]:
        """The SQL of all queries that serve it; what is not there any more has none.

        Args:
            saved: the SQL of saved queries, by name.
        """
        own = [] if self.query is None else [saved.get(self.query, self.query)]
        return [*(saved[name] for name in self.queries if name in saved), *own]


def use_parts(use: str) -> tuple[str, str | None]:
    """The dataset and the column, if any, of what an insight uses: `schema.dataset` or `schema.dataset.column`."""
    parts = use.split(".", 2)
    return ".".join(parts[:2]), parts[2] if len(parts) > 2 else None
