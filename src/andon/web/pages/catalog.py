"""The catalog: all datasets of a commit, by words and by what they are."""

from __future__ import annotations

from andon.base.record import Record
from andon.service.searching import FoundDocument
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href
from andon.web.routes.catalog import FindAsked

#: Facets with the words above them, in the order in which they are shown.
_FACETS = (("status", "Status"), ("schema", "Schema"), ("kind", "Kind"), ("owner", "Owner"), ("tag", "Tag"))
#: How many datasets more each press on the link below the list shows.
_MORE = 200


class FacetLine(Record):
    """A value of a facet: how many have it, whether it is chosen, and the page where it is turned over."""

    value: str
    count: int
    chosen: bool
    address: str


def _catalog(call: PageCall) -> Shown:
    asked: FindAsked = call.query
    chosen = {name: list(getattr(asked, name)) for name, _ in _FACETS}
    found = call.service.catalog.find(asked.words, asked.at, asked.options())
    return {
        "found": found,
        "asked": asked,
        "chosen": chosen,
        "facets": [(word, lines) for name, word in _FACETS if (lines := _lines(asked, chosen, found, name))],
        "has_filter": any(chosen.values()),
        "bare": _address(asked, {}),
        "more": _address(asked, chosen, limit=asked.limit + _MORE) if found.total > len(found.hits) else None,
    }


def _lines(asked: FindAsked, chosen: dict[str, list[str]], found: FoundDocument, name: str) -> list[FacetLine]:
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


def _address(asked: FindAsked, chosen: dict[str, list[str]], **more: object) -> str:
    looked = {"at": asked.at, "words": asked.words or None}
    return href("/catalog", **looked, **{name: values for name, values in chosen.items() if values}, **more)


PAGES = (PageRoute("/catalog", "catalog.html", _catalog, FindAsked),)
