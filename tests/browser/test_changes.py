"""Changes in a browser: edited, looked at, published as shown, taken back; by keyboard, and by two people at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from andon.runs.goal import RunOptions
from andon.service.editing import ToEdit
from kit.browsing import Watched
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

TOTALS = "select customer, sum(amount) as amount from shop.orders group by customer order by customer\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, Serving]]:
    """A project of these tests' own: they publish."""
    clone = Clone(tmp_path_factory.mktemp("edited") / "acme")
    clone.fill(FILES)
    clone.write("datasets/marts/totals.sql", f"/*---\nkey: customer\nchecks: amount < 100\n---*/\n{TOTALS}")
    clone.write("sources/shop/notes.md", "# notes\n")
    clone.run()
    with serving(clone.root) as found:
        yield clone, found


@pytest.fixture
def work(browser: Any, project: tuple[Clone, Serving]) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page(), project[1].address)
    yield watched
    context.close()
    assert watched.wrong == []


def head(project: tuple[Clone, Serving]) -> str:
    return project[1].service.workspace.lake.refs.head("main").id


def write(page: Any, find: str, new: str) -> None:
    """Put another word in the place of one in the editor, as a person does with its search."""
    page.wait_for_selector(".cm-content")
    text = page.locator("andon-editor textarea").input_value()
    assert find in text
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text.replace(find, new))


def looked(page: Any, words: str) -> None:
    page.locator("[data-state]", has_text=words).wait_for()


def test_from_an_edit_to_a_publish_and_back(work: Watched, project: tuple[Clone, Serving]):
    """A person edits a dataset, sees what is wrong, then what it means, publishes, undoes and redoes."""
    before = head(project)
    page = work.go("/edit/marts.totals")
    branch = page.locator("input[name=branch]").input_value()
    assert branch.endswith("/totals")
    write(page, "sum(amount)", "sum(amont)")
    looked(page, "to mend")
    assert "amont" in page.locator("[data-found] .problem").first.inner_text()
    assert page.locator(".cm-lintRange-error").count() >= 1
    write(page, "sum(amont)", "sum(amount) * 2")
    looked(page, "fits")
    found = page.locator("[data-found]").inner_text()
    assert "marts.best" in found  # who is affected
    assert "of shop.orders.amount" in found  # where a column comes from
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/changes/{branch}")
    assert head(project) == before
    page.locator("form.publish button").wait_for()
    assert "columns" in page.locator(".step", has_text="marts.totals").inner_text()
    page.locator("#rows tr.is .differs").first.wait_for()  # rows side by side, loaded by themselves
    page.get_by_role("link", name="Side by side").click()
    page.locator("#rows th", has_text="Before").wait_for()
    page.locator("table.code.split").wait_for()
    page.locator("#message").fill("amounts count twice")
    page.locator("form.publish button").click()
    page.get_by_text("Published: readers see it now.").wait_for()
    assert head(project) != before
    published = project[1].service.workspace.lake.refs.head("main").root
    page.locator(".publishes button", has_text="Undo").first.click()
    page.get_by_text("Taken back").wait_for()
    page.locator(".publishes button", has_text="Redo").click()
    page.get_by_text("Brought back").wait_for()
    assert project[1].service.workspace.lake.refs.head("main").root == published


def test_a_plan_that_changed_is_asked_again(work: Watched, project: tuple[Clone, Serving]):
    service = project[1].service
    page = work.go("/edit/marts.count")
    write(page, "count(*)", "count(*) + 1")
    page.locator("input[name=branch]").fill("ana/asked")
    page.keyboard.press("Tab")
    page.locator("[data-save]").click()
    page.locator("form.publish button").wait_for()
    service.editing.save(
        ToEdit("marts.count", "select count(*) + 2 as n from shop.orders\n"), RunOptions(branch="ana/asked")
    )
    before = head(project)
    page.locator("form.publish button").click()
    page.get_by_text("This is another plan than the one you agreed to.").wait_for()
    assert head(project) == before
    page.locator("form.publish button").click()
    page.get_by_text("Published: readers see it now.").wait_for()
    assert head(project) != before


