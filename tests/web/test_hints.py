"""Hints for who has no terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from andon.base.document import Document
from andon.errors import UsageError
from andon.web.hints import routes_of
from andon.web.reading import read_body
from andon.web.routes import all_endpoints
from andon.web.routes.queries import QueryLink
from kit.clones import Clone
from kit.serving import Serving


@pytest.mark.parametrize(
    ("hint", "routes"),
    [
        (None, {}),
        ("write `2026-10-31`", {}),
        ("`andon ls` lists them", {"andon ls": "GET /api/v1/datasets"}),
        ("`andon ls --queries` lists them", {"andon ls --queries": "GET /api/v1/saved-queries"}),
        (
            "`andon check --suggest orders` or `andon -C /x undo`",
            {"andon check --suggest": "GET /api/v1/checks/proposals", "andon undo": "POST /api/v1/undos"},
        ),
        ("`andon init` makes one", {}),
    ],
)
def test_a_command_in_a_hint_has_its_call(hint: str | None, routes: dict[str, str]) -> None:
    assert routes_of(hint) == routes


def test_every_verb_is_found() -> None:
    for each in all_endpoints():
        if each.verb:
            assert list(routes_of(f"`andon {each.verb} x`")) == [f"andon {each.verb}"]


@pytest.mark.parametrize(
    ("kind", "sent", "message", "hint"),
    [
        (QueryLink, {"sql": 3}, "`sql`: expected text, got a whole number", "it takes `sql`, `at`, `limit`, `part`, "),
        (QueryLink, {"sql": "x", "at": []}, "`at`: expected text or null, got a list", "it takes `sql`"),
        (QueryLink, {"sql": "x", "limit": -1}, "`limit`: expected a whole number >= 0", "it takes `sql`"),
        (QueryLink, {"sql": "x", "limitt": 1}, "`limitt` is nothing that /q takes", "did you mean `limit`?"),
        (QueryLink, {}, "`sql` is missing", "it takes `sql`"),
        (QueryLink, [], "expected an object, got a list", "it takes `sql`"),
    ],
)
def test_what_is_wrong_with_a_document_is_told_in_words_of_json(
    kind: type[Document], sent: Any, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as wrong:
        read_body(kind, json.dumps(sent).encode(), "/q")
    assert wrong.value.message == message
    assert (wrong.value.hint or "").startswith(hint)


def test_errors_name_calls(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client = server.client()
    missing = client.post("/retirements", {"names": ["nothing.near"]})
    assert (missing.status, missing.document["hint"]) == (404, "`andon ls` lists them")
    assert missing.document["routes"] == {"andon ls": "GET /api/v1/datasets"}
    assert "routes" not in client.post("/retirements", {"names": ["marts.count_"]}).document
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    refused = client.post("/runs", {"agreed": "123"}).document
    assert refused["detail"] == "what would be done is not what was agreed to: this is another plan"
    assert refused["hint"] == f'the same call with `"agreed": "{refused["digest"]}"` does just what `plan` tells'
