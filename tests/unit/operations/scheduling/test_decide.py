"""Laws of what is due: served is served, nothing twice, whatever the clock does; and the cases that the rules are made for."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.clock import to_text
from andon.model.decision import BackKind, Decision, DueStanding, Failure, HeldBack
from andon.operations.scheduling.again import DecidingAgain
from andon.operations.scheduling.book import ScheduleBook
from andon.operations.scheduling.cadence import silences, unreachable
from andon.operations.scheduling.decide import decide
from andon.operations.scheduling.facts import ScheduleFacts
from andon.operations.scheduling.jobs import jobs
from andon.state.decisions import PassLine
from kit.schedule import book, entry, moment

NOW = moment("2026-11-02T12:00")
HOURS = [to_text(NOW - timedelta(hours=h)) for h in range(40)]
_RULES = st.sampled_from(
    (
        {},
        {"every": "3h"},
        {"every": "1d", "upstream": "false"},
        {"cron": "0 6 * * *", "tz": "Europe/Berlin"},
        {"cron": "*/30 * * * *", "upstream": "false"},
        {"max_age": "6h"},
        {"max_age": "2h", "upstream": "false"},
        {"manual": "true"},
    )
)


@st.composite
def books(draw: st.DrawFn) -> ScheduleBook:
    entries = []
    for number in range(draw(st.integers(1, 9))):
        above = [e.dataset for e in entries]
        inputs = draw(st.lists(st.sampled_from(above), max_size=2, unique=True)) if above else []
        asked = not inputs and draw(st.booleans())
        entries.append(entry(f"a.d{number}", *inputs, asked=asked, **draw(_RULES)))
    return book(*entries)


@st.composite
def situations(draw: st.DrawFn) -> tuple[ScheduleBook, ScheduleFacts]:
    of = draw(books())
    names = list(of.entries)
    looks = {d: draw(st.sampled_from(HOURS)) for d in names if draw(st.integers(0, 9))}
    moved = {d: "files: 1 changed" for d in names if not of.inputs[d] and draw(st.booleans())}
    held = {
        d: HeldBack(draw(st.sampled_from((BackKind.PAUSED, BackKind.CLAIMED))), "held")
        for d in names
        if not draw(st.integers(0, 7))
    }
    failures = {
        d: Failure(
            draw(st.sampled_from(HOURS)),
            "boom",
            draw(st.sampled_from((None, HOURS[1], to_text(NOW + timedelta(minutes=5))))),
            is_held=draw(st.booleans()),
        )
        for d in names
        if not draw(st.integers(0, 7))
    }
    return of, ScheduleFacts(looks=looks, moved=moved, held=held, failures=failures, seconds=dict.fromkeys(names, 60.0))


def due(decisions: tuple[Decision, ...]) -> set[str]:
    return {each.dataset for each in decisions if each.is_due}


def served(known: ScheduleFacts, names: set[str], at: str) -> ScheduleFacts:
    """What is known after a run at a moment that brought datasets up to date."""
    return ScheduleFacts(
        looks={**known.looks, **dict.fromkeys(names, at)},
        moved={d: why for d, why in known.moved.items() if d not in names},
        held=known.held,
        failures={d: failure for d, failure in known.failures.items() if d not in names},
        seconds=known.seconds,
    )


@settings(max_examples=150, deadline=None)
@given(situations())
def test_what_was_served_is_not_due_again(situation: tuple[ScheduleBook, ScheduleFacts]) -> None:
    of, known = situation
    first = due(decide(of, known, NOW))
    assert first.isdisjoint(known.held)
    assert not any(of.entries[d].is_manual for d in first)
    together = jobs(of, decide(of, known, NOW))
    assert sorted(d for job in together for d in job) == sorted(first), "each in one run"
    after = served(known, first, to_text(NOW))
    is_free = all(each.standing is not DueStanding.HELD_BACK for each in decide(of, known, NOW))
    # the same moment, a clock that was put back, and the next pass
    for now in (NOW, NOW - timedelta(minutes=50), NOW + timedelta(seconds=1)):
        again = due(decide(of, after, now))
        assert again.isdisjoint(first), "catching up takes one run"
        assert not (is_free and again), "and leaves nothing"


@settings(max_examples=100, deadline=None)
@given(situations(), st.lists(st.integers(-30, 90), min_size=1, max_size=5))
def test_deciding_again_gives_what_deciding_gives(
    situation: tuple[ScheduleBook, ScheduleFacts], minutes: list[int]
) -> None:
    of, known = situation
    deciding = DecidingAgain()
    for each in minutes:
        now = NOW + timedelta(minutes=each)
        again = deciding.decide(of, known, now)
        assert {(d.dataset, d.standing, d.slot) for d in again} == {
            (d.dataset, d.standing, d.slot) for d in decide(of, known, now)
        }


@settings(max_examples=100, deadline=None)
@given(situations())
def test_all_that_is_above_what_is_due_is_new_enough_or_comes_along_or_is_told(
    situation: tuple[ScheduleBook, ScheduleFacts],
) -> None:
    of, known = situation
    found = {each.dataset: each for each in decide(of, known, NOW)}
    for dataset, each in found.items():
        if not each.is_due or each.slot is None or each.serves:
            continue
        for parent in of.inputs[dataset]:
            is_new = known.looks.get(parent, "") >= each.slot
            is_shut = parent in known.held or of.entries[parent].is_manual or parent in known.failures
            assert is_new or is_shut or found[parent].is_due or "max_age" in (each.rule or ""), (dataset, parent)


def test_a_source_is_asked_early_enough_once_for_all_that_promise_an_age_over_it() -> None:
    of = book(
        entry("shop.orders", asked=True),
        entry("marts.a", "shop.orders", max_age="6h", upstream="false"),
        entry("marts.b", "shop.orders", max_age="6h", upstream="false"),
        entry("marts.c", "shop.orders", max_age="2d", upstream="false"),
    )
    looks = {d: HOURS[6] for d in of.entries} | {"marts.b": HOURS[5], "marts.c": HOURS[20]}
    known = ScheduleFacts(looks=looks, seconds={"shop.orders": 600.0})
    early = NOW - timedelta(minutes=40)
    assert due(decide(of, known, early)) == set()
    begin = NOW - timedelta(
        minutes=30
    )  # a run, and one that may be under way, of ten minutes each, and half as much again
    found = {each.dataset: each for each in decide(of, known, begin)}
    assert {d for d, each in found.items() if each.is_due} == {"shop.orders", "marts.a", "marts.b"}, (
        "b is as old as its source"
    )
    assert set(found["shop.orders"].serves) == {"marts.a", "marts.b"}
    assert found["shop.orders"].reason.startswith("needed by marts.")
    assert {each.dataset: each.next for each in decide(of, known, early)}["shop.orders"] == to_text(begin)


def test_a_slot_that_waits_for_a_retry_above_waits_and_one_above_that_failed_for_good_is_left_out() -> None:
    of = book(entry("s.a", asked=True), entry("m.b", "s.a", cron="0 11 * * *"))
    looks = dict.fromkeys(of.entries, HOURS[10])
    again = to_text(NOW + timedelta(minutes=3))
    waits = {
        d.dataset: d
        for d in decide(of, ScheduleFacts(looks=looks, failures={"s.a": Failure(HOURS[0], "down", again)}), NOW)
    }
    assert [waits[d].held for d in ("s.a", "m.b")] == ["retry", "retry"]
    assert "waits for s.a, which is tried again at 2026-11-02 12:03" in waits["m.b"].reason
    goes = {
        d.dataset: d for d in decide(of, ScheduleFacts(looks=looks, failures={"s.a": Failure(HOURS[0], "wrong")}), NOW)
    }
    assert (goes["s.a"].held, goes["m.b"].standing) == ("failed", DueStanding.DUE)
    paused = HeldBack(BackKind.PAUSED, "paused by ana")
    assert due(decide(of, ScheduleFacts(looks=looks, held={"s.a": paused}), NOW)) == {"m.b"}


def test_what_was_kept_back_with_a_load_comes_along_when_that_is_tried_again_and_only_then() -> None:
    of = book(
        entry("shop.sales", cron="0 11 * * *"),
        entry("crm.people", asked=True, cron="0 11 * * *"),
        entry("staging.days", "shop.sales"),
        entry("marts.value", "staging.days", "crm.people"),
        entry("marts.few", "crm.people"),
        entry("marts.broken", "shop.sales"),
    )
    kept = Failure(HOURS[3], "`reconciles` does not hold", is_held=True)
    failures = {"shop.sales": kept, "staging.days": kept, "marts.few": kept, "marts.broken": Failure(HOURS[3], "boom")}
    decisions = decide(of, ScheduleFacts(looks=dict.fromkeys(of.entries, HOURS[20]), failures=failures), NOW)
    assert jobs(of, decisions) == (("crm.people", "shop.sales", "staging.days", "marts.value"),), (
        "a total over both is made in the job of what it reads"
    )
    held = {each.dataset: each.held for each in decisions if not each.is_due}
    assert held == {"marts.few": "failed", "marts.broken": "failed"}, "nothing that they read was kept back with them"


def line(cause: str, began: str, last: str, times: int, gap: float) -> PassLine:
    return PassLine(1, "main", cause, "ana", began, last, times, gap, 0)


def test_what_a_trigger_can_not_keep_and_that_it_stays_away() -> None:
    of = book(
        entry("s.hand", manual="true"),
        entry("m.often", every="5 min"),
        entry("m.cron", cron="*/10 * * * *"),
        entry("m.aged", max_age="30 min"),
        entry("m.far", "s.hand", max_age="1w"),
        entry("m.fine", every="1d"),
    )
    broken = {each.dataset: each.why for each in unreachable(of, ScheduleFacts(), 3600.0, NOW)}
    assert set(broken) == {"m.often", "m.cron", "m.aged", "m.far"}
    assert broken["m.often"] == "somebody looks only each 1 h"
    assert "by hand alone" in broken["m.far"]
    assert [each.dataset for each in unreachable(of, ScheduleFacts(), 60.0, NOW)] == ["m.far"]
    hourly = line("cron", HOURS[30], HOURS[4], 27, 3700.0)
    assert [each.trigger for each in silences([hourly], NOW)] == ["cron"]
    assert silences([hourly], NOW - timedelta(hours=3)) == []
    assert silences([hourly, line("up", HOURS[8], HOURS[0], 900, 40.0)], NOW) == [], "another looks in its place"
    assert silences([line("hand", HOURS[9], HOURS[9], 1, 0.0)], NOW) == []
