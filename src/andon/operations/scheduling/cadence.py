"""How often somebody looks, which promises that can't keep, and whether somebody who used to look stays away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from andon.base.clock import from_text, to_text
from andon.base.cron import cron_times
from andon.base.duration import read_duration
from andon.base.record import Record
from andon.base.text import span
from andon.model.decision import Silence, Unreachable
from andon.model.schedule import RefreshRule, RuleKind
from andon.operations.scheduling.book import ScheduleBook, ScheduleEntry
from andon.operations.scheduling.facts import ScheduleFacts
from andon.operations.scheduling.spans import spans_of
from andon.state.decisions import PassLine

#: Who looks regularly stays away after so many times the usual, and this much more.
_AWAY, _MORE = 3.0, timedelta(minutes=2)
#: So many times of cron tell how close together they lie.
_SLOTS = 12


#: What makes a pass that a person asked for.
BY_HAND = "hand"
#: So many lines of the record of passes tell who looks how often.
LINES = 50


class TriggerPace(Record):
    """How often a trigger looks: seconds from one pass to the next, usually and at most; and its last pass."""

    cause: str
    usual: float
    longest: float
    last: datetime


def triggers_of(lines: Sequence[PassLine]) -> list[TriggerPace]:
    """How often each trigger looked, by its lines; one that looked only once is left out."""
    found = []
    for cause in sorted({line.cause for line in lines}):
        own = sorted((line for line in lines if line.cause == cause), key=lambda line: line.began)
        gaps: list[float] = []
        for number, line in enumerate(own):
            if line.cadence is not None:
                gaps += [line.cadence] * min(line.times - 1, 100)
            if number + 1 < len(own):
                gaps.append((from_text(own[number + 1].began) - from_text(line.last)).total_seconds())
        gaps = sorted(gap for gap in gaps if gap > 0)
        if gaps:
            usual = gaps[len(gaps) // 2]
            longest = max(line.gap for line in own)
            found.append(TriggerPace(cause, usual, max(longest, usual), max(from_text(line.last) for line in own)))
    return found


def cadence_of(lines: Sequence[PassLine], now: datetime) -> float | None:
    """Seconds from one pass to the next, by the trigger that looks most often and does not stay away; None where none is known."""
    active = [each.usual for each in triggers_of(lines) if now - each.last <= _patience(each)]
    return min(active, default=None)


def silences(lines: Sequence[PassLine], now: datetime) -> list[Silence]:
    """The triggers that used to look and stay away; one in whose place another looks as often is not missed, nor is a person."""
    triggers = [each for each in triggers_of(lines) if each.cause != BY_HAND]
    active = [each for each in triggers if now - each.last <= _patience(each)]
    return [
        Silence(each.cause, to_text(each.last), each.usual)
        for each in triggers
        if now - each.last > _patience(each) and not any(other.usual <= each.usual * _AWAY for other in active)
    ]


def unreachable(book: ScheduleBook, known: ScheduleFacts, cadence: float, now: datetime) -> list[Unreachable]:
    """The promises that can't be kept when somebody looks each `cadence` seconds, each with why.

    Args:
        cadence: 0 where it is not known; then only what no trigger could keep is told.
    """
    shut = frozenset(d for d in book.with_rules if book.entries[d].is_manual)
    spans = spans_of(book, known.seconds, shut) if book.with_ages else {}
    found = []
    for dataset in book.with_rules:
        entry = book.entries[dataset]
        for rule in entry.rules:
            why = _why(book, entry, rule, spans.get(dataset, 0.0), cadence, now)
            if why is not None:
                found.append(Unreachable(dataset, rule.spoken, why))
    return found


def _why(
    book: ScheduleBook, entry: ScheduleEntry, rule: RefreshRule, seconds: float, cadence: float, now: datetime
) -> str | None:
    often = f"somebody looks only each {span(cadence)}"
    if rule.kind is RuleKind.EVERY:
        length = read_duration(rule.text)
        is_rarer = length is not None and not length.months and length.seconds < cadence
        return often if is_rarer else None
    if rule.kind is RuleKind.CRON:
        close = _closest(rule, now)
        return f"its times lie {span(close)} apart, and {often}" if close is not None and close < cadence else None
    if rule.kind is not RuleKind.MAX_AGE:
        return None
    length = read_duration(rule.text)
    if length is None or length.months:
        return None
    if cadence and length.seconds < cadence + seconds:
        return f"{often}, and a run takes {span(seconds)}" if seconds >= 1 else often
    if length.seconds < 2 * seconds:
        return f"bringing it up to date takes up to {span(seconds)}"
    by_hand = next((p for p in book.above(entry.dataset) if book.entries[p].is_manual), None)
    return f"{by_hand} above it is brought up to date by hand alone" if by_hand is not None else None


def _closest(rule: RefreshRule, now: datetime) -> float | None:
    """The fewest seconds between two of the next times of a line of cron."""
    times, at, gaps = cron_times(rule.text, rule.zone), now, []
    for _ in range(_SLOTS):
        coming = times.after(at)
        if coming is None:
            break
        if at != now:
            gaps.append((coming - at).total_seconds())
        at = coming
    return min(gaps, default=None)


def _patience(trigger: TriggerPace) -> timedelta:
    return timedelta(seconds=max(_AWAY * trigger.usual, trigger.longest)) + _MORE
