"""What holds for every page: nothing is wrong in the console, axe finds nothing, nothing is cut off on a phone, each theme."""

from __future__ import annotations

import re
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
    "/changes/{branch:path}": ["/changes/try/half", "/changes/try/half?view=split&whole=true", "/changes/@folder"],
    "/sql": ["/sql", "/sql?q=from%20marts.totals"],
    "/save": ["/save?q=from%20marts.totals"],
    "/edit/{target:path}": ["/edit/marts.totals", "/edit/sources/shop/new.yml?branch=try/half"],
    "/runs": ["/runs", "/runs?status=failed", "/runs?branch=try/half&kind=change"],
    "/sources": ["/sources", "/sources?branch=none"],
    "/runs/new": ["/runs/new?plan=true", "/runs/new?plan=true&select=no.such"],
    "/runs/{run}": ["/runs/1", "/runs/2?all=true&task=marts.totals"],
    "/d/{dataset}/{tab}": [
        f"/d/marts.totals/{tab}" for tab in ("sample", "lineage", "checks", "code", "versions", "used-by")
    ],
    "/d/{dataset}": ["/d/shop.orders", "/d/marts.totals?at=main~1"],
    "/map": ["/map"],
}
#: Shown only while something goes on: they have tests of their own.
PASSING = {"/calls/{call}"}


def test_each_page_has_an_address_here() -> None:
    assert {page.path for page in all_pages()} - PASSING == set(ADDRESSES)


@pytest.mark.parametrize("address", [each for all_of_one in ADDRESSES.values() for each in all_of_one])
def test_a_page_is_whole(browser: Any, shop: Serving, address: str) -> None:
    for theme, width in (("light", 1440), ("dark", 1440), ("light", 390)):
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)
        watched = Watched(context.new_page(), shop.address)
        page = watched.go(address)
        page.wait_for_load_state("networkidle")
        found = watched.accessibility()
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        title, lead = page.title(), page.locator("html").get_attribute("data-theme")
        context.close()
        assert found == [], (theme, width)
        assert watched.wrong == [], (theme, width)
        assert (beyond <= 0, lead) == (True, theme)
        assert re.search(r"\S · Andon$", title)
