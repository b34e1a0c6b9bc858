"""Analyses by their pages, by a form, and by a lake that a server has."""

from __future__ import annotations

import pytest

import andon
from andon.errors import ProjectError
from kit.clones import Clone
from kit.serving import Serving

TOTALS = """import andon

rows = andon.open().sql("from marts.totals where amount > $n order by 1", {"n": andon.parameter("n", 0)})
andon.keep("totals", rows)
andon.keep("customers", len(rows.fetchall()))
with open("page.html", "w") as file:
    file.write("<h1>Totals</h1><script>alert(1)</script>")
"""


def test_a_form_runs_one_and_its_page_shows_what_it_made(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("analyses/totals.py", TOTALS)
    client = server.client()
    assert "andon analysis run totals" in client.visit("/analyses/totals").data.decode()
    done = client.send("/do/analyses/runs", {"_id": "r1", "_then": "/analyses/totals", "name": "totals"})
    assert done.status == 303
    page = client.visit("/analyses/totals").data.decode()
    assert "totals@1" in page
    assert "andon analysis reproduce totals@1" in page
    assert 'src="/analyses/totals/1/files/page.html?framed=true"' in page
    assert "<script>alert" not in page
    assert "totals" in client.visit("/analyses").data.decode()
    assert client.visit("/analyses/totals?run=7").status == 404
    assert client.visit("/analyses/nope").status == 404


def test_what_it_made_is_given_shut(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("analyses/totals.py", TOTALS)
    client = server.client()
    assert client.post("/analyses/runs", {"name": "totals"}).status == 200
    for address in ("/analyses/totals/1/files/page.html", "/analyses/totals/1/files/page.html?framed=true"):
        found = client.visit(address)
        assert b"alert(1)" in found.data
        policy = found.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "; sandbox;" in policy
    table = client.visit("/analyses/totals/1/files/totals.parquet")
    assert table.data[:4] == b"PAR1"
    assert "attachment" in table.headers["Content-Disposition"]
    for name in ("..%2Fandon.toml", "none.txt", "%2Fetc%2Fpasswd"):
        assert client.visit(f"/analyses/totals/1/files/{name}").status == 404


def test_what_is_only_called_so_breaks_no_page_and_no_comparison(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    chance = (
        "import os, random\nfor name in ('a.parquet', 'b.csv', 'c.png', 'd.svg', 'e.html', 'f.txt', 'g.plotly.json'):\n"
    )
    clone.write(
        "analyses/odd.py", f"{chance}    open(name, 'wb').write(os.urandom(300) + b'\\0\\n')\nopen('h.parquet', 'w')\n"
    )
    client = server.client()
    assert client.post("/analyses/runs", {"name": "odd"}).document["status"] == "done"
    page = client.visit("/analyses/odd")
    assert page.status == 200
    for name in ("a.parquet", "b.csv", "c.png", "d.svg", "e.html", "f.txt", "g.plotly.json", "h.parquet"):
        assert f"/analyses/odd/1/files/{name}" in page.data.decode()
    found = client.post("/analyses/reproductions", {"run": "odd"}).document
    assert {each["name"]: each["verdict"] for each in found["outputs"]} == {
        **dict.fromkeys(("a.parquet", "b.csv", "c.png", "d.svg", "e.html", "f.txt", "g.plotly.json"), "different"),
        "h.parquet": "identical",
    }


def test_a_lake_that_a_server_has_does_the_same(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("analyses/totals.py", TOTALS)
    with andon.connect(server.address) as far, andon.open(clone.root) as near:
        first = far.analyses.run("totals", parameters={"n": 16})
        assert (first.number, first.numbers, first.parameters) == (1, {"customers": 1}, {"n": 16})
        assert near.analyses.run("totals", parameters={"n": 16}, now="2026-05-01").version == first.version
        assert far.analyses.show("totals@1") == near.analyses.show("totals@1")
        assert far.analyses.log("totals") == near.analyses.log("totals")
        assert list(far.analyses) == list(near.analyses)
        assert far.analyses.reproduce("totals@1").outputs == near.analyses.reproduce("totals@1").outputs
        copied = near.analyses.copy("totals@1", clone.root / "out")
        assert sorted(path.name for path in copied) == ["page.html", "totals.parquet"]


def test_an_insight_names_the_run_that_shows_it(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("analyses/totals.py", TOTALS)
    clone.write("insights/best.md", "---\nuses: [marts.totals]\nevidence: [totals@1]\n---\n# Who buys most?\n")
    clone.run()
    client = server.client()
    assert client.get("/insights/best").document["evidence"] == ["totals@1"]
    assert 'href="/analyses/totals?run=1"' in client.visit("/insights/best").data.decode()
    clone.write("insights/best.md", "---\nuses: [marts.totals]\nevidence: [totals]\n---\n# Who buys most?\n")
    with pytest.raises(ProjectError, match="`evidence` must be runs of analyses"):
        clone.run()
