"""The glossary: what words of the business mean, and which columns hold them (`glossary.yml`)."""

from __future__ import annotations

from andon.base.record import Record


class GlossaryTerm(Record, omit_defaults=True):
    """A word.

    Attributes:
        also: other words for the same.
        columns: where it stands: `schema.dataset.column`, or a dataset as a whole.
        owner: who says what it means.
    """

    term: str
    meaning: str
    also: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    owner: str | None = None
