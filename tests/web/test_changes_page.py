"""Pages of changes without a script: what forms ask for, what is asked again, and that nothing that was typed is lost."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from kit.clones import FILES, Clone
from kit.serving import Client, Reply, Serving, serving

_INPUT = re.compile(r"<(?:input|textarea|button)\b[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z_-]+)="([^"]*)"')
TOTALS = FILES["datasets/marts/totals.sql"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, Serving]]:
    """A project of these tests' own, published twice, with a branch that changes a column."""
    clone = Clone(tmp_path_factory.mktemp("changes") / "acme")
    clone.fill(FILES)
    clone.write("datasets/marts/checked.sql", "/*---\nchecks: n < 10\n---*/\nselect count(*) as n from shop.orders\n")
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    with serving(clone.root) as found:
        yield clone, found


@pytest.fixture
def client(shop: tuple[Clone, Serving]) -> Client:
    return shop[1].client()


def page(client: Client, path: str, status: int = 200) -> str:
    found = client.visit(path)
    assert found.status == status, found.data[:400]
    return found.data.decode()


def form(text: str, action: str) -> dict[str, str]:
    """The fields of the form that calls `action`, as a browser would send them unchanged."""
    start = text.index(f'method="post" action="{action}"')
    body = text[start : text.index("</form>", start)]
    found: dict[str, str] = {}
    for tag in _INPUT.findall(body):
        said = dict(_ATTRIBUTE.findall(tag))
        if "name" in said and not (said.get("type") == "checkbox" and " checked" not in tag):
            found[said["name"]] = html.unescape(said.get("value", ""))
    for name, value in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n?(.*?)</textarea>', body, re.DOTALL):
        found[name] = html.unescape(value)
    return found


def sent(client: Client, action: str, fields: dict[str, str], **changed: str) -> Reply:
    """Send a form, and come to the page that it leads to."""
    found = client.send(action, {**fields, **changed})
    assert found.status == 303, found.data.decode()[found.data.decode().find("<h2") :][:600]
    place = found.headers["Location"]
    for _ in range(600):
        answer = client.visit(place)
        if answer.status != 303 and not place.startswith(("/calls/", "/runs/")):
            return Reply(answer.status, {**answer.headers, "place": place}, answer.data)
        place = answer.headers["Location"] if answer.status == 303 else place
    raise AssertionError("the call does not end")


def edit(client: Client, target: str, text: str, branch: str) -> Reply:
    fields = form(page(client, f"/edit/{target}?branch={quote(branch)}"), "/do/edits")
    return sent(client, "/do/edits", fields, text=text, branch=branch)


def head(shop: tuple[Clone, Serving], branch: str = "main") -> str:
    return shop[1].service.workspace.lake.refs.head(branch).id


def test_an_edit_on_a_new_branch_is_a_change_that_says_what_it_means(shop, client):
    before = head(shop)
    found = edit(client, "marts.totals", TOTALS.replace("sum(amount)", "sum(amount) * 2"), "ana/double")
    assert found.headers["place"].startswith("/changes/ana/double?done=")
    assert head(shop) == before
    assert "ana/double" in page(client, "/changes")
    text = page(client, "/changes/ana/double?whole=true")
    assert "columns</span>" in text  # the verdict
    assert "<mark" in text  # what differs within a line
    assert "marts.best" in text  # whom it reaches
    assert '<tr class="out">' in text  # rows, before and after
    both = page(client, "/changes/ana/double?whole=true&view=split")
    assert "<th colspan=" in both


def test_what_is_published_is_what_was_shown_or_it_is_asked_again(shop, client):
    edit(client, "marts.count", "select count(*) + 1 as n from shop.orders\n", "ana/more")
    seen = form(page(client, "/changes/ana/more?whole=true"), "/do/publishes")
    # somebody else edits the same branch meanwhile
    edit(client, "marts.totals", TOTALS.replace("customer order", "customer having true order"), "ana/more")
    before = head(shop)
    again = sent(client, "/do/publishes", seen, message="one more")
    assert head(shop) == before
    assert again.headers["place"].startswith("/changes/ana/more?done=")
    text = page(client, again.headers["place"] + "&whole=true")
    assert "another plan than the one you agreed to" in text
    assert 'value="one more"' in text
    fields = form(text, "/do/publishes")
    assert fields["agreed"] != seen["agreed"]
    done = sent(client, "/do/publishes", fields)
    assert head(shop) != before
    assert "Published: readers see it now." in done.data.decode()


