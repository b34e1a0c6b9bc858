"""Forms of pages: each does what the call of the API does, once, and says what came of it."""

from __future__ import annotations

import re

import pytest

from andon.web.pages.actions import own_page
from kit.clones import Clone
from kit.serving import Serving


def test_a_form_does_what_the_call_does_and_goes_to_its_page(own: tuple[Clone, Serving]) -> None:
    _, server = own
    client = server.client()
    fields = {"_id": "once", "_then": "/changes?x=1#top", "name": "try/this"}
    found = client.send("/do/branches", fields)
    assert (found.status, found.headers["Location"]) == (303, "/changes?x=1&done=once#top")
    again = client.send("/do/branches", fields)
    assert (again.status, again.headers["Location"]) == (303, "/changes?x=1&done=once#top")
    assert [each["name"] for each in client.get("/branches").document] == ["main", "try/this"]
    assert b"Branch try/this is there" in client.visit("/?done=once").data
    refused = client.send("/do/branches", {**fields, "_id": "twice"})
    assert refused.status == 409
    assert b"lake.ref_exists" in refused.data
    gone = client.send("/do/branches/try/this", {"_id": "gone", "_then": "/", "_method": "DELETE"})
    assert gone.status == 303, gone.data
    assert [each["name"] for each in client.get("/branches").document] == ["main"]


def test_what_has_to_be_agreed_to_is_asked_first_and_done_as_it_was_asked(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    client = server.client()
    before = client.get("/commits").document
    asked = client.send("/do/undos", {"_id": "u1", "_then": "/"})
    assert asked.status == 409
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.data.decode()))
    assert hidden["agreed"] == "true"
    assert before[0]["commit"].startswith(hidden["commit"])
    assert len(client.get("/commits").document) == len(before)
    assert client.send("/do/undos", hidden).status == 303
    after = client.get("/commits").document
    assert after[0]["kind"] == "undo"
    assert client.send("/do/undos", hidden).status == 303  # the button pressed twice
    assert client.get("/commits").document == after


def test_a_form_that_is_changed_and_sent_again_is_another_request(own: tuple[Clone, Serving]) -> None:
    client = own[1].client()
    fields = {"_id": "back", "_then": "/changes"}
    told = [client.send("/do/branches", {**fields, "name": name}) for name in ("one/a", "two/b", "two/b", "one/a")]
    assert [each.status for each in told] == [303] * 4
    assert told[1].headers["Location"] == told[2].headers["Location"] != told[0].headers["Location"]
    assert told[3].headers["Location"] == told[0].headers["Location"]
    assert [each["name"] for each in client.get("/branches").document] == ["main", "one/a", "two/b"]
    assert b"Branch two/b is there" in client.visit(told[1].headers["Location"]).data


def test_a_branch_that_moved_since_somebody_agreed_is_not_thrown_away(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client = server.client()
    for number in (1, 2):
        clone.write("datasets/marts/count.sql", f"select count(*) + {number} as n from shop.orders\n")
        clone.run(branch="try", message=f"work {number}")
        asked = client.send("/do/branches/try", {"_id": f"d{number}", "_then": "/", "_method": "DELETE"})
        assert asked.status == 409
        if number == 1:
            first = asked
    hidden = [dict(re.findall(r'name="(\w+)" value="([^"]*)"', each.data.decode())) for each in (first, asked)]
    again = client.send("/do/branches/try", hidden[0])
    assert (again.status, "try" in [each["name"] for each in client.get("/branches").document]) == (409, True)
    assert client.send("/do/branches/try", hidden[1]).status == 303
    assert [each["name"] for each in client.get("/branches").document] == ["main"]


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/do/nothing", {}, 404),
        ("/do/branches", {"nme": "x"}, 400),
        ("/do/branches", {"name": "x", "_method": "BREW"}, 404),
        ("/do/tokens", {"person": "ana"}, 404),  # what is told once is no form's
        ("/do/runs", {"publish": "maybe"}, 400),
    ],
)
def test_a_form_that_asks_for_what_there_is_not_is_told_so(looking: Serving, path: str, fields: dict, status: int):
    found = looking.client().send(path, fields)
    assert found.status == status
    assert b'role="alert"' in found.data


def test_forms_of_other_sites_are_refused(looking: Serving) -> None:
    found = looking.client().send("/do/undos", {}, Origin="http://evil.example")
    assert (found.status, b"access.cross_site" in found.data) == (403, True)
    sent = looking.client().ask("POST", "/do/undos", raw=b"x", headers={"Content-Type": "text/plain"})
    assert sent.status == 404  # below the API there is no such place
    plain = looking.client().send("/do/undos", {}, **{"Content-Type": "text/plain"})
    assert plain.status == 400


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example/",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\tx",
        "//[",
        "/\\[x",
        "x",
    ],
)
def test_nobody_is_sent_to_another_site(address: str) -> None:
    assert own_page(address) == "/"


def test_own_pages_are_kept() -> None:
    assert own_page("/d/shop.orders?at=main~1#x") == "/d/shop.orders?at=main~1#x"
