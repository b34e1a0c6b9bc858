"""Calls that change something: run to their end, told as they go, asked again without being done again."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3  # noqa: TID253 - a server is never far from its client here

from kit.clones import Clone
from kit.serving import Serving


def test_a_run_of_the_folder_is_published_by_who_asks(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client = server.client()
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    refused = client.post("/runs", {})
    assert (refused.status, refused.code) == (409, "usage.confirmation_needed")
    plan = refused.document["plan"]
    assert [s["dataset"] for s in plan["steps"] if s["action"] == "build"] == ["marts.more"]
    assert plan["digest"] == refused.document["digest"]
    done = client.post("/runs", {"agreed": plan["digest"], "message": "more"})
    assert done.status == 200
    assert done.document["published"] is True
    newest = client.get("/commits").document[0]
    assert (newest["commit"], newest["message"]) == (done.document["commit"], "more")


def test_a_plan_that_is_another_by_now_is_not_what_was_agreed_to(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client = server.client()
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    digest = client.get("/plan").document["digest"]
    clone.write("datasets/marts/more.sql", "select count(*) + 1 as n from shop.orders")
    assert client.post("/runs", {"agreed": digest}).code == "usage.confirmation_needed"
    assert client.post("/runs", {"agreed": "any"}).document["published"] is True


def test_progress_is_told_as_events_and_the_answer_is_the_last(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    told = server.client().post("/runs", {"agreed": "any"}, Accept="text/event-stream")
    assert told.headers["content-type"].startswith("text/event-stream")
    names = [line.removeprefix("event: ") for line in told.data.decode().splitlines() if line.startswith("event: ")]
    assert names[0] == "planned"
    assert names[-1] == "answer"
    assert {"task-started", "task-ended"} <= set(names)


def test_a_request_that_is_asked_again_is_answered_and_not_done_again(own: tuple[Clone, Serving]) -> None:
    _, server = own
    client = server.client()
    key = {"Idempotency-Key": "make-try"}
    first = client.post("/branches", {"name": "try"}, **key)
    again = client.post("/branches", {"name": "try"}, **key)
    assert (first.status, first.data) == (again.status, again.data) == (201, first.data)
    (listed,) = [call for call in client.get("/calls").document if call["id"] == "make-try"]
    assert (listed["status"], "answer" in listed) == (201, False)
    assert client.get("/calls/make-try").document["answer"] == first.document
    assert client.post("/branches", {"name": "try"}).code == "lake.ref_exists"
    other = client.post("/branches", {"name": "other"}, **key)
    assert (other.status, other.code) == (422, "usage.request_reused")


def test_who_waits_for_the_catalog_is_in_nobodys_way(own: tuple[Clone, Serving], monkeypatch) -> None:
    _, server = own
    assert server.client().get("/healthz").status == 200  # it is there, and writes nothing by itself any more
    calls, reached = server.application.calls, threading.Event()
    noted = calls._noted
    monkeypatch.setattr(calls, "_noted", lambda call: reached.set() or noted(call))
    other = sqlite3.connect(server.service.workspace.lake.database.path, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    try:
        with ThreadPoolExecutor(1) as pool:
            key = {"Idempotency-Key": "make-try"}
            waiting = pool.submit(server.client().post, "/branches", {"name": "try"}, **key)
            assert reached.wait(20)
            try:
                found = urllib3.request("GET", f"{server.address}/metrics", timeout=10, retries=False)
                assert (found.status, waiting.done()) == (200, False)
            finally:
                other.execute("rollback")
            assert waiting.result().status == 201
    finally:
        other.close()


def test_an_answer_outlasts_the_process(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    key = {"Idempotency-Key": "run-1"}
    first = server.client().post("/runs", {"agreed": "any"}, **key)
    assert first.document["published"] is True
    other = Serving(clone.root)
    try:
        again = other.client().post("/runs", {"agreed": "any"}, **key)
        assert again.data == first.data
        commits = other.client().get("/commits").document
        assert sum(c["commit"] == first.document["commit"] for c in commits) == 1
    finally:
        other.stop()


def test_many_who_ask_with_one_id_get_one_answer(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    before = len(server.client().get("/commits").document)
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    answers = []

    def ask() -> None:
        answers.append(server.client().post("/runs", {"agreed": "any"}, **{"Idempotency-Key": "one"}).data)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert len(server.client().get("/commits").document) == before + 1


def test_what_failed_did_nothing_and_may_be_asked_again(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client, key = server.client(), {"Idempotency-Key": "later"}
    clone.write("datasets/marts/more.sql", "select nothing as n from shop.orders")
    assert client.post("/runs", {"agreed": "any"}, **key).status == 422
    clone.write("datasets/marts/more.sql", "select id as n from shop.orders")
    assert client.post("/runs", {"agreed": "any"}, **key).document["published"] is True


def test_a_call_can_be_asked_about_and_stopped(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client = server.client()
    clone.write(
        "datasets/marts/slow.sql",
        "select count(*) as n from range(100000) a, range(2000000) b where a.range * b.range % 7 = 3",
    )
    begun = client.post("/runs", {"agreed": "any"}, Prefer="respond-async")
    assert begun.status == 202
    place = begun.headers["Location"]
    assert client.get(place).document["state"] == "running"
    client.delete(place)
    told = client.get(f"{place}/events").data.decode()
    assert "event: error" in told
    ended = client.get(place).document
    assert (ended["state"], ended["answer"]["code"]) == ("failed", "build.interrupted")
    assert client.get("/datasets").document == [
        d for d in client.get("/datasets").document if d["dataset"] != "marts.slow"
    ]


#: Calls that move a branch or a tag once, each with what it is asked on: a change in the folder, a branch, a tag, an undo.
MOVES = [
    ("POST", "/branches", {"name": "new"}),
    ("DELETE", "/branches/try?agreed=true", None),
    ("POST", "/tags", {"name": "may"}),
    ("DELETE", "/tags/first", None),
    ("POST", "/runs", {"agreed": "any"}),
    ("POST", "/undos", {"agreed": True}),
    ("POST", "/redos", {}),
    ("POST", "/acceptances", {"rejected": ["."]}),
    ("POST", "/publishes", {"branch": "try", "agreed": "any"}),
    ("POST", "/datasets", {"name": "marts.top", "sql": "select 1 as one", "agreed": "any"}),
    ("POST", "/renames", {"old": "marts.best", "new": "marts.finest", "agreed": "any"}),
    ("POST", "/retirements", {"names": ["marts.best"], "agreed": "any"}),
    ("POST", "/archives", {"names": ["marts.best"], "agreed": "any"}),
]


@pytest.mark.parametrize(("method", "path", "body"), MOVES, ids=[path for _, path, _ in MOVES])
def test_what_was_done_when_its_answer_was_lost_is_not_done_again(
    method: str, path: str, body: dict[str, object] | None, own: tuple[Clone, Serving]
) -> None:
    """The process dies after the branch moved and before the answer was kept: the note is there, without an answer."""
    clone, server = own
    service = server.service
    service.branches.create("try")
    service.branches.tag("first")
    clone.write("datasets/marts/more.sql", "select count(*) as n from shop.orders")
    clone.run(branch="try")
    clone.write("datasets/marts/again.sql", "select 2 as n")
    if path == "/redos" or path == "/acceptances":
        clone.run()
        clone.undo()
    client, key = server.client(), {"Idempotency-Key": f"lost {path}".replace(" ", "-")}
    first = client.ask(method, path, body, key)
    assert first.status < 300, first.data
    moves = service.workspace.lake.database.query("select count(*) from reflog")
    refs = service.workspace.lake.database.query("select name, commit_id from ref where kind != 'run' order by name")
    with service.workspace.lake.database.write() as transaction:
        assert transaction.execute("update answered_call set status = null, body = null") == 1
    server.application.calls._calls.clear()
    again = client.ask(method, path, body, key)
    assert again.status in (200, 201), again.data
    after = service.workspace.lake.database.query("select name, commit_id from ref where kind != 'run' order by name")
    assert after == refs
    if path not in (
        "/runs",
        "/publishes",
        "/datasets",
        "/renames",
        "/retirements",
        "/archives",
    ):  # those are planned again, and find all done
        assert again.document == first.document
        assert service.workspace.lake.database.query("select count(*) from reflog") == moves
    assert client.ask(method, path, body, key).data == again.data


def test_an_id_that_is_forgotten_names_another_request(own: tuple[Clone, Serving]) -> None:
    _, server = own
    client, key = server.client(), {"Idempotency-Key": "monday"}
    first = client.post("/undos", {"agreed": True}, **key)
    assert first.status == 200
    client.post("/redos")
    server.service.workspace.answered.forget_before("9999")
    server.application.calls._calls.clear()
    again = client.post("/undos", {"agreed": True}, **key)
    assert again.status == 200
    assert again.document["commit"] != first.document["commit"]
