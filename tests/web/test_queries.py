"""Questions over HTTP: answered as it suits who asks, within limits, and nobody in anybody's way."""

from __future__ import annotations

import csv
import io
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import urllib3  # noqa: TID253

from kit.attacks import SECRET, Canary, attacks
from kit.processes import busiest
from kit.serving import Client, Serving

HEAVY = "select count(*) from range(200000) a, range(2000000) b where a.range * b.range % 7 = 3"
ORDERS = [[1, "ada", 10], [2, "ben", 20], [3, "ada", 5], [4, "cleo", 7]]


def test_one_answer_in_every_form(look: Client) -> None:
    import pyarrow.ipc
    import pyarrow.parquet

    asked = {"sql": "select * from shop.orders order by id"}
    assert look.post("/queries", asked).document["rows"] == ORDERS
    arrow = look.post("/queries", asked, Accept="application/vnd.apache.arrow.stream").data
    assert pyarrow.ipc.open_stream(arrow).read_all().to_pylist() == [
        dict(zip(("id", "customer", "amount"), row, strict=True)) for row in ORDERS
    ]
    text = look.post("/queries", asked, Accept="text/csv").data.decode()
    assert list(csv.reader(io.StringIO(text)))[1:] == [[str(v) for v in row] for row in ORDERS]
    parquet = look.post("/queries", asked, Accept="application/vnd.apache.parquet").data
    assert pyarrow.parquet.read_table(io.BytesIO(parquet)).num_rows == 4
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert look.post("/queries", asked, Accept=browser).document["rows"] == ORDERS
    assert look.post("/queries", asked, Accept="image/png").code == "usage.bad_argument"


def test_an_address_can_be_passed_on(look: Client) -> None:
    found = look.get("/queries?sql=from%20shop.orders%20order%20by%20id&at=main~1")
    assert found.document["rows"] == ORDERS[:3]
    assert found.headers["Andon-Commit"] == found.document["commit"]


def test_a_document_holds_as_many_rows_as_are_wanted(look: Client) -> None:
    asked = {"sql": "select range as r from range(20000)"}
    found = look.post("/queries", asked).document
    assert (len(found["rows"]), found["truncated"]) == (10_000, True)
    assert len(look.post("/queries", {**asked, "limit": 20_000}).document["rows"]) == 20_000
    few = look.post("/queries", {**asked, "limit": 3}).document
    assert (few["rows"], few["truncated"]) == ([[0], [1], [2]], True)
    assert "truncated" not in look.post("/queries", {"sql": "select 1", "limit": 1}).document
    lines = look.post("/queries", {**asked, "limit": 5}, Accept="text/csv").data.splitlines()
    assert len(lines) == 6


def test_numbers_have_all_their_digits(look: Client) -> None:
    sql = "select 12345678901234567890.123456789::decimal(38,9) as d, 9007199254740993 as i, 'nan'::double as n"
    text = look.post("/queries", {"sql": sql}).data.decode()
    assert "12345678901234567890.123456789" in text
    assert "9007199254740993" in text


def test_all_that_may_be_tried_is_refused_over_http(looking: Serving, tmp_path: Path) -> None:
    client, canary = looking.client(), Canary(tmp_path / "outside")
    tells = canary.tells_reads()
    canary.forget()

    def wrong(attack: tuple[str, str]) -> str | None:
        found = client.post("/queries", {"sql": canary.fill(attack[1])})
        is_right = found.status in (400, 404) and found.code.startswith(("usage.", "lake."))
        return None if is_right and SECRET.encode() not in found.data else f"{attack}: {found.data[:300]!r}"

    with ThreadPoolExecutor(4) as pool:
        assert [each for each in pool.map(wrong, attacks("refused", "state", "statement")) if each] == []
    assert not canary.is_written
    assert not (tells and canary.is_read)
    assert client.post("/queries", {"sql": "select 1 as x"}).document["rows"] == [[1]]


