"""Laws of messages: whatever happens, whoever looks how often, each channel ends up knowing how things stand, and is told nothing twice."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from andon.base.clock import from_text, to_text
from andon.base.record import replace
from andon.model.incident import Incident, IncidentState
from andon.model.lamp import Lamp
from andon.model.letter import LetterKind
from andon.model.message import Channel, IncidentChange, Message, MessageState, ToldIncident, ToldLetter
from andon.model.signal import SignalKind
from andon.operations.messages.routing import HOUR, PATIENCE, News, again_at, change_of, due_at, gathered, heard_as
from andon.operations.messages.wording import LISTED, blocks_of, subject, text
from andon.state.messages import LastTold

START = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = to_text(START)
STATES = st.sampled_from([s for s in IncidentState if s is not IncidentState.VERIFIED])


def _incident(state: IncidentState, reopened: int, number: int = 1) -> Incident:
    return Incident(
        number, "main", "shop.orders", SignalKind.CHECK, "it fails", state, Lamp.FAIL, SINCE, reopened=reopened
    )


def _item(incident: Incident, change: IncidentChange, before: IncidentState | None) -> ToldIncident:
    i = incident
    return ToldIncident(
        i.number,
        change,
        before,
        i.state,
        i.lamp,
        i.branch,
        i.dataset,
        i.kind,
        i.title,
        i.opened,
        None,
        None,
        [],
        [],
        "",
        "",
        None,
    )


@st.composite
def _lives(draw: st.DrawFn) -> list[tuple[Incident, bool]]:
    """The states that an incident goes through, and after which of them somebody looks."""
    reopened, before, found = 0, None, []
    for state in draw(st.lists(STATES, min_size=1, max_size=12)):
        if before is IncidentState.CLOSED and state is not IncidentState.CLOSED:
            reopened += 1
        before = state
        found.append((_incident(state, reopened), draw(st.booleans())))
    return found


@given(_lives())
def test_who_is_told_knows_how_it_stands_and_hears_nothing_twice(life: list[tuple[Incident, bool]]):
    told, changes, heard = None, [], []
    of_beginnings = Channel("team", "slack", changes=frozenset((IncidentChange.OPENED, IncidentChange.REOPENED)))
    for incident, is_looked_at in [*life, (life[-1][0], True), (life[-1][0], True)]:
        if not is_looked_at:
            continue
        change = change_of(told, incident, SINCE)
        if change is not None:
            heard.append(heard_as(change, told, incident, of_beginnings))
            assert heard_as(change, told, incident, Channel("all", "slack")) is change
            told = LastTold(incident.state, incident.reopened)
            changes.append(change)
    last = life[-1][0]
    assert told is not None, "no cause is silent"
    assert told.state.is_over == last.state.is_over
    assert told.reopened == last.reopened or last.state.is_over
    moves = 1 + sum(1 for (a, _), (b, _) in itertools.pairwise(life) if a.state is not b.state)
    assert len(changes) <= moves
    assert changes[0] in (IncidentChange.OPENED, IncidentChange.CLOSED)
    for earlier, later in itertools.pairwise(changes):
        if later is IncidentChange.REOPENED or earlier is IncidentChange.OPENED:
            continue
        if earlier is IncidentChange.CLOSED:
            assert later is IncidentChange.CLOSED, "it came back and ended between two looks"
    assert changes.count(IncidentChange.OPENED) <= 1
    assert heard[0] is IncidentChange.OPENED, "who hears of beginnings alone hears of one that is over by then, too"
    assert heard.count(IncidentChange.OPENED) == 1


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=40),
    st.integers(1, 6),
    st.sampled_from([0.0, 60.0, 900.0]),
    st.booleans(),
)
@example([0] * 6, 1, 60.0, True)
def test_a_channel_is_never_flooded_and_nothing_is_left_out(
    gaps: list[int], per_hour: int, window: float, is_tried: bool
):
    channel = Channel("team", "slack", per_hour=per_hour, window=window)
    now, waiting, sent = START, {}, []
    for number, gap in enumerate(gaps):
        now += timedelta(seconds=gap)
        for message in [m for m in waiting.values() if from_text(m.next_at) <= now]:
            sent.append(message)
            waiting.pop(message.recipient)
        news = [News("", _item(_incident(IncidentState.OPEN, 0, number), IncidentChange.OPENED, None))]
        untried = {} if is_tried else waiting
        dues = {"": sorted(m.due for m in (*sent, *waiting.values()))}
        (message,) = gathered(channel, news, untried, dues, now, [f"id{number}"])
        if message.recipient in waiting and not untried:
            sent.append(waiting.pop(message.recipient))
        waiting[message.recipient] = message
    whole = [*sent, *waiting.values()]
    assert sorted(item.incident for message in whole for item in message.items) == list(range(len(gaps)))
    dues = sorted(from_text(message.due) for message in whole)
    assert len({message.id for message in whole}) == len(whole)
    for earlier, later in itertools.pairwise(dues):
        assert later - earlier >= timedelta(seconds=window)
    for due in dues:
        assert sum(1 for other in dues if due - HOUR < other <= due) <= per_hour


@given(st.lists(st.sampled_from(list(IncidentChange)), min_size=1, max_size=6))
def test_what_gathers_is_said_once_against_what_was_known_before(changes: list[IncidentChange]):
    channel = Channel("team", "slack")
    message = None
    for place, change in enumerate(changes):
        before = IncidentState.CONTAINED if place else None
        news = [News("", _item(_incident(IncidentState.OPEN, 0), change, before))]
        (message,) = gathered(channel, news, {"": message} if message else {}, {}, START, ["id"])
    assert message is not None
    (item,) = message.items
    assert item.before is None
    if changes[-1] is IncidentChange.CLOSED:
        assert item.change is IncidentChange.CLOSED
    elif IncidentChange.OPENED in changes[:1] and IncidentChange.CLOSED not in changes:
        assert item.change is IncidentChange.OPENED


def test_a_message_is_tried_for_days_ever_less_often_and_then_given_up():
    message = Message("id", 1, "team", "", SINCE, SINCE, MessageState.WAITING, (), 0, SINCE)
    now, tries = START, []
    while True:
        message = replace(message, attempts=message.attempts + 1)
        again = again_at(message, now)
        if again is None:
            break
        tries.append(again - now)
        now = again
    assert tries == sorted(tries)
    assert tries[0] == timedelta(minutes=1)
    assert PATIENCE <= now - START < PATIENCE + timedelta(hours=3)
    assert len(tries) < 40
    assert due_at(Channel("team", "slack"), [], START) == START
    ahead = [to_text(START + timedelta(days=3, seconds=number)) for number in range(20)]
    assert due_at(Channel("team", "slack"), ahead, START) == START, "a clock that was ahead holds nothing up"


def test_a_crowd_is_told_by_the_worst_and_counted():
    items = [_item(_incident(IncidentState.OPEN, 0, n), IncidentChange.OPENED, None) for n in range(30)]
    items += [_item(_incident(IncidentState.CLOSED, 0, 99), IncidentChange.CLOSED, IncidentState.OPEN)]
    assert subject(items) == "[andon] 31 incidents (30 opened, 1 closed): shop.orders"
    said = text(items, SINCE)
    assert f"and {31 - LISTED} more: `andon incidents` lists all" in said
    assert said.endswith("as of 2026-11-01 00:00 UTC")
    long = [replace(items[0], what="so long a story\n" * 30)]
    assert len(subject(long)) <= 150
    assert "\n" not in subject(long)


@given(st.lists(st.text(max_size=90), min_size=1, max_size=4), st.text(max_size=90), st.integers(0, 2))
@example(["ana\nBcc: x@y"], "x\n\nfor cleo", 1)
@example(["a" * 90] * 4, "x", 1)
def test_no_name_and_no_word_of_a_letter_makes_a_line_of_its_own(people, what, incidents):
    letters = [
        ToldLetter(number, LetterKind.ASKED, person, "ben", SINCE, what, [], "andon claim 1", None)
        for number, person in enumerate(people)
    ]
    items = [
        _item(_incident(IncidentState.OPEN, 0, number), IncidentChange.OPENED, None) for number in range(incidents)
    ]
    line = subject(items, letters)
    assert len(line) <= 150
    assert line.splitlines() == [line]
    line.encode()
    for block in blocks_of([], letters):
        assert [each.splitlines() or [each] for each in block] == [[each] for each in block]
