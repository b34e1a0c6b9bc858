"""The numbers of a review, from given records: each by its definition, and silent where there is nothing to measure."""

from __future__ import annotations

from andon.model.commit import Commit, CommitKind
from andon.model.incident import (
    Incident,
    IncidentEvent,
    IncidentEventKind,
    IncidentSignal,
    IncidentState,
    IncidentVerdict,
)
from andon.model.lamp import Lamp
from andon.model.review import Share, Spread
from andon.model.signal import SignalKind
from andon.operations.review import actions, changes
from andon.operations.review.incidents import (
    Episode,
    ReviewedIncident,
    came_back,
    detect,
    episodes,
    escapes,
    false_alarms,
    promises,
    recover,
)

SINCE, UNTIL = "2026-11-01T00:00:00Z", "2026-11-11T00:00:00Z"


def at(day: int, hour: int = 0, minute: int = 0) -> str:
    return f"2026-11-{day:02}T{hour:02}:{minute:02}:00Z"


def signal(kind: SignalKind, first: str, cleared: str | None = None, dataset: str = "shop.orders", **details: object):
    return IncidentSignal(
        f"{dataset} {kind} {first}",
        dataset,
        kind,
        "id",
        Lamp.FAIL,
        "it is wrong",
        first,
        first,
        1,
        cleared=cleared,
        details=details,
    )


def incident(number: int, *signals: IncidentSignal, closed: str | None = None, verdict: IncidentVerdict | None = None):
    first = signals[0]
    state = IncidentState.CLOSED if closed else IncidentState.OPEN
    return Incident(
        number,
        "main",
        first.dataset,
        first.kind,
        first.what,
        state,
        first.lamp,
        first.first,
        closed=closed,
        verdict=verdict,
    )


def states(number: int, *moments: tuple[str, IncidentState]) -> tuple[IncidentEvent, ...]:
    return tuple(
        IncidentEvent(seq, number, moment, IncidentEventKind.STATE, "andon", state, "", {})
        for seq, (moment, state) in enumerate(moments)
    )


def reviewed(number: int, *signals: IncidentSignal, began: str | None = None, events=(), **more) -> ReviewedIncident:
    return ReviewedIncident(incident(number, *signals, **more), signals, events, began)


def test_what_came_back_is_counted_by_itself_and_what_stands_is_not():
    told = states(
        1,
        (at(2), IncidentState.OPEN),
        (at(2), IncidentState.CONTAINED),
        (at(2, 1), IncidentState.VERIFIED),
        (at(2, 1), IncidentState.CLOSED),
        (at(5), IncidentState.OPEN),
        (at(5, 3), IncidentState.CLOSED),
        (at(9), IncidentState.OPEN),
    )
    assert episodes(told) == [Episode(at(2), at(2, 1)), Episode(at(5), at(5, 3)), Episode(at(9), None)]
    assert came_back(told, at(2, 2))
    assert not came_back(told, at(9)), "it did not come back after that"
    assert not came_back(told[:4], at(1))
    one = reviewed(1, signal(SignalKind.CHECK, at(2)), began=at(1, 23, 50), events=told)
    assert recover([one], SINCE) == Spread(2, 3600.0, 3 * 3600.0)
    assert recover([one], at(3)) == Spread(1, 3 * 3600.0, 3 * 3600.0), "what was over before is not in it"
    assert detect([one], SINCE) == Spread(1, 600.0, 600.0)
    assert detect([one], at(3)) == recover([], SINCE) == Spread(0, None, None)


def test_a_check_that_calls_for_nothing_is_proposed_to_be_loosened_and_one_that_never_found_anything_deleted():
    def closed(number: int, check: str, verdict: IncidentVerdict | None) -> ReviewedIncident:
        return reviewed(
            number, signal(SignalKind.CHECK, at(number), check=check), closed=at(number, 5), verdict=verdict
        )

    noisy = [closed(n, "rows 1..9", IncidentVerdict.EXPECTED if n > 2 else None) for n in range(1, 7)]
    useless = [closed(7, "amount watch", IncidentVerdict.NO_PROBLEM)]
    good = [closed(8, "key id", None), closed(9, "key id", None), closed(10, "key id", IncidentVerdict.EXPECTED)]
    found = {each.check: each for each in false_alarms([*noisy, *useless, *good], SINCE)}
    assert list(found) == ["amount watch", "rows 1..9", "key id"]
    assert (found["rows 1..9"].closed, found["rows 1..9"].false) == (6, 4)
    assert (found["rows 1..9"].proposal or "").startswith("loosen `rows 1..9`")
    assert (found["amount watch"].proposal or "").startswith("delete `amount watch`")
    assert found["key id"].proposal is None
    assert false_alarms(noisy, at(7)) == [], "nothing of it was closed since"


