"""Corrective actions go on beside each other and beside the passes, on whichever branch; a pass asks the catalog as often however much
there is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from andon.base.cancel import CancelToken
from andon.base.sqlite import SqliteDatabase
from andon.model.action import ActionKind, ActionMode, ActionOutcome, CorrectiveAction
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.keeping import SignalLook
from andon.state.claims import Claim
from kit.clones import Clone
from kit.receiving import web_receiver

SOURCE = "/*---\nchecks: amount 0..100\n---*/\nselect id, amount from read_csv('raw/{name}.csv')\n"
GOOD, BAD = "id,amount\n1,5\n", "id,amount\n1,500\n"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    while not is_so():
        time.sleep(0.01)


@pytest.fixture
def pair(project: Clone) -> Clone:
    """Two sources with a bad file each."""
    project.clock = Clock()
    for name in ("slow", "quick"):
        project.write(f"sources/shop/{name}.sql", SOURCE.format(name=name))
        project.write(f"raw/{name}.csv", GOOD)
    return project


def _held(pair: Clone, slow: str) -> None:
    """Both loads are held; `slow` answers one of them, a retry the other."""
    pair.write(
        "playbooks.yml",
        f"""playbooks:
  - {{on: {{dataset: shop.slow}}, mode: automatic, {slow}}}
  - {{on: {{dataset: shop.quick}}, mode: automatic, do: retry}}
""",
    )
    assert pair.run().published
    for name in ("slow", "quick"):
        pair.write(f"raw/{name}.csv", BAD)
    pair.refresh()
    for name in ("slow", "quick"):
        pair.write(f"raw/{name}.csv", GOOD.replace("5", "6"))


def test_a_slow_webhook_keeps_no_pass_waiting(pair):
    with web_receiver() as web, pair.opened() as service:
        _held(pair, f"do: webhook, with: {{url: '{web.url('/hang')}'}}")
        done = service.actions.act("main", is_beside=True)
        until(lambda: web.got)
        while not done:  # passes go on, and the other one comes to its end
            done = service.actions.act("main", is_beside=True)
        assert [f"{each.action} {each.outcome}" for each in done] == ["retry verified"]
        assert service.actions.act("main", is_beside=True) == [], "it is begun once"
        web.let_go.set()
        (slow,) = service.actions.wait()
    assert (slow.action, slow.outcome) == (ActionKind.WEBHOOK, ActionOutcome.VERIFIED)
    assert pair.ask("select amount from shop.slow union all select amount from shop.quick") == [(6,), (6,)]


def test_who_stops_ends_a_command_with_what_it_began(pair):
    code = "import pathlib, time; pathlib.Path('began').touch(); time.sleep(99)"
    _held(pair, f'do: command, with: {{run: ["{sys.executable}", -c, "{code}"], timeout: 90s}}')
    token = CancelToken()
    with pair.opened() as service:
        service.actions.act("main", token, is_beside=True)
        until((pair.root / "began").exists)
        token.cancel()
        ended = {each.action: each.outcome for each in service.actions.wait()}
    assert ended[ActionKind.COMMAND] is ActionOutcome.REFUSED, "that says nothing against its playbook"


def test_what_somebody_else_makes_is_waited_for(pair):
    _held(pair, "do: retry, attempts: 2")
    with pair.opened() as service:
        claims, database = service.workspace.claims, service.workspace.lake.database
        lease = claims.take("main", ["shop.slow"], timedelta(minutes=5), dict[str, Claim]())
        found: list[CorrectiveAction] = []
        (slow,) = [each for each in service.incidents.standing("main") if each.dataset == "shop.slow"]
        fixing = Thread(target=lambda: found.append(service.actions.fix(slow.number, "retry")))
        fixing.start()
        until(lambda: service.workspace.actions.running())
        fixing.join(0.3)
        assert fixing.is_alive()
        assert not found
        with database.write() as transaction:
            claims.release(transaction, lease)
        fixing.join()
    assert found[0].outcome is ActionOutcome.VERIFIED, found[0].why


def test_what_was_begun_on_another_branch_comes_to_its_end_too(pair):
    pair.run()
    with pair.opened() as service:
        service.branches.create("side", "main")
        with service.workspace.lake.database.write() as transaction:
            for branch in ("side", "gone"):
                begun = _action(1, "shop.slow", branch, outcome=ActionOutcome.RUNNING)
                service.workspace.actions.begin(transaction, begun)
        assert [(each.branch, each.outcome) for each in service.actions.act("main")] == [
            ("side", ActionOutcome.FAILED),
            ("gone", ActionOutcome.FAILED),
        ]
        assert service.workspace.actions.running() == []


def test_a_pass_asks_the_catalog_as_often_however_many_incidents_there_are(pair, monkeypatch):
    pair.write("playbooks.yml", "playbooks: [{on: {kind: volume}, do: retry, mode: automatic, attempts: 1}]\n")
    pair.run()
    asked: list[str] = []
    query = SqliteDatabase.query
    monkeypatch.setattr(
        SqliteDatabase, "query", lambda self, sql, given=(): asked.append(sql) or query(self, sql, given)
    )
    counts = {}
    with pair.opened() as service:
        head, keeper = service.workspace.lake.refs.resolve("main").id, service.incidents._keeper
        for many in (10, 200):
            signals = [_signal(f"shop.d{number}") for number in range(many)]
            keeper.catch_up("main", SignalLook(frozenset((SignalKind.VOLUME,)), tuple(signals)))
            standing = service.workspace.incidents.standing("main")
            assert len(standing) == many
            with service.workspace.lake.database.write() as transaction:
                for incident in standing[0 if many == 10 else 10 :]:
                    for outcome in (ActionOutcome.VERIFIED, ActionOutcome.DONE):
                        kind = ActionKind.PAUSE if outcome is ActionOutcome.DONE else ActionKind.RETRY
                        done = _action(
                            incident.number, incident.dataset, "main", kind=kind, outcome=outcome, after=head
                        )
                        service.workspace.actions.begin(transaction, done)
            playbook = service.actions.playbooks("main").playbooks[0]
            assert playbook.level == "automatic"
            service.actions._actor.act("main")
            asked.clear()
            assert service.actions._actor.act("main") == []
            counts[many] = len(asked)
    assert counts[200] <= counts[10] + 2, "two batches more at most, since a statement takes only so many numbers"


def _signal(dataset: str) -> Signal:
    at = "2026-05-04T08:00:00Z"
    return Signal("main", dataset, SignalKind.VOLUME, "rows", Lamp.WARN, "it has few rows", at)


def _action(
    incident: int,
    dataset: str,
    branch: str,
    *,
    kind: ActionKind = ActionKind.RETRY,
    outcome: ActionOutcome,
    after: str | None = None,
) -> CorrectiveAction:
    from andon.model.playbook import Playbook, PlaybookTrigger

    playbook = Playbook(PlaybookTrigger(kind=(SignalKind.VOLUME,)), ActionKind.RETRY).id
    at = "2026-05-04T09:00:00Z"
    return CorrectiveAction(
        0, incident, dataset, branch, at, kind, "andon", ActionMode.AUTOMATIC, playbook, outcome=outcome, after=after
    )
