"""Questions on the page of a dataset, in the hands of a person who has a keyboard alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    clone = Clone(tmp_path_factory.mktemp("questions") / "acme")
    clone.fill(FILES)
    clone.run()
    with Clone(clone.root, author="ben").opened() as service:
        service.dataset_questions.ask("marts.totals.amount", "Is tax in it?\n<img src=x onerror=alert(1)>")
    with serving(clone.root) as found:
        yield found


def _tab_to(page: Any, name: str) -> None:
    """Press Tab until something of that name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement?.labels?.[0]?.textContent ?? document.activeElement?.textContent")
            == name
        ):
            return
    raise AssertionError(f"{name} can't be reached")


def test_a_question_is_answered_and_asked_by_keyboard(browser: Any, own: Serving) -> None:
    context = browser.new_context(color_scheme="light")
    watched = Watched(context.new_page(), own.address)
    page = watched.go("/d/marts.totals")
    marker = page.get_by_role("link", name="Question 1 about amount")
    marker.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/d/marts.totals/questions#question-1")
    expect(page.locator("#question-1 .text")).to_contain_text("<img src=x onerror=alert(1)>")
    _tab_to(page, "Answer it")
    page.keyboard.type("No: it is net.")
    _tab_to(page, "Answer")
    page.keyboard.press("Enter")
    expect(page.locator("#question-1 .reply .text")).to_have_text("No: it is net.")
    _tab_to(page, "Question")
    page.keyboard.type("Since when?")
    _tab_to(page, "Ask")
    page.keyboard.press("Enter")
    expect(page.locator("#question-2 .text")).to_have_text("Since when?")
    expect(page.locator(".tabs .count")).to_have_text("1")
    assert watched.wrong == []
    watched.require_whole("/d/marts.totals/questions")
    context.close()
