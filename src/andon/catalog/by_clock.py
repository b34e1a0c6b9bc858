"""What comes by the clock: cron, and tools that refresh themselves. It is told by its moments, and is nobody's read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Protocol, TypeVar

from andon.base.clock import from_text
from andon.state.queries import UNASKED
from andon.workspace.caller import BY_ITSELF

_Deed = TypeVar("_Deed", bound="Deed")
_Key = TypeVar("_Key", bound=Hashable)

#: What comes within so many seconds of each other is one occasion.
_ONE = 60.0
#: A machine keeps its interval to so many seconds; where there are three occasions only, to so many.
_EXACT, _EXACT_OF_THREE = 60.0, 10.0
_DRIFT = 0.02
#: Where there are this many, one in ten may be off: the clocks were changed, it was down.
_MANY = 10
#: More a day than a person asks for.
_A_DAY = 24


class Deed(Protocol):
    """Something that was done: a question, or a run."""

    @property
    def at(self) -> str:
        """When (ISO text)."""
        ...

    @property
    def who(self) -> str:
        """By whom."""
        ...

    @property
    def face(self) -> str:
        """Through which door."""
        ...


class LoggedRead(Deed, Protocol):
    """A line of the log of questions, as far as it matters here."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """What was read."""
        ...

    @property
    def shape(self) -> str | None:
        """What is one for questions that differ in values alone."""
        ...


def asking_of(line: LoggedRead) -> tuple[str, str]:
    """`(who, kind of question)`: questions that differ in values alone are of one kind."""
    return line.who, line.shape or " ".join(line.datasets)


#: Whether a line comes by the clock: a tool that refreshes itself, cron, or Andon.
ByClock = Callable[[LoggedRead], bool]


def is_asked(line: Deed) -> bool:
    """Whether somebody asked, or a tool of theirs: not Andon, for a page or a promise."""
    return line.who != BY_ITSELF and line.face not in UNASKED


def machines_among(lines: Iterable[LoggedRead]) -> set[tuple[str, str]]:
    """`asking_of` the questions that come by the clock."""
    return by_machine((line for line in lines if is_asked(line)), asking_of)


def by_machine(deeds: Iterable[_Deed], key: Callable[[_Deed], _Key]) -> set[_Key]:
    """The keys of those deeds that come by the clock.

    Args:
        key: what is one for deeds of one hand.
    """
    moments: dict[_Key, list[datetime]] = {}
    for deed in deeds:
        moments.setdefault(key(deed), []).append(from_text(deed.at))
    return {each for each, own in moments.items() if is_by_machine(own)}


def is_by_machine(moments: Sequence[datetime]) -> bool:
    """Whether what was done at these moments was done by something that waits for a clock."""
    if len({moment.date() for moment in moments}) > 1:
        days = len({moment.date() for moment in moments})
        if len(moments) / days > _A_DAY:
            return True
    occasions = _occasions(moments)
    if len(occasions) < 3:
        return False
    gaps = [b - a for a, b in pairwise(occasions)]
    base = min(gaps)
    if base < 600 and len(gaps) < 4:
        return False
    give = _EXACT_OF_THREE if len(gaps) == 2 else min(_EXACT, _DRIFT * base + 1)
    off = [gap for gap in gaps if abs(gap - base * round(gap / base)) > give * max(1, min(round(gap / base), 7))]
    return len(off) <= (len(gaps) // 10 if len(gaps) >= _MANY else 0)


def _occasions(moments: Sequence[datetime]) -> list[float]:
    found: list[float] = []
    for seconds in sorted(moment.timestamp() for moment in moments):
        if not found or seconds - found[-1] > _ONE:
            found.append(seconds)
    return found
