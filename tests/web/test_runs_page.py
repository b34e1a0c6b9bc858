"""Pages about runs: the list, one run as it was or while it goes on in whatever process, and what a new one would do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

from andon.base.record import replace
from andon.errors import MachineError
from andon.model.event import Notice
from andon.model.run import TaskResult, TaskStatus
from andon.service.run_log import RunTask
from andon.state.runs import RunBegin, RunEnd, RunNote
from andon.web.calls import Answered
from andon.web.pages.gantt import MOST, gantt
from kit.clones import FILES, Clone, checked_totals
from kit.serving import Client, Serving, serving

#: Longer than any test waits.
ENDLESS = (
    "select count(*) as n from range(1000000) a, range(10000000) b where hash(a.range, b.range) = 1"
    " and a.range < (select 1000000 + count(*) from shop.orders)\n"
)
RAISED = {
    "code": "build.python_failed",
    "message": "it raised",
    "where": None,
    "hint": None,
    "retryable": False,
    "problems": [],
    "details": {"traceback": "Traceback <most recent>\n  \x1b[2J", "log": "printed"},
}
LIVE = {"HX-Request": "true", "HX-Target": "div#live"}


def _as(server: Serving, person: str) -> Client:
    return server.client(server.service.tokens.create(person).token)


def _text(reply) -> str:
    assert reply.status == 200, reply.data[-2000:]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.data.decode())))


def _within(seconds: float, what: Callable[[], object]) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def test_the_list_tells_what_became_of_each_and_can_be_narrowed(troubled: Serving) -> None:
    ana = _as(troubled, "ana")
    text = _text(ana.visit("/runs"))
    assert re.search(r"Failed 3 .*try.*Held 2 .*the rest is published.*Done 1 built", text)
    assert "Held 2" in _text(ana.visit("/runs?status=held"))
    assert "Done 1" not in _text(ana.visit("/runs?status=held"))
    assert "Held 2" not in _text(ana.visit("/runs?branch=try&status=&who="))
    assert "Failed 3" not in _text(ana.visit("/runs?before=3"))
    assert "No run is like that" in _text(ana.visit("/runs?status=running"))
    assert "No run is like that" in _text(ana.visit("/runs?dataset=marts.nothing"))
    assert ana.visit("/runs?status=odd").status == 400


def test_a_list_that_shows_the_newest_is_told_that_nothing_is_new(troubled: Serving) -> None:
    ana = _as(troubled, "ana")
    asked = {"HX-Request": "true", "HX-Target": "section#list"}
    part = ana.visit("/runs", **asked).data.decode()
    assert "<html" not in part
    seen = re.search(r"seen=(\w+)", part)[1]
    assert ana.visit(f"/runs?seen={seen}", **asked).status == 204
    assert ana.visit("/runs?seen=older", **asked).status == 200
    assert "Due" not in part
    due = ana.visit("/runs", **{"HX-Request": "true", "HX-Target": "div#due"}).data.decode()
    assert "Refresh what is due" in due


def test_a_held_run_shows_what_does_not_hold_and_its_next_steps_to_who_may(troubled: Serving) -> None:
    page = _as(troubled, "ana").visit("/runs/2").data.decode()
    assert 'action="/do/acceptances"' in page
    assert 'href="/edit/marts.totals?branch=main&amp;at=run%3A2"' in page
    text = _text(_as(troubled, "ana").visit("/runs/2"))
    assert "Held in part: readers see what is healthy, and of the rest what they saw before" in text
    assert "nobody spends so much" in text
    assert "Not kept, for they are personal: customer" in text
    assert "cleo" not in text
    reader = _as(troubled, "rea").visit("/runs/2").data.decode()
    assert "/do/acceptances" not in reader
    assert "/edit/" not in reader
    assert '<form method="post" action="/do' not in reader


def test_a_failed_task_shows_its_error_and_what_follows_from_it(troubled: Serving) -> None:
    found = _as(troubled, "ana").visit("/runs/3")
    text = _text(found)
    assert "marts.count failed" in text
    assert "x<i>" in text
    assert b"x<i>" not in found.data
    assert "Edit marts.count" in text
    chosen = _text(_as(troubled, "ana").visit("/runs/3?task=marts.count"))
    assert "Action build" in chosen
    assert "has no task a<b" in _text(_as(troubled, "ana").visit("/runs/3?task=a%3Cb"))


def test_a_published_run_shows_what_readers_see_differently_and_can_be_taken_back(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    client = server.client()
    page = client.visit("/runs/2")
    assert "What readers see differently" in _text(page)
    part = client.visit("/runs/2", **{"HX-Request": "true", "HX-Target": "div#changed"}).data.decode()
    assert ("marts.totals" in part, "<html" in part) == (True, False)
    bars = re.findall(r'<rect data-s="ok" x="([\d.]+)%" y="13" width="([\d.]+)%"', page.data.decode())
    assert len(bars) == 4
    assert all(float(x) + float(width) <= 100.01 for x, width in bars)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.data.decode().split('action="/do/undos"')[1]))
    asked = client.send("/do/undos", fields)
    assert asked.status == 409  # a refresh: it is asked first
    agreed = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.data.decode()))
    assert client.send("/do/undos", agreed).status == 303
    assert "/do/undos" not in client.visit("/runs/2").data.decode()
    assert "And 0" not in _text(client.visit("/runs/1"))


def test_a_held_run_is_accepted_with_a_reason(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("datasets/marts/totals.sql", checked_totals("amount <= 20\n  max(amount) < 21"))
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,70\n")
    clone.refresh()
    client = server.client()
    page = client.visit("/runs/3").data.decode()
    form = page.split('action="/do/acceptances"')[1].split("</form>")[0]
    fields = [(name, unescape(value)) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)]
    assert [value for name, value in fields if name == "checks"] == [
        "marts.totals: amount <= 20",
        "marts.totals: max(amount) < 21",
    ]
    found = client.send("/do/acceptances", [*fields, ("reason", "Cleo moved in")])
    assert found.status == 303, found.data[-1500:]
    assert "Published, with your reason in the history" in _text(client.visit(found.headers["Location"]))
    assert b'href="/runs/4"' in client.visit(found.headers["Location"]).data
    assert clone.ask("select amount from marts.totals where customer = 'cleo'") == [(70,)]


def test_the_same_again_is_the_same(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    page = server.client().visit("/runs/1").data.decode()
    form = page.split('action="/do/refreshes"')[1].split("</form>")[0]
    fields = [(name, unescape(value)) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)]
    before = clone.leaves()
    assert server.client().send("/do/refreshes", fields).status == 303
    again = clone.leaves("run:2")
    assert {name: leaf.version for name, leaf in again.items()} == {name: leaf.version for name, leaf in before.items()}
    assert {name: leaf.build for name, leaf in again.items()} != {name: leaf.build for name, leaf in before.items()}
    assert clone.leaves() == before


def test_a_new_run_is_planned_and_what_was_shown_is_done(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("datasets/marts/count.sql", "select count(*) as n, max(id) as newest from shop.orders\n")
    client = server.client()
    assert "Nothing is to be done" in _text(client.visit("/runs/new?plan=true"))
    page = client.visit("/runs/new?what=run&plan=true&select=marts.count").data.decode()
    assert ">marts.count</a></td><td>build</td><td" in page
    assert ">its SQL changed</td>" in page
    form = page.split('action="/do/runs"')[1].split("</form>")[0]
    fields = [(name, unescape(value)) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)]
    clone.write("datasets/marts/count.sql", "select count(*) as n from shop.orders where id > 1\n")
    assert client.send("/do/runs", fields).status == 409  # another plan than the one that was shown
    clone.write("datasets/marts/count.sql", "select count(*) as n, max(id) as newest from shop.orders\n")
    again = [(name, "another" if name == "_id" else value) for name, value in fields]
    assert client.send("/do/runs", again).status == 303
    assert clone.ask("select n, newest from marts.count") == [(3, 3)]
    assert "no.such" in _text(client.visit("/runs/new?plan=true&select=no.such"))


def test_a_run_of_another_process_is_seen_as_it_goes_and_when_it_is_killed(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("datasets/marts/endless.sql", ENDLESS)
    clone.write("datasets/marts/more.sql", "select n from marts.endless\n")
    client = server.client()
    words = [sys.executable, "-m", "andon.cli", "-C", str(clone.root), "run", "--branch", "try"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _within(60, lambda: client.get("/runs/2").status == 200)
        _within(60, lambda: [t for t in client.get("/runs/2").document["tasks"] if t["status"] == "running"])
        live = client.visit("/runs/2", **LIVE).data.decode()
        assert 'hx-trigger="every 1s' in live
        assert "<html" not in live
        assert re.search(r"marts\.endless</a><span class=\"vh\">Running", live)
        assert re.search(r"marts\.more</a><span class=\"vh\">Waits", live)
        assert "Running 2" in _text(client.visit("/runs"))
        assert "/do/calls/" not in live  # not of this process: it can't be stopped from here
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    ended = client.visit("/runs/2", **LIVE)
    assert (ended.status, ended.headers["HX-Refresh"]) == (204, "true")
    text = _text(client.visit("/runs/2"))
    assert "It ended before it was done" in text
    assert "marts.endless Stopped" in text
    assert "marts.more Skipped" in text
    assert "Interrupted 2" in _text(client.visit("/runs?status=interrupted"))
    assert "No run is like that" in _text(client.visit("/runs?status=running"))


def test_a_run_of_this_server_is_stopped_by_its_page(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    clone.write("datasets/marts/endless.sql", ENDLESS)
    client = server.client()
    begun = client.send("/do/runs", {"_id": "slow", "_then": "/runs", "branch": "try"})
    assert begun.headers["Location"] == "/calls/slow?then=%2Fruns"
    _within(60, lambda: client.visit("/calls/slow").status == 303)
    page_of_run = client.visit("/calls/slow?then=/runs").headers["Location"]
    assert page_of_run == "/runs/2?call=slow&then=%2Fruns"
    part = client.visit("/calls/slow", **LIVE)
    assert (part.status, part.headers["HX-Redirect"][:7]) == (204, "/runs/2")
    page = client.visit(page_of_run).data.decode()
    assert 'src="/api/v1/calls/slow/events"' in page
    assert client.visit(page_of_run, **LIVE).status == 200
    fields = {"_id": "", "_then": "/runs/2", "_method": "DELETE"}
    assert client.send("/do/calls/slow", fields).status == 303
    _within(60, lambda: client.visit(page_of_run, **LIVE).status == 204)
    assert client.visit(page_of_run).headers["Location"] == "/runs/2"
    assert "It ended before it was done" in _text(client.visit("/runs/2"))
    assert client.visit("/calls/slow?then=/runs").headers["Location"] == "/runs/2"
    assert client.visit("/calls/none").status == 404


def test_a_call_leads_to_its_page_or_says_why_it_failed(looking: Serving) -> None:
    client, desk = looking.client(), looking.application.calls
    live, _ = desk.begin("call<1>", "ana", "POST /refreshes", None)
    live.report(Notice("looked at <b>all</b>"))
    waiting = client.visit("/calls/call%3C1%3E?then=/changes")
    assert "Refreshing" in _text(waiting)
    assert b"looked at &lt;b&gt;all" in waiting.data
    part = client.visit("/calls/call%3C1%3E", **LIVE)
    assert (part.status, b"<html" in part.data) == (200, False)
    problem = {
        "detail": "the <i>disk</i> is full",
        "where": "raw/",
        "hint": "make room",
        "problems": [],
        "code": "machine.disk",
    }
    desk.end(live, Answered(507, json.dumps(problem)))
    told = _text(client.visit("/calls/call%3C1%3E?then=/changes"))
    assert "the <i>disk</i> is full raw/ Next: make room machine.disk" in told
    assert client.visit("/calls/call%3C1%3E", **LIVE).headers["HX-Refresh"] == "true"
    form = client.visit("/calls/call%3C1%3E?then=/changes&form=/changes/try")
    assert form.headers["Location"].startswith("/changes/try?done=call")
    elsewhere = client.visit("/calls/call%3C1%3E?then=/changes&form=//evil.example/x")
    assert elsewhere.headers["Location"].startswith("/?done=")
    good, _ = desk.begin("good", "ana", "POST /refreshes", None)
    desk.end(good, Answered(200, '{"run": null}'))
    assert client.visit("/calls/good?then=/runs?status=held").headers["Location"] == "/runs?status=held&done=good"


def test_a_run_of_thousands_of_tasks_is_drawn_in_part(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    runs, database = server.service.workspace.runs, server.service.workspace.lake.database
    number = runs.begin(RunBegin("main", clone.head().id, "refresh", "ana", "2026-11-01T00:00:00.000000Z"))
    tasks = [
        TaskResult(f"marts.t{place:04}", "build", "new", TaskStatus.OK, 5, 0.1, "v", began=place / 10)
        for place in range(3000)
    ]
    tasks[2500] = replace(tasks[2500], status=TaskStatus.FAILED, error=RAISED)
    with database.write() as transaction:
        runs.end(transaction, number, RunEnd("failed", 300.0, tasks=tasks, notes=[RunNote(0.5, "<b>told</b>")]))
    found = server.client().visit(f"/runs/{number}")
    page = found.data.decode()
    assert page.count('class="gantt-bar"') == MOST
    assert "marts.t2500</a>" in page
    assert "Traceback &lt;most recent&gt;\n  \\x1b[2J" in page
    assert "2,800 more tasks" in page
    assert "&lt;b&gt;told&lt;/b&gt;" in page
    assert "Looking what is different" not in page  # nothing was published
    with database.write() as transaction:
        runs.end(transaction, number, RunEnd("done", 300.0, clone.head().id, published=True, tasks=tasks))
    assert "Looking what is different" in server.client().visit(f"/runs/{number}").data.decode()
    whole = server.client().visit(f"/runs/{number}?changed=true").data.decode()
    assert ("Looking what is different" in whole, "What readers see differently" in whole) == (False, True)
    assert server.client().visit(f"/runs/{number}?all=true").data.decode().count('class="gantt-bar"') == 3000


def test_a_run_that_failed_as_a_whole_says_by_what(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    runs, database = server.service.workspace.runs, server.service.workspace.lake.database
    number = runs.begin(RunBegin("main", clone.head().id, "refresh", "ana", "2026-11-01T00:00:00.000000Z"))
    full = MachineError("machine.disk", "the disk is <full>", where="lake/", hint="make room").to_json()
    with database.write() as transaction:
        runs.end(transaction, number, RunEnd("failed", 1.0, error=full))
    found = server.client().visit(f"/runs/{number}")
    assert "The run failed; nothing was published the disk is <full> lake/ Next: make room" in _text(found)
    assert "Failed 2 the disk is <full>" in _text(server.client().visit("/runs"))
    assert server.client().get(f"/runs/{number}").document["error"]["code"] == "machine.disk"


def test_a_lake_without_runs_says_what_a_run_is(tmp_path) -> None:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    with clone.opened():
        pass
    with serving(clone.root) as server:
        assert "Nothing was run yet" in _text(server.client().visit("/runs"))
        assert server.client().visit("/runs/1").status == 404
        plan = _text(server.client().visit("/runs/new?what=run&plan=true"))
        assert "4 to do" in plan


def test_bars_lie_within_the_time_of_the_run() -> None:
    tasks = [
        RunTask("a.a", "build", "new", TaskStatus.OK, 1, 2.0, "v", began=0.0),
        RunTask("a.b", "build", "new", TaskStatus.RUNNING, None, 0.0, None, began=2.0),
        RunTask("a.c", "build", "new", TaskStatus.WAITING, None, 0.0, None),
        RunTask("a.d", "reuse", "unchanged", TaskStatus.OK, 1, 0.0, "v"),
    ]
    found = gantt(tasks, 8.0)
    assert [(bar.task.dataset, bar.x, bar.width) for bar in found.bars] == [
        ("a.a", "0.00%", "25.00%"),
        ("a.b", "25.00%", "75.00%"),
        ("a.c", "", ""),
    ]
    assert [mark.text for mark in found.marks] == ["0", "2 s", "4 s", "6 s"]
    assert (found.reused, found.more) == (1, 0)
    assert [bar.task.dataset for bar in gantt(tasks, 8.0, whole=True).bars] == ["a.a", "a.b", "a.c", "a.d"]
    assert gantt([], 0.0).bars == ()
    assert [mark.text for mark in gantt([], 7000.0).marks] == ["0", "30 min", "1 h", "1.5 h"]


def test_sources_are_listed_with_what_they_read_and_loaded_by_who_may(troubled: Serving) -> None:
    text = _text(_as(troubled, "rea").visit("/sources"))
    assert re.search(r"Published shop\.orders raw/orders_\*\.csv files replaced 2 4", text)
    assert "Load" not in re.sub("Loaded", "", text)
    page = _as(troubled, "ana").visit("/sources").data.decode()
    assert page.count('action="/do/sources/loads"') == 2
    assert "andon-upload" in page


def test_where_a_run_came_from_is_shown_and_runs_nothing(tmp_path: Path) -> None:
    """A difference is text, whatever stands in it."""
    clone = Clone(tmp_path / "acme", environ={"OWN": "1"})  # no copy of another folder's run
    clone.fill(FILES)
    who = ["-c", "user.name=ana", "-c", "user.email=ana@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=clone.root, check=True)
    clone.write("datasets/marts/count.sql", "select '<script>alert(1)</script>' as x -- \x1b[2J\n")
    clone.write("datasets/marts/more.sql", "select 1 as x\n")
    clone.run(branch="main")
    with serving(clone.root) as server:
        page = server.client().visit("/runs/1")
    said = _text(page)
    assert "Where it came from git " in said
    assert "New: datasets/marts/more.sql" in said
    assert "+select '<script>alert(1)</script>' as x" in said
    assert b"<script>alert(1)" not in page.data
    assert b"\x1b" not in page.data
