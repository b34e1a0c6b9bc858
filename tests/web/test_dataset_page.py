"""The page of a dataset, as whoever reads its HTML gets it: no browser, no script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

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
    "datasets/marts/gone.sql": "select 1 as x\n",
    "queries/all_people.sql": "select * from shop.people\n",
    "insights/mail.yml": "title: Whom do we write to?\nuses: [shop.people.email]\n",
}
TABS = ("", "/sample", "/lineage", "/checks", "/code", "/versions", "/used-by")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project of odd names and values, served; `marts.gone` was retired, `marts.early` is only on a branch, `marts.never` only a file."""
    clone = Clone(tmp_path_factory.mktemp("odd") / "odd")
    for path, text in FILES.items():
        clone.write(path, text)
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
