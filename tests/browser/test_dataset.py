"""The page of a dataset, and lineage, in the hands of a person."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from kit.browsing import Watched
from kit.clones import Clone
from kit.serving import Serving, serving

NODE = "andon-lineage[data-ready] .ln-node"


def _ready(page: Any) -> None:
    page.locator("andon-lineage[data-ready]").wait_for()


def _focused(page: Any) -> str:
    return page.evaluate("document.activeElement?.dataset.id ?? document.activeElement?.id ?? ''")


def test_tabs_are_addresses_and_back_leads_to_the_one_before(window: Watched):
    page = window.go("/d/marts.totals")
    page.locator("#columns .hist").first.wait_for()  # what takes long comes by itself
    for tab, shown in (("Code", "table.code"), ("Versions", ".vers"), ("Sample", "#sample td")):
        page.locator(".tabs").get_by_role("link", name=tab).click()
        page.locator(f"#dataset {shown}").first.wait_for()
        page.wait_for_url(f"**/d/marts.totals/{tab.lower()}")
        expect(page.locator(".tabs [aria-current=page]")).to_have_text(tab)
        # whoever walks the tabs by keyboard stays where they are
        page.wait_for_function("tab => document.activeElement?.id === tab", arg=f"tab-{tab.lower()}")
    page.go_back()
    page.locator("#dataset .vers").wait_for()
    expect(page.locator(".tabs [aria-current=page]")).to_have_text("Versions")
    page.go_back()
    page.go_back()
    page.locator("#columns").wait_for()
    page.wait_for_url("**/d/marts.totals")
    page.go_forward()
    page.locator("table.code").wait_for()
    page.reload()
    assert page.locator(".tabs [aria-current=page]").inner_text() == "Code"


def test_lineage_is_walked_by_keyboard(window: Watched):
    page = window.go("/d/marts.totals/lineage")
    _ready(page)
    assert page.locator(".ln-node.center").get_attribute("data-id") == "marts.totals"
    page.locator(".ln-node.center").focus()
    page.keyboard.press("ArrowLeft")
    assert _focused(page) == "shop.orders"
    assert set(page.locator(".ln-node.on").evaluate_all("all => all.map(each => each.dataset.id)")) >= {
        "shop.orders",
        "marts.totals",
        "marts.best",
    }
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "marts.best"
    page.keyboard.press("ArrowRight")  # nothing lies behind it
    assert _focused(page) == "marts.best"
    before = page.locator(".ln-world").get_attribute("style")
    page.keyboard.press("+")
    assert page.locator(".ln-world").get_attribute("style") != before
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/d/marts.best")
    _ready(page)
    # one stop on the way through the page by Tab, not one for each node
    assert page.locator("andon-lineage[data-ready] [tabindex='0']").count() == 1


def test_names_are_legible_and_lines_meet_their_nodes(window: Watched):
    page = window.go("/d/marts.totals/lineage")
    _ready(page)
    sizes = page.locator(f"{NODE} b").evaluate_all(
        "all => all.map(each => parseFloat(getComputedStyle(each).fontSize) * each.getBoundingClientRect().width / each.offsetWidth)"
    )
    assert min(sizes) >= 12 - 0.01
    ends = page.evaluate(
        """() => [...document.querySelectorAll('.ln-edge')].map((line) => {
          const whole = line.getTotalLength();
          const at = (length) => line.getPointAtLength(length);
          const of = (id) => document.querySelector(`.ln-node[data-id="${CSS.escape(id)}"]`);
          const [from, to] = [of(line.dataset.from), of(line.dataset.to)];
          return [
            at(0).x - from.offsetLeft - from.offsetWidth, at(whole).x - to.offsetLeft,
            at(2).y - at(0).y, at(whole).y - at(whole - 2).y,
          ];
        })"""
    )
    assert ends
    assert max(abs(number) for line in ends for number in line) < 1


def test_a_column_shows_its_way(window: Watched):
    page = window.go("/d/marts.totals/lineage")
    _ready(page)
    page.get_by_label("The way of").select_option("amount")
    page.locator(".ln-node em", has_text="amount").first.wait_for()
    page.wait_for_url("**/d/marts.totals/lineage?column=amount")
    expect(page.locator('.ln-edge[data-path="derive"]')).not_to_have_count(0)
    page.get_by_text("As a list").click()
    assert page.locator(".two-lists").get_by_role("link", name="shop.orders").is_visible()
    page.go_back()
    _ready(page)
    page.locator("andon-lineage:not([has-column])").wait_for()


def test_a_line_is_copied(window: Watched):
    page = window.go("/d/marts.totals")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy SQL").click()
    page.wait_for_function("async () => await navigator.clipboard.readText() === 'select * from marts.totals'")


def test_all_of_it_works_without_any_script(browser: Any, shop: Serving):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shop.address}/d/marts.count")  # whose values no other test looks at
    page.get_by_role("link", name="look at the values").click()
    expect(page.locator("#columns .hist")).not_to_have_count(0)
    page.locator(".tabs").get_by_role("link", name="Sample").click()
    page.get_by_role("link", name="show the rows").click()
    expect(page.locator("#sample tbody tr")).to_have_count(1)
    page.locator(".tabs").get_by_role("link", name="Lineage").click()
    page.get_by_label("The way of").select_option("n")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**column=n")
    page.get_by_text("As a list").click()
    page.get_by_role("link", name="shop.orders").click()
    expect(page).to_have_title("shop.orders · Andon")
    page.goto(f"{shop.address}/map")
    page.get_by_text("As a list").click()
    page.locator("summary", has_text="marts").click()
    page.get_by_role("link", name="marts.best").click()
    assert page.title() == "marts.best · Andon"
    context.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Eight schemas of five datasets each: more than is open at first."""
    clone = Clone(tmp_path_factory.mktemp("many") / "many")
    clone.write("andon.toml", "")
    clone.write("datasets/s0/d0.sql", "select 1 as x\n")
    for number in range(1, 40):
        clone.write(f"datasets/s{number // 5}/d{number}.sql", f"select x from s{(number - 1) // 5}.d{number - 1}\n")
    clone.run()
    with serving(clone.root) as found:
        yield found