def test_undo_then_redo(shop, client):
    before = head(shop)
    leaves = shop[1].service.workspace.lake.commits.get(before).root
    text = page(client, "/changes")
    found = client.send("/do/undos", form(text, "/do/undos"))
    if found.status == 409:  # it asks first: somebody else's, or one that others followed
        found = client.send("/do/undos", form(found.data.decode(), "/do/undos"))
    assert found.status == 303
    assert shop[1].service.workspace.lake.refs.head("main").root != leaves
    sent(client, "/do/redos", form(page(client, "/changes"), "/do/redos"))
    assert shop[1].service.workspace.lake.refs.head("main").root == leaves


def test_a_held_text_is_kept_and_accepted_with_a_reason(shop, client):
    text = "/*---\nchecks: n < 10\n---*/\nselect count(*) + 100 as n from shop.orders\n"
    held = edit(client, "marts.checked", text, "ana/held")
    assert held.headers["place"].startswith("/edit/marts.checked")
    shown = held.data.decode()
    assert "is held: nothing of it is on" in shown
    assert "+ 100 as n" in form(shown, "/do/edits")["text"]
    fields = form(shown, "/do/acceptances")
    assert (fields["checks"], fields["reason"]) == ("marts.checked: n < 10", "")
    done = sent(client, "/do/acceptances", fields, reason="a hundred is right this once")
    assert "Published, with your reason in the history." in done.data.decode()
    assert "a hundred is right this once" in page(client, "/changes/ana/held?whole=true")


def test_two_people_edit_one_file_and_no_text_is_lost(shop, client):
    edit(client, "marts.best", FILES["datasets/marts/best.sql"], "ana/both")
    shop[1].service.branches.create("ana/both2", "main")
    lines = "select customer\nfrom marts.totals\nwhere amount > 0\n-- so\n-- end\n"
    edit(client, "marts.best", lines, "ana/both2")
    mine = form(page(client, "/edit/marts.best?branch=ana/both2"), "/do/edits")
    edit(client, "marts.best", lines.replace("amount > 0", "amount > 1"), "ana/both2")
    conflict = sent(client, "/do/edits", mine, text=lines.replace("-- end", "-- the end"), branch="ana/both2")
    shown = conflict.data.decode()
    assert "Somebody saved another text" in shown
    fields = form(shown, "/do/edits")
    assert fields["text"] == "select customer\nfrom marts.totals\nwhere amount > 1\n-- so\n-- the end\n"
    sent(client, "/do/edits", fields)
    saved = client.get("/files/marts.best?at=ana/both2").document["text"]
    assert saved == fields["text"]


def test_both_change_one_line_and_it_is_marked(shop, client):
    shop[1].service.branches.create("ana/clash", "main")
    mine = form(page(client, "/edit/marts.count?branch=ana/clash"), "/do/edits")
    edit(client, "marts.count", "select count(*) + 7 as n from shop.orders\n", "ana/clash")
    asked = sent(client, "/do/edits", mine, text="select count(*) + 8 as n from shop.orders\n", branch="ana/clash")
    text = form(asked.data.decode(), "/do/edits")["text"]
    assert "+ 7 as n" in text
    assert "+ 8 as n" in text
    assert text.startswith("<<<<<<< your text\n")


def test_what_is_wrong_is_told_with_its_place_and_the_text_is_kept(client):
    wrong = edit(
        client, "marts.totals", "select customer, nope from shop.orders </script><b>", "ana/wrong"
    ).data.decode()
    assert "</script><b>" not in wrong
    assert "datasets/marts/totals.sql" in wrong
    assert form(wrong, "/do/edits")["text"] == "select customer, nope from shop.orders </script><b>"


@pytest.mark.parametrize("name", ["../evil", "a b", "ветка", "x/../y", "deadbeef", "a..b", "<script>", "-x"])
def test_names_that_no_branch_can_have(client, name):
    fields = form(page(client, "/changes"), "/do/branches")
    found = sent(client, "/do/branches", fields, name=name)
    text = found.data.decode()
    assert "can&#39;t be the name of a branch or tag" in text
    assert form(text, "/do/branches")["name"] == name
    assert "<script>" not in text.replace('<script src="', "").replace('<script type="module"', "")


@pytest.mark.parametrize(
    "path", ["../x.sql", "andon.toml", "datasets/../../x.sql", "raw/orders_05.csv", "datasets/a/.b.sql"]
)
def test_what_is_no_code_is_not_edited(client, path):
    assert client.visit(f"/edit/{quote(path)}").status in (400, 404)
    found = client.post("/edits", {"file": path, "text": "x = 1", "branch": "ana/evil"})
    assert found.status == 400, found.data


