"""A query becomes a dataset in a browser: described, looked at as one writes, built aside, published as it was shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

QUERY = "select customer, sum(amount) as total from shop.orders group by customer order by customer"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project of these tests' own: they publish."""
    clone = Clone(tmp_path_factory.mktemp("saved") / "acme")
    clone.fill(FILES)
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n5,dora,9\n")
    clone.run()
    with serving(clone.root) as found:
        yield found


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def visit(browser: Any, project: Serving) -> Iterator[Any]:
    """Opens windows on the project; nothing goes wrong in any."""
    opened = []

    def open_one(*, scripts: bool = True) -> Watched:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=scripts)
        watched = Watched(context.new_page(), project.address)
        opened.append((context, watched))
        return watched

    yield open_one
    for context, watched in opened:
        context.close()
        # a browser tells of each look at what is wrong: that is what is tested
        assert [each for each in watched.wrong if "the server responded with a status of 4" not in each] == []


def test_from_a_query_to_a_dataset(visit: Any, project: Serving, scripts: bool):
    """By keyboard alone; with and without scripts it is the same form in two steps."""
    name = f"marts.spent_{'with' if scripts else 'without'}"
    before = project.service.workspace.lake.refs.head("main").id
    page = visit(scripts=scripts).go(f"/save?q={quote(QUERY)}")
    page.keyboard.type(name)
    if scripts:
        page.locator("[data-state]", has_text="fits").wait_for()
        assert "of shop.orders.amount" in page.locator("[data-found]").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.type("What each customer spent </script>")
    page.keyboard.press("Control+Enter") if scripts else page.locator("[data-build]").press("Enter")
    page.locator("[data-publish]").wait_for()
    assert project.service.workspace.lake.refs.head("main").id == before
    assert "key customer" in page.locator(".ticks").inner_text()
    assert "ada" in page.get_by_role("group", name=f"First rows of {name}").inner_text()
    page.locator("[data-publish]").press("Enter")
    page.wait_for_url(f"**/d/{name}**")
    text = project.service.editing.open(name).text
    assert "key customer" in text
    assert "What each customer spent </script>" in text


def test_names_are_looked_at_as_they_are_typed(visit: Any):
    page = visit().go(f"/save?q={quote(QUERY)}")
    for typed, told in (
        ("marts.totals", "there is a dataset `marts.totals` already"),
        ("Marts.Top Ten", "can't name a dataset"),
        ("marts.новое", "can't name a dataset"),
        ("marts.fine", "datasets/marts/fine.sql"),
    ):
        page.locator("input[name=name]").fill(typed)
        page.locator("[data-name]", has_text=told).wait_for()
    page.locator("textarea[name=sql]").fill("select nope from shop.orders")
    page.locator("[data-found] .problem", has_text="nope").wait_for()


def test_other_ticks_are_another_plan_and_nothing_else_is_published(visit: Any, project: Serving):
    page = visit().go(f"/save?q={quote(QUERY)}&name=marts.ticked")
    page.locator("[data-build]").click()
    digest = page.locator("[data-digest]").inner_text()
    page.locator(".ticks input").first.uncheck()
    page.wait_for_function("before => document.querySelector('[data-digest]').textContent !== before", arg=digest)
    page.locator("[data-publish]").click()
    page.wait_for_url("**/d/marts.ticked**")
    assert "key customer" not in project.service.editing.open("marts.ticked").text


def test_what_was_typed_survives_an_error_and_back(visit: Any):
    page = visit().go(f"/save?q={quote(QUERY)}")
    page.locator("input[name=name]").fill("marts.best")
    page.locator("textarea[name=description]").fill("the one that is there")
    page.locator("input[name=refresh]").fill("6h")
    page.locator("[data-build]").click()
    page.locator(".alert", has_text="already").wait_for()
    assert page.locator("textarea[name=description]").input_value() == "the one that is there"
    page.locator("input[name=name]").fill("marts.better")
    page.locator("[data-build]").click()
    page.locator("[data-publish]").wait_for()
    page.get_by_role("button", name="Back to the description").click()
    assert page.locator("input[name=name]").input_value() == "marts.better"
    assert page.locator("input[name=refresh]").input_value() == "6h"
    assert page.locator("textarea[name=sql]").input_value() == QUERY
