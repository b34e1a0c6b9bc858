"""The page of a dataset, as whoever reads its HTML gets it: no browser, no script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from andon.web.pages.actions import read_action
from kit.clones import Clone
from kit.serving import Client, Serving, serving

#: Names and values that are something else to whoever does not take care: markup, quotes, other scripts, lines, directions.
ODD_COLUMNS = (
    '1 as "<script>alert(1)</script>", 2 as "a ""b"" \'c\'", 3 as "größe 尺寸 \u202e", 4 as "x&amp;y", 5 as "null"'
)
ODD_VALUES = """select * from (values
  ('<img src=x onerror=alert(1)>', {'a': [1, 2], 'b': map {'k': '</td>'}}),
  (E'two\\nlines', {'a': [], 'b': map {}}),
  (null, null), ('\u202egnp', null)) t(text, nested)
"""
PEOPLE = """/*---
description: People & their <b>names</b>
owner: "ana <script>"
key: [id]
caveats: ["only half of them, since \\"half\\" is enough"]
refresh:
  max_age: 1d
columns:
  id: The "number" of a person
  email:
    pii: true
checks:
  - email like '%@%'
  - id > 1 warn "the first one is <b>bold</b>"
---*/
select id, email from read_csv('raw/people.csv')
"""
FILES = {
    "andon.toml": "",
    "raw/people.csv": "id,email\n1,ada@example.com\n2,ben@example.com\n",
    "sources/shop/people.sql": PEOPLE,
    "datasets/marts/odd.sql": f"select {ODD_COLUMNS} from shop.people\n",
    "datasets/marts/values.sql": ODD_VALUES,
    "datasets/marts/wide.sql": "select " + ", ".join(f"{n} as c{n}" for n in range(300)) + "\n",
    "datasets/marts/none.sql": "select id from shop.people where false\n",
    "datasets/marts/seen.sql": "/*---\nmaterialize: view\n---*/\nselect id, email from shop.people\n",
    "datasets/marts/latest.sql": "/*---\nmaterialize: incremental\nkey: id\nincremental: {by: key}\n---*/\nselect id from shop.people\n",
    "datasets/marts/gone.sql": "select 1 as x\n",
    "queries/all_people.sql": "select * from shop.people\n",
    "insights/mail.yml": "title: Whom do we write to?\nuses: [shop.people.email]\n",
}
TABS = ("", "/sample", "/lineage", "/checks", "/code", "/versions", "/used-by")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project of odd names and values, served; `marts.gone` was retired, `marts.early` is only on a branch, `marts.never` only a file."""
    clone = Clone(tmp_path_factory.mktemp("odd") / "odd")
    clone.fill(FILES)
    clone.run()
    clone.write("datasets/marts/gone.sql", None)
    clone.write("datasets/marts/odd.sql", FILES["datasets/marts/odd.sql"].replace("5 as", "-- it's six\n 6 as"))
    clone.run(drop=True)
    clone.write("datasets/marts/early.sql", "select 1 as x\n")
    with clone.opened() as service:
        service.branches.create("draft")
    clone.run(branch="draft")
    clone.write("datasets/marts/early.sql", None)
    clone.write("datasets/marts/never.sql", "select 1 as x\n")
    with serving(clone.root) as found:
        yield found


@pytest.fixture(scope="module")
def client(odd: Serving) -> Client:
    return odd.client()


def page(client: Client, path: str, **headers: str) -> str:
    """The HTML of a page that is there."""
    reply = client._pool.request("GET", client.address + path, headers={"Accept": "text/html", **headers})
    text = reply.data.decode()
    assert reply.status == 200, text[-2000:]
    return text


def part(client: Client, path: str, name: str) -> str:
    """The part of a page that htmx asks for alone."""
    return page(client, path, **{"HX-Request": "true", "HX-Target": f"section#{name}"})


@pytest.mark.parametrize(
    "dataset", ["shop.people", "marts.odd", "marts.values", "marts.wide", "marts.none", "marts.seen"]
)
def test_every_tab_is_a_page_without_scripts_and_styles_of_its_own(client: Client, dataset: str) -> None:
    for tab in TABS:
        html = page(client, f"/d/{dataset}{tab}")
        assert html.count('aria-current="page"') == 2, tab  # the place in the side bar, and the tab
        assert "<script>alert" not in html
        assert "onerror=alert(1)>" not in html.replace("onerror=alert(1)&gt;", "")
        assert not re.search(r"<[^>]+\sstyle=", html)
        assert not re.search(r"<script(?![^>]*\ssrc=)", html)
        assert "\u202e" not in re.sub(r"<[^>]*>", "", html)


