"""Asking an HTTP API for all of its pages: what goes by is waited for, what does not ends in an error that says what to do."""

from __future__ import annotations

import email.utils
import gzip
import json
import threading
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.record import replace
from andon.errors import DatasetError
from andon.model.rest import Pages, Rest, Sign, Since
from andon.sources.apis import client as asking
from andon.sources.apis.client import Client
from andon.sources.apis.pages import next_link, pages
from kit.api import Api, at, broken, cut, first, hanging, serving, status, truncated

TOKEN = "s3cret-t0ken/of the+shop"
RECORDS = [{"id": number, "customer": "ada"} for number in range(1, 6)]
PAGED = Pages("page", "page", "size", 2, 1)


@pytest.fixture(scope="module")
def running():
    with serving(Api(pages="page")) as found:
        yield found


@pytest.fixture
def api(running, monkeypatch) -> Api:
    monkeypatch.setattr(asking, "_PAUSE", 0.01)
    running.records = [dict(record) for record in RECORDS]
    running.pages, running.faults, running.total, running.by, running.wrap = "page", [], None, None, True
    running.asked.clear()
    return running


def fetched(api: Api, notes: list[str] | None = None, **options) -> list[dict]:
    values = {"retries": 2, "timeout": 5.0, "pages": PAGED, "records": ("data", "items"), **options}
    rest = Rest(api.url, sign=Sign("bearer", TOKEN), **values)
    client = Client(rest, lambda text: text, "sources/shop/orders.yml", threading.Event())
    try:
        told = [] if notes is None else notes
        found = list(pages(rest, client.get, client.failures, None, told))
    finally:
        client.close()
    return [json.loads(record) for page in found for record in page.records]


def _date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
#: Faults that end a load: what the API does, the code, words of the message.
FATAL = {
    "a web page with status 200": (status(200, HTML), "source.bad_answer", "Sign in"),
    "a page that ends in the middle": (at(2, cut), "source.bad_answer", "no JSON"),
    "no list": (status(200, b'{"data": {"items": {"id": 1}}}'), "source.bad_answer", "no list"),
    "no records where they should be": (status(200, b'{"error": "x"}'), "source.bad_answer", "`error`"),
    "records that are none": (status(200, b'{"data": {"items": [1, 2]}}'), "source.bad_answer", "no object"),
    "not UTF-8": (status(200, b'{"data": {"items": [{"id": "\xff"}]}}'), "source.bad_answer", "UTF-8"),
    "wrong credentials": (
        status(401, b'{"message": "bad token ' + TOKEN.encode() + b'"}'),
        "source.unreachable",
        "***",
    ),
    "no rights": (status(403), "source.unreachable", "403"),
    "no such address": (status(404), "source.query_failed", "404"),
    "asked too often for a day": (status(429, Retry_After="86400"), "source.unreachable", "86,400 seconds"),
    "asked too often": (status(429, Retry_After="0"), "source.unreachable", "429"),
    "at fault": (status(500, b"", Retry_After="0"), "source.unreachable", "500"),
    "another host": (status(302, Location="http://127.0.0.2:9/x"), "source.query_failed", "127.0.0.2:9"),
    "from one to the next": (status(302, Location="/orders"), "source.bad_answer", "from one address"),
    "a page again and again": (status(200, b'{"data": {"items": [{"id": 1}]}}'), "source.incomplete", "does not turn"),
    "broken off each time": (truncated, "source.unreachable", "broke off"),
    "hung up each time": (broken, "source.unreachable", "broke off"),
}


#: Faults that go by: tried again, the load is complete.
PASSING = {
    "429 with seconds": first(2, status(429, Retry_After="0")),
    "429 with a date": first(1, status(429, Retry_After=_date(-5))),
    "429 without": first(1, status(429)),
    "500": first(2, status(500)),
    "503 half way": at(2, status(503)),
    "truncated": first(1, truncated),
    "truncated half way": at(2, truncated),
    "broken": first(1, broken),
}


