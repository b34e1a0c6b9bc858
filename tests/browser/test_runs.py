"""Runs in a browser: one is planned, begun and watched to its end without a reload, stopped, accepted; by keyboard and on a phone too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

#: Some seconds of work, and more than any test waits.
SLOW = "select sum(a.range # b.range) as n from range({}) a, range(20000) b".replace("#", "*")
ENDLESS = (
    "select count(*) as n from range(1000000) a, range(10000000) b where hash(a.range, b.range) = 1"
    " and a.range < (select 1000000 + count(*) from shop.orders)\n"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, Serving]]:
    """A project that these tests change one after another, each with what is its own."""
    clone = Clone(tmp_path_factory.mktemp("works") / "acme")
    clone.fill(FILES)
    clone.run()
    with serving(clone.root) as server:
        yield clone, server


@pytest.fixture
def works(browser: Any, served: tuple[Clone, Serving]) -> Iterator[tuple[Clone, Watched]]:
    """A window on it."""
    clone, server = served
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page(), server.address)
    yield clone, watched
    context.close()
    assert watched.wrong == []


def test_a_run_is_planned_begun_and_watched_to_its_end(works: tuple[Clone, Watched]) -> None:
    clone, window = works
    for name in ("one", "two", "three"):
        clone.write(
            f"datasets/marts/{name}.sql", f"{SLOW.format(16000)} where a.range <> (select count(*) from shop.orders)\n"
        )
    page = window.go("/runs")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("n")
    page.wait_for_url("**/runs/new")
    page.get_by_label("Run what the server's folder says").check()
    page.get_by_role("button", name="Show the plan").click()
    assert "3 to do" in page.locator("header", has=page.get_by_role("heading", name="The plan")).inner_text()
    page.get_by_placeholder("What for").fill("three more")
    page.get_by_role("button", name="Run main").click()
    page.wait_for_url("**/runs/*call=*")
    page.evaluate("window.wasHere = true")
    page.locator('.gantt [data-s="running"]').first.wait_for()
    assert page.evaluate("window.wasHere")
    assert window.accessibility() == []
    page.locator(".run-head", has_text="Done").wait_for(timeout=60_000)
    assert page.locator('.gantt-bar rect[data-s="ok"]').count() == 3
    assert page.locator("progress").count() == 0
    assert "Published" in page.locator(".toast").inner_text()
    assert page.get_by_text("three more").is_visible()


def test_a_run_is_stopped(works: tuple[Clone, Watched]) -> None:
    clone, window = works
    clone.write("datasets/marts/endless.sql", ENDLESS)
    page = window.go("/runs/new?what=run&plan=true&select=marts.endless")
    page.get_by_role("button", name="Run main").click()
    page.wait_for_url("**/runs/*call=*")
    page.get_by_role("button", name="Stop it").click()
    page.get_by_text("It ended before it was done").wait_for()
    assert page.get_by_role("button", name="Stop it").count() == 0
    clone.write("datasets/marts/endless.sql", None)


def test_a_run_of_the_command_line_is_watched_in_the_list_and_on_its_page(works: tuple[Clone, Watched]) -> None:
    clone, window = works
    clone.write("datasets/marts/endless.sql", ENDLESS)
    page = window.go("/runs")
    command = [sys.executable, "-m", "andon.cli", "-C", str(clone.root), "run", "--branch", "try", "marts.endless"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        page.locator(".runs-list tr", has_text="Running").wait_for(timeout=60_000)
        page.locator(".runs-list tr", has_text="Running").get_by_role("link").first.click()
        page.locator('.gantt [data-s="running"]').first.wait_for()
        before = page.locator(".facts dd").first.inner_text()
        expect(page.locator(".facts dd").first).not_to_have_text(before)
        page.locator('.gantt a[href*="task=marts.endless"]').focus()
        now = page.locator(".facts dd").first.inner_text()
        expect(page.locator(".facts dd").first).not_to_have_text(now)
        assert "marts.endless" in page.evaluate("document.activeElement.innerText")  # drawn anew, the focus stays
    finally:
        process.kill()
        process.wait()
    page.locator(".run-head", has_text="Interrupted").wait_for()
    page.go_back()
    page.locator(".runs-list tr", has_text="Interrupted").first.wait_for()
    clone.write("datasets/marts/endless.sql", None)


def test_what_is_held_is_accepted_on_a_phone(works: tuple[Clone, Watched]) -> None:
    clone, window = works
    window.page.set_viewport_size({"width": 390, "height": 844})
    checked = f"/*---\nchecks: |\n  amount <= 20\n---*/\n{FILES['datasets/marts/totals.sql']}"
    clone.write("datasets/marts/totals.sql", checked)
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,70\n")
    assert not clone.run().published
    page = window.go("/runs")
    page.locator(".runs-list tr", has_text="Held").get_by_role("link").first.click()
    assert page.get_by_role("region", name="Failing rows").inner_text().split() == ["customer", "amount", "cleo", "70"]
    assert window.accessibility() == []
    page.get_by_label("Reason").fill("Cleo moved in")
    page.get_by_role("button", name="Publish it all the same").click()
    page.locator(".toast", has_text="with your reason").get_by_role("link", name="Run").click()
    page.locator(".run-head", has_text="Done").wait_for()
    assert clone.ask("select amount from marts.totals where customer = 'cleo'") == [(70,)]


def test_the_list_is_narrowed_where_it_stands(window: Watched) -> None:
    page = window.go("/runs")
    assert page.locator(".runs-list tbody tr").count() == 4
    page.get_by_label("Branch", exact=True).select_option("try/half")
    page.wait_for_url("**/runs?*branch=try*")
    expect(page.locator(".runs-list tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.locator(".runs-list tbody tr")).to_have_count(4)
    page.locator("#due").get_by_text("due").first.wait_for()


def test_a_file_is_sent_looked_at_and_published(works: tuple[Clone, Watched]) -> None:
    clone, window = works
    page = window.go("/sources")
    page.locator("andon-upload form").wait_for()
    leads = {"name": "leads <1>.csv", "mimeType": "text/csv", "buffer": b"id,name\n1,<b>ada</b>\n2,ben\n"}
    page.locator('andon-upload input[type="file"]').set_input_files(leads)
    assert "leads <1>.csv, 27 bytes" in page.locator(".drop").inner_text()
    page.get_by_label("Source", exact=True).fill("crm.leads")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Send it once more to do just this").wait_for()
    assert "build crm.leads" in page.locator("andon-upload .said").inner_text()
    window.wrong.clear()  # the browser tells of the 409
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/d/crm.leads")
    assert clone.ask("select count(*) from crm.leads") == [(2,)]
    page = window.go("/sources?upload=crm.leads")
    page.locator("andon-upload form").wait_for()
    page.locator('andon-upload input[type="file"]').set_input_files({**leads, "buffer": b"id,name\nx,ada\n"})
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/runs/*")
    page.get_by_text("crm.leads failed").wait_for()
    page = window.go("/sources")
    page.get_by_role("button", name="Load crm.leads").click()
    page.get_by_text("Nothing new was there").wait_for()
