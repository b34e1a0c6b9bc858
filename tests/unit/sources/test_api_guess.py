"""What a first answer of an API tells of how it is asked."""

from __future__ import annotations

import pytest

from andon.project.files.rest import read_rest
from andon.service.source_add_api import _text
from andon.sources.apis.guess import guess

ROWS = [{"id": 1, "updated_at": "x", "email": "a@b.c"}, {"id": 2, "updated_at": "y", "email": "c@d.e"}]
NEXT = {"link": '<https://x.y/?page=2>; rel="next"'}

ANSWERS = {
    "a list": (ROWS, {}, (), None, (), "id"),
    "a list with a link": (ROWS, NEXT, (), "link", (), "id"),
    "below a name": (
        {"results": ROWS, "next": None, "count": 2},
        {},
        ("results",),
        "{by: cursor, next: next}",
        (),
        "id",
    ),
    "a count of all": (
        {"results": ROWS, "next": None, "count": 7},
        {},
        ("results",),
        "{by: cursor, next: next}",
        ("count",),
        "id",
    ),
    "a count alone": ({"results": ROWS, "count": 2}, {}, ("results",), None, ("count",), "id"),
    "an address": (
        {"data": {"items": ROWS}, "links": {"next": "https://x.y/?a"}},
        {},
        ("data", "items"),
        "{by: cursor, next: links.next}",
        (),
        "id",
    ),
    "a word": (
        {"items": ROWS, "meta": {"next_cursor": "abc", "total": 9}},
        {},
        ("items",),
        "{by: cursor, next: meta.next_cursor, param: cursor}",
        ("meta", "total"),
        "id",
    ),
    "numbered pages": ({"page": 1, "per_page": 2, "orders": ROWS}, {}, ("orders",), "page", (), "id"),
    "an offset": (
        {"offset": 0, "limit": 2, "total": 2, "orders": ROWS},
        {},
        ("orders",),
        "{by: offset, size: 100}",
        ("total",),
        "id",
    ),
    "the longer of two lists": ({"errors": [], "rows": ROWS}, {}, ("rows",), None, (), "id"),
    "no key": ({"rows": [{"a": 1}, {"a": 1}]}, {}, ("rows",), None, (), None),
    "lists in records": ({"rows": [{"id": 1, "lines": ROWS}]}, {}, ("rows",), None, (), "id"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_an_answer_tells(name):
    answer, headers, records, pagination, total, key = ANSWERS[name]
    found = guess(answer, headers)
    assert (found.records, found.pagination, found.total, found.key) == (records, pagination, total, key)
    written = _text("https://x.y/orders?a=1&b=2", found, "updated_at", ("email",))
    facts = read_rest("sources/shop/orders.yml", written)
    assert facts.problems == ()
    assert (facts.said.rest.records, facts.said.keys.key) == (records, (key,) if key else ())


@pytest.mark.parametrize("answer", [{}, 1, "x", [1, 2], {"a": [1]}, None])
def test_what_holds_no_records(answer):
    found = guess(answer, {})
    assert found is None or not found.fields