def test_what_a_query_says_never_runs_in_a_page(look: Client) -> None:
    for sql in (
        "select '<script>alert(1)</script>' as \"<b>x</b>\"",
        'select "<script>"',
        'from "<img src=x onerror=1>"',
    ):
        found = look.post("/queries", {"sql": sql})
        assert found.headers["Content-Type"].partition(";")[0] in ("application/json", "application/problem+json")
        assert found.headers["X-Content-Type-Options"] == "nosniff"


@contextmanager
def _heavy(looking: Serving) -> Iterator[None]:
    """While somebody asks for much; then they go away."""
    place = urlsplit(looking.address)
    body = b'{"sql": "' + HEAVY.encode() + b'"}'
    head = "POST /api/v1/queries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection((place.hostname, place.port)) as gone:
        gone.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        _until(lambda: looking.workers.running > 0)
        yield


def test_who_goes_away_stops_the_query(looking: Serving) -> None:
    with _heavy(looking):
        pass
    _until(lambda: looking.workers.running == 0)


def test_a_heavy_query_stops_no_short_ones(looking: Serving) -> None:
    client = looking.client()
    with _heavy(looking):
        for _ in range(20):
            assert client.post("/queries", {"sql": "select count(*) from shop.orders"}).document["rows"] == [[4]]
        assert looking.workers.running == 1
    _until(lambda: looking.workers.running == 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are told by /proc")
def test_a_killed_worker_is_one_clear_error_for_one_person(looking: Serving) -> None:
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(looking.client().post, "/queries", {"sql": HEAVY})
        _until(lambda: looking.workers.running > 0)
        time.sleep(0.3)
        os.kill(busiest(), signal.SIGKILL)
        found = theirs.result(30)
    assert (found.status, found.code, found.document["retryable"]) == (503, "machine.worker", True)
    assert looking.client().post("/queries", {"sql": "from marts.count"}).document["rows"] == [[4]]


def _until(holds, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def test_who_goes_away_from_a_file_stops_it_too(looking: Serving) -> None:
    place = urlsplit(looking.address)
    for kind in ("text/csv", "application/vnd.apache.arrow.stream"):
        sql = (
            "select max(md5((a.range * b.range)::varchar)) from range(100000) a, range(1000000) b group by a.range % 2"
        )
        with socket.create_connection((place.hostname, place.port)) as gone:
            gone.sendall(
                f"GET /api/v1/queries?sql={quote(sql)} HTTP/1.1\r\nHost: localhost\r\nAccept: {kind}\r\n\r\n".encode()
            )
            _until(lambda: looking.workers.running > 0)
            time.sleep(0.3)
        _until(lambda: looking.workers.running == 0)


def test_who_stops_reading_in_the_middle_stops_it_too(looking: Serving) -> None:
    place = urlsplit(looking.address)
    sql = quote("select range as r, md5(range::varchar) as m from range(20000000)")
    with socket.create_connection((place.hostname, place.port)) as gone:
        gone.sendall(
            f"GET /api/v1/queries?sql={sql} HTTP/1.1\r\nHost: localhost\r\nAccept: application/vnd.apache.arrow.stream\r\n\r\n".encode()
        )
        assert gone.recv(1000).startswith(b"HTTP/1.1 200")
    _until(lambda: looking.workers.running == 0)


def test_a_query_that_fails_on_its_way_is_cut_and_no_defect(looking: Serving, caplog: pytest.LogCaptureFixture) -> None:
    sql = "select case when range = 900000 then error('boom') else range end as x from range(1000000)"
    with pytest.raises(urllib3.exceptions.ProtocolError):
        looking.client().post("/queries", {"sql": sql}, Accept="application/vnd.apache.arrow.stream")
    _until(lambda: looking.lines[-1].get("cut") is True)
    assert looking.lines[-1]["bytes"] > 0
    assert "defect" not in caplog.text
    assert looking.client().get("/me").status == 200
    _until(lambda: "cut" not in looking.lines[-1])