@pytest.mark.parametrize("name", FATAL)
def test_what_ends_a_load_is_told_without_a_secret(api, name):
    fault, code, words = FATAL[name]
    api.faults = [fault]
    with pytest.raises(DatasetError) as caught:
        fetched(api)
    found = caught.value
    assert (found.code, words in found.message) == (code, True), found.message
    assert found.hint
    assert TOKEN not in f"{found.message} {found.hint}"
    assert found.where == "sources/shop/orders.yml"


@pytest.mark.parametrize("name", PASSING)
def test_what_goes_by_is_waited_for_and_nothing_comes_twice(api, name):
    api.faults = [PASSING[name]]
    assert fetched(api) == RECORDS
    assert len(api.asked) > 4


def test_a_try_waits_for_as_long_as_it_is_asked_to(api):
    api.faults = [first(1, status(429, Retry_After="1"))]
    began = time.monotonic()
    assert fetched(api) == RECORDS
    assert time.monotonic() - began >= 1


def test_waiting_ends_when_a_run_is_stopped(api):
    api.faults = [status(429, Retry_After="60")]
    stop = threading.Event()
    rest = Rest(api.url)
    client = Client(rest, lambda text: text, "x.yml", stop)
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(DatasetError, match="stopped"):
        list(pages(rest, client.get, client.failures, None, []))
    client.close()


def test_no_answer_and_no_host_are_told(api):
    api.faults = [hanging(0.5)]
    with pytest.raises(DatasetError, match=r"no answer within 0\.1 seconds"):
        fetched(api, retries=0, timeout=0.1)
    with pytest.raises(DatasetError, match="nothing answers"):
        fetched(Api(port=9), retries=0)


def test_a_limit_of_requests_is_kept(api):
    began = time.monotonic()
    assert fetched(api, seconds_apart=0.1) == RECORDS
    assert time.monotonic() - began >= 0.3


def test_what_a_secret_stands_in_is_masked_in_every_spelling(api):
    from urllib.parse import quote_plus

    api.faults = [lambda handler, _: handler.say(400, json.dumps({"message": f"bad {handler.path}"}).encode()) or True]
    rest = Rest(api.url, sign=Sign("query", TOKEN, "api_key"))
    client = Client(rest, lambda text: text, "x.yml", threading.Event())
    with pytest.raises(DatasetError) as caught:
        list(pages(rest, client.get, client.failures, None, []))
    client.close()
    assert api.asked[0][1] == {"api_key": TOKEN}
    assert "***" in caught.value.message
    assert quote_plus(TOKEN) not in caught.value.message
    assert TOKEN[:8] not in caught.value.message


@pytest.mark.parametrize("words", [{}, {"page": "1"}, {"size": "2"}])
def test_an_api_that_does_not_turn_pages_is_no_endless_load(api, words):
    api.pages = "none"
    api.records = api.records[:2]
    with pytest.raises(DatasetError, match="does not turn pages") as caught:
        fetched(api)
    assert "`page`, `size`" in caught.value.hint


@pytest.mark.parametrize("following", ["c0", "c2"])
def test_a_page_that_leads_back_ends_the_load(api, following):
    asked = [0]

    def circle(handler, _):
        asked[0] += 1
        body = {"data": {"items": [{"id": asked[0]}]}, "meta": {"next": following}}
        return handler.say(200, json.dumps(body).encode()) or True

    api.faults = [circle]
    with pytest.raises(DatasetError, match="would never end"):
        fetched(api, pages=Pages("cursor", "cursor", next=("meta", "next")))
    assert asked[0] == 2


def _packed(keep: int | None = None):
    def say(handler, _):
        params = dict(parse_qsl(urlsplit(handler.path).query))
        body = gzip.compress(json.dumps(handler.api.answer(params)[0]).encode())[:keep]
        return handler.say(200, body, **{"Content-Encoding": "gzip"}) or True

    return say