def test_two_people_write_into_one_file(work: Watched, project: tuple[Clone, Serving]):
    service = project[1].service
    service.branches.create("ana/two")
    page = work.go("/edit/marts.best?branch=ana/two")
    write(page, "select customer", "-- mine\nselect customer")
    text = FILES["datasets/marts/best.sql"]
    service.editing.save(ToEdit("marts.best", text + "\n-- theirs\n"), RunOptions(branch="ana/two"))
    page.locator("[data-save]").click()
    page.get_by_text("Yours is not lost").wait_for()
    page.wait_for_selector(".cm-content")
    both = page.locator("andon-editor textarea").input_value()
    assert "-- mine" in both
    assert "-- theirs" in both
    page.locator("[data-save]").click()
    page.wait_for_url("**/changes/ana/two")
    assert service.editing.open("marts.best", "ana/two").text == both


def test_what_is_not_saved_is_offered_again(work: Watched):
    page = work.go("/edit/marts.count?branch=ana/two")
    write(page, "count(*)", "count(*) + 7")
    looked(page, "fits")
    work.go("/changes")
    page = work.go("/edit/marts.count?branch=ana/two")
    page.locator("[data-take]").click()
    assert "+ 7" in page.locator("andon-editor textarea").input_value()
    work.go("/changes")
    page = work.go("/edit/marts.count?branch=ana/two")
    page.locator("[data-drop]").click()
    page = work.go("/edit/marts.count?branch=ana/two")
    assert page.locator(".draft").is_hidden()
    write(page, "count(*)", "count(*) + 9")
    page.locator("[data-save]").click()
    page.wait_for_url("**/changes/ana/two")
    with page.expect_response("**/files/**"):  # it was saved, there: main has another text, and nothing is offered
        work.go("/edit/marts.count")
    page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('draft'))")
    assert page.locator(".draft").is_hidden()


def test_a_held_text_stays_and_is_accepted_with_a_reason(work: Watched, project: tuple[Clone, Serving]):
    service = project[1].service
    service.branches.create("ana/held")
    page = work.go("/edit/marts.totals?branch=ana/held")
    write(page, "sum(amount) * 2", "sum(amount) * 50")
    page.locator("[data-save]").click()
    page.locator(".held").wait_for()
    assert "* 50" in page.locator("andon-editor textarea").input_value()
    page.locator(".held input[name=reason]").fill("fifty is right </script>")
    page.locator(".held button").click()
    page.get_by_text("Published, with your reason in the history.").wait_for()
    assert "* 50" in service.editing.open("marts.totals", "ana/held").text


def test_by_keyboard_alone(work: Watched, project: tuple[Clone, Serving]):
    """A branch is made, looked at and discarded without a mouse."""
    page = work.go("/changes")
    page.keyboard.press("n")
    page.locator(".new-branch input[name=name]:focus").wait_for()
    page.keyboard.type("keys/only")
    page.keyboard.press("Enter")
    page.wait_for_url("**/changes/keys/only")
    page.get_by_text("Nothing to publish").wait_for()
    page.locator("button", has_text="Discard").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Branch keys/only is gone").wait_for()
    assert project[1].service.workspace.lake.refs.find("keys/only") is None


@pytest.mark.parametrize("file", ["sources/shop/api.yml", "datasets/marts/made.py"])
def test_other_files_than_sql_are_edited(work: Watched, file: str):
    page = work.go(f"/edit/{file}?branch=ana/two")
    page.wait_for_selector(".cm-content")
    page.locator(".cm-content").click()
    page.keyboard.insert_text("kind: rest\nurl: [\n" if file.endswith("yml") else "def build(:\n")
    looked(page, "to mend")
    assert page.locator("[data-found] .problem").count() >= 1


def test_a_long_file_is_edited_as_any(work: Watched, project: tuple[Clone, Serving]):
    lines = "".join(f"-- {number}: what somebody thought of it\n" for number in range(20_000))
    service = project[1].service
    service.editing.save(ToEdit("queries/long.sql", lines + "select 0 as n\n"), RunOptions(branch="ana/long"))
    page = work.go("/edit/long?branch=ana/long")
    page.wait_for_selector(".cm-content")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("-- the end\n")
    assert page.locator("andon-editor textarea").input_value().endswith("-- the end\n")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/changes/ana/long")
    assert service.editing.open("long", "ana/long").text.endswith("-- the end\n")
