"""What stands around every page."""

from kit.browsing import Watched


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
