"""What a message says, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from andon.base.clock import to_minute
from andon.base.text import one_line, plural
from andon.model.message import Channel, IncidentChange, Message, MessageDocument, ToldIncident, ToldLetter

#: So many incidents, and so many letters, are told one by one, and so many names in a line.
LISTED, _NAMES = 20, 3
#: A subject is cut at so many characters.
_SUBJECT = 150

_ORDER = list(IncidentChange)


def document_of(message: Message, project: str) -> MessageDocument:
    """The message as who gets it reads it."""
    items = worst_first(item for item in message.items if isinstance(item, ToldIncident))
    letters = [item for item in message.items if isinstance(item, ToldLetter)]
    said = text(items, message.made, letters)
    return MessageDocument(
        message.id, project, message.channel, message.made, subject(items, letters), said, items, letters
    )


def test_document(id: str, channel: Channel, project: str, at: str) -> MessageDocument:
    """A message that tries a channel."""
    said = f"This is a test of the channel `{channel.name}`: what is told of incidents of {project} arrives here."
    return MessageDocument(
        id, project, channel.name, at, f"[andon] test of the channel {channel.name}", said, [], [], is_test=True
    )


def worst_first(items: Iterable[ToldIncident]) -> list[ToldIncident]:
    """What is over last, of the rest the worst first."""
    return sorted(
        items, key=lambda i: (i.change is IncidentChange.CLOSED, -i.lamp.gravity, -len(i.reaches), i.incident)
    )


def subject(items: Sequence[ToldIncident], letters: Sequence[ToldLetter] = ()) -> str:
    """One line for all of them; incidents before letters."""
    more = ""
    if items and letters:
        more = f", and {plural(len(letters), 'letter')} for {one_line(_some(_people(letters)))}"
        more = _cut(more, _SUBJECT // 2)
    if not items:
        said = _letters_in_a_line(letters)
    elif len(items) == 1:
        item = items[0]
        said = f"{_change(item)}: {item.dataset or 'the lake'}: {item.what}"
    else:
        counts = Counter(item.change for item in items)
        parts = ", ".join(f"{counts[change]} {change}" for change in _ORDER if counts[change])
        names = list(dict.fromkeys(item.dataset or "the lake" for item in items))
        said = f"{plural(len(items), 'incident')} ({parts}): {_some(names)}"
    return _cut(one_line(f"[andon] {said}"), _SUBJECT - len(more)) + more


def _cut(line: str, room: int) -> str:
    return line if len(line) <= room else line[: room - 1] + "…"


def _letters_in_a_line(letters: Sequence[ToldLetter]) -> str:
    if len(letters) == 1:
        return f"for {letters[0].person}: {letters[0].what}"
    return f"{plural(len(letters), 'letter')} for {_some(_people(letters))}"


def _people(letters: Sequence[ToldLetter]) -> list[str]:
    return list(dict.fromkeys(letter.person for letter in letters))


def text(items: Sequence[ToldIncident], at: str, letters: Sequence[ToldLetter] = ()) -> str:
    """The whole message: a block for each incident, and for each letter."""
    blocks = ["\n".join(each) for each in blocks_of(items, letters)]
    return "\n\n".join([*blocks, f"as of {moment(at)}"])


def blocks_of(items: Sequence[ToldIncident], letters: Sequence[ToldLetter]) -> list[list[str]]:
    """Lines that belong together: each incident's, each letter's, and how many more there are."""
    blocks = [block(item) for item in items[:LISTED]]
    if len(items) > LISTED:
        blocks.append([f"and {len(items) - LISTED} more: `andon incidents` lists all"])
    blocks += [letter_block(letter) for letter in letters[:LISTED]]
    if len(letters) > LISTED:
        blocks.append([f"and {plural(len(letters) - LISTED, 'more letter')}: `andon letters` lists one's own"])
    return blocks


def letter_block(letter: ToldLetter) -> list[str]:
    """The lines of one letter: for whom, of what, what happened, what to do next."""
    place = f" · {_some(letter.datasets)}" if letter.datasets else ""
    ends = [letter.link, letter.next] if letter.link else [letter.next]
    told = [one_line(f"for {letter.person} · {letter.kind}{place}"), one_line(letter.what)]
    return [*told, f"at {moment(letter.at)}", *ends]


def block(item: ToldIncident) -> list[str]:
    """The lines about one incident: what, where, since when, who is hit, what was done, what to do next."""
    place = item.dataset or "the lake"
    where = place if item.branch == "main" else f"{place} on {item.branch}"
    lines = [
        f"#{item.incident} {item.change} · {item.lamp} · {where}"
        if item.closed is None
        else f"#{item.incident} {_change(item)} · {where}"
    ]
    lines.append(item.what)
    when = f"since {moment(item.opened)}"
    if item.closed is not None:
        when = f"from {moment(item.opened)} to {moment(item.closed)}"
    lines.append(f"{when}; {item.owner} takes care of it" if item.owner else f"{when}; nobody takes care of it yet")
    if item.reaches:
        lines.append(f"{'it reached' if item.closed else 'it reaches'} {_some(item.reaches)}")
    if item.insights:
        lines.append(f"it serves {_some(item.insights)}")
    lines.append(item.did)
    lines.append(item.link or item.next)
    if item.link:
        lines.append(item.next)
    return lines


def _change(item: ToldIncident) -> str:
    """What is new about it; of what is over by then, that too."""
    is_over = item.closed is not None and item.change is not IncidentChange.CLOSED
    return f"{item.change} and over" if is_over else str(item.change)


def moment(iso: str) -> str:
    """A moment for people: `2026-11-29 21:50 UTC`."""
    return f"{to_minute(iso)} UTC"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
