"""SQL in a real browser: by keys alone, and never a text that was typed is lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from kit.browsing import Watched

BIG = "select 9007199254740993::bigint as long, 12345678901234567890.12::decimal(38,2) as amount, null as nothing, '' as empty"
MANY = "select i, 'text ' || i as t, i % 7 as seven, i / 3 as third from range(12000) r(i)"


def asked(page: Any, sql: str, **more: str) -> Any:
    """The page of a query, when its answer is there."""
    rest = "".join(f"&{name}={quote(value)}" for name, value in more.items())
    page.goto(page.base + f"/sql?q={quote(sql)}{rest}")
    answered(page, 1)
    return page


def answered(page: Any, count: int) -> None:
    page.wait_for_selector(f"andon-sql[data-asked='{count}']:not([busy])")


def cells(page: Any, row: int = 0) -> list[str]:
    return page.eval_on_selector_all(
        f"andon-grid [aria-rowindex='{row + 2}'] [role=gridcell]", "cells => cells.map(cell => cell.textContent)"
    )


def typed(page: Any, text: str) -> None:
    """Replace what stands in the editor."""
    page.wait_for_selector(".cm-content")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def kept(page: Any, *texts: str) -> None:
    """The browser's storage holds texts; windows hear of each other's with a delay."""
    for _ in range(300):
        held = page.evaluate("Object.values(localStorage).map(each => JSON.parse(each).text).filter(Boolean)")
        if set(texts) <= set(held):
            return
        page.wait_for_timeout(100)
    raise AssertionError(held)


def wanted(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.fixture
def page(window: Watched) -> Any:
    window.page.base = window.address
    return window.page


def test_a_query_is_asked_by_keys_alone_and_is_an_address(page):
    page.goto(page.base + "/sql")
    answered(page, 1)
    page.wait_for_selector(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("select customer, amount from shop.orders order by amount desc")
    page.keyboard.press("Control+Enter")
    answered(page, 2)
    assert wanted(page)["q"] == ["select customer, amount from shop.orders order by amount desc"]
    assert len(cells(page)) == 2
    assert "at " in page.locator(".facts-line").inner_text()
    page.go_back()
    answered(page, 3)
    assert wanted(page)["q"] != ["select customer, amount from shop.orders order by amount desc"]
    page.go_forward()
    answered(page, 4)
    assert "order by amount desc" in page.locator(".cm-content").inner_text()


def test_what_is_selected_and_one_part_are_asked_alone(page, window):
    asked(page, "with a as (select 1 as x), b as (select x + 1 as y from a), c as (from nowhere) select * from b")
    assert page.get_attribute("andon-sql", "data-shows") == "wrong"
    window.wrong.clear()  # the browser tells of the 404
    page.wait_for_selector(".cm-parts .part")
    page.locator(".parts summary").click()
    page.locator(".parts [data-part=b]").click()
    answered(page, 2)
    assert cells(page) == ["2"]
    assert wanted(page)["part"] == ["b"]
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+Shift+Enter")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("select 7 as seven;\n\nselect 8 as eight")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("andon-grid .head b:text('eight')")
    assert cells(page) == ["8"]
    window.wrong.clear()  # the part that reads nowhere was asked with all the rest, too


def test_values_of_parameters_have_fields_and_stand_in_the_address(page):
    asked(page, "select $n::int + 1 as more", **{"p.n": "41"})
    assert cells(page) == ["42"]
    field = page.locator("[name='p.n']")
    field.fill("1")
    field.press("Enter")
    answered(page, 2)
    assert cells(page) == ["2"]
    assert wanted(page)["p.n"] == ["1"]


def test_numbers_keep_their_digits_and_null_is_no_empty_text(page):
    asked(page, BIG)
    assert cells(page) == ["9007199254740993", "12345678901234567890.12", "NULL", ""]
    page.locator("andon-grid").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.locator(".peek", has_text="An empty text").wait_for()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.locator(".peek", has_text="NULL").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator(".peek").is_visible()


def test_ten_thousand_rows_are_walked_sorted_and_copied(page, window):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    asked(page, MANY)
    grid = page.locator("andon-grid")
    assert grid.get_attribute("aria-rowcount") == "10001"
    assert "first" in page.locator(".facts-line").inner_text()
    grid.focus()
    page.keyboard.press("Control+End")
    assert cells(page, 9999)[0] == "9999"
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+s")
    page.keyboard.press("Alt+s")
    assert cells(page)[:3] == ["6", "text 6", "6"]
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "i\tt\n6\ttext 6\n13\ttext 13"
    page.keyboard.press("Control+Shift+c")
    assert page.evaluate("navigator.clipboard.readText()").splitlines()[1] == "| --- | --- |"
    page.keyboard.press("Alt+i")
    page.locator(".peek", has_text="Distinct").wait_for()
    shown = page.evaluate("document.querySelector('andon-grid').getAttribute('aria-activedescendant')")
    assert page.locator(f"#{shown}").get_attribute("role") == "gridcell"


def test_an_error_is_marked_where_it_is(page, window):
    asked(page, "select customer,\n  amont\nfrom shop.orders")
    page.wait_for_selector(".cm-lintRange-error")
    assert page.locator(".cm-lintRange-error").inner_text() == "amont"
    assert "line 2, column 3" in page.locator(".wrong").inner_text()
    window.wrong.clear()  # the browser tells of the 400


def test_a_chart_draws_the_same_answer_and_is_remembered(page):
    asked(page, "select customer, sum(amount) as amount from shop.orders group by 1")
    count = page.get_attribute("andon-sql", "data-asked")
    page.locator("[data-view=chart]").click()
    page.wait_for_selector("andon-chart svg.plot")
    page.wait_for_url("**chart=**")
    assert wanted(page)["chart"] == ["bar,customer,amount,"]
    assert page.get_attribute("andon-sql", "data-asked") == count
    page.reload()
    page.wait_for_selector("andon-chart svg.plot")


def test_tabs_survive(page, browser, window):
    asked(page, "select 1 as one")
    page.locator("[data-do=new]").click()
    typed(page, "select 2 as not_asked")
    page.reload()
    page.wait_for_selector(".cm-content")
    assert page.locator(".sheets [role=tab]").count() == 2
    assert page.locator(".cm-content").inner_text() == "select 2 as not_asked"
    other = page.context.new_page()
    other.goto(page.base + "/sql")
    other.wait_for_selector(".cm-content")
    typed(other, "select 3 as elsewhere")
    other.close()
    page.reload()
    page.wait_for_selector(".cm-content")
    kept(page, "select 2 as not_asked", "select 3 as elsewhere")


def test_the_answer_is_had_as_a_file_of_its_commit(page):
    asked(page, "select customer from shop.orders order by 1 limit 1")
    page.locator(".answered summary", has_text="Download").click()
    with page.expect_download() as caught:
        page.locator("[data-file=csv]").click()
    text = caught.value.path().read_text(encoding="utf-8")
    assert text.splitlines()[0] == "customer"
    commit = parse_qs(urlsplit(page.locator("[data-file=parquet]").get_attribute("href")).query)["at"][0]
    pinned = parse_qs(urlsplit(page.locator(".pin").get_attribute("href")).query)
    assert commit.startswith(pinned["at"][0])
    assert pinned["q"] == wanted(page)["q"]


def test_a_query_is_stopped(page, shop):
    asked(page, "select 1 as one")
    typed(page, "select count(*) from range(100000000000) a(i) where i % 7 = 3")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("andon-sql[busy]")
    page.keyboard.press("Escape")
    page.wait_for_selector("andon-sql[data-shows=stopped]")
    for _ in range(300):  # and nothing works on it any more
        if not shop.workers.running:
            return
        page.wait_for_timeout(100)
    raise AssertionError(shop.workers.running)


def test_words_of_the_lake_are_proposed(page):
    asked(page, "select 1 as one")
    typed(page, "select  from shop.orders")
    page.keyboard.press("Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    page.keyboard.type("am")
    page.wait_for_selector(".cm-tooltip-autocomplete [aria-selected]")
    assert page.locator(".cm-tooltip-autocomplete [aria-selected]").inner_text().startswith("amount")


PROPOSED = """async ([text, words]) => {
  const base = document.querySelector('link[href$="/css/sql.css"]').href.replace("/css/sql.css", "");
  const [CM, { proposals }] = await Promise.all([import(`${base}/vendor/codemirror.js`), import(`${base}/js/completion.js`)]);
  const dialect = CM.SQLDialect.define({ keywords: "select from join on as with where" });
  const state = CM.EditorState.create({ doc: text, extensions: [dialect.language] });
  const matchBefore = (pattern) => {
    const found = new RegExp(`(${pattern.source})$`).exec(text);
    return found && { from: text.length - found[0].length, to: text.length, text: found[0] };
  };
  const found = proposals(words)({ state, pos: text.length, explicit: true, matchBefore });
  return found.options.sort((a, b) => (b.boost ?? 0) - (a.boost ?? 0)).map((each) => each.label);
}"""
WORDS = {
    "tables": [
        {"name": name, "columns": [{"name": column, "type": "INTEGER"} for column in columns.split()]}
        for name, columns in {"shop.orders": "id customer", "shop.people": "id", "marts.totals": "amount"}.items()
    ],
    "references": [
        {"dataset": "shop.orders", "columns": ["customer"], "other": "shop.people", "targets": ["id"], "declared": True}
    ],
    "engine": {"functions": [{"name": "sum", "parameters": ["x"]}], "keywords": ["select"], "types": ["integer"]},
}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("select * from shop.orders o join ", ["shop.people on o.customer = people.id", "shop.orders"]),
        ("select * from shop.people join ", ["shop.orders on people.id = orders.customer", "shop.orders"]),
        ("select 1; select * from shop.orders o where o.", ["id", "customer"]),
        ("with big as (select * from shop.orders) select * from ", ["big", "shop.orders"]),
        ("select * from shop.orders where ", ["id", "customer", "orders"]),
        ("select * from shop.", ["orders", "people"]),
    ],
)
def test_what_may_follow_is_proposed(page, text, first):
    page.goto(page.base + "/sql")
    answered(page, 1)
    assert page.evaluate(PROPOSED, [text, WORDS])[: len(first)] == first


def test_a_long_text_is_an_address_all_the_same(page):
    text = f"-- {'as long as a story ' * 500}\nselect 5 as five"
    page.goto(page.base + "/sql")
    answered(page, 1)
    typed(page, text)
    page.keyboard.press("Control+Enter")
    answered(page, 2)
    assert "#z=" in page.url
    assert len(page.url) < 2000
    address = page.url
    other = page.context.browser.new_page()
    other.goto(address)
    answered(other, 1)
    assert cells(other) == ["5"]
    other.close()


def test_two_windows_do_not_write_one_tab(page):
    asked(page, "select 1 as one")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".cm-content")
    other.wait_for_selector(".sheets [role=tab] >> nth=1")  # it goes on in a copy
    typed(page, "select 'first' as window")
    typed(other, "select 'second' as window")
    kept(page, "select 'first' as window", "select 'second' as window")
    for window, text in ((page, "first"), (other, "second")):
        window.reload()
        window.wait_for_selector(f".cm-content:has-text('{text}')")
    other.close()


def test_a_tab_remembers_its_values(page):
    asked(page, "select $n::int + 1 as more", **{"p.n": "41"})
    page.locator("[data-do=new]").click()
    page.locator(".sheets [role=tab]").first.click()
    assert page.locator("[name='p.n']").input_value() == "41"
    page.goto(page.base + "/sql")
    answered(page, 1)
    assert cells(page) == ["42"]
    page.locator(".sheets [role=tab]").first.focus()
    page.keyboard.press("Delete")
    assert page.locator(".sheets [role=tab]").count() == 1


def test_a_value_of_millions_of_letters_is_shown_in_part(page: Any) -> None:
    asked(page, "select repeat('{<b>', 2000000) as big")
    page.locator("andon-grid").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".peek:has-text('of 8,000,000 characters')")
    assert page.evaluate("document.querySelector('.peek pre').textContent.length") == 200_000


def test_a_query_that_is_too_long_for_an_address_is_saved_all_the_same(page: Any) -> None:
    text = f"select 1 as one -- {'long ä ' * 9000}"
    asked(page, "select 1 as one")
    typed(page, text)
    page.keyboard.press("Control+Enter")
    answered(page, 2)
    page.wait_for_selector(".save[href^='/save#z=']").click()
    page.wait_for_selector("andon-save")
    page.locator("[name=name]").fill("marts.of_long")
    page.wait_for_selector("[data-state][data-s=ok]")
    assert page.locator("[name=sql]").input_value() == text.strip()


def test_what_is_no_number_has_its_place_after_all_that_are(page: Any) -> None:
    values = "(1.5::double), ('nan'), ('inf'), ('-inf'), ('-0.0'), (2), (null), ('nan'), (0.5)"
    asked(page, f"select * from (values {values}) t(x)")
    page.locator("andon-grid").focus()
    page.keyboard.press("Alt+s")
    shown = ["-inf", "-0", "0.5", "1.5", "2", "inf", "nan", "nan", "NULL"]
    assert [cells(page, row) for row in range(9)] == [[each] for each in shown]
    page.keyboard.press("Alt+s")
    assert [cells(page, row) for row in range(9)] == [[each] for each in [*shown[-2::-1], "NULL"]]
    page.keyboard.press("Alt+i")
    facts = page.locator(".peek dl").inner_text().split("\n")
    assert facts[facts.index("Most") + 1] == "nan"
    assert facts[facts.index("Median") + 1] == "1.5"


def test_an_address_that_says_nonsense_of_a_chart_draws_one(page: Any, window: Watched) -> None:
    for chart in ("constructor,a,b,", "bar,%,a,", "line,nope,a,", "bar"):
        asked(page, "select 1 as a, 2 as b", chart=chart)
        page.wait_for_selector("andon-chart svg.plot")
    asked(page, "select nothing")
    page.locator("[data-view=chart]").click()
    assert "chart" not in wanted(page)
    assert [each for each in window.wrong if "400" not in each] == []
    window.wrong.clear()


def test_a_parameter_may_have_the_name_of_anything(page: Any, window: Watched) -> None:
    asked(page, "select $constructor as a, $__proto__ as b")
    window.wrong.clear()  # nothing was given: that is told
    page.wait_for_selector(".params input >> nth=1")
    for name in ("constructor", "__proto__"):
        field = page.locator(f"[name='p.{name}']")
        assert field.input_value() == ""
        field.fill(f"of {name}")
    page.keyboard.press("Control+Enter")
    answered(page, 2)
    assert cells(page) == ["of constructor", "of __proto__"]
