"""`andon up` as a process: says where it listens, stops cleanly, leaves room for others beside it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kit.clones import FILES, Clone
from kit.processes import descendants
from kit.serving import Client
from kit.up import up

SLOW = "select count(*) as n from range(100000) a, range(2000000) b where a.range * b.range % 7 = 3"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    found = Clone(tmp_path / "acme")
    found.fill(FILES)
    found.run()
    return found


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_ends_what_runs_as_cancelled(clone: Clone, stop: signal.Signals) -> None:
    with up(clone.root) as (process, client):
        assert client.get("/healthz").data == b"ok\n"
        clone.write("datasets/marts/slow.sql", SLOW)
        told: list[tuple[str, int, str]] = []

        def ask(path: str, body: dict[str, object]) -> None:
            found = client.post(path, body)
            told.append((path, found.status, found.code))

        asked = [
            threading.Thread(target=ask, args=("/runs", {"agreed": "any"})),
            threading.Thread(target=ask, args=("/queries", {"sql": SLOW})),
        ]
        for thread in asked:
            thread.start()
        _until(lambda: _is_building(client))
        # the question is being worked on, too: by a process that was made for it
        _until(lambda: len(descendants(process.pid)) > 1 or not sys.platform.startswith("linux"))
        process.send_signal(stop)
        for thread in asked:
            thread.join(60)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert "Traceback" not in err
    assert sorted(told) == [("/queries", 503, "machine.busy"), ("/runs", 409, "build.interrupted")]
    assert not descendants(process.pid) if sys.platform.startswith("linux") else True
    with clone.opened() as service:
        assert service.workspace.runs.newest(1)[0].status == "interrupted"
        assert "marts.slow" not in {d.dataset for d in service.datasets.list()}


def test_clients_that_hang_do_not_keep_it_from_stopping(clone: Clone) -> None:
    begun = [
        "POST /api/v1/uploads?dataset=crm.a&name=a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc",
        "GET /api/v1/queries?sql=select+range,md5(range::varchar)+from+range(20000000) HTTP/1.1\r\nHost: localhost\r\n"
        "Accept: application/vnd.apache.arrow.stream\r\n\r\n",
    ]
    with up(clone.root) as (process, client):
        place = ("127.0.0.1", int(client.address.rpartition(":")[2]))
        hanging = [socket.create_connection(place) for _ in begun]
        for each, text in zip(hanging, begun, strict=True):
            each.sendall(text.encode())
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)  # they hang for ever
        assert process.returncode == 0
        assert "Traceback" not in err
        for each in hanging:
            each.close()


def test_each_request_is_a_line_of_json(clone: Clone) -> None:
    with up(clone.root) as (process, client):
        client.get("/datasets")
        client.get("/nothing")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert [(line["method"], line["path"], line["status"], line["who"]) for line in lines] == [
        ("GET", "/api/v1/datasets", 200, "ana"),
        ("GET", "/api/v1/nothing", 404, None),
    ]


def test_others_work_on_the_lake_beside_it(clone: Clone) -> None:
    with up(clone.root, "--log", "none") as (process, client):
        assert client.post("/queries", {"sql": "from marts.count"}).document["rows"] == [[3]]
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        clone.refresh()
        assert client.post("/queries", {"sql": "from marts.count"}).document["rows"] == [[4]]
        clone.undo()
        assert client.post("/queries", {"sql": "from marts.count"}).document["rows"] == [[3]]
        client.post("/redos")
        with clone.opened() as service:
            assert service.querying.ask("from marts.count").fetch() == [(4,)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_a_port_that_is_taken_and_a_public_place_without_people_are_told(clone: Clone) -> None:
    with up(clone.root, "--log", "none") as (_, client):
        port = client.address.rpartition(":")[2]
        taken = _said(clone, "--port", port)
        assert taken["code"] == "machine.address"
        public = _said(clone, "--host", "0.0.0.0", "--port", "0")
        assert public["code"] == "access.no_people"


def _said(clone: Clone, *options: str) -> dict[str, str]:
    command = [sys.executable, "-m", "andon.cli", "-C", str(clone.root), "up", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    return json.loads(done.stdout)["error"]


def _is_building(client: Client) -> bool:
    calls = client.get("/calls").document
    return any(call["state"] == "running" for call in calls) and client.get("/runs").document[0]["status"] == "running"


def _until(holds, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def test_what_is_due_is_brought_up_to_date_meanwhile(clone: Clone) -> None:
    settings = {"ANDON_SCHEDULE_ENABLED": "true", "ANDON_SCHEDULE_EVERY": "0.1s"}
    with up(clone.root, **settings) as (process, client):
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        _until(lambda: client.post("/queries", {"sql": "select n from marts.count"}).document["rows"] == [[4]])
        last = client.get("/runs?limit=1").document[0]
        assert (last["author"], last["kind"], last["status"]) == ("andon", "refresh", "done")
        process.terminate()
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
    told = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    jobs = [job for line in told if line.get("event") == "tick" for job in line["jobs"]]
    assert [job["outcome"] for job in jobs] == ["done"]
    for is_on in (True, False):
        clone.environ["ANDON_SCHEDULE_ENABLED"] = str(is_on)
        with clone.opened() as service:
            assert (service.scheduling.loop(print) is not None) is is_on
