"""The catalog: what there is, by words; the board: how it stands."""

from __future__ import annotations

from typing import Any

from andon.base.record import field
from andon.model.person import PersonRole
from andon.service.board import BoardDocument
from andon.service.glossary import GlossaryDocument
from andon.service.searching import SHOWN, FindOptions, FoundDocument, PaletteHit
from andon.service.undescribed import LISTED, UndescribedDocument
from andon.web.asking import AtCommit, Limit
from andon.web.endpoint import Endpoint, RouteCall


class FindAsked(AtCommit, kw_only=True):
    """What is looked for, at which commit.

    Attributes:
        words: what a person types, `tag:finance` and the like with it; nothing finds all, the most used first.
        schema: the first part of the name; any of those that are given.
        kind: `source`, `sql`, `python`.
        owner: who owns it; empty for nobody.
        tag: a tag that it has.
        status: `ok`, `warn`, `stale`, `blocked`, `fail`.
        limit: datasets at most.
        after: the dataset behind which the answer begins.
    """

    words: str = ""
    schema: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    owner: list[str] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    limit: Limit = SHOWN
    after: str | None = None

    def options(self) -> FindOptions:
        """As the catalog takes it."""
        return FindOptions(
            schema=tuple(self.schema),
            kind=tuple(self.kind),
            owner=tuple(self.owner),
            tag=tuple(self.tag),
            status=tuple(self.status),
            limit=self.limit,
            after=self.after,
        )


class PaletteAsked(AtCommit, kw_only=True):
    """What is typed into the palette.

    Attributes:
        words: what was typed so far.
        limit: lines at most.
    """

    words: str = ""
    limit: Limit = 12


def _find(call: RouteCall) -> Any:
    asked: FindAsked = call.query
    return call.service.catalog.find(asked.words, asked.at, asked.options())


def _palette(call: RouteCall) -> Any:
    return call.service.catalog.palette(call.query.words, call.query.at, call.query.limit)


class GlossaryAsked(AtCommit, kw_only=True):
    """Which words, at which commit.

    Attributes:
        term: a word, or another one for the same; all without it.
    """

    term: str | None = None


class UndescribedAsked(AtCommit, kw_only=True):
    """How much of what is not described, at which commit.

    Attributes:
        limit: datasets at most.
    """

    limit: Limit = LISTED


def _glossary(call: RouteCall) -> Any:
    return call.service.glossary.show(call.query.term, call.query.at)


def _undescribed(call: RouteCall) -> Any:
    return call.service.undescribed.list(call.query.limit, call.query.at)


def _board(call: RouteCall) -> Any:
    return call.service.board.show(call.query.at)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/search",
        "find",
        PersonRole.READER,
        "Datasets by words, the best first, and how many there are of each kind, owner, tag, schema and status.",
        _find,
        (FoundDocument,),
        FindAsked,
    ),
    Endpoint(
        "GET",
        "/palette",
        "",
        PersonRole.READER,
        "The best few of datasets, columns, saved queries and branches, while somebody types.",
        _palette,
        (list[PaletteHit],),
        PaletteAsked,
    ),
    Endpoint(
        "GET",
        "/glossary",
        "glossary",
        PersonRole.READER,
        "Words of the business: what they mean, and in which columns they stand.",
        _glossary,
        (GlossaryDocument,),
        GlossaryAsked,
    ),
    Endpoint(
        "GET",
        "/undescribed",
        "docs",
        PersonRole.READER,
        "What nobody described yet, what most people read first, each with the one next step.",
        _undescribed,
        (UndescribedDocument,),
        UndescribedAsked,
    ),
    Endpoint(
        "GET",
        "/board",
        "",
        PersonRole.READER,
        "How the lake stands: what needs a person, runs that go on, all datasets and insights in lanes.",
        _board,
        (BoardDocument,),
        AtCommit,
    ),
)
