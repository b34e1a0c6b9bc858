"""The catalog: all datasets of a commit, by words and by what they are."""

from __future__ import annotations

from andon.base.document import Document
from andon.base.record import Record, field
from andon.service.searching import FindOptions, FoundDocument
from andon.web.asking import AtCommit, Limit
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href

#: Facets with the words above them, in the order in which they are shown.
_FACETS = (("status", "Status"), ("schema", "Schema"), ("kind", "Kind"), ("owner", "Owner"), ("tag", "Tag"))
_AT_ONCE = 50


class CatalogLooked(AtCommit, kw_only=True):
    """What is looked for.

    Attributes:
        words: what a person typed.
        schema, kind, owner, tag, status: any of those that are given.
        limit: lines at most.
    """

    words: str = ""
    schema: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    owner: list[str] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    limit: Limit = _AT_ONCE


class FacetLine(Record):
    """A value of a facet: how many have it, whether it is chosen, and the page where it is turned over."""

    value: str
    count: int
    chosen: bool
    address: str


def _catalog(call: PageCall) -> Shown:
    asked: CatalogLooked = call.query
    chosen = {name: list(getattr(asked, name)) for name, _ in _FACETS}
    schema, kind, owner, tag, status = (tuple(chosen[n]) for n in ("schema", "kind", "owner", "tag", "status"))
    options = FindOptions(schema, kind, owner, tag, status, asked.limit)
    found = call.service.catalog.find(asked.words, asked.at, options)
    return {
        "found": found,
        "asked": asked,
        "chosen": chosen,
        "facets": [(word, lines) for name, word in _FACETS if (lines := _lines(asked, chosen, found, name))],
        "has_filter": any(chosen.values()),
        "bare": _address(asked, {}),
        "more": _address(asked, chosen, limit=asked.limit + 4 * _AT_ONCE) if found.total > len(found.hits) else None,
    }


def _lines(asked: Document, chosen: dict[str, list[str]], found: FoundDocument, name: str) -> list[FacetLine]:
    counts = {each.value: each.count for each in found.facets[name]}
    values = [*counts, *(value for value in chosen[name] if value not in counts)]
    if len(values) < 2 and not chosen[name]:
        return []  # what all have tells nothing apart
    lines = []
    for value in values:
        is_chosen = value in chosen[name]
        others = [each for each in chosen[name] if each != value]
        turned = {**chosen, name: others if is_chosen else [*others, value]}
        lines.append(FacetLine(value, counts.get(value, 0), is_chosen, _address(asked, turned)))
    return lines


def _address(asked: Document, chosen: dict[str, list[str]], **more: object) -> str:
    looked = {"at": getattr(asked, "at", None), "words": getattr(asked, "words", "") or None}
    return href("/catalog", **looked, **{name: values for name, values in chosen.items() if values}, **more)


PAGES = (PageRoute("/catalog", "catalog.html", _catalog, CatalogLooked),)
