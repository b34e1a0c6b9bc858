"""What stands around every page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from andon.web.pages.words import ago, since
from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving


def test_keys_lead_from_page_to_page(window: Watched):
    page = window.go("/")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    before = page.locator("html").get_attribute("data-theme")
    page.keyboard.press("t")
    assert page.locator("html").get_attribute("data-theme") != before


def test_an_address_that_is_none_is_a_page_that_says_so(window: Watched):
    page = window.go("/nothing-here")
    assert "no page" in page.locator("h2").first.inner_text()
    window.wrong.clear()  # the browser tells of the 404
    page.get_by_role("link", name="To the board").click()
    assert page.locator(".crumbs").inner_text() == "Board"


def test_the_palette_leads_to_datasets_columns_pages_and_does_what_the_page_can(window: Watched):
    page = window.go("/")
    for typed, chosen, place in (
        ("totals", ".palette [data-s] .mono", "/d/marts.totals"),
        ("amount", ".palette [role=option]:has-text('shop.orders.amount')", "/d/shop.orders?column=amount"),
        ("try/half", ".palette [role=option] .mono", "/changes/try/half"),
        ("Catal", ".palette [role=option]", "/catalog"),
    ):
        page.keyboard.press("/")
        page.keyboard.type(typed)
        page.locator(chosen, has_text=typed).first.click()
        page.wait_for_url(f"**{place}**")
    page.goto(window.address + "/catalog")
    page.keyboard.press("Control+k")
    page.keyboard.type("nothing is called like this")
    page.locator(".palette [role=option]", has_text="Request “nothing is called like this”").wait_for()
    assert page.locator(".palette [role=option]").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    theme = page.locator("html").get_attribute("data-theme")
    page.keyboard.type("dark or")
    page.keyboard.press("Enter")  # before what was typed is found: it means that
    page.wait_for_function("(theme) => document.documentElement.dataset.theme !== theme", arg=theme)


def test_pages_are_a_key_away(window: Watched):
    page = window.go("/")
    for key, place in (
        ("c", "/catalog"),
        ("h", "/changes"),
        ("r", "/runs"),
        ("o", "/sources"),
        ("m", "/map"),
        ("b", "/"),
    ):
        page.keyboard.press("Escape")  # out of a field that waits for words
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(window.address + place)


def test_another_commit_is_looked_at_from_page_to_page_and_left_again(window: Watched):
    page = window.go("/")
    page.locator("#switcher summary").click()
    page.get_by_label("Commit, tag or moment").fill("main~1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?at=main%7E1")
    page.get_by_role("link", name="Catalog").click()
    page.wait_for_url("**/catalog?at=main~1")
    page.locator(".hit").first.click()
    page.wait_for_url("**/d/**at=main~1")
    page.get_by_role("link", name="Back to main").click()
    page.wait_for_url(lambda url: "at=" not in url)
    page.go_back()
    page.wait_for_url("**at=main~1")


def test_the_board_looks_again_by_itself_and_is_not_asked_while_nobody_sees_it(window: Watched, shop: Serving):
    page = window.go("/")
    seen = page.locator("#board").get_attribute("hx-get")
    shop.service.branches.create("try/seen")
    try:
        with page.expect_response(lambda answer: "seen=" in answer.url and answer.status in (200, 204)):
            page.evaluate("document.getElementById('board').dispatchEvent(new Event('tick'))")
    finally:
        shop.service.branches.drop("try/seen")
    assert "seen=" in seen


def test_a_reader_comes_in_by_a_token_sees_all_and_changes_nothing(browser: Any, tmp_path: Path):
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, "andon.toml": '[people]\nana = "owner"\nben = "reader"\n'})
    clone.run()
    with clone.opened() as service:
        token = service.tokens.create("ben").token
    with serving(clone.root) as server:
        context = browser.new_context()
        page = Watched(context.new_page(), server.address).go("/d/shop.orders/versions")
        assert page.url.endswith("/login?then=%2Fd%2Fshop.orders%2Fversions")
        page.get_by_label("Your token").fill("andon_wrong")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        page.get_by_label("Your token").fill(token)
        page.keyboard.press("Enter")
        page.wait_for_url("**/d/shop.orders/versions")
        for place in ("/", "/changes", "/runs/1", "/sources", "/d/shop.orders"):
            page.goto(server.address + place)
            asked = page.locator('form[action^="/do/"]').evaluate_all(
                "all => all.map(each => each.getAttribute('action'))"
            )
            # whoever reads may say that something is wrong, and hold it
            assert set(asked) <= {"/do/complaints", "/do/cords"}, place
        assert page.evaluate("document.cookie") == ""
        page.get_by_label("You are ben, reader").click()
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        page.goto(server.address + "/")
        assert "/login" in page.url
        context.close()


def test_a_page_says_that_the_server_does_not_answer(browser: Any, shop: Serving) -> None:
    page = browser.new_page()
    page.goto(f"{shop.address}/")
    tick = "document.querySelector('[data-every]').dispatchEvent(new Event('tick'))"
    told = page.locator(".toast", has_text="The server does not answer: what you see may be old.")
    page.route("**/?seen=*", lambda route: route.abort())
    page.evaluate(tick)
    told.wait_for()
    page.unroute("**/?seen=*")
    page.evaluate(tick)
    told.wait_for(state="detached")
    page.close()


def minutes(age: str) -> int:
    """`4 min ago` or `4 min` as 4; what is said of a moment within this minute as 0."""
    return 0 if age in ("just now", "now") else int(age.split(" min")[0])


def test_ages_go_on_as_the_server_would_tell_them(window: Watched):
    page = window.page
    page.clock.install()
    window.go("/")
    newest = page.locator(".log time[data-age]").first
    tile = page.locator(".tile time[data-age]").first
    before, then = minutes(newest.inner_text()), minutes(tile.inner_text())
    page.clock.fast_forward("03:05")
    page.clock.run_for(16_000)
    assert newest.inner_text().endswith(" min ago")
    assert minutes(newest.inner_text()) - before in (3, 4)
    assert minutes(tile.inner_text()) - then in (3, 4)
    seconds = [0, 1, 59, 59.9, 60, 61, 3599, 3600, 86399, 86400, 86401, 2 * 86400 - 1, 59 * 86400, 60 * 86400 - 1]
    said = page.evaluate(
        "async ([module, all]) => { const { told } = await import(module);"
        " return all.map(each => [told(each, 'ago'), told(each, 'since')]) }",
        [page.locator("link[href$='/ages.js']").get_attribute("href"), seconds],
    )
    now = datetime(2026, 11, 29, tzinfo=UTC)
    moments = [(now - timedelta(seconds=each)).isoformat() for each in seconds]
    assert said == [[ago(each, now), since(each, now)] for each in moments]
