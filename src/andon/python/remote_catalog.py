"""What there is in a lake that a server has, and how it stands."""

from __future__ import annotations

from andon.base.document import from_json
from andon.model.review import ReviewDocument
from andon.python.catalog import Filter, several
from andon.python.overview import RemoteOverview
from andon.python.remote_simplify import RemoteHints
from andon.python.server_link import ServerLink
from andon.service.board import BoardDocument
from andon.service.glossary import GlossaryDocument
from andon.service.readers import ReadersDocument
from andon.service.reviewing import WEEK
from andon.service.searching import SHOWN, FoundDocument
from andon.service.suggestion_documents import SuggestionDocument, SuggestionInfo, SuggestionsDocument
from andon.service.undescribed import LISTED, UndescribedDocument


class RemoteCatalog(RemoteOverview):
    """The part of a served lake that one looks for things in; verbs and arguments as in `CatalogLake`."""

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
        """Datasets that have all of `words`, the best first; filters as in `Lake.find`."""
        filters = {"schema": schema, "kind": kind, "owner": owner, "tag": tag, "status": status}
        said = {name: several(values) for name, values in filters.items()}
        found = self._link.get("/search", words=words, at=self._ref, limit=limit, after=after, **said)
        return from_json(FoundDocument, found)

    def glossary(self, term: str | None = None) -> GlossaryDocument:
        """Words of the business, all of them or one."""
        return from_json(GlossaryDocument, self._link.get("/glossary", term=term, at=self._ref))

    def docs(self, *, limit: int = LISTED) -> UndescribedDocument:
        """What nobody described yet, what most people read first."""
        return from_json(UndescribedDocument, self._link.get("/undescribed", limit=limit, at=self._ref))

    def readers(self, dataset: str) -> ReadersDocument:
        """Who uses a dataset."""
        return from_json(ReadersDocument, self._link.get(f"/datasets/{dataset}/readers", at=self._ref))

    def review(self, since: str = WEEK) -> ReviewDocument:
        """How well the work went since then."""
        return from_json(ReviewDocument, self._link.get("/review", since=since, branch=self._ref))

    def board(self) -> BoardDocument:
        """How the lake stands; the folder is that of the server."""
        return from_json(BoardDocument, self._link.get("/board", at=self._ref))

    @property
    def suggestions(self) -> RemoteSuggestions:
        """Work that people do over and over, offered as what would do it."""
        return RemoteSuggestions(self._link)

    @property
    def hints(self) -> RemoteHints:
        """What could be simpler, with the change ready."""
        return RemoteHints(self._link)


class RemoteSuggestions:
    """Work that people do over and over, offered as what would do it, in a lake that a server has."""

    def __init__(self, link: ServerLink) -> None:
        self._link = link

    def list(self, *, decided: bool = False) -> SuggestionsDocument:
        """What is suggested, the newest first; with `decided` also what is no more."""
        return from_json(SuggestionsDocument, self._link.get("/suggestions", all=decided))

    def show(self, number: int, name: str | None = None) -> SuggestionDocument:
        """A suggestion with what speaks for it and all that would be written."""
        return from_json(SuggestionDocument, self._link.get(f"/suggestions/{number}", name=name))

    def accept(self, number: int, name: str | None = None, branch: str | None = None) -> SuggestionDocument:
        """Write it on a branch of its own, build it there, and plan its publish."""
        body = {"name": name, "branch": branch}
        return from_json(SuggestionDocument, self._link.post(f"/suggestions/{number}/accept", body))

    def dismiss(self, number: int) -> SuggestionInfo:
        """Never suggest it again, nor what is much the same."""
        return from_json(SuggestionInfo, self._link.post(f"/suggestions/{number}/dismiss", {}))
