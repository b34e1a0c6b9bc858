"""Streams of chance that can be replayed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

_Choice = TypeVar("_Choice")


class Draws:
    """A stream of chance that can be replayed, with single draws changed."""

    def __init__(self, seed: int, recorded: Sequence[float] = ()) -> None:
        self._more = random.Random(seed)
        self._recorded = recorded
        self.drawn: list[float] = []

    def random(self) -> float:
        """A number from 0 to 1."""
        at = len(self.drawn)
        found = self._recorded[at] if at < len(self._recorded) else self._more.random()
        self.drawn.append(found)
        return found

    def chance(self, share: float) -> bool:
        """True in `share` of all cases."""
        return self.random() < share

    def pick(self, choices: Sequence[_Choice]) -> _Choice:
        """One of `choices`."""
        return choices[int(self.random() * len(choices))]

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.random() * (high - low + 1))
