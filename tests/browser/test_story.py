"""A newcomer's first visit, from the board to an undo: each step by what the page before shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

QUERY = "select customer, sum(amount) as amount from shop.orders group by customer order by customer"


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Serving]:
    """A project of the test's own, published once, served."""
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    with serving(clone.root) as found:
        yield found


def test_a_newcomer_asks_saves_breaks_publishes_and_takes_back(browser: Any, own_shop: Serving) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page(), own_shop.address)
    client = own_shop.client()
    page = watched.go("/")
    assert page.locator("h1").first.inner_text() == "All 4 datasets are healthy"

    # finds what there is, and asks it
    page.keyboard.press("Control+k")
    page.keyboard.type("orders")
    page.wait_for_selector(".palette [role=option][data-s]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/d/shop.orders")
    page.get_by_role("link", name="Query", exact=True).click()
    page.wait_for_selector("andon-grid [role=row][aria-rowindex='2']")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(QUERY)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("andon-sql[data-asked='2']:not([busy])")

    # charts the same answer without asking again
    asked = _asked(own_shop)
    page.get_by_role("tab", name="Chart").click()
    page.wait_for_selector("andon-chart svg")
    assert _asked(own_shop) == asked

    # saves it
    page.get_by_role("link", name=re.compile("Save as dataset")).or_(
        page.get_by_role("button", name=re.compile("Save as dataset"))
    ).click()
    page.wait_for_url("**/save?**")
    page.locator("[name=name]").fill("marts.per_customer")
    page.locator("[name=description]").fill("What each customer bought.")
    page.get_by_role("button", name=re.compile("Build it aside")).click()
    page.get_by_role("button", name=re.compile("Publish to main")).click()
    page.wait_for_url("**/d/marts.per_customer**")
    assert "marts.per_customer" in [each["dataset"] for each in client.get("/datasets").document]

    # breaks it on a branch, and sees what that means before anybody else does
    before = _amounts(client)
    page.get_by_role("link", name="Edit on a branch").click()
    page.wait_for_selector(".cm-content")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.evaluate("document.querySelector('.cm-content').focus()")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(QUERY.replace("sum(amount)", "sum(amount) * 2") + "\n")
    page.locator("input[name=branch]").fill("try/double")
    page.get_by_role("button", name=re.compile("Save")).click()
    page.wait_for_url("**/changes/try/double**")
    assert "marts.per_customer" in page.locator(".steps").first.inner_text()
    assert _amounts(client) == before

    # publishes, and takes it back
    page.get_by_role("button", name=re.compile("Publish to main")).click()
    page.wait_for_selector(".toast")
    assert _amounts(client) == [2 * amount for amount in before]
    page.goto(own_shop.address + "/")
    page.get_by_role("button", name="Undo", exact=True).first.click()
    page.wait_for_selector(".toast")
    assert _amounts(client) == before
    assert watched.wrong == []
    context.close()


def _amounts(client: Any) -> list[float]:
    answer = client.post("/queries", {"sql": "select amount from marts.per_customer order by customer"})
    return [float(row[0]) for row in answer.document["rows"]]


def _asked(server: Serving) -> int:
    """How many questions the log knows, those that are written soon included."""
    server.service.workspace.query_log.flush()
    return len(server.service.workspace.query_log.newest(1000))