def test_packed_answers_are_read_and_broken_ones_are_told(api):
    api.faults = [_packed()]
    assert fetched(api) == RECORDS
    assert api.asked[0][2]["accept-encoding"] == "gzip"
    for keep in (4, 30):
        api.faults = [_packed(keep)]
        with pytest.raises(DatasetError) as caught:
            fetched(api, retries=0)
        assert caught.value.code in ("source.bad_answer", "source.unreachable")
    api.faults = [lambda handler, _: handler.say(200, b"[]", **{"Content-Encoding": "gzip"}) or True]
    with pytest.raises(DatasetError, match="not packed as it says"):
        fetched(api, retries=0)


def test_an_api_that_knows_no_page_behind_its_last_is_told_with_a_way(api):
    api.faults = [at(4, status(404))]
    with pytest.raises(DatasetError, match=r"page 4: .*404") as caught:
        fetched(api)
    assert "`total`" in caught.value.hint
    api.faults = [at(4, status(404))]
    assert fetched(api, total=("meta", "total")) == RECORDS


def test_more_pages_than_allowed_are_an_error(api):
    with pytest.raises(DatasetError, match="more than 2 pages") as caught:
        fetched(api, pages=Pages("page", "page", "size", 2, 1, most=2))
    assert caught.value.code == "source.incomplete"


def test_a_first_page_that_says_nothing_of_a_next_one_is_told(api):
    notes: list[str] = []
    assert fetched(api, notes, pages=Pages("cursor", "cursor", next=("meta", "folowing"))) == RECORDS[:2]
    assert "`meta.folowing`" in notes[0]


def test_what_is_new_is_asked_for(api):
    api.by = "id"
    api.records = [{"id": f"2026-01-0{n}"} for n in range(1, 6)]
    rest = Rest(api.url, pages=PAGED, records=("data", "items"), since=Since("id", "since"))
    client = Client(rest, lambda text: text, "x.yml", threading.Event())
    found = [r for page in pages(rest, client.get, client.failures, "2026-01-04", []) for r in page.records]
    client.close()
    assert len(found) == 2
    assert all(params["since"] == "2026-01-04" for _, params, _ in api.asked)


WAYS = {
    "none": Pages(),
    "page": Pages("page", "page", "size", 3, 1),
    "offset": Pages("offset", "offset", "size", 3),
    "cursor": Pages("cursor", "cursor", next=("meta", "next")),
    "next": Pages("cursor", next=("meta", "next")),
    "link": Pages("link"),
}


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=3), st.none() | st.integers() | st.text(max_size=4) | st.booleans(), max_size=3
        ),
        max_size=12,
    ),
    st.sampled_from(sorted(WAYS)),
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
)
def test_however_records_are_split_all_come_once_and_in_order(running, rows, way, size, largest, has_total, has_size):
    """The table is made of these bytes alone, so it is the same for every split."""
    running.records = [{"id": number, **row} for number, row in enumerate(rows)]
    running.pages, running.size, running.largest, running.faults, running.by = way, size, largest, [], None
    turn = WAYS[way]
    turn = turn if has_size else replace(turn, size=None, size_param=None)
    found = fetched(running, pages=turn, total=("meta", "total") if has_total else ())
    running.largest = 1000
    assert found == running.records


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('<http://x/?a=1,2;3>; rel="next"', "http://x/?a=1,2;3"),
        ('<http://x/1>; rel="prev", <http://x/2>; rel="next last"', "http://x/2"),
        ("<http://x/2>; title=b; rel=next", "http://x/2"),
        ('<http://x/2>; REL="Next"', "http://x/2"),
        ('<http://x/2>; rel="nextish"', None),
        ('<http://x/1>; rel="first"', None),
        ("", None),
    ],
)
def test_link_headers(header, found):
    assert next_link(header) == found
