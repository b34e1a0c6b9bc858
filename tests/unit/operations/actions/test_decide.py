"""What answers an incident: the first playbook that is trusted to act, within its bounds and behind breakers. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.clock import to_text
from andon.base.record import replace
from andon.errors import CODES
from andon.model.action import ActionKind, ActionMode, ActionOutcome, CorrectiveAction, Freeze
from andon.model.incident import Incident, IncidentSignal, IncidentState, IncidentVerdict
from andon.model.lamp import Lamp
from andon.model.playbook import Breakers, Playbook, PlaybookBounds, PlaybookMode, Playbooks, PlaybookTrigger
from andon.model.signal import SignalKind
from andon.operations.actions.action import IncidentScene, document_of
from andon.operations.actions.decide import (
    ActionRecord,
    IncidentSituation,
    Offer,
    Results,
    answers,
    level,
    plan_actions,
    results_of,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
RETRY = Playbook(
    PlaybookTrigger((SignalKind.SOURCE,), ("shop.*",), code=("source.*",)),
    ActionKind.RETRY,
    PlaybookMode.AUTOMATIC,
    PlaybookBounds(attempts=3, per_hour=9, wait=(60.0, 300.0, 1200.0)),
)
UNDO = Playbook(PlaybookTrigger((SignalKind.SOURCE,)), ActionKind.UNDO, PlaybookMode.SUGGEST)


def ago(**length: float) -> str:
    return to_text(NOW - timedelta(**length))


def signal(dataset: str = "shop.orders", kind: SignalKind = SignalKind.SOURCE, **details) -> IncidentSignal:
    found = {"code": "source.unreachable", "retryable": True, **details}
    return IncidentSignal(
        f"{dataset}{kind}", dataset, kind, "x", Lamp.FAIL, "it is away", ago(hours=1), ago(hours=1), 1, details=found
    )


def situation(
    *actions: CorrectiveAction, state: IncidentState = IncidentState.CONTAINED, reach: int = 1
) -> IncidentSituation:
    incident = Incident(7, "main", "shop.orders", SignalKind.SOURCE, "it is away", state, Lamp.FAIL, ago(hours=1))
    return IncidentSituation(
        incident,
        (signal(), signal("marts.totals", SignalKind.LATE)),
        ("sales",),
        "ana",
        frozenset(map(str, range(reach))),
        actions,
    )


def action(
    minutes: float, outcome: ActionOutcome = ActionOutcome.FAILED, playbook: Playbook = RETRY, **more
) -> CorrectiveAction:
    at = ago(minutes=minutes)
    found = CorrectiveAction(
        1,
        7,
        "shop.orders",
        "main",
        at,
        playbook.do,
        "andon",
        ActionMode.AUTOMATIC,
        playbook.id,
        outcome=outcome,
        ended=at,
    )
    return replace(found, **more)


def planned(
    case: IncidentSituation, *lines: Playbook, record: ActionRecord | None = None, breakers: Breakers | None = None
) -> list[Offer]:
    said = Playbooks(lines, breakers or Breakers(9, 9, 9), is_alone=True)
    known = record or ActionRecord(recent=case.actions)
    return list(plan_actions(case, said, known, NOW))


def test_a_trigger_fits_by_all_that_it_says():
    case = situation()
    assert answers(RETRY.on, case)
    for on in (
        PlaybookTrigger((SignalKind.SOURCE,), tag=("sal*",), owner=("ana",), state=("contained",), transient=True),
        PlaybookTrigger((SignalKind.CHECK, SignalKind.SOURCE)),
    ):
        assert answers(on, case)
    for on in (
        PlaybookTrigger((SignalKind.LATE,)),  # of what reads it: no cause
        PlaybookTrigger((SignalKind.SOURCE,), ("raw.*",)),
        PlaybookTrigger((SignalKind.SOURCE,), code=("source.missing",)),
        PlaybookTrigger((SignalKind.SOURCE,), state=("open",)),
        PlaybookTrigger((SignalKind.SOURCE,), transient=False),
        PlaybookTrigger((SignalKind.SOURCE,), owner=("ben",)),
        PlaybookTrigger((SignalKind.SOURCE,), tag=("x",)),
    ):
        assert not answers(on, case)


def test_the_first_that_is_trusted_acts_and_waits_its_time():
    other = replace(RETRY, do=ActionKind.RELOAD, bounds=PlaybookBounds())
    first, second, third = planned(situation(), RETRY, other, UNDO)
    assert (first.is_due, second.why, third.why) == (True, f"`{RETRY.spoken}` comes first", "it is suggested")
    (waits, _, _) = planned(situation(action(4)), RETRY, other, UNDO)
    assert (waits.is_due, waits.due) == (False, ago(minutes=-1)), "the second attempt waits for five minutes"
    (again, _, _) = planned(situation(action(6)), RETRY, other, UNDO)
    assert again.is_due
    spent, instead, _ = planned(situation(action(50), action(40), action(30)), RETRY, other, UNDO)
    assert (spent.why, instead.is_due) == ("tried 3 times", True)


def test_nothing_acts_on_what_is_done_with_or_under_way():
    assert planned(situation(state=IncidentState.FIXED), RETRY) == []
    (busy,) = planned(situation(action(1, ActionOutcome.RUNNING)), RETRY)
    assert (busy.is_due, busy.why) == (False, "something is being done")
    frozen = ActionRecord(freeze=Freeze("ben", ago(hours=2), "we move house"))
    (stopped,) = planned(situation(), RETRY, record=frozen)
    assert (stopped.is_due, stopped.why) == (False, "frozen by ben")
    (waits,) = planned(situation(), RETRY, record=ActionRecord(busy={"shop.orders": "the scheduler tries it again"}))
    assert (waits.is_due, waits.why) == (False, "the scheduler tries it again")


def test_breakers_open_for_incident_dataset_workspace_and_reach():
    tried = situation(action(50), action(40))
    for case, breakers, why in (
        (tried, Breakers(2, 9, 9), "2 actions did not help: a person has to look"),
        (tried, Breakers(9, 2, 9), "2 actions for shop.orders within a day: the limit is 2"),
        (tried, Breakers(9, 9, 2), "2 actions within an hour: the limit is 2"),
        (situation(reach=101), Breakers(), "101 datasets read it: it may reach 100"),
    ):
        (offer,) = planned(case, RETRY, breakers=breakers)
        assert (offer.is_due, offer.is_breaker, offer.why) == (False, True, why)
    by_hand = situation(*(replace(each, mode=ActionMode.MANUAL, playbook=None) for each in tried.actions))
    (offer,) = planned(by_hand, RETRY, breakers=Breakers(1, 1, 1))
    assert offer.is_due, "what people do opens no breaker"


def test_trust_is_earned_and_lost():
    own = replace(RETRY, mode=PlaybookMode.SUPERVISED)
    assert level(own, Results()) is PlaybookMode.SUPERVISED
    assert level(own, Results(2, (True, True))) is PlaybookMode.SUPERVISED
    assert level(own, Results(3, (True, True, True))) is PlaybookMode.AUTOMATIC
    assert level(own, Results(5, (True, True, True, False, False))) is PlaybookMode.SUGGEST
    assert level(RETRY, Results(1, (False,))) is PlaybookMode.AUTOMATIC
    assert level(RETRY, Results(2, (False, False))) is PlaybookMode.SUGGEST
    assert level(UNDO, Results(9, (True,) * 9)) is PlaybookMode.SUGGEST, "who only wants to be told is only told"


def test_how_a_playbook_came_out_is_counted_by_incident():
    actions = [
        action(90, incident=1),
        action(80, ActionOutcome.VERIFIED, incident=1),
        action(70, ActionOutcome.VERIFIED, incident=2, undone_at=ago(minutes=5)),
        *(action(60 - n, incident=3) for n in range(3)),
        action(50, incident=4),
        action(40, ActionOutcome.UNDONE, incident=5),
        action(30, ActionOutcome.FAILED, incident=6, is_interrupted=True),
        action(20, ActionOutcome.REFUSED, incident=7),
    ]
    found = results_of([RETRY, UNDO], actions, {1: IncidentVerdict.EXPECTED})
    assert found[UNDO.id] == Results()
    assert found[RETRY.id] == Results(5, (True, False, False, False), 1), "the one of incident 4 has attempts left"


_times = st.integers(0, 2000)
_outcomes = st.sampled_from(
    [ActionOutcome.FAILED, ActionOutcome.UNDONE, ActionOutcome.VERIFIED, ActionOutcome.REFUSED, ActionOutcome.RUNNING]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
@given(
    st.lists(st.tuples(_times, _outcomes, st.sampled_from([7, 8])), max_size=14),
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 6)),
)
def test_nothing_is_ever_due_beyond_a_limit(drawn, limits):
    actions = sorted((action(at, outcome, incident=number) for at, outcome, number in drawn), key=lambda each: each.at)
    breakers = Breakers(*limits)
    case = situation(*(each for each in actions if each.incident == 7))
    due = [o for o in planned(case, RETRY, UNDO, record=ActionRecord(tuple(actions)), breakers=breakers) if o.is_due]
    counted = [each for each in actions if each.outcome is not ActionOutcome.REFUSED]
    assert len(due) <= 1
    if due:
        assert sum(each.incident == 7 for each in counted) < breakers.incident
        assert sum(each.at >= ago(days=1) for each in counted) < breakers.dataset
        assert sum(each.at >= ago(hours=1) for each in counted) < breakers.workspace
        assert all(each.outcome is not ActionOutcome.RUNNING for each in case.actions)


def test_what_commands_and_webhooks_are_told_of_an_error_quotes_no_value():
    quoted = replace(signal(), what="it could not be built: could not convert 'ana@shop.org' to a number")
    incident = replace(situation().incident, title=quoted.what)
    scene = IncidentScene(replace(situation(), incident=incident, signals=(quoted,)), None, {}, "", NOW)
    told = document_of(scene, ActionKind.WEBHOOK)
    assert "ana@shop.org" not in str(told)
    assert told["title"] == told["signals"][0]["what"] == CODES["source.unreachable"].rstrip(".")
