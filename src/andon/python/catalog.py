"""What there is in a lake, and how it stands, from Python."""

from __future__ import annotations

from collections.abc import Sequence

from andon.model.review import ReviewDocument
from andon.python.overview import OverviewLake
from andon.python.simplify import LakeHints
from andon.python.suggestions import LakeSuggestions
from andon.service.board import BoardDocument
from andon.service.glossary import GlossaryDocument
from andon.service.readers import ReadersDocument
from andon.service.reviewing import WEEK
from andon.service.searching import SHOWN, FindOptions, FoundDocument
from andon.service.undescribed import LISTED, UndescribedDocument

Filter = str | Sequence[str]


class CatalogLake(OverviewLake):
    """The part of a lake that one looks for things in."""

    def find(
        self,
        words: str = "",
        *,
        schema: Filter = (),
        kind: Filter = (),
        owner: Filter = (),
        tag: Filter = (),
        status: Filter = (),
        limit: int = SHOWN,
        after: str | None = None,
    ) -> FoundDocument:
        """Datasets that have all of `words` in names, columns, what is said of them, or code; the best first. Without words all of them,
        the most used first.

        Args:
            schema, kind, owner, tag, status: only datasets with this value, or with one of several.
            limit, after: so many, behind the dataset of that name.

        Raises:
            UsageError: `usage.bad_argument` for a kind or a status that there is not.
        """
        options = FindOptions(
            several(schema), several(kind), several(owner), several(tag), several(status), limit, after
        )
        return self._service.catalog.find(words, self._ref, options)

    def glossary(self, term: str | None = None) -> GlossaryDocument:
        """Words of the business: what they mean, and in which columns they stand; all of them, or one.

        Raises:
            UsageError: `usage.bad_argument` for a word that the glossary does not have.
        """
        return self._service.glossary.show(term, self._ref)

    def docs(self, *, limit: int = LISTED) -> UndescribedDocument:
        """What nobody described yet, datasets and columns: what most people read first."""
        return self._service.undescribed.list(limit, self._ref)

    def readers(self, dataset: str) -> ReadersDocument:
        """Who uses a dataset: people within 30 days, saved queries and datasets that read it, insights that rest on it.

        Raises:
            UsageError: `lake.dataset_not_found`.
        """
        return self._service.readers.of(dataset, self._ref)

    def review(self, since: str = WEEK) -> ReviewDocument:
        """How well the work went since then (`7d`, `4w`, or a moment as ISO text): incidents, promises, changes, in numbers.

        Raises:
            UsageError: `usage.bad_argument` for what is no such time.
        """
        return self._service.reviewing.review(since, self._ref)

    def board(self) -> BoardDocument:
        """How the lake stands: what needs a person, runs that go on, all datasets and insights in lanes."""
        return self._service.board.show(self._ref)

    @property
    def suggestions(self) -> LakeSuggestions:
        """Work that people do over and over, offered as what would do it."""
        return LakeSuggestions(self._service)

    @property
    def hints(self) -> LakeHints:
        """What could be simpler, with the change ready."""
        return LakeHints(self._service)


def several(values: Filter) -> tuple[str, ...]:
    """A filter's values; one stands for a list of one."""
    return (values,) if isinstance(values, str) else tuple(values)
