"""Requests that no client makes by itself: each is refused with a reason, and felt by nobody else."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from kit.serving import Client, Serving

MANY = "9" * 5000


@pytest.mark.parametrize(
    "path",
    [
        "/runs?after=²",
        "/runs?after=-1",
        f"/runs?after={MANY}",
        "/runs?after=9999999999999999999999",
        "/runs/²",
        f"/runs/{MANY}",
        f"/commits?at=main~{MANY}",
        f"/commits?at=run:{MANY}",
        "/commits?at=main@9999-12-31T23:59:59-23:59",
        "/commits?at=main@0001-01-01T00:00%2B23:59",
        "/plan?now=9999-12-31T23:59:59-23:59",
        "/calls/a/b",
        "/datasets/..%2f..",
        "/datasets/%ED%A0%80",
    ],
)
def test_an_odd_address_is_told_as_wrong(look: Client, path: str) -> None:
    found = look.get(quote(path, safe="/?=%:@~&"))
    assert found.status in (400, 404), found.data[:300]
    assert found.document["detail"]


@pytest.mark.parametrize(
    "body",
    [
        '{"sql": "select 1 as \\ud800"}',
        '{"sql": "select \'\\uDFFF\'"}',
        '{"sql": "select 1", "at": "\\ud800"}',
        '{"sql": "select ?", "parameters": ["\\ud800"]}',
        '{"sql": "select 1", "\\ud800": 1}',
        '{"sql": "select 1", "sql": "select 2"}',
        '{"sql": "select ?", "parameters": [' + MANY + "]}",
        '{"sql": "select ?", "parameters": [%s]}' % ("[" * 100_000 + "]" * 100_000),
        '{"sql": "select ?", "parameters": [%s]}' % ("[" * 900 + "]" * 900),
        '{"sql": "select $a", "parameters": %s}' % ('{"a":' * 900 + "1" + "}" * 900),
        "[]",
        "null",
        "\ufeff{}",
        '{"saved": "\\ud800"}',
    ],
    ids=lambda body: body[:40],
)
def test_an_odd_document_is_told_as_wrong(look: Client, body: str) -> None:
    found = look.ask("POST", "/queries", raw=body.encode(), headers={"Content-Type": "application/json"})
    assert found.status in (400, 404), found.data[:300]
    assert found.document["detail"]
    assert look.post("/queries", {"sql": "select 'é\\u00e9😀' as it"}).document["rows"] == [["é\\u00e9😀"]]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://["},
        {"Origin": "http://[::1"},
        {"Origin": "null"},
        {"Origin": "\xff"},
        {"Host": "["},
        {"Host": "localhost."},
        {"Host": "user@localhost"},
        {"Host": "evil.example:80:80"},
    ],
    ids=str,
)
def test_an_odd_origin_is_another_site(look: Client, headers: dict[str, str]) -> None:
    assert (look.get("/me", **headers).status, look.get("/me", **headers).code) == (403, "access.cross_site")


def test_an_odd_place_among_events_is_the_beginning(look: Client) -> None:
    begun = look.post("/branches", {"name": "odd"}, **{"Idempotency-Key": "a/b?c#d%0d", "Prefer": "respond-async"})
    place = begun.headers["Location"]
    assert place == "/api/v1/calls/a%2Fb%3Fc%23d%250d"
    assert look.get(f"{place}/events", **{"Last-Event-ID": "²"}).data.startswith(b": call a/b?c#d%0d\n\nid: 1\n")
    assert look.get(place).document["id"] == "a/b?c#d%0d"


def test_words_that_somebody_makes_up_are_not_counted_one_by_one(look: Client) -> None:
    for word in ("PROPFIND", "EVIL1", "EVIL2"):
        assert look.ask(word, "/healthz").status == 405
    figures = look.get("/metrics").data.decode()
    assert 'method="other"' in figures
    assert "EVIL" not in figures


def test_a_question_that_is_no_text_does_not_keep_others_out_of_the_log(looking: Serving) -> None:
    """As the command line and Python may ask it."""
    log, look = looking.service.workspace.query_log, looking.client()
    with pytest.raises(Exception, match="select"):
        looking.service.querying.stream("select 1 as \ud800", None, None)
    look.post("/queries", {"sql": "select 'after it'"})
    until = time.monotonic() + 60
    while not any(q.sql == "select 'after it'" for q in log.newest(5)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [q.sql for q in log.newest(1)] == ["select 'after it'"]


def test_a_name_of_a_file_that_is_no_text_is_told_escaped() -> None:
    from andon.render.values import as_json_text

    text = as_json_text({"path": ["raw/\udcff é"]})
    assert json.loads(text.encode("utf-8")) == {"path": ["raw/\udcff é"]}


@pytest.mark.parametrize("is_counted", [True, False])
@pytest.mark.parametrize(("path", "most"), [("/queries", 4_000_000), ("/branches", 4_000_000), ("/session", 10_000)])
def test_what_is_too_large_is_not_taken(look: Client, path: str, most: int, is_counted: bool) -> None:
    length = {"Content-Length": str(most + 1)} if is_counted else {"Transfer-Encoding": "chunked"}
    found = look.ask("POST", path, headers={"Content-Type": "application/json", **length}, raw=b"{" + b" " * most)
    assert (found.status, found.code) == (413, "usage.too_large")
    assert found.document["hint"]


def test_a_file_that_is_too_large_leaves_nothing(look: Client, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("andon.web.app._MOST_FILE", 1_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = look.ask("POST", "/uploads?dataset=crm.leads&name=leads.csv", raw=b"id\n" + b"1\n" * 600)
    assert (found.status, found.code, found.document["where"]) == (413, "usage.too_large", "leads.csv")
    assert "folder `raw`" in found.document["hint"]
    assert not list(tmp_path.iterdir())
