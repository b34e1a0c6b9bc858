"""Rows that are set aside, on the page of their dataset: seen, and put back by keys alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from kit.browsing import Watched
from kit.clones import Clone
from kit.serving import Serving, serving

SOURCE = """\
/*---
columns:
  customer: {pii: true}
checks: |
  price: amount 0..100 quarantine 60%
  not null customer quarantine 3 rows
---*/
select id, customer, amount from 'raw/orders.csv'
"""
ROWS = "id,customer,amount\n1,ada,10\n2,ben,-20\n3,,500\n4,ada,40\n"


@pytest.fixture
def shop(tmp_path) -> Iterator[Serving]:
    clone = Clone(tmp_path / "acme")
    clone.fill({"andon.toml": "", "raw/orders.csv": ROWS, "sources/shop/orders.sql": SOURCE})
    clone.run()
    with serving(clone.root) as found:
        yield found


def test_rows_are_seen_and_put_back(browser: Any, shop: Serving) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page(), shop.address)
    watched.require_whole("/d/shop.orders/quarantine")
    watched.require_whole("/d/shop.orders__quarantine")
    watched.page.set_viewport_size({"width": 1440, "height": 900})
    page = watched.go("/d/shop.orders")
    page.locator("#tab-quarantine").click()
    checks, rows = page.locator("#dataset .tbl").nth(0), page.locator("#dataset .tbl").nth(1)
    expect(checks.locator("tbody tr")).to_have_count(2)
    expect(checks).to_contain_text("price")
    expect(rows.locator("tbody tr")).to_have_count(2)
    expect(rows).to_contain_text("-20")
    expect(rows).not_to_contain_text("ben")  # personal
    if looked := os.environ.get("ANDON_LOOK"):
        page.screenshot(path=f"{looked}/light.png")
        page.emulate_media(color_scheme="dark")
        page.reload()
    page.get_by_role("button", name="Put rows back").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#release")).to_be_visible()
    if looked:
        page.screenshot(path=f"{looked}/dark.png")
    page.keyboard.press("Escape")
    expect(page.locator("#release")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.type("id = 2")  # the field has the focus
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("a refund")
    page.keyboard.press("Enter")
    page.wait_for_url("**/d/shop.orders/quarantine**")
    expect(page.locator("#dataset .tbl").nth(1).locator("tbody tr")).to_have_count(1)
    expect(page.locator("#dataset")).to_contain_text("1 put back")
    page.goto(f"{shop.address}/d/shop.orders__quarantine")
    expect(page.locator("h1")).to_have_text("shop.orders__quarantine")
    assert watched.wrong == []
    context.close()
