"""Search in the catalog of one commit. The indexes of the commits that were asked for last stay in memory, shared by all callers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.lru import Lru
from andon.base.record import Record, replace
from andon.catalog.columns import ColumnNames
from andon.catalog.entries import CatalogEntry, Contents, contents_of, spread, with_asked, with_handed
from andon.catalog.facets import counted
from andon.catalog.index import AskedWord, IndexedText, WordIndex
from andon.catalog.ranking import Names, said_of

if TYPE_CHECKING:
    from andon.lineage.descriptions import Descriptions
    from andon.model.commit import Commit
    from andon.model.saved_query import SavedQuery
    from andon.workspace.workspace import Workspace

#: Indexes of so many commits are kept.
_KEPT = 4


class Searchable(Record):
    """One commit, ready to be searched.

    Attributes:
        names: what its datasets are called.
        said: see `said_of`.
        facets: see `counted`.
    """

    contents: Contents
    datasets: WordIndex
    queries: WordIndex
    columns: ColumnNames
    names: Names
    said: Mapping[str, float]
    facets: Mapping[str, Counter[str]]

    @property
    def entries(self) -> Mapping[str, CatalogEntry]:
        """Its datasets by name."""
        return self.contents.entries

    def find(self, text: str) -> tuple[list[AskedWord], dict[str, float]]:
        """The words of `text`, and the datasets that have them, with how much that says.

        A text without any word is looked for as it stands, since signs are none.
        """
        words = self.datasets.words(text)
        if words:
            return words, self.datasets.scores(words)
        sign = text.strip()
        return [], {name: 1.0 for name, entry in self.entries.items() if sign in _all_of(entry)} if sign else {}


class Catalogs:
    """The searchable commits of one lake."""

    def __init__(self, workspace: Workspace, descriptions: Descriptions) -> None:
        self._workspace = workspace
        self._descriptions = descriptions
        self._contents: Lru[str, Contents] = Lru(_KEPT)
        self._kept: Lru[tuple[object, ...], Searchable] = Lru(_KEPT)
        self._newest: Searchable | None = None
        self._lock = threading.Lock()

    def of(self, commit: Commit) -> Searchable:
        """`commit`, ready to be searched; an index is made of the one before it, where most of it is the same."""
        key = (commit.root, *self._workspace.dataset_questions.mark())
        found = self._kept.get(key)
        if found is not None:
            return found
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                found = self._made(self._with_asked(self._with_handed(commit)))
                self._kept.put(key, found)
                self._newest = found
        return found

    def contents(self, commit: Commit) -> Contents:
        """What there is at `commit`, for whoever searches nothing: without what columns have from above."""
        found = self._contents.get(commit.root)
        if found is None:
            found = contents_of(self._workspace, commit)
            self._contents.put(commit.root, found)
        return found

    def _with_handed(self, commit: Commit) -> Contents:
        contents = self.contents(commit)
        handed = self._descriptions.of(commit)
        return replace(contents, entries=with_handed(contents.entries, handed)) if handed else contents

    def _with_asked(self, contents: Contents) -> Contents:
        book = self._workspace.dataset_questions
        asked = book.all()
        return replace(contents, entries=with_asked(contents.entries, asked, book.renames())) if asked else contents

    def _made(self, contents: Contents) -> Searchable:
        texts = {name: text_of(entry) for name, entry in contents.entries.items()}
        asked = {name: _text_of_query(query) for name, query in contents.queries.items()}
        near = self._newest
        return Searchable(
            contents,
            near.datasets.moved(texts) if near is not None else WordIndex(texts),
            near.queries.moved(asked) if near is not None else WordIndex(asked),
            ColumnNames(contents.entries),
            Names([*contents.entries]),
            {name: said_of(entry) for name, entry in contents.entries.items()},
            counted(contents.entries.values()),
        )


def text_of(entry: CatalogEntry) -> IndexedText:
    """What a dataset is found by."""
    columns = " ".join(spread(column.name) for column in entry.columns)
    terms = {term.term: term for term in (*entry.terms, *(each for column in entry.columns for each in column.terms))}
    words = (word for term in terms.values() for word in term.words)
    said = (entry.description, entry.owner, *entry.tags, *(column.description for column in entry.columns), *words)
    handed = (column.handed.text for column in entry.columns if column.handed is not None)
    meanings = (term.meaning for term in terms.values())
    return IndexedText(entry.dataset, columns, _joined(said), entry.code, _joined((*handed, *meanings, *entry.asked)))


def _text_of_query(query: SavedQuery) -> IndexedText:
    parameters = " ".join(spread(parameter.name) for parameter in query.parameters)
    said = (query.description, query.owner, *query.tags, *query.datasets)
    return IndexedText(query.name, parameters, _joined(said), query.sql)


def _joined(texts: Iterable[str | None]) -> str:
    return "\n".join(text for text in texts if text)


def _all_of(entry: CatalogEntry) -> str:
    return f"{entry.dataset}\n{entry.description or ''}\n{entry.code}"
