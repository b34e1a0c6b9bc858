"""A cache in memory that has a bound: what was used last stays. For facts that never change; safe under threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Lru(Generic[_Key, _Value]):
    """Values by key, up to a total weight; those that were not used for longest go first.

    Two threads that miss the same key both read it, and the second puts what the first put: facts are the same.

    Args:
        room: total weight that is kept. One value alone may weigh more: the newest is always kept.
        weigh: weight of a value, the same each time; without it each weighs one.
    """

    def __init__(self, room: int, weigh: Callable[[_Value], int] | None = None) -> None:
        self._room = room
        self._weigh = weigh
        self._values: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        """The value of `key`, which counts as used now; None if it is not there."""
        with self._lock:
            return self._get(key)

    def get_many(self, keys: Iterable[_Key]) -> dict[_Key, _Value]:
        """The values that are there; they count as used now."""
        with self._lock:
            found = {key: self._get(key) for key in keys}
        return {key: value for key, value in found.items() if value is not None}

    def newest(self) -> tuple[_Key, _Value] | None:
        """What was used or kept last, with its key; None where nothing is kept."""
        with self._lock:
            key = next(reversed(self._values), None)
            return None if key is None else (key, self._values[key][0])

    def put(self, key: _Key, value: _Value) -> None:
        """Keep `value`, which is not None."""
        self.put_many({key: value})

    def put_many(self, values: Mapping[_Key, _Value]) -> None:
        """Keep `values`, the last one as the newest."""
        weigh = self._weigh
        weighed = [(key, value, 1 if weigh is None else weigh(value)) for key, value in values.items()]
        with self._lock:
            for key, value, weight in weighed:
                _, before = self._values.pop(key, (None, 0))
                self._values[key] = value, weight
                self._weight += weight - before
            while self._weight > self._room and len(self._values) > 1:
                _, (_, weight) = self._values.popitem(last=False)
                self._weight -= weight

    def discard(self, key: _Key) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            _, weight = self._values.pop(key, (None, 0))
            self._weight -= weight

    def __contains__(self, key: object) -> bool:
        """Whether it is there; this is no use of it."""
        with self._lock:
            return key in self._values

    def __len__(self) -> int:
        """How many values are there."""
        return len(self._values)

    @property
    def weight(self) -> int:
        """Of all values together."""
        return self._weight

    def _get(self, key: _Key) -> _Value | None:
        kept = self._values.get(key)
        if kept is None:
            return None
        self._values.move_to_end(key)
        return kept[0]
