"""What people do by hand a third time as pages: a quiet card on the board, all that would be written, a branch, and never again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

SQL = "select customer, count(*) as n from shop.orders where amount > {} group by customer"


@pytest.fixture(scope="module")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project of which two people asked the same question, three times in all, served."""
    clone = Clone(tmp_path_factory.mktemp("repeated") / "acme")
    clone.fill(FILES)
    clone.write("andon.toml", "[schedule]\nenabled = false\n")
    clone.run()
    for author, least in (("ana", 1), ("ben", 1), ("ben", 2)):
        clone.author = author
        with clone.opened() as service:
            service.querying.ask(SQL.format(least)).fetch()
    clone.author = "ana"
    with clone.opened() as service:
        (offer,) = service.suggestions.list().suggestions
        assert offer.number == 1
    with serving(clone.root) as found:
        yield found


def test_a_suggestion_is_offered_quietly_shown_whole_and_written_on_a_branch(browser: Any, repeated: Serving) -> None:
    context = browser.new_context(color_scheme="light", viewport={"width": 1440, "height": 900})
    seen = Watched(context.new_page(), repeated.address)
    page = seen.go("/")
    page.locator(".card", has_text="Done by hand a third time").get_by_role("link", name="All").click()
    page.get_by_role("heading", name="Suggestions").wait_for()
    seen.require_whole("/suggestions/1")
    page.set_viewport_size({"width": 1440, "height": 900})
    assert "shop.orders" in page.locator(".file-lines").first.inner_text()
    page.get_by_role("button", name="Write it on a branch").click()
    page.get_by_role("link", name="See the branch").click()
    page.wait_for_url("**/changes/suggestion-1")
    seen.go("/suggestions")
    page.get_by_text("Nothing is offered").wait_for()
    assert seen.wrong == []
    context.close()
