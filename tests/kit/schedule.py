"""A scheduler in simulated time: decisions are the real ones; what they lead to takes as long as chance says."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from andon.base.clock import to_text
from andon.model.decision import BackKind, HeldBack
from andon.model.schedule import rules_of
from andon.operations.scheduling.again import DecidingAgain
from andon.operations.scheduling.book import ScheduleBook, ScheduleEntry
from andon.operations.scheduling.facts import ScheduleFacts
from andon.operations.scheduling.jobs import jobs

_CLAIMED = HeldBack(BackKind.CLAIMED, "being brought up to date now")


def moment(text: str) -> datetime:
    """The moment that an ISO text names, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def entry(name: str, *inputs: str, asked: bool = False, **rules: str) -> ScheduleEntry:
    """A dataset of a book; rules as in `refresh`."""
    return ScheduleEntry(name, rules_of(tuple(rules.items())), inputs, (), asked)


def book(*entries: ScheduleEntry) -> ScheduleBook:
    """The book of some datasets."""
    return ScheduleBook({each.dataset: each for each in entries})


class Simulation:
    """A lake whose runs take time.

    Attributes:
        looks: by dataset when it was brought up to date, as published.
        data: by dataset of when its data are.
        began: `(moment, dataset, slot)` of everything that was begun.
        ages: `(moment, dataset, age)` just before something newer was published.
    """

    def __init__(self, of: ScheduleBook, start: datetime, seconds: Mapping[str, float], chance: random.Random) -> None:
        self.book = of
        self.seconds = dict(seconds)
        self.looks = dict.fromkeys(of.entries, start)
        self.data = dict.fromkeys(of.entries, start)
        self.moved: dict[str, str] = {}
        self.began: list[tuple[datetime, str, str | None]] = []
        self.ages: list[tuple[datetime, str, timedelta]] = []
        self._chance = chance
        self._deciding = DecidingAgain()
        self._running: list[tuple[datetime, int, datetime, tuple[str, ...]]] = []
        self._texts = dict.fromkeys(of.entries, to_text(start))
        self._data = dict(self._texts)

    def known(self, cadence: float) -> ScheduleFacts:
        """What a pass knows."""
        busy = {d: _CLAIMED for _, _, _, names in self._running for d in names}
        return ScheduleFacts(
            looks=dict(self._texts),
            data=dict(self._data),
            moved=dict(self.moved),
            seconds=self.seconds,
            held=busy,
            cadence=cadence,
        )

    def tick(self, now: datetime, cadence: float) -> int:
        """Publish what is over, decide, and begin what is due; how many datasets that were."""
        self.publish(now)
        decisions = self._deciding.decide(self.book, self.known(cadence), now)
        slots = {each.dataset: each.slot for each in decisions if each.is_due and not each.serves}
        for names in jobs(self.book, decisions):
            heapq.heappush(self._running, (now + timedelta(seconds=self._takes(names)), len(self.began), now, names))
            self.began += [(now, d, slots.get(d)) for d in names]
        return sum(each.is_due for each in decisions)

    def publish(self, now: datetime) -> None:
        """Show what runs came to that are over."""
        while self._running and self._running[0][0] <= now:
            end, _, start, names = heapq.heappop(self._running)
            for d in names:
                self.ages.append((end, d, end - self.data[d]))
                above = [self.data[p] for p in self.book.inputs[d] if not self.book.entries[p].is_manual]
                self.data[d] = min((start, *above))
                self.looks[d] = start
                self._texts[d], self._data[d] = to_text(start), to_text(self.data[d])
                self.moved.pop(d, None)

    def end(self, now: datetime) -> None:
        """How old everything is at the end."""
        self.publish(now)
        self.ages += [(now, d, now - self.data[d]) for d in self.book.entries]

    def _takes(self, names: Iterable[str]) -> float:
        long: dict[str, float] = {}
        for d in names:
            own = self.seconds[d] * self._chance.uniform(0.6, 1.4)
            long[d] = own + max((long[p] for p in self.book.inputs[d] if p in long), default=0.0)
        return max(long.values())
