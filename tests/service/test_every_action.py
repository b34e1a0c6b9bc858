"""Each kind of corrective action: bounded, verified or without a trace, logged with who and before and after, and taken back again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from andon.model.action import ActionKind, ActionMode, ActionOutcome, CorrectiveAction
from andon.model.incident import Incident, IncidentEventKind, IncidentSignal, IncidentState
from andon.model.lamp import Lamp
from andon.model.playbook import Playbook, PlaybookBounds, PlaybookMode, Playbooks, PlaybookTrigger
from andon.model.signal import Signal, SignalKind
from andon.operations.actions.decide import ActionRecord, IncidentSituation, plan_actions
from andon.operations.actions.kinds import ACTIONS
from andon.operations.incidents.keeping import SignalLook
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import Clone
from kit.receiving import WebReceiver, web_receiver

HEAD = "id,customer,amount\n"
BAD, GOOD = f"{HEAD}4,cleo,999\n", f"{HEAD}4,cleo,9\n"
SOURCE = "/*---\nowner: ben\nchecks: {checks}\n---*/\nselect {columns} from read_csv('raw/orders_*.csv'{more})\n"
COLUMNS = "id, customer, amount"
LATE = "raw/orders_06.csv"


@dataclass(frozen=True)
class Case:
    """How a kind of action is seen at work.

    Attributes:
        checks, columns, more: of the source.
        comes: what comes that is wrong; `repaired` what is there when the action is done.
        vain: what a person tells it so that it goes beyond its bound, or None: before it is repaired it is in vain.
        params: what it is told so that it helps.
        publishes: whether it does.
    """

    checks: str = "amount 0..100"
    columns: str = COLUMNS
    more: str = ""
    comes: str = BAD
    repaired: str = GOOD
    vain: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    publishes: bool = True
    is_vain_first: bool = True


CITY = f"{HEAD.strip()},city\n4,cleo,9,Bonn\n"
CASES: Mapping[ActionKind, Case] = {
    ActionKind.RETRY: Case(),
    ActionKind.RELOAD: Case(),
    ActionKind.COMMAND: Case(),
    ActionKind.WEBHOOK: Case(),
    ActionKind.ACCEPT_SCHEMA: Case(
        columns="*", more=", union_by_name = true", comes=CITY, repaired=CITY, is_vain_first=False
    ),
    ActionKind.UNDO: Case(checks="amount 0..100 warn", repaired=BAD, is_vain_first=False),
    ActionKind.BACKFILL: Case(is_vain_first=False),
    ActionKind.DEDUPLICATE: Case(
        checks="unique id",
        comes=f"{HEAD}4,cleo,9\n4,cleo,9\n",
        repaired=f"{HEAD}4,cleo,9\n4,cleo,9\n",
        params={"share": "20%"},
    ),
    ActionKind.QUARANTINE: Case(repaired=BAD, params={"share": "25%"}),
    ActionKind.PAUSE: Case(publishes=False, is_vain_first=False),
    ActionKind.NOTIFY: Case(publishes=False, is_vain_first=False),
    ActionKind.REQUEST: Case(publishes=False, is_vain_first=False, params={"ask": "which of the two is right?"}),
}


@pytest.fixture(scope="module")
def web() -> Iterator[WebReceiver]:
    with web_receiver() as found:
        yield found


def test_no_kind_is_without_a_case():
    assert set(CASES) == set(ActionKind) == set(ACTIONS)


@pytest.mark.parametrize("kind", ActionKind)
def test_each_is_bounded_verified_logged_and_undoable(kind: ActionKind, project: Clone, web: WebReceiver):
    case = CASES[kind]
    ticks = count()
    project.clock = lambda: datetime(2026, 5, 4, 8, tzinfo=UTC) + timedelta(milliseconds=next(ticks))
    own = {
        ActionKind.COMMAND: {"run": [sys.executable, "-c", "pass"]},
        ActionKind.WEBHOOK: {"url": web.url("/ok")},
    }.get(kind)
    said = f", with: {json.dumps(own)}" if own else ""
    project.write("playbooks.yml", f"playbooks: [{{name: own, on: {{kind: [check, schema]}}, do: {kind}{said}}}]\n")
    with project.opened() as service:
        number = _backfill(project, service) if kind is ActionKind.BACKFILL else _arranged(project, service, case)

        def fix(told: Mapping[str, str]) -> CorrectiveAction:
            return service.actions.fix(number, "own" if own else str(kind), told)

        before = project.head()
        if case.is_vain_first:
            vain = fix(case.vain)
            assert vain.outcome is ActionOutcome.FAILED, "what does not help is not published"
            assert project.head().id == before.id
            assert vain.why
        if kind is not ActionKind.BACKFILL:
            project.write(LATE, case.repaired)
        done = fix(case.params)
        if kind is ActionKind.BACKFILL:  # whether it helped is seen by a look
            service.incidents.catch_up("main", SignalLook(frozenset((SignalKind.VOLUME,))))
            (done,) = service.actions.act("main")
        # verified, or nothing of it can be
        assert done.outcome is (ActionOutcome.VERIFIED if case.publishes else ActionOutcome.DONE), done.why
        # logged: who, before, after, and on the incident
        assert (done.actor, done.before, bool(done.at), bool(done.ended)) == ("ana", before.id, True, True)
        assert done.after == (project.head().id if case.publishes else None)
        told = [e for e in service.workspace.incidents.events(number) if e.kind is IncidentEventKind.ACTION]
        assert {(e.who, e.body["action"]) for e in told} >= {("ana", done.seq)}
        # taken back
        if case.publishes:
            assert project.head().root != before.root
            _take_back(project, kind, service)
            assert project.head().root == before.root
            service.actions.act("main")
            assert service.workspace.actions.find(done.seq).undone_at is not None
        elif kind is ActionKind.PAUSE:
            assert service.scheduling.pauses()
            assert service.scheduling.resume([]) == []
        elif kind is ActionKind.REQUEST:
            assert service.workspace.incidents.find(number).owner == "ben"
            assert done.params["result"]["owner_before"] is None
            assert any(case.params["ask"] in e.what for e in service.workspace.incidents.events(number))
            _asked_once(service, number, done.params["result"]["request"], case.params["ask"])


def _asked_once(service: Service, incident: int, number: int, text: str) -> None:
    """A request is there that names the incident; asked again it is the same one; over with the incident it is withdrawn."""
    asked = service.requests.show(number).request
    assert (asked.what, asked.incident, asked.asked_of, asked.state) == (text, incident, "ben", "open")
    service.actions.fix(incident, "request", {"ask": "again?", "of": " Ben"})
    assert [each.request.number for each in service.requests.list()] == [number]
    assert [each.number for each in service.incidents.show(incident).requests] == [number]
    by_itself = service.by(Caller("andon", "cli")).requests.ask_about(incident, "cleo", "and you?")
    service.by(Caller("cleo", "cli")).requests.claim(by_itself.number)
    service.incidents.close(incident, "expected")
    ended = service.requests.show(by_itself.number).request
    assert (ended.state, ended.ended_by, ended.note) == ("withdrawn", "andon", f"incident {incident} is over")
    (letter,) = service.by(Caller("cleo", "cli")).letters.list()
    assert letter.kind == "withdrawn"
    assert service.requests.show(number).request.state == "open", "what a person asked stays"
    assert service.requests.measures().made == 1


def _take_back(project: Clone, kind: ActionKind, service: Service) -> None:
    if kind is ActionKind.UNDO:
        service.undoing.redo("main")
    else:
        project.undo()


def _arranged(project: Clone, service: Service, case: Case) -> int:
    """What came is wrong, and there is an incident of it."""
    project.write("sources/shop/orders.sql", SOURCE.format(checks=case.checks, columns=case.columns, more=case.more))
    project.run()
    project.write(LATE, case.comes)
    project.refresh()
    (incident,) = service.incidents.standing("main")
    return incident.number


def _backfill(project: Clone, service: Service) -> int:
    for day in range(1, 4):
        project.write(f"raw/e_{day}.csv", f"id,ts\n{day},2024-05-{day:02} 10:00:00\n")
    project.write("sources/shop/events.sql", "select * from read_csv('raw/e_*.csv')\n")
    project.run()
    growth = "/*---\nmaterialize: incremental\nincremental: {by: time, column: ts}\n---*/\n"
    project.write("datasets/m/daily.sql", f"{growth}select id, ts from shop.events\n")
    for day in (1, 3):
        start = datetime(2024, 5, day, tzinfo=UTC)
        list(service.backfills.fill("m.daily", start, start + timedelta(days=1), RunOptions(agreed=ANY_PLAN)))
    few = Signal("main", "m.daily", SignalKind.VOLUME, "rows", Lamp.WARN, "has few rows", "2026-05-04")
    service.incidents.catch_up("main", SignalLook(frozenset((SignalKind.VOLUME,)), (few,)))
    (incident,) = service.workspace.incidents.standing("main")
    return incident.number


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = "2026-11-20T11:30:00Z"


@pytest.mark.parametrize("kind", ActionKind)
@pytest.mark.parametrize(
    ("bounds", "reach", "done", "word"),
    [
        (PlaybookBounds(attempts=1), 0, 7, "tried 1 time"),
        (PlaybookBounds(attempts=9, per_hour=1), 0, 8, "within an hour"),
        (PlaybookBounds(reach=2), 3, None, "it may reach 2"),
    ],
)
def test_each_stays_within_attempts_an_hour_and_its_reach(
    kind: ActionKind, bounds: PlaybookBounds, reach: int, done: int | None, word: str
):
    playbook = Playbook(PlaybookTrigger(kind=(SignalKind.CHECK,)), kind, PlaybookMode.AUTOMATIC, bounds)
    incident = Incident(7, "main", "a.b", SignalKind.CHECK, "x", IncidentState.CONTAINED, Lamp.FAIL, AT)
    signal = IncidentSignal("f", "a.b", SignalKind.CHECK, "x", Lamp.FAIL, "it fails", AT, AT, 1)

    def offered(actions: tuple[CorrectiveAction, ...], below: int) -> tuple[bool, str]:
        own = tuple(each for each in actions if each.incident == 7)
        situation = IncidentSituation(incident, (signal,), below=frozenset(map(str, range(below))), actions=own)
        (offer, *_) = plan_actions(situation, Playbooks((playbook,), is_alone=True), ActionRecord(actions), NOW)
        return offer.is_due, offer.why

    assert offered((), 0) == (True, "")
    dataset = "a.b" if done == 7 else "c.d"
    ended = CorrectiveAction(
        1,
        done or 0,
        dataset,
        "main",
        AT,
        kind,
        "andon",
        ActionMode.AUTOMATIC,
        playbook.id,
        outcome=ActionOutcome.FAILED,
    )
    is_due, why = offered((ended,) if done else (), reach)
    assert not is_due
    assert word in why