def test_a_file_that_both_changed_is_decided(shop, client):
    edit(client, "marts.best", "select customer from marts.totals -- of the branch\n", "ana/decides")
    edit(client, "marts.best", "select customer from marts.totals -- of main\n", "ana/other")
    sent(client, "/do/publishes", form(page(client, "/changes/ana/other?whole=true"), "/do/publishes"))
    asked = page(client, "/changes/ana/decides?whole=true")
    assert "which one counts?" in asked
    taken = "/changes/ana/decides?whole=true&mine=datasets/marts/best.sql"
    fields = form(page(client, taken), "/do/publishes")
    assert fields["mine"] == "datasets/marts/best.sql"
    sent(client, "/do/publishes", fields)
    assert "of the branch" in client.get("/files/marts.best").document["text"]


def test_rows_that_fail_are_shown_and_personal_values_are_not(shop, client):
    head_line = "/*---\ncolumns: {customer: {pii: true}, n: {checks: '< 1'}}\n---*/\n"
    text = head_line + "select customer, 1 as n from shop.orders\n"
    held = edit(client, "datasets/marts/personal.sql", text, "ana/personal").data.decode()
    assert "is held" in held
    assert "Rows that fail" in held
    assert ">ada<" not in held


def test_discarding_asks_with_what_would_be_lost(shop, client):
    edit(client, "marts.count", "select count(*) + 5 as n from shop.orders\n", "ana/gone")
    asked = client.send("/do/branches/ana/gone", form(page(client, "/changes/ana/gone"), "/do/branches/ana/gone"))
    assert asked.status == 409
    text = asked.data.decode()
    assert "marts.count" in text
    assert shop[1].service.workspace.lake.refs.find("ana/gone") is not None
    done = sent(client, "/do/branches/ana/gone", form(text, "/do/branches/ana/gone"))
    assert "ana/gone is gone" in done.data.decode()
    assert shop[1].service.workspace.lake.refs.find("ana/gone") is None


def test_the_folders_own_edits_are_a_change_too(shop, client):
    clone, server = shop
    clone.write("datasets/marts/mine.sql", "select 1 as one\n")
    try:
        assert "/changes/@folder" in page(client, "/changes")
        text = page(client, "/changes/@folder?whole=true")
        assert "datasets/marts/mine.sql" in text
        before = server.service.workspace.lake.refs.head("main").id
        sent(client, "/do/runs", form(text, "/do/runs"))
        assert server.service.workspace.lake.refs.head("main").id != before
    finally:
        clone.write("datasets/marts/mine.sql", None)


def test_a_query_is_saved_in_two_steps(shop, client):
    query = "select customer, sum(amount) as total from shop.orders group by customer order by customer"
    first = form(page(client, f"/save?q={quote(query)}"), "/do/datasets")
    taken = sent(client, "/do/datasets", first, name="marts.totals", description="what each spent").data.decode()
    assert "there is a dataset" in taken
    kept = form(taken, "/do/datasets")
    assert (kept["name"], kept["description"], kept["sql"]) == ("marts.totals", "what each spent", query)
    before = head(shop)
    second = sent(client, "/do/datasets", kept, name="marts.spent").data.decode()
    assert head(shop) == before
    assert "key customer" in second
    assert "shop.orders.customer" in second  # where a column comes from
    fields = form(second, "/do/datasets")
    other = sent(client, "/do/datasets", fields, checks="total > 0").data.decode()  # other ticks: another plan
    assert head(shop) == before
    assert "another plan" in other
    sent(client, "/do/datasets", form(other, "/do/datasets"))
    text = client.get("/files/marts.spent").document["text"]
    assert "total > 0" in text
    assert "description: what each spent" in text


def test_a_reader_looks_and_changes_nothing(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", 'author = "ana"\n[people]\nana = "owner"\nrita = "reader"\n')
    clone.write("datasets/marts/one.sql", "select 1 as n\n")
    clone.run()
    with serving(clone.root) as server:
        server.service.branches.create("try")
        rita = server.client(server.service.tokens.create("rita").token)
        for path in ("/changes", "/changes/try?whole=true", "/edit/marts.one", "/save?q=select%201"):
            text = page(rita, path)
            assert "/do/" not in text
        assert rita.send("/do/edits", {"file": "marts.one", "text": "select 2 as n", "branch": "try"}).status == 403
        assert rita.post("/edits/look", {"file": "marts.one", "text": "select 2 as n"}).status == 403
