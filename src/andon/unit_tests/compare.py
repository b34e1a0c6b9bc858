"""Expected rows against those found, as multisets: which agree, which are nearly alike, which are left over. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from andon.base.record import Record
from andon.model.unit_tests import Pair, Row

#: How far a double may be off where nothing is said, as a share of what is expected.
FLOAT_SHARE = Fraction(1, 10**9)
#: How much the rounding of two doubles may add to their difference, as a share of the larger one.
_SLACK = Fraction(1, 10**14)
#: Rows of each kind that are kept for showing, and up to which rows are paired.
SHOWN = 20
_PAIRED = 200
#: Up to so many rows of one group are matched the best way; more are matched in their order.
_MATCHED = 300


class NumberTolerance(Record):
    """How far a number may be off: `amount`, or a share of what is expected."""

    amount: Fraction
    relative: bool


class ComparedRow(Record):
    """A row: its listed columns as texts, and as values those that are compared with a tolerance."""

    shown: Row
    values: tuple[Any, ...]


class Difference(Record):
    """How expected and found rows differ; `pairs`, `missing`, `unexpected` hold the first ones."""

    pairs: tuple[Pair, ...] = ()
    missing: tuple[Row, ...] = ()
    unexpected: tuple[Row, ...] = ()
    missing_count: int = 0
    unexpected_count: int = 0
    misplaced: bool = False

    @property
    def is_none(self) -> bool:
        """Whether the rows agree."""
        return not (self.missing_count or self.unexpected_count or self.misplaced)


class RowComparison(Record):
    """How rows are compared.

    Attributes:
        tolerances: of each column; None where its text must be equal.
        key: indices of columns that tell which row is meant: pairs agree in them, if any do.
        ordered: whether the order counts.
    """

    tolerances: Sequence[NumberTolerance | None]
    key: frozenset[int] = frozenset()
    ordered: bool = False

    def difference(self, expected: Sequence[ComparedRow], found: Sequence[ComparedRow]) -> Difference:
        """How the rows differ."""
        missing, unexpected = self._left_over(expected, found)
        if not missing and not unexpected:
            misplaced = self.ordered and not all(map(self._alike, expected, found))
            if not misplaced:
                return Difference()
            moved = [i for i, (a, b) in enumerate(zip(expected, found, strict=True)) if not self._alike(a, b)]
            swapped = tuple(self._pair(expected[i], found[i]) for i in moved[:SHOWN])
            return Difference(swapped, misplaced=True)
        pairs, alone, others = self._paired(missing, unexpected)
        return Difference(
            tuple(pairs[:SHOWN]),
            tuple(line.shown for line in alone[:SHOWN]),
            tuple(line.shown for line in others[:SHOWN]),
            len(missing),
            len(unexpected),
        )

    # -- agreement

    def _alike(self, one: ComparedRow, other: ComparedRow) -> bool:
        return not self._differing(one, other)

    def _differing(self, expected: ComparedRow, found: ComparedRow) -> tuple[int, ...]:
        return tuple(i for i in range(len(self.tolerances)) if not self._same(i, expected, found))

    def _same(self, index: int, expected: ComparedRow, found: ComparedRow) -> bool:
        tolerance = self.tolerances[index]
        if tolerance is None:
            return expected.shown[index] == found.shown[index]
        return is_near(expected.values[index], found.values[index], tolerance)

    def _left_over(
        self, expected: Sequence[ComparedRow], found: Sequence[ComparedRow]
    ) -> tuple[list[ComparedRow], list[ComparedRow]]:
        """The rows that have no partner on the other side, in their order."""
        exact = [i for i, tolerance in enumerate(self.tolerances) if tolerance is None]
        groups: dict[tuple[str | None, ...], tuple[list[int], list[int]]] = {}
        for side, lines in enumerate((expected, found)):
            for at, line in enumerate(lines):
                groups.setdefault(tuple(line.shown[i] for i in exact), ([], []))[side].append(at)
        missing: list[int] = []
        unexpected: list[int] = []
        for ours, theirs in groups.values():
            partners = self._partners(expected, found, ours, theirs)
            missing += [at for at in ours if at not in partners]
            unexpected += [at for at in theirs if at not in partners.values()]
        return [expected[at] for at in sorted(missing)], [found[at] for at in sorted(unexpected)]

    def _partners(
        self, expected: Sequence[ComparedRow], found: Sequence[ComparedRow], ours: Sequence[int], theirs: Sequence[int]
    ) -> dict[int, int]:
        """For rows of one group, which agree but for their tolerant columns: as many pairs as there can be."""
        if all(tolerance is None for tolerance in self.tolerances) or len(ours) * len(theirs) > _MATCHED**2:
            near = [(a, b) for a, b in zip(ours, theirs, strict=False) if self._alike(expected[a], found[b])]
            return dict(near)
        taken: dict[int, int] = {}

        def place(at: int, tried: set[int]) -> bool:
            for other in theirs:
                if other in tried or not self._alike(expected[at], found[other]):
                    continue
                tried.add(other)
                if other not in taken or place(taken[other], tried):
                    taken[other] = at
                    return True
            return False

        for at in ours:
            place(at, set())
        return {at: other for other, at in taken.items()}

    # -- showing

    def _pair(self, expected: ComparedRow, found: ComparedRow) -> Pair:
        return Pair(expected.shown, found.shown, self._differing(expected, found))

    def _paired(
        self, missing: Sequence[ComparedRow], unexpected: Sequence[ComparedRow]
    ) -> tuple[list[Pair], list[ComparedRow], list[ComparedRow]]:
        """Rows that are nearly alike, those most alike first in choice, and what is left of both sides."""
        width = len(self.tolerances)
        scores: list[tuple[int, int, int]] = []
        for a, one in enumerate(missing[:_PAIRED]):
            for b, other in enumerate(unexpected[:_PAIRED]):
                differing = self._differing(one, other)
                same_key = bool(self.key) and not self.key.intersection(differing)
                if same_key or (not self.key and len(differing) < width) or len(missing) == len(unexpected) == 1:
                    scores.append((len(differing) - width * same_key, a, b))
        ours: dict[int, int] = {}
        for _, a, b in sorted(scores):
            if a not in ours and b not in ours.values():
                ours[a] = b
        pairs = [self._pair(missing[a], unexpected[ours[a]]) for a in sorted(ours)]
        alone = [line for a, line in enumerate(missing) if a not in ours]
        others = [line for b, line in enumerate(unexpected) if b not in ours.values()]
        return pairs, alone, others


def is_near(expected: Any, found: Any, tolerance: NumberTolerance) -> bool:
    """Whether `found` is `expected` within the tolerance; in lists and structs every number is."""
    if isinstance(expected, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(expected) == len(found) and all(
            is_near(a, b, tolerance) for a, b in zip(expected, found, strict=True)
        )
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(is_near(v, found[k], tolerance) for k, v in expected.items())
    if not _is_number(expected) or not _is_number(found):
        return bool(expected == found)
    if not math.isfinite(expected) or not math.isfinite(found):
        return bool(expected == found) or (math.isnan(expected) and math.isnan(found))
    one, other = Fraction(expected), Fraction(found)
    most = tolerance.amount * (abs(one) if tolerance.relative else 1)
    if isinstance(expected, float) or isinstance(found, float):
        most += _SLACK * max(abs(one), abs(other))
    return abs(one - other) <= most


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
