"""The glossary: what words of the business mean, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.names import did_you_mean
from andon.errors import UsageError
from andon.model.insight import use_parts
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.catalog.entries import CatalogEntry
    from andon.catalog.search import Catalogs
    from andon.model.glossary import GlossaryTerm
    from andon.workspace.workspace import Workspace


class TermPlace(Document):
    """Where a word stands.

    Attributes:
        dataset: `schema.name`.
        column: None where the dataset as a whole is meant.
        is_there: whether the commit has it.
        hint: of what is not there, what may be meant.
    """

    dataset: str
    column: str | None
    is_there: bool
    hint: str | None


class TermDocument(Document):
    """A word of the business.

    Attributes:
        also: other words for the same.
        owner: who says what it means.
        places: where it stands.
    """

    term: str
    meaning: str
    also: list[str]
    owner: str | None
    places: list[TermPlace]


class GlossaryDocument(Document):
    """The words of a commit, by name; `file` is where they are written."""

    commit: str
    file: str
    terms: list[TermDocument]


class Glossary:
    """The words of one workspace's lake."""

    def __init__(self, workspace: Workspace, catalogs: Catalogs) -> None:
        self._workspace = workspace
        self._catalogs = catalogs

    def show(self, term: str | None = None, at: str | None = None) -> GlossaryDocument:
        """All words of a commit, or one of them, by itself or by another word for it; capitals don't matter.

        Raises:
            UsageError: `lake.ref_not_found`; `usage.bad_argument` for a word that the glossary does not have.
        """
        view = View.at(self._workspace, at)
        contents = self._catalogs.contents(view.commit)
        terms = sorted(contents.glossary, key=lambda each: each.term.casefold())
        if term is not None:
            by_word = {word.casefold(): each for each in reversed(terms) for word in each.words}
            wanted = by_word.get(term.casefold())
            if wanted is None:
                near = did_you_mean(term, [word for each in terms for word in each.words])
                hint = near or "`andon glossary` lists all; they are written in glossary.yml"
                message = f"the glossary does not have `{term[:40]}`"
                raise UsageError("usage.bad_argument", message, where="term", hint=hint)
            terms = [wanted]
        return GlossaryDocument(view.commit.id, "glossary.yml", [_shown(each, contents.entries) for each in terms])


def _shown(term: GlossaryTerm, entries: dict[str, CatalogEntry]) -> TermDocument:
    places = [_place(each, entries) for each in dict.fromkeys(term.columns)]
    return TermDocument(term.term, term.meaning, list(term.also), term.owner, places)


def _place(said: str, entries: dict[str, CatalogEntry]) -> TermPlace:
    dataset, column = use_parts(said)
    entry = entries.get(dataset)
    if entry is None:
        return TermPlace(dataset, column, is_there=False, hint=did_you_mean(dataset, entries))
    names = {each.name.lower(): each.name for each in entry.columns}
    if column is None or column.lower() in names:
        return TermPlace(dataset, None if column is None else names[column.lower()], is_there=True, hint=None)
    return TermPlace(dataset, column, is_there=False, hint=did_you_mean(column, names.values()))
