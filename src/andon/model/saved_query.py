"""A saved query: one SELECT with parameters that people ask again and again, a file of the project (`queries/*.sql`)."""

from __future__ import annotations

from andon.base.record import Record


class QueryParameter(Record):
    """A parameter that a saved query declares.

    Attributes:
        type: what its value is, a key of `andon.base.typed.TYPES`; None: what its place takes.
        default: as written; None where a value must be given.
    """

    name: str
    type: str | None = None
    default: str | None = None
    description: str | None = None


class SavedQuery(Record):
    """A query that has a name.

    Attributes:
        sql: the text with its front matter, so that line numbers are the file's.
        datasets: what it reads, in order of appearance.
        parameters: those that it declares, then those that its SQL only names.
    """

    name: str
    file: str
    sql: str
    datasets: tuple[str, ...] = ()
    parameters: tuple[QueryParameter, ...] = ()
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
