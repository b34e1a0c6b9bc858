"""Who reads what a change takes away: an insight, a saved query, a person, a tool."""

from __future__ import annotations

from enum import StrEnum

from andon.base.document import Document


class BrokenReaderKind(StrEnum):
    """What reads, in the order in which it is told. `tool`: what asks by the clock."""

    INSIGHT = "insight"
    QUERY = "query"
    PERSON = "person"
    TOOL = "tool"


class Breaking(StrEnum):
    """What becomes of a reader, the worst first."""

    #: It is not answered any more.
    FAILS = "fails"
    #: A column of its answer is gone, has another type, or another place.
    COLUMNS = "columns"
    #: It is answered with the same columns, and what it used is gone or of another type, or what is new joins in: its rows may be others.
    ROWS = "rows"
    #: It reads the dataset, and nobody can tell which of its columns.
    UNKNOWN = "unknown"


class BrokenReader(Document):
    """A reader whom a change breaks. No text of a query is in it.

    Attributes:
        name: of the insight, the saved query, the person or the tool.
        datasets: that change, and that it reads; `columns`: those of theirs that are gone or of another type and that it uses.
        queries: how many different ones of a person or tool.
        last: when the last of them was asked (ISO text), and through which `door`.
        branch: the branch that they were asked of; null for main.
        words: as it is told.
    """

    kind: BrokenReaderKind
    name: str
    how: Breaking
    datasets: list[str]
    columns: list[str]
    queries: int
    last: str | None
    door: str | None
    branch: str | None
    words: str
