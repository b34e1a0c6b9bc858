"""What holds for every page: nothing is wrong in the console, axe finds nothing, nothing is cut off on a phone, each theme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from andon.web.pages import all_pages
from kit.browsing import Watched
from kit.serving import Serving

#: An address for each page; one that is missing here fails.
ADDRESSES = {
    "/": ["/", "/?at=main~1"],
    "/catalog": ["/catalog", "/catalog?words=amount&kind=sql", "/catalog?words=nothing-is-called-so"],
    "/changes": ["/changes"],
    "/glossary": ["/glossary"],
    "/changes/{branch:path}": ["/changes/try/half", "/changes/try/half?view=split&whole=true", "/changes/@folder"],
    "/sql": ["/sql", "/sql?q=from%20marts.totals"],
    "/save": ["/save?q=from%20marts.totals"],
    "/edit/{target:path}": ["/edit/marts.totals", "/edit/sources/shop/new.yml?branch=try/half"],
    "/runs": ["/runs", "/runs?status=failed", "/runs?branch=try/half&kind=change"],
    "/sources": ["/sources", "/sources?branch=none"],
    "/runs/new": ["/runs/new?plan=true", "/runs/new?plan=true&select=no.such"],
    "/runs/{run}": ["/runs/1", "/runs/2?all=true&task=marts.totals"],
    "/d/{dataset}/{tab}": [
        f"/d/marts.totals/{tab}"
        for tab in ("sample", "lineage", "checks", "quarantine", "code", "versions", "used-by", "questions")
    ],
    "/d/{dataset}": ["/d/shop.orders", "/d/marts.totals?at=main~1"],
    "/map": ["/map"],
    "/simplify": ["/simplify", "/simplify?all=true"],
    "/principles": ["/principles", "/principles?since=soon"],
    "/proofs": ["/proofs", "/proofs?dataset=marts.totals"],
    "/architecture": ["/architecture?against=main~1", "/architecture?against=nope"],
    "/suggestions": ["/suggestions", "/suggestions?all=true"],
    "/insights": ["/insights"],
    "/analyses": ["/analyses"],
    "/analyses/{name}": ["/analyses/busy", "/analyses/busy?run=1"],
    "/requests": ["/requests", "/requests?all=true&what=orders%20by%20weekday"],
    "/value": ["/value", "/value?since=90d&by=insight&archive=marts.totals"],
    "/insights/{name}": ["/insights/busy?look=true"],
    "/save-insight": ["/save-insight?q=from%20marts.totals"],
    "/incidents": ["/incidents", "/incidents?all=true"],
    "/review": ["/review", "/review?since=soon"],
}
#: Shown only while something goes on, or is wrong: they have tests of their own.
PASSING = {"/calls/{call}", "/incidents/{incident}", "/suggestions/{number}", "/simplify/{number}"}
#: A file that an analysis made, which is no page of ours.
PASSING |= {"/analyses/{name}/{run}/files/{file:path}"}


def test_each_page_has_an_address_here() -> None:
    assert {page.path for page in all_pages()} - PASSING == set(ADDRESSES)


@pytest.fixture(scope="module")
def seen(browser: Any, shop: Serving) -> Iterator[Watched]:
    """One window for all pages."""
    context = browser.new_context(color_scheme="light")
    yield Watched(context.new_page(), shop.address)
    context.close()


@pytest.mark.parametrize("address", [each for all_of_one in ADDRESSES.values() for each in all_of_one])
def test_a_page_is_whole(seen: Watched, address: str) -> None:
    """At a desk in the light, in the dark, and on a phone; what is loaded late is there, too."""
    seen.require_whole(address)


def test_a_page_is_dark_from_the_first_moment(browser: Any, shop: Serving) -> None:
    context = browser.new_context(color_scheme="dark")
    page = Watched(context.new_page(), shop.address).go("/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    context.close()