def test_values_and_rows_come_when_they_are_asked_for(client: Client, odd: Serving) -> None:
    asked = len(odd.service.workspace.query_log.newest())
    html = page(client, "/d/marts.values")
    assert 'hx-trigger="load"' in html
    assert "two⏎lines" not in html
    odd.service.workspace.query_log.flush()
    assert len(odd.service.workspace.query_log.newest()) == asked
    rows = part(client, "/d/marts.values/sample", "sample")
    assert "&lt;img src=x onerror=alert(1)&gt;" in rows
    assert "two⏎lines" in rows
    assert "{a: [1, 2], b: {k: &lt;/td&gt;}}" in rows
    assert rows.count('<span class="muted">null</span>') == 3
    columns = part(client, "/d/marts.values", "columns")
    assert 'class="hist' in columns
    assert "hx-get" not in columns
    # made once: from then on it is there at once, and without any script it can be asked for by a link
    assert 'class="hist' in page(client, "/d/marts.values")
    assert "two⏎lines" in page(client, "/d/marts.values/sample?made=true")


def test_what_is_personal_is_shown_nowhere(client: Client) -> None:
    for tab in TABS:
        assert "ada@example" not in page(client, f"/d/shop.people{tab}?made=true")
    assert "personal: counts only" in part(client, "/d/shop.people", "columns")


def test_failing_rows_are_shown_without_what_is_personal(client: Client) -> None:
    html = page(client, "/d/shop.people/checks")
    assert "1 failing row" in html
    assert "email personal and not kept" in html
    assert "the first one is &lt;b&gt;bold&lt;/b&gt;" in html
    assert html.count('class="beat" data-s="warn"') >= 1
    assert '<span class="count" data-s="warn">1</span>' in html
    # what is known against it stands on its first page, and on the map
    assert "A check fails" in page(client, "/d/shop.people")
    nodes = {node["id"]: node["status"] for node in client.get("/map").document["nodes"]}
    assert (nodes["shop.people"], nodes["marts.odd"], nodes["insight:mail"]) == ("warn", "ok", None)


def test_who_asked_it_is_told(client: Client, odd: Serving) -> None:
    assert client.post("/queries", {"sql": "select id from shop.people"}).status == 200
    odd.service.workspace.query_log.flush()
    html = page(client, "/d/shop.people/used-by")
    assert "1 question in 30 days" not in html
    assert "Whom do we write to?" in html
    assert "1 question in 30 days" in part(client, "/d/shop.people/used-by", "people")
    assert "1 question in 30 days" in page(client, "/d/shop.people/used-by?made=true")


def test_a_wide_table_and_one_without_rows(client: Client) -> None:
    columns = part(client, "/d/marts.wide", "columns")
    assert columns.count("<tr>") == 301
    assert part(client, "/d/marts.none", "columns").count("no rows") == 1
    assert "No rows" in part(client, "/d/marts.none/sample", "sample")


def test_the_head_tells_what_it_is(client: Client) -> None:
    html = page(client, "/d/shop.people")
    for said in (
        "People &amp; their &lt;b&gt;names&lt;/b&gt;",
        "ana &lt;script&gt;",
        "max age 1d",
        "1 insight",
        "only half of them, since &#34;half&#34; is enough",
        "raw/people.csv",
        "The &#34;number&#34; of a person",
    ):
        assert said in html, said
    # what stands above a dataset is inherited, with where it comes from
    below = page(client, "/d/marts.seen")
    assert "is enough" in below
    assert 'href="/d/shop.people">shop.people' in below
    assert "all_people" in page(client, "/d/shop.people/used-by")


def test_a_table_that_grows_tells_how(client: Client) -> None:
    html = page(client, "/d/marts.latest")
    assert "How it grows" in html
    assert "by key" in html
    assert "How it grows" not in page(client, "/d/marts.odd")


