"""Messages: each change is told once to each channel, by real servers and programs, until it arrives; none of it fails a run."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from andon.base.clock import to_text
from andon.errors import ProjectError
from andon.model.incident import Incident, IncidentEvent, IncidentEventKind, IncidentState
from andon.model.lamp import Lamp
from andon.model.message import ChannelDocument
from andon.model.signal import SignalKind
from andon.operations.messages.facts import BranchFacts
from andon.operations.messages.services import _discreet
from andon.service.doctor import doctor
from andon.service.service import Service
from kit.clones import FILES, Clone
from kit.receiving import WebReceiver, mail_receiver, web_receiver

SHOP = """/*---
owner: ana
tags: [finance]
checks: |
  amount 0..100
---*/
select id, customer, amount from read_csv('raw/orders_*.csv')
"""
ITEMS = "/*---\nchecks: price > 0 warn\n---*/\nselect item, price from read_csv('raw/items.csv')\n"
TOTALS = "/*---\nowner: ana\ndescription: What they bought\n---*/\n" + FILES["datasets/marts/totals.sql"]
INSIGHT = "title: Who stays\nkind: question\nowner: ana\nuses: [marts.totals]\n"
BAD = "id,customer,amount\n4,cleo,999\n"
GOOD = "id,customer,amount\n4,cleo,99\n"


class Time:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def on(self, **length: float) -> None:
        self.now += timedelta(**length)


@pytest.fixture(scope="module")
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def shop(project: Clone, web: WebReceiver) -> Clone:
    web.got.clear()
    web.is_well = True
    project.clock = Time()
    project.fill({"sources/shop/orders.sql": SHOP, "insights/stay.yml": INSIGHT, "datasets/marts/totals.sql": TOTALS})
    assert project.run().published
    return project


def channel(shop: Clone, text: str, more: str = "") -> None:
    """Write `[notify.team]`, and let it begin: what was before is none of its business."""
    shop.write("andon.toml", f"{more}[notify.team]\n{text}")
    tell(shop)


def tell(shop: Clone, seconds: float = 10.0) -> int:
    with shop.opened() as service:
        return service.messages.send_due(seconds)


def listed(shop: Clone) -> ChannelDocument:
    with shop.opened() as service:
        (found,) = service.messages.list()
        return found


def load(shop: Clone, text: str) -> None:
    shop.write("raw/orders_06.csv", text)
    shop.refresh()


def test_a_change_is_told_once_with_all_that_is_known_and_its_end_too(shop: Clone, web: WebReceiver):
    channel(
        shop,
        f'kind = "webhook"\nurl = "{web.url("/ok")}"\ntoken = "${{env:T}}"\n',
        '[server]\naddress = "https://a.b/"\n',
    )
    shop.environ["T"] = "s3cret"
    load(shop, BAD)
    load(shop, BAD.replace("999", "998"))
    assert tell(shop) == 0
    (document,) = web.documents()
    headers = web.got[0][1]
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer s3cret", document["id"])
    assert document["subject"] == "[andon] opened: shop.orders: the check `amount 0..100` fails in 1 of 4 rows"
    (item,) = document["incidents"]
    assert (item["change"], item["before"], item["state"], item["lamp"]) == ("opened", None, "contained", "fail")
    assert item["reaches"] == ["marts.best", "marts.count", "marts.totals"]
    assert (item["owner"], item["insights"], item["link"]) == ("ana", ["Who stays"], "https://a.b/incidents/1")
    assert document["text"].splitlines() == [
        "#1 opened · fail · shop.orders",
        "the check `amount 0..100` fails in 1 of 4 rows",
        "since 2026-11-01 08:00 UTC; ana takes care of it",
        "it reaches marts.best, marts.count, marts.totals",
        "it serves Who stays",
        "readers still see what was good before",
        "https://a.b/incidents/1",
        "andon incident show 1",
        "",
        "as of 2026-11-01 08:00 UTC",
    ]
    shop.clock.on(minutes=2)
    with shop.opened() as service:
        incidents = service.workspace.incidents
        moment, state = "2026-11-01T08:02:00Z", IncidentState.CONTAINED
        for calls in (False, True):
            event = IncidentEvent(
                0, 1, moment, IncidentEventKind.ACTION, "andon", state, "reload is refused", {"calls": calls}
            )
            with service.workspace.lake.database.write() as transaction:
                incidents.add_event(transaction, event)
        assert service.messages.send_due() == 1
    called = web.documents().pop()["incidents"][0]
    assert (called["change"], called["did"]) == ("called", "readers still see what was good before; reload is refused")
    shop.clock.on(minutes=2)
    load(shop, GOOD)
    (_, _, closed) = web.documents()
    assert [each["change"] for each in closed["incidents"]] == ["closed"]
    assert "from 2026-11-01 08:00 UTC to 2026-11-01 08:04 UTC" in closed["text"]
    shop.clock.on(days=1)
    load(shop, BAD)
    assert [each["change"] for each in web.documents()[3]["incidents"]] == ["reopened"]
    with shop.opened() as service:
        told = [each.what for each in service.workspace.incidents.events(1) if each.kind == "message"]
    assert told == [
        "team was told: opened",
        "team was told: called",
        "team was told: closed",
        "team was told: reopened",
    ]


def test_a_cause_that_is_found_while_what_follows_from_it_stands_is_told(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\n')
    totals = TOTALS.replace("---*/", "checks: amount < 12 warn\n---*/", 1)
    shop.write("datasets/marts/totals.sql", totals)
    assert shop.run().published
    for _ in range(2):
        shop.clock.on(minutes=2)
        load(shop, "id,customer,amount\n4,cleo,999\n")
    said = [each for document in web.documents() for each in document["incidents"]]
    assert [(each["incident"], each["change"], each["dataset"]) for each in said] == [
        (1, "opened", "marts.totals"),
        (1, "worse", "shop.orders"),
    ]
    assert said[1]["what"].startswith("the check `amount 0..100` fails in 1 of 4 rows")
    with shop.opened() as service:
        causes = [each.what for each in service.workspace.incidents.events(1) if "root" in each.body]
    assert causes == ["its cause is further up: shop.orders: the check `amount 0..100` fails in 1 of 4 rows"]


def test_what_comes_together_is_one_message_and_a_crowd_waits_for_the_hour(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\nper_hour = 2\n')
    shop.fill({"sources/shop/items.sql": ITEMS, "raw/items.csv": "item,price\nhat,3\n"})
    assert shop.run().published
    shop.write("raw/items.csv", "item,price\nhat,3\ncap,0\n")
    load(shop, BAD)
    (document,) = web.documents()
    assert document["subject"] == "[andon] 2 incidents (2 opened): shop.orders, shop.items"
    assert [(each["dataset"], each["lamp"], each["state"]) for each in document["incidents"]] == [
        ("shop.orders", "fail", "contained"),
        ("shop.items", "warn", "open"),
    ]
    for text in (GOOD, BAD, GOOD, BAD, GOOD):
        shop.clock.on(seconds=10)
        load(shop, text)
    assert len(web.documents()) == 1, "what comes within a minute waits, and gathers"
    shop.clock.on(minutes=1)
    assert tell(shop) == 1
    gathered = web.documents()[1]
    (item,) = gathered["incidents"]
    assert (item["change"], item["before"]) == ("closed", "contained")
    shop.clock.on(minutes=5)
    load(shop, BAD)
    shop.clock.on(minutes=5)
    load(shop, GOOD)
    assert (len(web.documents()), listed(shop).waiting) == (2, 1), "two were sent in this hour"
    shop.clock.on(minutes=55)
    assert tell(shop) == 1
    assert [each["change"] for each in web.documents()[2]["incidents"]] == ["closed"]


@pytest.mark.parametrize(
    ("entries", "hears"),
    [
        ('only = ["tag:finance"]', True),
        ('only = ["owner:ben", "nothing.of_the_kind"]', False),
        ('only = ["+marts.totals"]', True),
        ('severity = "fail"', True),
        ('kinds = ["late"]', False),
        ('branches = ["dev"]', False),
        ('changes = ["closed"]', False),
    ],
)
def test_who_hears_what_is_said_by_the_channel(shop: Clone, web: WebReceiver, entries: str, hears: bool):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\n{entries}\n')
    load(shop, BAD)
    assert len(web.documents()) == int(hears)


def test_what_began_and_ended_before_anybody_looked_is_one_message_that_says_both(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\nchanges = ["opened", "reopened"]\n')
    shop.clock.on(minutes=10)
    with shop.opened() as service:
        at, store = to_text(shop.clock()), service.workspace.incidents
        over = Incident(
            7, "main", "", SignalKind.FAILED, "a run was killed", IncidentState.CLOSED, Lamp.FAIL, at, closed=at
        )
        event = IncidentEvent(0, 7, at, IncidentEventKind.STATE, "andon", IncidentState.CLOSED, "nothing is left", {})
        with service.workspace.lake.database.write() as transaction:
            store.put(transaction, over)
            store.add_event(transaction, event)
        assert service.messages.send_due() == 1
        assert service.messages.send_due() == 0
    (document,) = web.documents()
    assert document["subject"] == "[andon] opened and over: the lake: a run was killed"
    assert document["incidents"][0]["change"] == "opened"
    assert document["text"].splitlines()[0] == "#7 opened and over · the lake"
    assert "what readers see is right again" in document["text"]


def test_nobody_hears_of_what_is_snoozed_nor_of_what_was_before(shop: Clone, web: WebReceiver):
    load(shop, BAD)
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\n')
    assert tell(shop) == 0
    with shop.opened() as service:
        (incident,) = service.incidents.standing("main")
        from andon.base.clock import to_text
        from andon.base.record import replace

        until = to_text(shop.clock.now + timedelta(hours=1))
        with service.workspace.lake.database.write() as transaction:
            service.workspace.incidents.put(transaction, replace(incident, snoozed=until))
    load(shop, BAD.replace("999", "998"))
    assert web.documents() == []
    shop.clock.on(hours=2)
    load(shop, BAD.replace("999", "997"))
    assert [each["incidents"][0]["change"] for each in web.documents()] == ["opened"], "it stands, and nobody was told"


def test_what_changed_while_it_was_snoozed_is_told_when_that_is_over_and_its_end_at_once(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\nchanges = ["opened", "closed", "worse"]\n')
    load(shop, BAD)
    with shop.opened() as service:
        service.incidents.snooze(1, "1h")
        service.workspace.incidents.find(1)
    shop.clock.on(hours=2)
    with shop.opened() as service:
        (woken,) = service.incidents.list("main")
        assert woken.snoozed is None
        assert [event.what for event in service.workspace.incidents.events(1)][-1] == "heard of again"
        service.incidents.list("main")
        assert [event.what for event in service.workspace.incidents.events(1)].count("heard of again") == 1
        service.incidents.snooze(1, "1d")
    load(shop, GOOD)
    changes = [each["incidents"][0]["change"] for each in web.documents()]
    assert changes == ["opened", "closed"]


def test_what_is_not_taken_fails_no_run_is_tried_again_with_its_id_and_at_last_given_up(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/flaky")}"\n')
    web.is_well = False
    load(shop, BAD)
    shop.clock.on(seconds=30)
    assert tell(shop) == 0
    assert len(web.documents("/flaky")) == 1
    found = listed(shop)
    assert (found.waiting, found.error) == (1, "the answer was 503: come back later")
    shop.clock.on(seconds=40)
    load(shop, GOOD)
    assert len(web.documents("/flaky")) == 2, "the end waits for the beginning"
    web.is_well = True
    shop.clock.on(minutes=6)
    assert tell(shop) == 2
    ids = [document["id"] for document in web.documents("/flaky")]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    changes = [document["incidents"][0]["change"] for document in web.documents("/flaky")]
    assert changes == ["opened", "opened", "opened", "closed"]
    web.is_well = False
    load(shop, BAD)
    with shop.opened() as service:
        for _ in range(40):
            shop.clock.on(hours=4)
            service.messages.send_due()
        found = listed(shop)
        assert (found.waiting, found.given_up) == (0, 1)
        assert [each.level for each in doctor(service.workspace) if each.what == "messages"] == ["risk"]
        assert service.messages.trouble() == "messages to `team` were given up: the answer was 503: come back later"


def test_one_that_hangs_holds_nobody_up_and_one_that_leads_elsewhere_is_not_followed(shop: Clone, web: WebReceiver):
    more = f'[notify.lost]\nkind = "webhook"\nurl = "{web.url("/redirect")}"\n[notify.well]\nkind = "webhook"\nurl = "{web.url("/ok")}"\n'
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/hang")}"\n', more)
    shop.write("raw/orders_06.csv", BAD)
    with shop.opened() as service:
        service.messages.run_ended = lambda listener: None  # type: ignore[method-assign]
        service.runs.refresh()
        began = time.monotonic()
        assert service.messages.send_due(0.5) == 1
        assert time.monotonic() - began < 8
        by = {each.name: each for each in service.messages.list()}
    assert len(web.documents()) == 1
    assert by["team"].error is not None
    assert by["team"].error.startswith("no answer within 0.")
    assert by["lost"].error.startswith("the address leads elsewhere (status 302)")
    web.let_go.set()
    web.let_go.clear()


def test_two_processes_tell_and_send_each_message_once(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\n')
    shop.write("raw/orders_06.csv", BAD)
    with shop.opened() as service:
        service.messages.run_ended = lambda listener: None  # type: ignore[method-assign]
        service.runs.refresh()
        found: list[int] = []
        import threading

        with shop.opened() as other:
            ready = threading.Barrier(2)

            def go(one: Service) -> None:
                ready.wait()
                found.append(one.messages.send_due())

            threads = [threading.Thread(target=go, args=(each,)) for each in (service, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert sum(found) == 1
    assert len(web.documents()) == 1


def test_who_is_killed_between_sent_and_noted_sends_it_once_more_with_the_same_id(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/hang")}"\n')
    shop.clock = None
    shop.write("raw/orders_06.csv", BAD)
    environ = {**os.environ, "ANDON_AUTHOR": "ana", "HOME": str(shop.root)}
    process = subprocess.Popen(
        [sys.executable, "-m", "andon.cli", "refresh"],
        cwd=shop.root,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while not web.documents("/hang") and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(web.documents("/hang")) == 1, "it has the message, and nobody noted that"
    web.let_go.set()
    assert tell(shop) == 1, "who sent it is gone, so nobody waits for its claim to end"
    assert tell(shop) == 0
    first, second = web.documents("/hang")
    web.let_go.clear()
    assert first == second


def test_slack_gets_what_slack_takes_and_its_address_is_nowhere(shop: Clone, web: WebReceiver):
    shop.environ["SLACK"] = web.url("/ok")
    channel(shop, 'kind = "slack"\nurl = "${env:SLACK}"\n')
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    (document,) = web.documents()
    assert document["text"].startswith("[andon] opened: shop.orders: the check `amount 0..100`")
    assert document["blocks"][0]["text"]["text"].startswith("*#1 opened · fail · shop.orders*\n")
    found = listed(shop)
    assert (found.to, found.sent, found.error) == ("${env:SLACK}", 1, None)
    del shop.environ["SLACK"]
    load(shop, GOOD)
    shop.clock.on(minutes=2)
    assert tell(shop) == 0, "who does not have the secret leaves it to who has"
    assert (
        listed(shop).error == "`url` of the channel `team` refers to the environment variable `SLACK`, which is not set"
    )
    shop.environ["SLACK"] = web.url("/ok")
    assert tell(shop) == 1


def test_mail_goes_to_the_owner_by_a_server_that_wants_a_login(shop: Clone, monkeypatch: pytest.MonkeyPatch):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(shop.root / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(shop.root / "authority.pem"))
    with mail_receiver(tls, "andon", "letmein") as mail:
        entries = (
            f'kind = "email"\nserver = "localhost:{mail.port}"\nfrom = "andon@example.com"\nto = ["data@example.com"]\n'
            'owner = true\nuser = "andon"\npassword = "${env:MAIL}"\n'
        )
        people = '[people]\nana = {role = "owner", mail = "ana@example.com"}\n'
        channel(shop, entries, people)
        shop.environ["MAIL"] = "wrong"
        load(shop, BAD)
        assert mail.got == []
        error = listed(shop).error
        assert error is not None
        assert "does not let `andon` in" in error
        assert "wrong" not in error
        shop.environ["MAIL"] = "letmein"
        shop.clock.on(minutes=2)
        assert tell(shop) == 1
        ((to, letter),) = mail.got
    assert to == ["ana@example.com"]
    assert letter["Subject"].strip() == "[andon] opened: shop.orders: the check `amount 0..100` fails in 1 of 4 rows"
    assert letter["Message-ID"].endswith("@example.com>")
    assert "andon incident show 1" in letter.get_content()


def test_mail_that_some_do_not_take_is_sent_and_says_so(shop: Clone):
    with mail_receiver() as mail:
        to = '["nobody@example.com", "ben@example.com"]'
        channel(
            shop, f'kind = "email"\nserver = "127.0.0.1:{mail.port}"\nsecurity = "none"\nfrom = "a@b.c"\nto = {to}\n'
        )
        with shop.opened() as service:
            (found,) = service.messages.test()
        assert found.error == "the server does not take nobody@example.com (550 nobody lives here)"
        assert [to for to, _ in mail.got] == [["ben@example.com"]]


def test_a_program_gets_the_document_and_one_that_hangs_or_fails_is_named(shop: Clone, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("andon.operations.messages.program.TIMEOUT", 1.0)
    shop.write("take.py", "import pathlib, sys\npathlib.Path('taken.json').write_text(sys.stdin.read())\n")
    shop.write(
        "hang.py", "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    )
    shop.write("fail.py", "raise SystemExit('no room')\n")
    python = json.dumps(sys.executable)
    more = "".join(
        f'[notify.{name}]\nkind = "command"\ncommand = [{python}, "{name}.py"]\n' for name in ("hang", "fail")
    )
    channel(shop, f'kind = "command"\ncommand = [{python}, "take.py"]\n', more)
    load(shop, BAD)
    document = json.loads((shop.root / "taken.json").read_text())
    assert document["incidents"][0]["dataset"] == "shop.orders"
    with shop.opened() as service:
        by = {each.name: each for each in service.messages.list()}
    assert (by["team"].sent, by["team"].error) == (1, None)
    assert by["hang"].error is not None
    assert by["hang"].error.endswith("did not end within 1 s, and was ended")
    assert by["fail"].error is not None
    assert by["fail"].error.endswith("ended with 1: no room")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of modules that it tries to load
def test_any_service_that_apprise_knows(shop: Clone, web: WebReceiver):
    shop.environ["ANY"] = f"json://127.0.0.1:{web.port}/ok"
    channel(shop, 'kind = "apprise"\nurl = "${env:ANY}"\n')
    load(shop, BAD)
    assert listed(shop).error is None
    (document,) = web.documents()
    assert document["title"].startswith("[andon] opened: shop.orders")
    assert "andon incident show 1" in document["message"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of modules that it tries to load
def test_of_an_address_that_apprise_was_given_no_part_is_told(shop: Clone, web: WebReceiver):
    secret = "s3cr3t-t0ken"
    shop.environ["ANY"] = f"json://team:{secret}@127.0.0.1:{web.port}/fail/{secret}/"
    channel(shop, 'kind = "apprise"\nurl = "${env:ANY}"\n')
    load(shop, BAD)
    told = listed(shop).error
    assert told is not None
    assert secret not in told
    said = _discreet(f"could not post to {secret}, of team%40x with code 503", f"slack://team%40x/{secret.upper()}/")
    assert said == "could not post to …, of … with code 503"


def test_of_personal_data_an_error_tells_no_value(shop: Clone, web: WebReceiver):
    marked = "/*---\ncolumns:\n  customer: {pii: true}\n  amount: The price\n---*/\n" + FILES["sources/shop/orders.sql"]
    shop.write("sources/shop/orders.sql", marked)
    shop.write("datasets/marts/numbers.sql", "select cast(customer as integer) as n from shop.orders where id > 3\n")
    assert shop.run().published
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/ok")}"\n')
    load(shop, "id,customer,amount\n4,cleopatra,7\n")
    documents = web.documents()
    assert documents
    assert "cleopatra" not in json.dumps(documents)
    assert documents[0]["incidents"][0]["what"] == "a dataset could not be built"


def test_of_a_check_of_personal_data_it_is_told_what_it_says_however_it_says_it_by_now(shop: Clone):
    marked = "/*---\ncolumns:\n  customer: {pii: true}\nchecks: |\n  amount 0..100\n---*/\n"
    shop.write("sources/shop/orders.sql", marked + FILES["sources/shop/orders.sql"])
    assert shop.run().published
    load(shop, "id,customer,amount\n4,cleo,999\n")
    load(shop, "id,customer,amount\n4,cleo,999\n5,cleo,998\n")
    with shop.opened() as service:
        incidents = service.workspace.incidents
        said = BranchFacts(service.workspace, "main")._what(incidents.find(1), incidents.signals([1])[1])
    assert said.startswith("the check `amount 0..100` fails in")


def test_a_failed_try_says_why_and_one_that_arrives_sends_what_waits(shop: Clone, web: WebReceiver):
    channel(shop, f'kind = "webhook"\nurl = "{web.url("/flaky")}"\n')
    web.is_well = False
    load(shop, BAD)
    with shop.opened() as service:
        (tried,) = service.messages.test("team")
        assert tried.error == "the answer was 503: come back later"
        web.is_well = True
        (tried,) = service.messages.test()
        assert tried.error is None
    assert [document["is_test"] for document in web.documents("/flaky")] == [False, True, True, False]


def test_what_is_wrong_with_a_channel_is_a_problem_of_its_line(shop: Clone):
    shop.write("andon.toml", '[notify.team]\nkind = "slack"\nurl = "https://hooks.example.com/T0/B0/xyz"\n')
    with pytest.raises(ProjectError) as error:
        shop.open()
    (problem,) = error.value.problems
    assert (problem.where, problem.code) == ("andon.toml:3:1", "project.secret")
    assert "xyz" not in problem.message
