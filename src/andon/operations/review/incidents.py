"""Numbers of incidents: how soon they were noticed and over, what called for nothing, what escaped. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from andon.base.clock import from_text, to_text
from andon.base.record import Record
from andon.base.text import plural
from andon.model.incident import Incident, IncidentEvent, IncidentEventKind, IncidentSignal, IncidentState
from andon.model.review import AlarmShare, Escape, PromiseKept, Spread
from andon.model.signal import SignalKind
from andon.operations.review.spread import spread

#: What came back within this time was not mended.
AGAIN = timedelta(days=7)
#: What a person notices.
BY_PEOPLE = frozenset((SignalKind.CORD, SignalKind.COMPLAINT))
#: So many of a check's last incidents decide whether it is proposed to be loosened.
_LAST = 6


class ReviewedIncident(Record):
    """An incident with all that was recorded of it.

    Attributes:
        began: when what is wrong came in (ISO text), as far as that is known.
        caught: how often a signal of its check was right, over all time, this incident left out.
    """

    incident: Incident
    signals: tuple[IncidentSignal, ...]
    events: tuple[IncidentEvent, ...]
    began: str | None = None
    caught: int = 0


class Episode(Record):
    """From when an incident was opened, or came back, until it was verified; None while it stands (moments as ISO text)."""

    opened: str
    verified: str | None


def episodes(events: Sequence[IncidentEvent]) -> list[Episode]:
    """The times that an incident stood, by what was recorded, in order."""
    found: list[Episode] = []
    opened: str | None = None
    for event in sorted(events, key=lambda event: event.seq):
        if event.kind is not IncidentEventKind.STATE:
            continue
        to = str(event.body.get("to") or event.state)
        if to in (IncidentState.OPEN, IncidentState.CONTAINED):
            opened = opened or event.at
        elif to in (IncidentState.VERIFIED, IncidentState.CLOSED) and opened is not None:
            found.append(Episode(opened, event.at))
            opened = None
    return [*found, Episode(opened, None)] if opened is not None else found


def came_back(events: Sequence[IncidentEvent], after: str) -> bool:
    """Whether an incident that was over came back within `AGAIN` of a moment."""
    until = to_text(from_text(after) + AGAIN)
    return any(after < episode.opened <= until for episode in episodes(events)[1:])


def detect(incidents: Iterable[ReviewedIncident], since: str) -> Spread:
    """See `DEFINITIONS["detect"]`."""
    waits = [
        max(_seconds(each.began, each.incident.opened), 0.0)
        for each in incidents
        if each.began is not None and each.incident.opened >= since
    ]
    return spread(waits)


def recover(incidents: Iterable[ReviewedIncident], since: str) -> Spread:
    """See `DEFINITIONS["recover"]`."""
    return spread(
        _seconds(episode.opened, episode.verified)
        for each in incidents
        for episode in episodes(each.events)
        if episode.verified is not None and episode.verified >= since
    )


def false_alarms(incidents: Iterable[ReviewedIncident], since: str) -> list[AlarmShare]:
    """See `DEFINITIONS["false_alarms"]`: those that called for nothing at least once since, the worst first."""
    by_signal: dict[tuple[str, str, str], list[ReviewedIncident]] = defaultdict(list)
    for each in incidents:
        first = _first(each)
        if each.incident.state.is_over and first is not None and first.kind not in BY_PEOPLE:
            by_signal[first.dataset, str(first.kind), str(first.details.get("check") or "")].append(each)
    found = []
    for (dataset, kind, check), own in by_signal.items():
        ordered = sorted(own, key=lambda each: each.incident.closed or "")
        recent = [each for each in ordered if (each.incident.closed or "") >= since]
        false = sum(each.incident.verdict is not None for each in recent)
        if not false:
            continue
        last = ordered[-_LAST:]
        is_bad = 2 * sum(each.incident.verdict is not None for each in last) > len(last)
        never = all(each.incident.verdict is not None for each in ordered)
        found.append(AlarmShare(dataset, kind, check, len(recent), false, _loosen(check, never) if is_bad else None))
    return sorted(found, key=lambda each: (-each.false / each.closed, -each.false, each.dataset, each.check))


def escapes(incidents: Sequence[ReviewedIncident], since: str) -> list[Escape]:
    """See `DEFINITIONS["escapes"]`, newest first."""
    found = []
    for each in incidents:
        own = each.incident
        if own.kind not in BY_PEOPLE or own.opened < since:
            continue
        known = [
            signal
            for other in incidents
            for signal in other.signals
            if signal.dataset == own.dataset
            and signal.kind not in BY_PEOPLE
            and signal.first <= own.opened
            and (signal.cleared is None or signal.cleared > own.opened)
        ]
        if not known:
            proposal = f"a check that would have said it: `andon check {own.dataset} --suggest`"
            found.append(Escape(own.number, own.dataset, own.opened, own.title, proposal))
    return sorted(found, key=lambda escape: escape.at, reverse=True)


def promises(
    rules: Mapping[str, str], incidents: Iterable[ReviewedIncident], since: str, until: str, objective: float
) -> list[PromiseKept]:
    """See `DEFINITIONS["promise"]`, the worst first.

    Args:
        rules: `{dataset: its rule}` of those that promise a time.
        objective: share of the time in which a promise is to be kept, below 1.
    """
    whole = _seconds(since, until)
    late: dict[str, float] = dict.fromkeys(rules, 0.0)
    for each in incidents:
        for signal in each.signals:
            if signal.kind is SignalKind.LATE and signal.dataset in late:
                spans = _late_times(each, signal)
                late[signal.dataset] += sum(_overlap(begin, end or until, since, until) for begin, end in spans)
    budget = (1 - objective) * whole
    kept = [
        PromiseKept(
            dataset,
            rules[dataset],
            round(1 - min(seconds / whole, 1.0), 4) if whole else 1.0,
            round(seconds, 1),
            round(budget, 1),
            round(seconds / budget, 3) if budget else None,
        )
        for dataset, seconds in late.items()
    ]
    return sorted(kept, key=lambda each: (each.kept, each.dataset))


def _late_times(each: ReviewedIncident, signal: IncidentSignal) -> list[tuple[str, str | None]]:
    """From when until when a promise was broken, None for still. A signal knows when it was broken last; that it was before, and for how
    long, is told by when its incident stood, where that is about nothing else."""
    last = (str(signal.details.get("due") or signal.first), signal.cleared)
    if each.incident.dataset != signal.dataset or each.incident.kind is not SignalKind.LATE:
        return [last]
    earlier = [(span.opened, span.verified) for span in episodes(each.events)[:-1]]
    return [*earlier, last]


def _first(each: ReviewedIncident) -> IncidentSignal | None:
    """The signal that an incident is named by."""
    own = [signal for signal in each.signals if signal.dataset == each.incident.dataset]
    return min(own or each.signals, key=lambda signal: (signal.first, signal.fingerprint), default=None)


def _loosen(check: str, never: bool) -> str:
    named = f"`{check}`" if check else "it"
    if never:
        return f"delete {named}, or let it warn where it can be right: so far it found nothing"
    return f"loosen {named}: more than half of its last {plural(_LAST, 'incident')} were none"


def _overlap(begin: str, end: str, since: str, until: str) -> float:
    return max(_seconds(max(begin, since), min(end, until)), 0.0)


def _seconds(begin: str, end: str) -> float:
    return (from_text(end) - from_text(begin)).total_seconds()
