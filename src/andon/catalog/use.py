"""How much datasets are used: by how many people within the last thirty days, told by the log of queries.

People are counted, not questions: what a machine asks every minute is not loved for it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.record import Record

if TYPE_CHECKING:
    from andon.state.queries import Queries, ReadLine

#: Days that count, today with them.
DAYS = 30


class DatasetUse(Record):
    """How much a dataset is used.

    Attributes:
        readers: people who asked it.
        reads: how often they did, all together.
        last: when it was asked last (ISO text).
    """

    readers: int = 0
    reads: int = 0
    last: str | None = None


NOT_USED = DatasetUse()


class Tally:
    """Reads by dataset and person, of a window of days that moves on. Not safe under threads."""

    def __init__(self) -> None:
        self._days: deque[tuple[str, dict[tuple[str, str], int]]] = deque()
        self._people: dict[str, dict[str, int]] = {}
        self._last: dict[str, str] = {}

    def add(self, lines: Iterable[ReadLine]) -> None:
        """Count lines."""
        for line in lines:
            day = self._day(line.at[:10])
            for dataset in line.datasets:
                day[dataset, line.who] = day.get((dataset, line.who), 0) + 1
                people = self._people.setdefault(dataset, {})
                people[line.who] = people.get(line.who, 0) + 1
                self._last[dataset] = max(line.at, self._last.get(dataset, ""))

    def forget_before(self, day: str) -> None:
        """Count no more what was read before `day` (`2026-11-01`)."""
        for _ in range(len(self._days)):
            at, counts = self._days.popleft()
            if at >= day:
                self._days.append((at, counts))
                continue
            for (dataset, who), count in counts.items():
                self._take(dataset, who, count)

    def uses(self) -> dict[str, DatasetUse]:
        """What is counted now, by dataset."""
        return {
            dataset: DatasetUse(len(people), sum(people.values()), self._last[dataset])
            for dataset, people in self._people.items()
        }

    def people(self, datasets: Iterable[str]) -> set[str]:
        """Who read any of them."""
        return set().union(*(self._people.get(dataset, {}) for dataset in datasets))

    def _day(self, day: str) -> dict[tuple[str, str], int]:
        for at, counts in reversed(self._days):
            if at == day:
                return counts
        self._days.append((day, {}))
        return self._days[-1][1]

    def _take(self, dataset: str, who: str, count: int) -> None:
        people = self._people[dataset]
        people[who] -= count
        if people[who] <= 0:
            del people[who]
        if not people:
            del self._people[dataset], self._last[dataset]


class UseBook:
    """How much the datasets of a lake are used, as its log of queries tells. Each line is read once. Safe under threads."""

    def __init__(self, log: Queries) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._read = 0
        self._day = ""
        self._tally = Tally()
        self._uses: Mapping[str, DatasetUse] = {}

    def uses(self, now: datetime) -> Mapping[str, DatasetUse]:
        """By dataset; what nobody read is not in it."""
        with self._lock:
            self._move_on(now)
            return self._uses

    def people(self, datasets: Iterable[str], now: datetime) -> set[str]:
        """Who read any of `datasets`."""
        with self._lock:
            self._move_on(now)
            return self._tally.people(datasets)

    def _move_on(self, now: datetime) -> None:
        last, since = self._log.last(), to_text(now - timedelta(days=DAYS - 1))[:10]
        if last == self._read and since == self._day:
            return
        if last < self._read or since < self._day:  # the log was emptied, or the clock set back
            self._read, self._tally = 0, Tally()
        self._tally.add(self._log.reads_after(self._read, since))
        self._tally.forget_before(since)
        self._read, self._day, self._uses = last, since, self._tally.uses()
