"""Corrective actions: verified or undone, within bounds, stopped by one switch, and each of them a publish that can be taken back."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.base.cancel import CancelToken
from andon.errors import AndonError, UsageError
from andon.model.action import ActionMode, ActionOutcome
from andon.model.commit import CommitKind
from andon.model.incident import IncidentState
from andon.model.lamp import Lamp
from andon.model.playbook import PlaybookMode
from andon.model.signal import Signal, SignalKind
from andon.operations.actions.own import run_own
from andon.operations.incidents.keeping import SignalLook
from andon.operations.outside import NoAnswer, post
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from kit.clones import Clone
from kit.receiving import web_receiver

SHOP = """/*---
checks: |
  amount 0..100
---*/
select id, customer, amount from read_csv('raw/orders_*.csv')
"""
RETRY = """playbooks:
  - name: again
    on: {kind: [check, schema, failed]}
    do: retry
    mode: automatic
    attempts: 2
    wait: [1 min]
"""
BAD = "id,customer,amount\n4,cleo,999\n"
GOOD = "id,customer,amount\n4,cleo,99\n"


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def passes(self, **length: float) -> None:
        self.now += timedelta(**length)


@pytest.fixture
def shop(project: Clone) -> Clone:
    project.clock = Clock()
    project.write("sources/shop/orders.sql", SHOP)
    project.write("playbooks.yml", RETRY)
    assert project.run().published
    return project


def act(shop: Clone, minutes: float = 2):
    """One pass, so much later; what came to an end as `action outcome`."""
    shop.clock.passes(minutes=minutes)
    with shop.opened() as service:
        return [f"{done.action} {done.outcome}" for done in service.actions.act("main")]


def incident(shop: Clone, number: int = 1):
    with shop.opened() as service:
        return service.workspace.incidents.find(number)


def events(shop: Clone, number: int = 1) -> list[str]:
    with shop.opened() as service:
        return [f"{e.who} {e.kind} {e.state}: {e.what}" for e in service.workspace.incidents.events(number)]


def offers(shop: Clone, number: int = 1) -> list[str]:
    with shop.opened() as service:
        found = service.actions.playbooks(incident=number).playbooks
        return [f"{each.name} | {each.level} | {each.answer.acts or each.answer.why}" for each in found]


def test_what_is_done_is_verified_and_told(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    assert act(shop, 0) == [], "it waits for its time"
    assert act(shop) == ["retry failed"]
    assert incident(shop).state is IncidentState.CONTAINED
    assert act(shop, 0.5) == []
    before = shop.head().id
    shop.write("raw/orders_06.csv", GOOD)
    assert act(shop) == ["retry verified"]
    head = shop.head()
    assert (head.author, head.message, head.kind) == ("andon", "incident 1: retry of shop.orders", CommitKind.REFRESH)
    with shop.opened() as service:
        first, second = service.actions.newest()[::-1]
    assert (first.outcome, first.after, first.before) == (ActionOutcome.FAILED, None, before)
    assert "`amount 0..100` fails in 1 of 4 rows" in first.why
    assert (second.before, second.after, second.mode, second.actor) == (before, head.id, ActionMode.AUTOMATIC, "andon")
    assert incident(shop).state is IncidentState.CLOSED
    told = events(shop)
    fixed = told.index(f"andon state fixed: retry of shop.orders: {head.id[:8]}")
    verified = next(n for n, line in enumerate(told) if "what readers see is right again" in line)
    assert fixed < verified
    assert act(shop) == []
    shop.undo()
    act(shop)
    with shop.opened() as service:
        assert service.actions.newest(1)[0].undone_at is not None, "an action can be taken back as any publish"


def test_after_its_attempts_a_person_has_to_look(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    assert [act(shop), act(shop), act(shop)] == [["retry failed"], ["retry failed"], []]
    assert offers(shop)[0] == "again | automatic | tried 2 times"


def test_a_breaker_that_is_open_is_told_once(shop):
    shop.write("playbooks.yml", RETRY.replace("attempts: 2", "attempts: 9") + "breakers: {incident: 1}\n")
    shop.run()
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    assert [act(shop), act(shop), act(shop)] == [["retry failed"], [], []]
    refused = [line for line in events(shop) if "is not done" in line]
    assert refused == ["andon action contained: retry is not done: 1 action did not help: a person has to look"]


def test_frozen_nothing_is_done_by_itself_and_people_still_may(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    with shop.opened() as service:
        service.actions.freeze("we move house")
    assert act(shop) == []
    assert offers(shop)[0] == "again | automatic | frozen by ana"
    shop.write("raw/orders_06.csv", GOOD)
    with shop.opened() as service:
        done = service.actions.fix(1, "retry")
    assert (done.outcome, done.actor, done.mode) == (ActionOutcome.VERIFIED, "ana", ActionMode.MANUAL)
    assert shop.head().author == "ana"
    with shop.opened() as service:
        assert service.actions.thaw().frozen is None


def test_a_freeze_stops_what_is_on_its_way(shop, monkeypatch):
    """It is asked for once more in the transaction that publishes."""
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    shop.write("raw/orders_06.csv", GOOD)
    before = shop.head().id
    with shop.opened() as service:
        from andon.service.action_hands import ServiceHands

        refresh = ServiceHands.refresh

        def frozen_meanwhile(self, options):
            service.actions.freeze("stop")
            return refresh(self, options)

        monkeypatch.setattr(ServiceHands, "refresh", frozen_meanwhile)
        shop.clock.passes(minutes=2)
        (done,) = service.actions.act("main")
    assert (done.outcome, done.why) == (ActionOutcome.REFUSED, "ana stopped all automatic action")
    assert shop.head().id == before
    monkeypatch.undo()
    shop.clock.passes(minutes=30)
    with shop.opened() as service:
        service.actions.thaw()
        (again,) = service.actions.act("main")
    assert again.outcome is ActionOutcome.VERIFIED, "what a person stopped uses up no attempt"


def test_nothing_is_done_by_itself_about_what_is_paused_nor_to_what_is(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    shop.write("raw/orders_06.csv", GOOD)
    with shop.opened() as service:
        service.scheduling.pause([], why="we move house")
    assert act(shop) == []
    assert offers(shop)[0] == "again | automatic | paused by ana"
    with shop.opened() as service:
        service.scheduling.resume([])
        service.scheduling.pause(["marts.best"])
    before = shop.leaves()
    assert act(shop) == ["retry verified"]
    after = shop.leaves()
    assert after["shop.orders"] != before["shop.orders"]
    assert after["marts.count"] != before["marts.count"]
    assert after["marts.best"] == before["marts.best"], "it is paused"


def test_what_is_told_to_stop_begins_nothing_and_says_nothing_against_its_playbook(shop, monkeypatch):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    shop.write("raw/orders_06.csv", GOOD)
    shop.clock.passes(minutes=2)
    token = CancelToken()
    with shop.opened() as service:
        from andon.service.action_hands import ServiceHands

        refresh = ServiceHands.refresh

        def stopped_meanwhile(self, options):
            token.cancel()
            return refresh(self, options)

        monkeypatch.setattr(ServiceHands, "refresh", stopped_meanwhile)
        (done,) = service.actions.act("main", token)
        assert done.outcome is ActionOutcome.REFUSED
        assert service.actions.act("main", token) == []
    monkeypatch.undo()
    assert act(shop, 30) == ["retry verified"]


def test_new_columns_and_wider_types_are_taken_and_nothing_is_dropped(shop):
    shop.write("sources/shop/orders.sql", SHOP.replace("csv')", "csv', union_by_name = true)"))
    shop.run()
    shop.write("raw/orders_06.csv", "id,customer,amount,city\n4,cleo,7,Bonn\n")
    shop.refresh()
    assert incident(shop).kind is SignalKind.SCHEMA
    assert "take new columns and wider types | suggest | it is suggested" in offers(shop)
    shop.clock.passes(minutes=1)
    with shop.opened() as service:
        done = service.actions.fix(1, "take new columns and wider types")
    assert (done.outcome, done.mode) == (ActionOutcome.VERIFIED, ActionMode.SUGGESTED), done.why
    assert shop.ask("select count(*) from shop.orders") == [(4,)]
    shop.clock.passes(minutes=1)
    for text in ("id,customer,amount\n5,dan,many\n", "id,customer,total,city\n5,dan,5,Bonn\n"):
        shop.write("raw/orders_07.csv", text)
        shop.refresh()
        with shop.opened() as service:
            (found,) = service.incidents.standing("main")
            assert found.kind is SignalKind.SCHEMA
            with pytest.raises(UsageError, match="not only more or wider"):
                service.actions.fix(found.number, "accept-schema")
        assert not any("take new columns" in offer for offer in offers(shop)), "it is not tried, and loses no trust"
    assert shop.ask("select count(*) from shop.orders") == [(4,)]


WATCHED = SHOP.replace("amount 0..100", "amount 0..100 warn")
UNDO = """playbooks:
  - {on: {kind: check, state: open}, do: undo, mode: supervised}
