"""Visits that nobody means: calls that led elsewhere, tokens that ended while somebody typed, ids that are none."""

from __future__ import annotations

import os
import re
from html import unescape
from urllib.parse import quote

import pytest

from andon.service.board import Board
from andon.service.datasets import Datasets
from kit.clones import Clone
from kit.html import wrong_with
from kit.serving import Client, Serving

#: Pages that a form of another page may have led to, by hand or by an old address.
_PAGES = (
    "/",
    "/changes",
    "/changes/try",
    "/changes/@folder",
    "/runs",
    "/save?q=select+1",
    "/edit/marts.count",
    "/d/marts.totals",
)


def _hidden(html: str) -> list[tuple[str, str]]:
    return [(name, unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html)]


@pytest.fixture(scope="module")
def led(troubled: Serving) -> tuple[Client, list[str]]:
    """Ana, and the ids of calls of hers of many kinds: done, refused, held, looked at."""
    ana = troubled.client(troubled.service.tokens.create("ana").token)
    sent = {
        "a&b#c": ("/do/branches", {"name": "odd"}),
        "refused": ("/do/branches", {"name": "odd", "_form": "/changes"}),
        "looked": ("/do/datasets", {"name": "marts.odd", "sql": "select 1 as a", "_form": "/save"}),
        "broken": ("/do/edits", {"file": "datasets/marts/count.sql", "text": "select x from y", "branch": "odd"}),
        "held": ("/do/refreshes", {"branch": "try"}),
        "gone": ("/do/branches/odd", {"_method": "DELETE"}),
    }
    for id, (place, fields) in sent.items():
        found = ana.send(place, {"_id": id, "_then": "/changes", **fields})
        assert found.status in (303, 409, 422), id
        if found.status == 303:
            assert quote(id, safe="") in found.headers["Location"]
    return ana, list(sent)


def test_a_page_shows_nothing_odd_of_a_call_that_led_elsewhere(led: tuple[Client, list[str]]) -> None:
    ana, ids = led
    for page in _PAGES:
        for id in ids:
            address = f"{page}{'&' if '?' in page else '?'}done={quote(id, safe='')}"
            found = ana.visit(address)
            assert (address, found.status) == (address, 200)
            assert wrong_with(found.data.decode()) == []


def test_each_problem_of_a_form_is_told_with_its_place(led: tuple[Client, list[str]]) -> None:
    ana, _ = led
    later = ana.visit("/calls/broken")  # as for who waited longer
    fields = {"file": "datasets/marts/count.sql", "text": "select x from y", "branch": "odd"}
    at_once = ana.send("/do/edits", fields)
    assert (later.status, at_once.status) == (200, 422)
    for found in (later, at_once):
        assert b"datasets/marts/count.sql:1:15" in found.data
        assert b"there is no dataset" in found.data


@pytest.mark.parametrize("id", ["a b", "\u00e9", "x" * 201, "a\nb"])
def test_an_id_of_a_form_is_one_that_the_api_takes(troubled: Serving, id: str) -> None:
    ana = troubled.client(troubled.service.tokens.create("ana").token)
    found = ana.send("/do/branches", {"_id": id, "name": "never"})
    assert found.status == 400
    assert "never" not in [each["name"] for each in ana.get("/branches").document]


def test_what_was_typed_is_kept_while_somebody_says_who_they_are(troubled: Serving) -> None:
    stranger = troubled.client()
    text = "select 1 as \"a<b>&\",\n  'x' as b -- \u00e9\n"
    typed = [("_id", "kept"), ("_then", "/changes/{branch}"), ("name", "kept/this"), ("_seen", text)]
    asked = stranger.send("/do/branches", typed)
    assert asked.status == 401
    assert wrong_with(asked.data.decode()) == []
    kept = dict(_hidden(asked.data.decode()))
    wrong = stranger.send("/login", {**kept, "token": "andon_no"})
    assert (wrong.status, dict(_hidden(wrong.data.decode()))) == (401, kept)
    token = troubled.service.tokens.create("ana").token
    again = stranger.send("/login", {**kept, "token": token})
    assert again.status == 200
    assert "andon_token=" in again.headers["Set-Cookie"]
    assert wrong_with(again.data.decode()) == []
    assert _hidden(again.data.decode()) == typed
    assert 'action="/do/branches"' in again.data.decode()


@pytest.mark.parametrize(
    "kept", ["x", "[]", '["https://evil.example", []]', '["/do/x", [1]]', '["//evil.example/do/", []]']
)
def test_nothing_is_kept_that_is_no_form_of_ours(troubled: Serving, kept: str) -> None:
    found = troubled.client().send("/login", {"_kept": kept, "token": troubled.service.tokens.create("ana").token})
    assert (found.status, found.headers["Location"]) == (303, "/")


def test_a_page_is_of_one_commit_whatever_is_published_meanwhile(own: tuple[Clone, Serving], monkeypatch) -> None:
    clone, server = own
    client = server.client()
    first = client.visit("/d/marts.totals/sample").data.decode()
    part = unescape(re.search(r'hx-get="([^"]*seen=[^"]*)"', first)[1])
    show = Datasets.show
    published = []

    def show_then_publish(self: Datasets, *said: object, **named: object) -> object:
        found = show(self, *said, **named)
        if not published:
            published.append(True)
            clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
            clone.refresh()
        return found

    monkeypatch.setattr(Datasets, "show", show_then_publish)
    whole = client.visit("/d/marts.totals/sample?made=true").data.decode()
    assert published
    for html in (whole, client.visit(part, **{"HX-Request": "true", "HX-Target": "section#sample"}).data.decode()):
        assert "ben" in html
        assert "cleo" not in html
        assert "2 rows of 2" in html
    assert "cleo" in client.visit("/d/marts.totals/sample?made=true").data.decode()
    clone.write("datasets/marts/best.sql", None)
    clone.write("datasets/marts/totals.sql", None)
    clone.run(drop=True)
    later = client.visit(part, **{"HX-Request": "true", "HX-Target": "section#sample"})
    assert (later.status, "ben" in later.data.decode()) == (200, True)


def test_changes_are_listed_where_the_folder_can_not_be_read(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.branch("fix/this")
    (clone.root / "datasets/marts" / os.fsdecode(b"n\xffame.sql")).write_text("select 1 as a\n")
    found = server.client().visit("/changes")
    assert found.status == 200
    assert b"/changes/fix/this" in found.data
    assert b"can&#39;t be told" in found.data or b"can't be told" in found.data


def test_the_board_tells_of_no_publish_whose_datasets_it_does_not_show(own: tuple[Clone, Serving], monkeypatch) -> None:
    clone, server = own
    show = Board.show

    def show_then_publish(self: Board, *said: object) -> object:
        found = show(self, *said)
        monkeypatch.undo()
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        clone.refresh(message="cleo came")
        return found

    monkeypatch.setattr(Board, "show", show_then_publish)
    client = server.client()
    assert "cleo came" not in client.visit("/").data.decode()
    assert "cleo came" in client.visit("/").data.decode()
