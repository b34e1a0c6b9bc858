"""What is wrong as pages: one incident with what changed, its rows, what can be done, and the buttons that do it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

ORDERS = """/*---
key: id
checks: amount 0..100
---*/
select id, customer, amount from read_csv('raw/orders_*.csv')
"""


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project whose newest file is kept from readers, served; a colleague complained of what is published."""
    clone = Clone(tmp_path_factory.mktemp("trouble") / "acme")
    clone.fill(FILES)
    clone.write("sources/shop/orders.sql", ORDERS)
    clone.write("andon.toml", "[schedule]\nenabled = false\n")
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n")
    clone.refresh()
    with clone.opened() as service:
        assert service.actions.fix(1, "retry").outcome == "failed"
        service.cords.complain("marts.totals", "June is missing")
    with serving(clone.root) as found:
        yield found


@pytest.fixture
def seen(browser: Any, trouble: Serving) -> Iterator[Watched]:
    context = browser.new_context(color_scheme="light", viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page(), trouble.address)
    yield watched
    context.close()
    assert watched.wrong == []


def test_an_incident_is_whole_with_what_changed_and_the_rows_that_fail(seen: Watched) -> None:
    seen.require_whole("/incidents/1")
    page = seen.go("/incidents")
    lines = page.locator(".incident-list tbody tr").all_inner_texts()
    assert len(lines) == 2
    assert any("shop.orders" in line and "Contained" in line for line in lines)
    assert any("June is missing" in line and "Open" in line for line in lines)
    page.get_by_role("link", name="1", exact=True).click()
    page.get_by_role("heading", name="shop.orders").wait_for()
    changed = page.locator(".differences").inner_text()
    assert "raw/orders_06.csv came" in changed
    assert "3 → 4" in changed
    assert page.locator(".tbl.rows td").all_inner_texts()[:3] == ["4", "cleo", "999"]
    assert "run:3 was held" in page.locator("section", has_text="What can be done").inner_text()
    assert "1 new, 0 bad before" in page.locator("section", has_text="Rows that fail").first.inner_text()


def test_its_buttons_do_what_they_say(seen: Watched) -> None:
    page = seen.go("/incidents/2")
    page.get_by_role("button", name="Take it").click()
    page.locator(".facts dd", has_text="nobody yet").wait_for(state="detached")
    page.get_by_role("button", name="Snooze a day").click()
    page.get_by_text("Snoozed until").wait_for()
    page.get_by_label("Something was done by hand").fill("asked the shop")
    page.get_by_role("button", name="Note it").click()
    page.locator(".story li", has_text="asked the shop").wait_for()
    page.get_by_role("button", name="It is expected").click()
    page.locator(".incident-head", has_text="Closed").wait_for()
    seen.go("/incidents")
    assert page.locator(".incident-list tbody tr").count() == 1
    page.get_by_role("link", name="With those that are over").click()
    page.locator(".incident-list tr.over", has_text="expected").wait_for()


def test_a_reader_complains_and_pulls_the_cord_where_the_numbers_are(seen: Watched) -> None:
    page = seen.go("/d/marts.totals")
    page.get_by_text("Say what looks wrong").click()
    page.get_by_label("What", exact=True).fill("July is missing")
    page.get_by_role("button", name="Say it").click()
    page.locator(".alert", has_text="July is missing").wait_for()
    page.get_by_text("Pull the cord").click()
    page.get_by_label("Why", exact=True).fill("totals look wrong")
    page.get_by_role("button", name="Hold it").click()
    page.locator(".alert", has_text="totals look wrong").wait_for()
    seen.go("/incidents")
    held = page.locator("section", has=page.get_by_role("heading", name="Held by people"))
    assert "totals look wrong" in held.inner_text()
    assert held.get_by_role("button", name="Release marts.totals").count() == 1
    seen.go("/d/marts.totals")
    page.get_by_role("button", name="Release it").click()
    page.locator(".alert", has_text="totals look wrong").wait_for(state="detached")


def test_all_automatic_action_is_stopped_and_goes_on(seen: Watched) -> None:
    page = seen.go("/incidents")
    page.get_by_text("Stop all automatic action").click()
    page.get_by_label("Why").fill("we move house")
    page.get_by_role("button", name="Freeze").click()
    page.get_by_role("heading", name="All automatic action is stopped").wait_for()
    page.get_by_text("we move house").wait_for()
    page.get_by_role("button", name="Let it go on").click()
    page.get_by_text("Stop all automatic action").wait_for()
