"""What the operators of a plan hand up: columns with their sources, and what decides which rows there are.

Sources are bits of an integer, so that the union of two sets is one instruction; `Sources` gives each column its bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from andon.base.record import Record, field, replace

#: A set of source columns, one bit each.
Bits = int

NOTHING: Bits = 0


class Sources:
    """The source columns of one query, each with its bit."""

    def __init__(self) -> None:
        self._bits: dict[tuple[str, str], Bits] = {}
        self._names: list[tuple[str, str]] = []

    def bit(self, dataset: str, column: str) -> Bits:
        """The bit of a column, always the same one."""
        name = (dataset, column)
        found = self._bits.get(name)
        if found is None:
            found = self._bits[name] = 1 << len(self._names)
            self._names.append(name)
        return found

    def names(self, bits: Bits) -> frozenset[tuple[str, str]]:
        """The `(dataset, column)`s of a set."""
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self._names[lowest.bit_length() - 1])
            bits ^= lowest
        return frozenset(found)


class ColumnUse(NamedTuple):
    """What an expression takes: columns whose values go into its value, and columns that decide over those."""

    derive: Bits = NOTHING
    influence: Bits = NOTHING

    @property
    def any(self) -> Bits:
        """Both: for an expression that itself only decides."""
        return self.derive | self.influence


NO_USE = ColumnUse()


class TracedColumn(Record):
    """A column between two operators.

    Attributes:
        use: where its values come from.
        place: `(table index, column index)` by which an expression may name it, if the plan gives it one.
        kind: its type as the plan writes it, if known.
        parameter: which outer column it is, inside of a correlated subquery: constant for each outer row.
        counted: it holds lists whose length depends on no value: they were written out.
        carried: the source columns of which one gives each of its values, as it is, where it is not NULL; None where values are made.
        reason: why it can't be traced. Only a column that somebody uses matters.
    """

    use: ColumnUse = NO_USE
    place: tuple[int, int] | None = None
    kind: dict[str, Any] | None = None
    parameter: tuple[int, int] | None = None
    reason: str | None = None
    counted: bool = False
    carried: Bits | None = None


class TracedRelation(Record):
    """The result of an operator.

    Attributes:
        columns: in the order by which expressions count them.
        rows: what decides which rows there are, and how often.
        order: what decides in which order they come; of matter only to what looks at the order.
    """

    columns: list[TracedColumn] = field(default_factory=list)
    rows: Bits = NOTHING
    order: Bits = NOTHING

    def with_columns(self, columns: list[TracedColumn]) -> TracedRelation:
        """The same rows with other columns."""
        return replace(self, columns=columns)


def influenced(column: TracedColumn, bits: Bits) -> TracedColumn:
    """The column, decided over by `bits` too."""
    if not bits & ~column.use.influence:
        return column
    return replace(column, use=ColumnUse(column.use.derive, column.use.influence | bits))


def values_of(columns: Iterable[TracedColumn]) -> Bits:
    """What it takes to compare rows by all of these columns."""
    found = NOTHING
    for column in columns:
        # within one run of a correlated subquery all rows have the same parameter: it tells no two apart
        if column.parameter is None:
            found |= column.use.any
    return found