"""


def test_what_readers_see_is_taken_back_and_trust_grows_and_shrinks(shop):
    shop.write("sources/shop/orders.sql", WATCHED)
    shop.write("playbooks.yml", UNDO)
    shop.run()
    good = shop.head()
    shop.write("raw/orders_06.csv", BAD)
    assert shop.refresh().published
    assert incident(shop).state is IncidentState.OPEN
    assert act(shop) == ["undo verified"]
    assert shop.head().root == good.root
    assert incident(shop).state is IncidentState.CLOSED
    assert [e for e in events(shop) if "undo of shop.orders" in e]
    with shop.opened() as service:
        own = service.actions.playbooks("main").playbooks[0]
    assert (own.level, own.fired, own.fixed, own.needless) == (PlaybookMode.SUPERVISED, 1, 1, 0)


def test_what_can_not_be_done_is_refused_with_what_fits(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    with shop.opened() as service:
        for action, code in (("undo", "action.unfit"), ("rety", "usage.bad_argument"), ("command", "action.unfit")):
            with pytest.raises(UsageError) as raised:
                service.actions.fix(1, action)
            assert raised.value.code == code
        with pytest.raises(UsageError, match="no incident 9"):
            service.actions.fix(9, "retry")
        with pytest.raises(UsageError, match="is not told `run`"):
            service.actions.fix(1, "retry", {"run": "rm"})


def test_a_command_of_ones_own_is_told_of_the_incident_and_bounded(shop):
    program = "import json,sys,pathlib; d=json.load(sys.stdin); pathlib.Path('raw/orders_06.csv').write_text(%r); print(d['dataset'])"
    lines = RETRY.replace("do: retry", "do: command").replace("attempts: 2", "with: {run: [%s, -c, %s], timeout: 20s}")
    shop.write("playbooks.yml", lines % (_quoted(sys.executable), _quoted(program % GOOD)))
    shop.run()
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    assert act(shop) == ["command verified"]
    with shop.opened() as service:
        (done,) = service.actions.newest()
    assert done.params["result"] == {"exit": 0, "said": "shop.orders\n"}


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)


def test_equal_rows_are_taken_once_on_a_branch(shop):
    shop.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "unique id"))
    shop.run()
    shop.write("raw/orders_06.csv", (shop.root / "raw/orders_05.csv").read_text())
    shop.refresh()
    assert "take equal rows once | suggest | it is suggested" in offers(shop)
    before = shop.head().id
    with shop.opened() as service:
        done = service.actions.fix(1, "deduplicate", {"propose": "true"})
    assert done.outcome is ActionOutcome.PROPOSED, done.why
    assert shop.head().id == before, "code is only proposed"
    assert shop.publish("incident-1-deduplicate").published
    assert shop.ask("select count(*) from shop.orders") == [(3,)]
    shop.refresh()
    assert incident(shop).state is IncidentState.CLOSED


def test_equal_rows_are_taken_once_without_a_line_of_code_and_stay_so(shop):
    """Within its limit, for what comes later too, until the code means something else or it is taken back."""
    shop.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "unique id"))
    shop.run()
    good = shop.head()
    shop.write("raw/orders_06.csv", (shop.root / "raw/orders_05.csv").read_text() + "4,cleo,7\n4,cleo,7\n")
    shop.refresh()
    with shop.opened() as service:
        few = service.actions.fix(1, "deduplicate")
        assert few.outcome is ActionOutcome.FAILED, "more than a hundredth of the rows"
        assert shop.head().id == good.id
        done = service.actions.fix(1, "deduplicate", {"share": "60%"})
    assert done.outcome is ActionOutcome.VERIFIED, done.why
    assert shop.ask("select id from shop.orders order by id") == [(1,), (2,), (3,), (4,)]
    assert shop.ask("select count(*) from marts.best") != [(0,)]
    head = shop.head().id
    shop.refresh()
    shop.run()
    assert shop.head().id == head, "neither a refresh nor a run of the same code takes it back"
    shop.write("raw/orders_07.csv", "id,customer,amount\n5,dan,3\n5,dan,3\n")
    result = shop.refresh()
    assert result.published, result.held
    assert [task.note for task in result.tasks if task.dataset == "shop.orders"] == ["5 equal rows left out"]
    assert shop.ask("select count(*), count(distinct id) from shop.orders") == [(5, 5)]
    shop.write("raw/orders_08.csv", "id,customer,amount\n5,dan,9\n")
    assert not shop.refresh().published, "another row with this key is not equal"
    (shop.root / "raw/orders_08.csv").unlink()
    shop.undo()
    shop.undo()
    assert shop.head().root == good.root
    shop.refresh()
    assert shop.ask("select count(*) from shop.orders") == [(3,)], "what it brought stays out"


def test_what_is_corrected_meets_redo_branches_and_another_name(shop):
    shop.write("sources/shop/orders.sql", SHOP.replace("amount 0..100", "unique id"))
    shop.run()
    shop.write("raw/orders_06.csv", (shop.root / "raw/orders_05.csv").read_text())
    shop.refresh()
    with shop.opened() as service:
        assert service.actions.fix(1, "deduplicate", {"share": "60%"}).outcome is ActionOutcome.VERIFIED
    counted, corrected = "select count(*), count(distinct id) from shop.orders", shop.head().root
    shop.undo()
    with shop.opened() as service:
        service.undoing.redo()
    assert shop.head().root == corrected
    shop.write("raw/orders_07.csv", "id,customer,amount\n5,dan,3\n5,dan,3\n")
    assert shop.refresh().published
    assert shop.ask(counted) == [(4, 4)], "what was brought back corrects what comes, too"
    shop.switch("try/x", create=True)
    shop.write("datasets/marts/count.sql", "select count(*) * 2 as n from shop.orders\n")
    shop.run()
    assert shop.publish("try/x").published
    shop.switch("main")
    assert shop.ask(counted) == [(4, 4)], "and a change elsewhere leaves it as it is"
    head = shop.head().id
    with shop.opened() as service:
        moved = service.renaming.rename("shop.orders", "shop.sales", RunOptions(agreed=ANY_PLAN), Listener())
    assert not moved.published, "by another name it is another dataset: its check holds it"
    assert (shop.head().id, shop.ask(counted)) == (head, [(4, 4)])


def test_a_few_bad_rows_are_set_aside_and_the_rest_goes_on(shop):
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n5,dan,5\n")
    shop.refresh()
    good = shop.head()
    assert "set a few bad rows aside | suggest | it is suggested" in offers(shop)
    with shop.opened() as service:
        assert service.actions.fix(1, "quarantine").outcome is ActionOutcome.FAILED, "more than a thousandth"
        assert shop.head().id == good.id
        done = service.actions.fix(1, "quarantine", {"share": "30%"})
    assert done.outcome is ActionOutcome.VERIFIED, done.why
    assert shop.ask("select id from shop.orders order by id") == [(1,), (2,), (3,), (5,)]
    assert shop.ask("select id, amount from shop.orders__quarantine") == [(4, 999)]
    head = shop.head().id
    shop.refresh()
    shop.run()
    assert shop.head().id == head
    shop.write("raw/orders_06.csv", GOOD.replace("4,", "9,"))
    assert shop.refresh().published
    assert shop.ask("select count(*) from shop.orders__quarantine") == [(0,)]
    shop.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n5,dan,500\n6,eve,-1\n")
    assert not shop.refresh().published, "beyond its share it holds as before"
    with shop.opened() as service, pytest.raises(UsageError, match="they are set aside already, and are too many"):
        standing = service.workspace.incidents.standing("main")
        service.actions.fix(standing[0].number, "quarantine", {"share": "60%"})
    shop.write("raw/orders_06.csv", GOOD)
    shop.write("sources/shop/orders.sql", SHOP.replace("id, customer", "id + 0 as id, customer"))
    assert shop.run().published
    assert "shop.orders__quarantine" not in shop.leaves(), "what the code means by now counts alone"


def test_what_only_a_look_can_tell_is_verified_by_one_or_undone_in_its_time(shop):
    """A late source: whether it is still late is seen by who looks for that."""
    with shop.opened() as service:
        keeper = service.incidents._keeper
        now = service.workspace.clock().isoformat()
        late = Signal("main", "shop.orders", SignalKind.LATE, "late", Lamp.STALE, "is late", now)
        look = SignalLook(frozenset((SignalKind.LATE,)), (late,))
        keeper.catch_up("main", look)
        good = shop.head()
        shop.write("raw/orders_06.csv", GOOD)
        done = service.actions.fix(1, "retry")
        assert (done.outcome, done.after) == (ActionOutcome.RUNNING, shop.head().id)
        assert service.workspace.incidents.find(1).state is IncidentState.FIXED
        assert service.actions.act("main") == [], "its time is not over"
        shop.clock.passes(minutes=31)
        keeper.catch_up("main", look)
        (undone,) = service.actions.act("main")
        assert (undone.outcome, undone.undone_at is not None) == (ActionOutcome.UNDONE, True)
        assert shop.head().root == good.root
        assert service.workspace.incidents.find(1).state is IncidentState.OPEN
        (shop.root / "raw/orders_06.csv").unlink()
        shop.write("raw/orders_07.csv", GOOD)
        again = service.actions.fix(1, "retry")
        assert again.outcome is ActionOutcome.RUNNING
        keeper.catch_up("main", SignalLook(frozenset((SignalKind.LATE,))))
        (verified,) = service.actions.act("main")
        assert verified.outcome is ActionOutcome.VERIFIED


def test_an_undo_that_did_not_help_brings_nothing_else_again(shop):
    """What a person undid since stays undone."""
    shop.write("datasets/marts/extra.sql", "select 1 as n\n")
    shop.run()
    shop.write("raw/orders_06.csv", GOOD)
    assert shop.refresh().published
    volume = Signal("main", "shop.orders", SignalKind.VOLUME, "rows", Lamp.WARN, "it has too many rows", "2026-05-04")
    look = SignalLook(frozenset((SignalKind.VOLUME,)), (volume,))
    with shop.opened() as service:
        service.incidents._keeper.catch_up("main", look)
        assert service.actions.fix(1, "undo").outcome is ActionOutcome.RUNNING
    shop.undo()
    head = shop.head()
    assert "marts.extra" not in shop.leaves()
    shop.clock.passes(minutes=31)
    with shop.opened() as service:
        service.incidents._keeper.catch_up("main", look)
        (ended,) = service.actions.act("main")
    assert ended.outcome is ActionOutcome.FAILED
    assert "could not be taken back" in ended.why
    assert shop.head().id == head.id


def test_a_correction_that_changes_too_many_rows_is_held(shop):
    shop.write("playbooks.yml", RETRY + "    share: 10%\n")
    shop.run()
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    shop.write("raw/orders_06.csv", GOOD)
    before = shop.head().id
    assert act(shop) == ["retry failed"]
    assert shop.head().id == before
    with shop.opened() as service:
        assert "its rows change by 33.3%, more than 10.0%" in service.actions.newest(1)[0].why


def test_playbooks_of_the_branch_count_and_not_those_of_the_folder(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    shop.write("playbooks.yml", "built_in: false\n")
    assert offers(shop)[0].startswith("again | automatic")
    shop.write("playbooks.yml", "playbooks: [{on: {kind: chek}, do: retry}]\n")
    with pytest.raises(AndonError) as raised:
        shop.run()
    assert "playbooks.yml:1" in str(raised.value.problems[0].where)


def test_what_reads_it_is_paused_until_it_is_over_and_a_tick_acts(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    shop.clock.passes(minutes=2)
    with shop.opened() as service:
        done = service.actions.fix(1, "pause")
        assert done.outcome is ActionOutcome.DONE
        assert [p.dataset for p in service.scheduling.pauses()] == ["marts.best", "marts.count", "marts.totals"]
        with pytest.raises(UsageError, match="nothing reads"):
            service.actions.fix(1, "pause")
        shop.write("raw/orders_06.csv", GOOD)
        service.scheduling.tick()
        assert service.scheduling.pauses() == [], "the incident is over by the pass, and with it the pause"
        assert service.actions.newest(1)[0].undone_at is not None


def test_a_pause_ends_with_its_incident_however_long_that_stood(shop):
    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    with shop.opened() as service:
        assert service.actions.fix(1, "pause").outcome is ActionOutcome.DONE
    shop.clock.passes(days=20)
    shop.write("raw/orders_06.csv", GOOD)
    assert shop.refresh().published
    assert act(shop) == []
    with shop.opened() as service:
        assert service.scheduling.pauses() == []


def test_what_the_scheduler_takes_care_of_is_left_to_it(shop):
    from andon.state.attempts import Attempt

    shop.write("raw/orders_06.csv", BAD)
    shop.refresh()
    with shop.opened() as service:
        attempt = Attempt("shop.orders", 1, "2026-05-04T08:00:00Z", "x", "y", again="2026-05-04T09:00:00Z")
        with service.workspace.lake.database.write() as transaction:
            service.workspace.attempts.put(transaction, "main", [attempt])
    assert act(shop) == []
    assert offers(shop)[0] == "again | automatic | the scheduler tries it again at 2026-05-04T09:00:00Z"
    shop.clock.passes(hours=1)
    assert act(shop) == ["retry failed"], "that time is over, and no scheduler came"


def test_times_that_are_missing_are_filled_up_to_a_bound(project: Clone):
    for day in range(1, 8):
        project.write(f"raw/e_{day}.csv", f"id,ts\n{day},2024-05-{day:02} 10:00:00\n")
    project.write("sources/shop/events.sql", "select * from read_csv('raw/e_*.csv')\n")
    project.run()
    growth = "/*---\nmaterialize: incremental\nincremental: {by: time, column: ts}\n---*/\n"
    project.write("datasets/m/daily.sql", f"{growth}select id, ts from shop.events\n")
    with project.opened() as service:
        for first, last in ((1, 3), (5, 8)):
            span = (datetime(2024, 5, day, tzinfo=UTC) for day in (first, last))
            list(service.backfills.fill("m.daily", *span, RunOptions(agreed=ANY_PLAN)))
        assert service.querying.ask("select count(*) from m.daily").fetch() == [(5,)]
        now = service.workspace.clock().isoformat()
        few = Signal("main", "m.daily", SignalKind.VOLUME, "rows", Lamp.WARN, "has few rows", now)
        service.incidents.catch_up("main", SignalLook(frozenset((SignalKind.VOLUME,)), (few,)))
        with pytest.raises(UsageError, match="2 intervals are missing: it may fill 1"):
            service.actions.fix(1, "backfill", {"most": "1"})
        assert service.actions.fix(1, "backfill").outcome is ActionOutcome.RUNNING
        assert service.querying.ask("select count(*) from m.daily").fetch() == [(7,)]
        service.incidents.catch_up("main", SignalLook(frozenset((SignalKind.VOLUME,))))
        assert [f"{each.action} {each.outcome}" for each in service.actions.act("main")] == ["backfill verified"]


def test_a_webhook_is_told_and_its_secret_is_not(shop):
    with web_receiver() as web:
        shop.environ["HOOK"] = web.url("/ok?token=hidden")
        lines = RETRY.replace("do: retry", "do: webhook").replace(
            "attempts: 2", "attempts: 3\n    with: {url: '${env:HOOK}'}"
        )
        shop.write("playbooks.yml", lines)
        shop.run()
        shop.write("raw/orders_06.csv", BAD)
        shop.refresh()
        assert act(shop) == ["webhook failed"], "it was told, and the file is as it was"
        shop.write("raw/orders_06.csv", GOOD)
        assert act(shop) == ["webhook verified"]
        path, _, told = web.got[-1]
    assert (path, told["dataset"], told["signals"][0]["check"]) == ("/ok?token=hidden", "shop.orders", "amount 0..100")
    with shop.opened() as service:
        assert "hidden" not in str([each.to_json() for each in service.actions.newest()])


@pytest.mark.parametrize(("path", "status"), [("/fail", 503), ("/redirect", 302)])
def test_a_webhook_that_does_not_take_it_is_told_so(path, status):
    with web_receiver() as web:
        found = post(web.url(path), {"a": 1}, {}, 20)
        assert (found.status, len(web.got)) == (status, 1)
    with pytest.raises(NoAnswer):  # nobody answers there any more
        post(web.url(path), {}, {}, 1)


def test_a_command_is_ended_with_all_that_it_began(tmp_path):
    script = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
        " print(child.pid, flush=True); child.wait()"
    )
    end = run_own([sys.executable, "-c", script], {}, str(tmp_path), 5)
    assert end.status is None
    child = Path(f"/proc/{int(end.said)}/stat")
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)  # a signal takes its time on a busy machine
    with pytest.raises(AndonError, match="can't be run"):
        run_own(["no-such-program"], {}, str(tmp_path), 1)


def test_the_publish_that_brought_it_is_taken_back_whatever_was_published_since(shop):
    checked = "/*---\nchecks: rows 1..2 warn\n---*/\n"
    right = "select customer from shop.orders where id <= 2\n"
    shop.write("datasets/marts/few.sql", checked + right)
    shop.run()
    shop.write("datasets/marts/few.sql", checked + right.replace("<= 2", "<= 99"))
    assert shop.run().published
    shop.write("raw/orders_06.csv", GOOD)
    assert shop.refresh().published
    assert shop.ask("select count(*) from marts.few") == [(4,)]
    with shop.opened() as service:
        (found,) = service.incidents.standing("main")
        done = service.actions.fix(found.number, "undo")
    assert done.outcome is ActionOutcome.VERIFIED, done.why
    assert shop.ask("select count(*) from marts.few") == [(2,)]
    assert shop.ask("select count(*) from shop.orders") == [(4,)], "what came since stays"


def test_a_pass_asks_as_many_statements_however_much_stands(shop):
    with shop.opened() as service:
        keeper, now = service.incidents._keeper, service.workspace.clock().isoformat()
        database, asked = service.workspace.lake.database, []
        query = database.query
        database.query = lambda sql, parameters=(): asked.append(sql) or query(sql, parameters)
        counts = []
        for many in (2, 30):
            signals = [
                Signal("main", f"shop.t{n}", SignalKind.VOLUME, "rows", Lamp.WARN, f"{n} rows", now)
                for n in range(many)
            ]
            keeper.catch_up("main", SignalLook(frozenset((SignalKind.VOLUME,)), tuple(signals)))
            assert len(service.workspace.incidents.standing("main")) == many
            asked.clear()
            assert service.actions.act("main") == []
            counts.append(len(asked))
        assert counts[0] == counts[1] < 40
