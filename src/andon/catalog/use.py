"""How much datasets are used: by how many people within the last thirty days, told by the log of queries.

People are counted, not questions; and what comes by the clock, cron and the tools that refresh themselves, is nobody.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from andon.base.clock import from_text, to_text
from andon.base.record import Record
from andon.catalog.by_clock import asking_of, is_by_machine
from andon.workspace.caller import BY_ITSELF

if TYPE_CHECKING:
    from andon.state.queries import Queries, ReadLine

#: Days that count, today with them.
DAYS = 30
#: Of one question of one person the newest so many moments tell whether it comes by the clock.
_MOMENTS = 500


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


class _Asking:
    """What one person asks again and again: one question, whatever its values."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.reads: dict[str, int] = {}
        self.days: dict[str, dict[str, int]] = {}
        self.moments: deque[str] = deque(maxlen=_MOMENTS)
        self.last: dict[str, str] = {}
        self.is_counted = False

    def add(self, line: ReadLine) -> None:
        day = self.days.setdefault(line.at[:10], {})
        for dataset in line.datasets:
            day[dataset] = day.get(dataset, 0) + 1
            self.reads[dataset] = self.reads.get(dataset, 0) + 1
            self.last[dataset] = max(line.at, self.last.get(dataset, ""))
        self.moments.append(line.at)

    def forget_before(self, day: str) -> bool:
        """Whether anything was forgotten."""
        old = [each for each in self.days if each < day]
        for each in old:
            for dataset, count in self.days.pop(each).items():
                self.reads[dataset] -= count
                if not self.reads[dataset]:
                    del self.reads[dataset], self.last[dataset]
        if old:
            self.moments = deque((at for at in self.moments if at[:10] >= day), maxlen=_MOMENTS)
        return bool(old)

    def is_by_person(self) -> bool:
        return self.who != BY_ITSELF and not is_by_machine([from_text(at) for at in self.moments])


class Tally:
    """Reads by dataset and person, of a window of days that moves on. Not safe under threads."""

    def __init__(self) -> None:
        self._askings: dict[tuple[str, str], _Asking] = {}

    def add(self, lines: Iterable[ReadLine]) -> None:
        """Count lines."""
        moved: set[tuple[str, str]] = set()
        for line in lines:
            key = asking_of(line)
            asking = self._askings.get(key)
            if asking is None:
                asking = self._askings[key] = _Asking(line.who)
            asking.add(line)
            moved.add(key)
        self._judge(moved)

    def forget_before(self, day: str) -> None:
        """Count no more what was read before `day` (`2026-11-01`)."""
        self._judge({key for key, asking in self._askings.items() if asking.forget_before(day)})

    def _judge(self, moved: Iterable[tuple[str, str]]) -> None:
        for key in moved:
            asking = self._askings[key]
            asking.is_counted = asking.is_by_person()
            if not asking.days:
                del self._askings[key]

    def uses(self, names: Mapping[str, str]) -> dict[str, DatasetUse]:
        """What is counted now, by dataset; what had another name before is found in `names`."""
        people: dict[str, set[str]] = {}
        reads: dict[str, int] = {}
        last: dict[str, str] = {}
        for asking in self._askings.values():
            if asking.is_counted:
                for name, count in asking.reads.items():
                    dataset = names.get(name, name)
                    people.setdefault(dataset, set()).add(asking.who)
                    reads[dataset] = reads.get(dataset, 0) + count
                    last[dataset] = max(asking.last[name], last.get(dataset, ""))
        return {dataset: DatasetUse(len(who), reads[dataset], last[dataset]) for dataset, who in people.items()}

    def by_clock(self) -> frozenset[tuple[str, str]]:
        """`asking_of` what is not counted."""
        return frozenset(key for key, asking in self._askings.items() if not asking.is_counted)

    def people(self, datasets: Iterable[str]) -> set[str]:
        """Who read any of them."""
        wanted = set(datasets)
        return {a.who for a in self._askings.values() if a.is_counted and not wanted.isdisjoint(a.reads)}


class UseBook:
    """How much the datasets of a lake are used, as its log of queries tells. Each line is read once. Safe under threads."""

    def __init__(self, log: Queries) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._read = 0
        self._day = ""
        self._tally = Tally()
        self._uses: Mapping[str, DatasetUse] = {}

    def uses(self, now: datetime, names: Callable[[], Mapping[str, str]] = dict) -> Mapping[str, DatasetUse]:
        """By dataset; what nobody read is not in it.

        Args:
            names: tells by name that datasets had before the one that they have now.
        """
        with self._lock:
            self._move_on(now)
            found = names()
            return self._uses if found.keys().isdisjoint(self._uses) else self._tally.uses(found)

    def by_clock(self, now: datetime) -> frozenset[tuple[str, str]]:
        """`asking_of` what comes by the clock, and is nobody's read."""
        with self._lock:
            self._move_on(now)
            return self._tally.by_clock()

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
        self._read, self._day, self._uses = last, since, self._tally.uses({})
