"""What is said of a query that makes a table that grows."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.record import Record, field


class RowsApart(Record):
    """What rows of a result hang on that are told apart by some of its columns.

    Attributes:
        inputs: by input the columns that say the same of its rows, in several ways where it is read several times.
        whole: inputs of which a row may need all, each with why.
        reason: why nothing is known of any.
    """

    inputs: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    whole: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


class Grows(Record):
    """Which inputs must stand for their new rows alone (`inputs`), so that the query gives the new rows of its result; or why none do."""

    inputs: frozenset[str] = frozenset()
    reason: str | None = None
