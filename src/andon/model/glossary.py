"""The glossary: what words of the business mean, and which columns hold them (`glossary.yml`)."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.record import Record


class GlossaryTerm(Record, omit_defaults=True):
    """A word.

    Attributes:
        also: other words for the same.
        columns: where it stands: `schema.dataset.column`, or a dataset as a whole.
        owner: who says what it means.
        spots: of each of `columns`, line and column where it is written.
    """

    term: str
    meaning: str
    also: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    owner: str | None = None
    spots: tuple[tuple[int, int], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The term, and other words for the same."""
        return (self.term, *self.also)


def terms_by_place(glossary: Iterable[GlossaryTerm]) -> dict[str, tuple[GlossaryTerm, ...]]:
    """Terms by where they stand: by `schema.dataset.column` and by `schema.dataset`, in lower case."""
    found: dict[str, tuple[GlossaryTerm, ...]] = {}
    for term in glossary:
        for place in dict.fromkeys(each.lower() for each in term.columns):
            found[place] = (*found.get(place, ()), term)
    return found