def test_what_a_person_noticed_is_an_escape_unless_a_signal_stood():
    cord = reviewed(1, signal(SignalKind.CORD, at(3)))
    assert [each.incident for each in escapes([cord], SINCE)] == [1]
    stood = reviewed(2, signal(SignalKind.CHECK, at(2), cleared=at(4)))
    over = reviewed(3, signal(SignalKind.CHECK, at(2), cleared=at(2, 5)))
    elsewhere = reviewed(4, signal(SignalKind.CHECK, at(2), dataset="shop.people"))
    assert escapes([cord, stood], SINCE) == []
    assert [each.incident for each in escapes([cord, over, elsewhere], SINCE)] == [1]


def test_the_time_in_which_a_promise_was_broken_uses_up_its_budget():
    late = [
        reviewed(1, signal(SignalKind.LATE, at(2), cleared=at(2, 6), due=at(2))),
        reviewed(2, signal(SignalKind.LATE, "2026-10-30T00:00:00Z", cleared=at(1, 6))),
        reviewed(3, signal(SignalKind.LATE, at(10, 12))),
    ]
    rules = {"shop.orders": "max_age 6h", "shop.people": "every 1d"}
    bad, good = promises(rules, late, SINCE, UNTIL, 0.99)
    assert (bad.dataset, bad.late, bad.kept) == ("shop.orders", 24 * 3600.0, 0.9)
    assert (bad.budget, bad.used) == (8640.0, 10.0)
    assert (good.dataset, good.late, good.kept, good.used) == ("shop.people", 0.0, 1.0, 0.0)


def test_each_time_that_a_promise_was_broken_counts():
    told = states(
        1,
        (at(2), IncidentState.OPEN),
        (at(2, 6), IncidentState.CLOSED),
        (at(4), IncidentState.OPEN),
        (at(4, 2), IncidentState.CLOSED),
    )
    last = signal(SignalKind.LATE, at(2), cleared=at(4, 2), due="2026-11-03T23:00:00Z")
    (found,) = promises({"shop.orders": "every 1d"}, [reviewed(1, last, events=told)], SINCE, UNTIL, 0.99)
    assert found.late == (6 + 3) * 3600.0


def action(by_itself: bool, *, verified: bool = True, back: bool = False, name: str = "retry", day: int = 3):
    return actions.ReviewedAction(name, "shop.orders", "source", by_itself, at(day), verified, back)


def test_an_action_helped_if_the_checks_passed_and_it_did_not_come_back():
    done = [
        action(True),
        action(True, back=True),
        action(True, verified=False),
        action(False, name="reload"),
        action(False, name="reload", day=5),
    ]
    assert actions.automatic(done) == Share(3, 5, 0.6)
    assert actions.success(done) == Share(1, 3, 1 / 3)
    fix = actions.repeated_fix(done)
    assert fix is not None
    assert (fix.action, fix.times, fix.last) == ("reload", 2, at(5))
    assert actions.repeated_fix(done[:4]) is None
    assert actions.automatic([]) == Share(0, 0, None)


def commit(id: str, kind: CommitKind, time: str, run: int | None = None, target: str | None = None) -> Commit:
    return Commit(id, (), 1, "root", kind, "ana", "message", time, run, target=target)


def test_a_change_failed_if_it_was_undone_or_its_run_met_an_incident():
    good = commit("a", CommitKind.PUBLISH, at(2), 1)
    taken_back = commit("b", CommitKind.CHANGE, at(3), 2)
    met = commit("c", CommitKind.CHANGE, at(5), 3)
    stands = commit("d", CommitKind.CHANGE, at(6), 4)
    undo = commit("u", CommitKind.UNDO, at(3, 1), target="b")
    own = [changes.ReviewedChange(each) for each in (stands, met, taken_back)]
    own.append(changes.ReviewedChange(good, began=at(1)))
    brought = {3: changes.Mended(7, at(5, 2)), 4: changes.Mended(8, None)}
    failures = changes.failed(own, [stands, met, undo, taken_back, good], brought)
    assert [(each.commit, each.why, each.restored) for each in failures] == [
        ("d", "incident 8", None),
        ("c", "incident 7", 7200.0),
        ("b", "undone", 3600.0),
    ]
    assert changes.failure_share(own, failures) == Share(3, 4, 0.75)
    assert changes.restore(failures) == Spread(2, 3600.0, 7200.0)
    assert changes.lead_time(own) == Spread(1, 86400.0, 86400.0)
