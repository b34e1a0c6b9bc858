"""Which channel is told what, and when: changes of incidents and letters in, messages out. Pure.

A letter is told once. Of incidents it is told by state, not by what happened between: a channel remembers what it was told of an incident
last, and hears of it again when that is no longer so. What is told is the same however often somebody looks, and by whom.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta

from andon.base.clock import from_text, to_text
from andon.base.record import Record, replace
from andon.model.incident import Incident, IncidentEvent, IncidentEventKind, IncidentSignal, IncidentState
from andon.model.lamp import Lamp
from andon.model.letter import Letter
from andon.model.message import Channel, IncidentChange, Message, MessageState, ToldIncident, ToldLetter
from andon.state.messages import LastTold

#: The time over which a channel counts its messages.
HOUR = timedelta(hours=1)
#: How long a message waits after each attempt that failed; then as long as the last. Given up after `PATIENCE`.
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=3))
PATIENCE = timedelta(days=3)


class News(Record):
    """What a channel is to be told.

    Attributes:
        recipient: an address in place of the channel's own; empty: those.
    """

    recipient: str
    item: ToldIncident | ToldLetter


def worst_of(incident: Incident, signals: Sequence[IncidentSignal]) -> Lamp:
    """The worst that an incident ever was."""
    return max((incident.lamp, *(signal.lamp for signal in signals)), key=lambda lamp: lamp.gravity)


def hears(channel: Channel, incident: Incident, signals: Sequence[IncidentSignal], default: str, now: str) -> bool:
    """Whether a channel wants to hear of an incident, wherever it is selected. That it is over is told of one that is snoozed, too.

    Args:
        default: the branch that is told of where the channel names none.
        now: the time as ISO text.
    """
    if incident.branch not in (channel.branches or (default,)) or (
        incident.is_snoozed(now) and not incident.state.is_over
    ):
        return False
    is_grave = worst_of(incident, signals).gravity >= channel.severity.gravity
    return is_grave and bool(channel.kinds & {incident.kind, *(signal.kind for signal in signals)})


def carries(channel: Channel, letter: Letter, selected: Container[str]) -> bool:
    """Whether a channel carries a letter; one that was known, or over, before anybody looked is carried no more.

    Args:
        selected: the datasets that the channel is about, where it names some; what is about no dataset is everybody's.
    """
    is_chosen = not channel.only or not letter.datasets or any(name in selected for name in letter.datasets)
    return letter.kind in channel.letters and is_chosen and letter.seen is None and letter.ended is None


def told_letter(letter: Letter, address: str) -> ToldLetter:
    """What is told of a letter.

    Args:
        address: of the server, without a slash at its end; empty where nobody knows it.
    """
    return ToldLetter(
        letter.number,
        letter.kind,
        letter.person,
        letter.who,
        letter.at,
        letter.what,
        letter.datasets,
        letter.next,
        f"{address}{letter.page}" if address else None,
    )


def change_of(told: LastTold | None, incident: Incident, since: str) -> IncidentChange | None:
    """What is new about an incident for who was told of it last; None where nothing is.

    Args:
        told: None where they never were.
        since: from when on they are told; what was over before is none of theirs.
    """
    is_over = incident.state.is_over
    if told is None:
        if not is_over:
            return IncidentChange.OPENED
        return IncidentChange.CLOSED if incident.opened >= since else None
    came_back = incident.reopened > told.reopened
    if is_over:
        return IncidentChange.CLOSED if came_back or not told.state.is_over else None
    if came_back or told.state.is_over:
        return IncidentChange.REOPENED
    if incident.state is told.state or incident.state is IncidentState.VERIFIED:
        return None
    if incident.state is IncidentState.OPEN:
        return IncidentChange.WORSE
    return IncidentChange.FIXED if incident.state is IncidentState.FIXED else IncidentChange.CONTAINED


def heard_as(change: IncidentChange, told: LastTold | None, incident: Incident, channel: Channel) -> IncidentChange:
    """As what a channel is told of a change: of what began and ended since it was told, a channel that hears of no ends hears that it
    happened, and is over."""
    if change is not IncidentChange.CLOSED or change in channel.changes:
        return change
    if told is None:
        return IncidentChange.OPENED
    return IncidentChange.REOPENED if incident.reopened > told.reopened else change


def calls_a_person(event: IncidentEvent) -> bool:
    """Whether what was done about an incident needs a person's look."""
    return event.kind is IncidentEventKind.ACTION and event.body.get("calls") is True


def new_causes(events: Sequence[IncidentEvent], told: Container[int]) -> set[int]:
    """The incidents that took in a cause of which nobody heard: one that was no incident of its own, or of which nobody was told.

    Args:
        told: of which incidents the channel was told.
    """
    return {
        event.incident
        for event in events
        if event.kind is IncidentEventKind.ABSORBED and "root" in event.body and event.body.get("was") not in told
    }


def due_at(channel: Channel, dues: Sequence[str], now: datetime) -> datetime:
    """When the next message of a channel may go out.

    Args:
        dues: when those of the last hour, and those that wait, went or go out (ISO text), in order.
    """
    step = max(HOUR, timedelta(seconds=channel.window))
    moments: list[datetime] = []
    for moment in map(from_text, dues):
        if moment > max([now, *moments[-1:]]) + step:
            break  # none waits so long for those before it: what lies there was noted by a clock that was ahead
        if moment > now - HOUR:
            moments.append(moment)
    found = now
    if moments:
        found = max(found, moments[-1] + timedelta(seconds=channel.window))
    if len(moments) >= channel.per_hour:
        found = max(found, moments[-channel.per_hour] + HOUR)
    return found


def gathered(
    channel: Channel,
    news: Sequence[News],
    untried: Mapping[str, Message],
    dues: Mapping[str, Sequence[str]],
    now: datetime,
    new_ids: Sequence[str],
) -> list[Message]:
    """The messages that say `news`: one for each recipient, the one that waits for them if nobody ever tried to send it.

    Args:
        untried: by recipient what waits and was never tried.
        dues: by recipient when messages went or go out.
        new_ids: at least as many as `news` has recipients.
    """
    ids = iter(new_ids)
    found: dict[str, Message] = {}
    for each in news:
        message = found.get(each.recipient) or untried.get(each.recipient)
        if message is None:
            due = to_text(due_at(channel, dues.get(each.recipient, ()), now))
            made = to_text(now)
            message = Message(
                next(ids), 0, channel.name, each.recipient, made, due, MessageState.WAITING, (), attempts=0, next_at=due
            )
        found[each.recipient] = replace(message, items=_with(message.items, each.item))
    return list(found.values())


def again_at(message: Message, now: datetime) -> datetime | None:
    """When a message that was tried and not taken is tried again; None: it is given up."""
    if now - from_text(message.made) >= PATIENCE:
        return None
    return now + BACKOFF[min(message.attempts, len(BACKOFF)) - 1]


def _with(
    items: Sequence[ToldIncident | ToldLetter], new: ToldIncident | ToldLetter
) -> tuple[ToldIncident | ToldLetter, ...]:
    """Items with a new one, in place of an earlier one of its incident: what is new is told against what was told before."""
    if isinstance(new, ToldLetter):
        return (*items, new)
    number = new.incident
    earlier = next((i for i in items if isinstance(i, ToldIncident) and i.incident == number), None)
    if earlier is not None:
        beginnings = (IncidentChange.OPENED, IncidentChange.REOPENED)
        is_still = earlier.change in beginnings and new.change is not IncidentChange.CLOSED
        new = replace(new, before=earlier.before, change=earlier.change if is_still else new.change)
    return (*(item for item in items if item is not earlier), new)