@pytest.fixture
def far(browser: Any, many: Serving) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    watched = Watched(context.new_page(), many.address)
    yield watched
    context.close()
    assert watched.wrong == []


def _place(page: Any, id: str) -> tuple[float, float]:
    box = page.locator(f'.ln-node[data-id="{id}"]').bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_map_opens_schemas_and_keeps_what_was_looked_at(far: Watched):
    page = far.go("/map")
    _ready(page)
    assert page.locator(NODE).count() == 8
    page.locator(NODE, has_text="s3").click()
    assert page.locator(NODE).count() == 12
    assert _focused(page) == "s3.d15"
    before = _place(page, "s3.d17")
    page.locator(".ln-node", has_text="d17").click()
    page.wait_for_url("**/d/s3.d17")
    page.go_back()
    _ready(page)
    # nothing jumped: the same is open, at the same place
    assert page.locator(NODE).count() == 12
    assert _place(page, "s3.d17") == pytest.approx(before, abs=1)
    page.locator(".ln-node", has_text="d17").focus()
    page.keyboard.press("Escape")
    assert page.locator(NODE).count() == 8
    assert _focused(page) == "group:s3"
    page.keyboard.press("Enter")
    assert page.locator(NODE).count() == 12
    page.get_by_role("button", name="Close all schemas").click()
    assert page.locator(NODE).count() == 8
    page.get_by_role("button", name="Open all schemas").click()
    assert page.locator(NODE).count() == 40


def test_a_name_is_found_on_the_map(far: Watched):
    page = far.go("/map")
    _ready(page)
    field = page.get_by_label(re.compile("Find on the map"))
    field.fill("d3")
    assert page.locator(".ln-search output").inner_text() == "11 found"  # d3 and d30 to d39
    field.fill("d33")
    page.keyboard.press("Enter")
    assert page.locator(".ln-node.found").get_attribute("data-id") == "s6.d33"
    x, y = _place(page, "s6.d33")
    box = page.locator("andon-lineage").bounding_box()
    assert (x, y) == pytest.approx((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), abs=2)


def test_the_map_is_dragged_and_a_node_that_was_held_on_to_is_not_opened(far: Watched):
    page = far.go("/map")
    _ready(page)
    x, y = _place(page, "group:s0")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 40, steps=4)
    page.mouse.up()
    assert _place(page, "group:s0") == pytest.approx((x + 120, y + 40), abs=2)
    assert page.locator(NODE).count() == 8