def test_two_versions_of_code_beside_each_other(client: Client) -> None:
    html = page(client, "/d/marts.odd/versions")
    commits = re.findall(r'href="/d/marts\.odd\?at=([0-9a-f]{64})"', html)
    assert len(commits) == 2
    newer, older = commits
    both = page(client, f"/d/marts.odd/code?a={older}&b={newer}")
    assert "six" in both
    assert 'class="in"' in both
    split = page(client, f"/d/marts.odd/code?a={older[:8]}&b={newer[:8]}&split=true")
    assert "six" in split
    assert 'class="code split"' in split
    assert "six" not in page(client, f"/d/marts.odd/code?at={older}")
    assert "Both versions have the same text" in page(client, f"/d/marts.odd/code?a={newer}&b={newer}")


def test_a_past_commit_is_asked_and_not_taken_back(client: Client) -> None:
    now, past = page(client, "/d/marts.odd"), page(client, "/d/marts.odd?at=main~1")
    assert 'action="/do/undos"' in now
    assert 'action="/do/undos"' not in past
    assert 'href="/d/marts.odd/versions?at=main~1"' in past
    assert "at=main~1" in re.findall(r'href="(/sql[^"]*)"', past)[-1]


def test_each_form_asks_for_what_its_route_takes(client: Client) -> None:
    asked = set()
    for tab in ("", "/versions"):
        html = page(client, f"/d/marts.odd{tab}")
        for address, inside in re.findall(r'<form method="post" action="/do([^"]+)">(.*?)</form>', html, re.DOTALL):
            pairs = [(name, unescape(value)) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', inside)]
            action = read_action(address, pairs)
            asked.add((address, tuple(action.body.select) if address == "/refreshes" else action.body.commit[:0]))
            assert action.then.startswith("/d/marts.odd")
    assert asked == {("/refreshes", ("+marts.odd",)), ("/undos", "")}


def _absent(client: Client, name: str, query: str = "") -> str:
    reply = client._pool.request("GET", f"{client.address}/d/{name}{query}", headers={"Accept": "text/html"})
    assert reply.status == 404
    return reply.data.decode()


def test_a_dataset_that_is_not_here_is_shown_where_it_is(client: Client) -> None:
    retired = _absent(client, "marts.gone")
    assert "It was retired" in retired
    there = re.findall(r'href="(/d/marts\.gone\?at=[0-9a-f]+)"', retired)
    assert "marts.gone" in page(client, there[0])
    early = _absent(client, "marts.early")
    assert 'href="/d/marts.early?at=draft"' in early
    page(client, "/d/marts.early?at=draft")
    assert "did you mean" in _absent(client, "marts.value")
    assert "no dataset is named" in _absent(client, "marts.never")
    assert "no dataset is named" in _absent(client, "marts.%3Cscript%3Ealert(1)%3C")


def test_what_no_page_takes_is_refused_with_what_it_takes(client: Client) -> None:
    for path, said in (
        ("/d/shop.people/nothing", "a dataset has no page"),
        ("/d/shop.people/lineage?column=nothing", "has no column"),
        ("/d/shop.people/code?a=nothing&b=main", "nothing"),
        ("/d/shop.people?at=nothing", "nothing"),
    ):
        reply = client._pool.request("GET", client.address + path, headers={"Accept": "text/html"})
        assert reply.status in (400, 404), path
        assert said in reply.data.decode(), path


def test_the_map_has_every_node_once_and_every_way(client: Client) -> None:
    whole = client.get("/map").document
    names = [node["id"] for node in whole["nodes"]]
    assert len(names) == len(set(names))
    assert {"shop.people", "raw/people.csv", "insight:mail", "marts.odd"} <= set(names)
    assert {"from": "shop.people", "to": "marts.seen", "path": None} in whole["edges"]
    assert all(edge["from"] in names and edge["to"] in names for edge in whole["edges"])
    around = client.get("/map?around=shop.people&column=email&depth=1").document
    seen = next(node for node in around["nodes"] if node["id"] == "marts.seen")
    assert (seen["columns"], around["start"]) == (["email"], "shop.people")
    assert {"from": "shop.people", "to": "marts.seen", "path": "derive"} in around["edges"]
    assert "marts.wide" not in {node["id"] for node in around["nodes"]}
    assert client.get("/map?column=email").code == "usage.bad_argument"
    assert client.get("/map?around=marts.nothing").code == "lake.dataset_not_found"
    html = page(client, "/map")
    assert html.count('href="/d/shop.people"') == 1
