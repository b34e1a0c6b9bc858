"""Lists in parts: each part leads to the next, and all parts are the list."""

from __future__ import annotations

import pytest

from kit.clones import Clone
from kit.serving import Client, Serving


def _parts(client: Client, path: str) -> list[list[object]]:
    found = []
    while True:
        reply = client.get(path)
        assert reply.status == 200, reply.data
        found.append(reply.document)
        following = reply.headers.get("Link")
        if following is None:
            return found
        path, _, rest = following.removeprefix("<").partition(">")
        assert rest == '; rel="next"'
        assert len(found) < 50


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "path", ["/datasets?at=main&", "/datasets?select=marts.*&", "/branches?", "/tags?", "/commits?at=main&", "/runs?"]
)
def test_the_parts_are_the_list(paged: Client, path: str, size: int) -> None:
    whole = paged.get(path.rstrip("&?")).document
    assert len(whole) > 1
    parts = _parts(paged, f"{path}limit={size}")
    assert [each for part in parts for each in part] == whole
    assert all(len(part) == size for part in parts[:-1])


def test_a_part_goes_on_where_something_went_meanwhile(own: tuple[Clone, Serving]) -> None:
    _, server = own
    client = server.client()
    for name in ("a", "b", "c"):
        client.post("/tags", {"name": name})
    client.delete("/tags/b")
    assert [tag["name"] for tag in client.get("/tags?after=b").document] == ["c"]


@pytest.mark.parametrize(
    "path",
    [
        "/datasets?limit=0",
        "/datasets?limit=x",
        "/datasets?limi=3",
        "/datasets?limit=1&limit=2",
        "/runs?after=x",
        "/commits?at=nope",
    ],
)
def test_what_is_no_part_is_told(paged: Client, path: str) -> None:
    found = paged.get(path)
    assert found.status in (400, 404)
    assert found.document["hint"] or found.document["detail"]


def test_events_go_on_after_the_last_that_was_heard(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    client = server.client()
    begun = client.post("/runs", {"agreed": "any"}, Prefer="respond-async").headers["Location"]
    whole = client.get(f"{begun}/events").data.decode()
    again = client.get(f"{begun}/events", **{"Last-Event-ID": "1"}).data.decode()
    assert "id: 1\n" in whole
    assert "id: 1\n" not in again
    assert whole.endswith(again[again.index("id: 2") :])


@pytest.fixture(scope="module")
def paged(looking: Serving) -> Client:
    """Who asks a lake with some of everything."""
    client = looking.client()
    for name in ("month-end", "audit", "z"):
        client.post("/tags", {"name": name})
        client.post("/branches", {"name": f"of/{name}"})
    return client


def test_what_an_address_is_for_is_told(look: Client) -> None:
    for path, allowed in (("/queries", "GET, HEAD, POST"), ("/branches/x", "DELETE"), ("/datasets/x", "GET, HEAD")):
        found = look.ask("PUT", path, {})
        assert (found.status, found.document["status"], found.headers["Allow"]) == (405, 405, allowed)
    assert look.get("/nothing").status == 404
    assert look.get("/branches?limit=null").status == 400
