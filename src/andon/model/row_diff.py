"""Which rows of a dataset differ between two commits: counts, what changed per column, and examples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from andon.base.document import Document, Documented
from andon.base.record import Record, replace
from andon.model.verdict import Renamed


class RowChange(StrEnum):
    """What happened to a row."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class RowCounts(Document):
    """How many rows differ. Without a key there is no `changed`: such a row is one removed and one added."""

    added: int = 0
    removed: int = 0
    changed: int = 0

    @property
    def total(self) -> int:
        """All rows that differ."""
        return self.added + self.removed + self.changed


class ValuePair(Document):
    """`old` became `new` in `rows` rows."""

    old: Any
    new: Any
    rows: int

    def document(self) -> ValuePair:
        """As in `diff --rows --json`."""
        return replace(self, old=as_plain(self.old), new=as_plain(self.new))


class ColumnChangeDocument(Document):
    """How the values of a column differ."""

    changed: int
    filled: int
    emptied: int
    sum: Any
    largest: Any
    pairs: list[ValuePair]
    masked: bool


class ColumnChange(Documented):
    """How the values of one column differ in the changed rows.

    Attributes:
        name: the column.
        changed: how many values differ.
        filled, emptied: how many of them were NULL before, are NULL now.
        sum, largest: for numbers, over values that are finite on both sides: all changes together, and the one that is furthest from 0.
        pairs: for all other types: the commonest changes, most frequent first.
        masked: whether the column is marked `pii`: then only counts are told.
    """

    name: str
    changed: int
    filled: int = 0
    emptied: int = 0
    sum: Any = None
    largest: Any = None
    pairs: tuple[ValuePair, ...] = ()
    masked: bool = False

    def document(self) -> ColumnChangeDocument:
        """As in `diff --rows --json`, under `detail`."""
        return ColumnChangeDocument.about(self, sum=as_plain(self.sum), largest=as_plain(self.largest))


class RowSample(Record):
    """One row that differs, with its values in the order of `RowDiff.names`.

    Attributes:
        rows: how often this row was added or removed (1 for a changed one).
        old, new: before and after; None where there was none. Values of masked columns are `MASK`.
        changed: names of the columns whose values differ.
    """

    change: RowChange
    rows: int
    old: tuple[Any, ...] | None
    new: tuple[Any, ...] | None
    changed: tuple[str, ...] = ()


class RetypedDocument(Document):
    """A column whose type differs, and the type in which both sides were compared."""

    column: str
    a: str
    b: str
    compared_as: str


class RowSampleDocument(Document):
    """A row that differs, before and after."""

    change: RowChange
    rows: int
    changed: list[str]
    old: dict[str, Any] | None
    new: dict[str, Any] | None


class RowDiffDocument(Document):
    """Which rows of a dataset differ."""

    rows: RowCounts | None
    columns: dict[str, int]
    key: list[str]
    where: str | None
    tolerance: str | None
    skipped: str | None
    notes: list[str]
    columns_added: list[str]
    columns_removed: list[str]
    renamed: list[Renamed]
    retyped: list[RetypedDocument]
    detail: dict[str, ColumnChangeDocument]
    samples: list[RowSampleDocument]
    output: str | None


class RowDiff(Documented):
    """Which rows of one dataset differ.

    Attributes:
        names: the columns that are compared (those on both sides, as the new one names them), the key's first.
        key: the columns that tell which row is which; empty when rows are compared as a whole.
        rows: how many differ.
        columns: those with changed values, most changed first.
        columns_added, columns_removed: on one side only; they make no row differ.
        renamed: `(name before, name after)` of columns that are the same under another name.
        retyped: `(name, type before, type after, type in which both were compared)`.
        samples: examples: changed rows by key, then added, then removed ones.
        notes: what the reader must know to judge the numbers (a key that is not unique, …).
        skipped: why the rows were not compared, or None.
        where: the filter on rows that was asked for; `tolerance`: by how much numbers could differ.
        output: the file that all differing rows were written to.
    """

    dataset: str
    names: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    rows: RowCounts = RowCounts()
    columns: tuple[ColumnChange, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    retyped: tuple[tuple[str, str, str, str], ...] = ()
    samples: tuple[RowSample, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str | None = None
    where: str | None = None
    tolerance: str | None = None
    output: str | None = None

    @property
    def is_equal(self) -> bool:
        """Whether the rows were compared and none differs, nor any column."""
        return self.skipped is None and not (
            self.rows.total or self.columns_added or self.columns_removed or self.renamed or self.retyped
        )

    def turned(self) -> RowDiff:
        """The same difference seen from the other side; examples of rows stay behind."""
        before = {new: old for old, new in self.renamed}
        return replace(
            self,
            names=tuple(before.get(name, name) for name in self.names),
            key=tuple(before.get(name, name) for name in self.key),
            rows=RowCounts(self.rows.removed, self.rows.added, self.rows.changed),
            columns=tuple(
                ColumnChange(before.get(c.name, c.name), c.changed, c.emptied, c.filled, masked=c.masked)
                for c in self.columns
            ),
            columns_added=self.columns_removed,
            columns_removed=self.columns_added,
            renamed=tuple((new, old) for old, new in self.renamed),
            retyped=tuple((before.get(name, name), new, old, common) for name, old, new, common in self.retyped),
            samples=(),
        )

    def document(self) -> RowDiffDocument:
        """As in `diff --rows --json`. `rows` is null where the rows were not compared."""
        return RowDiffDocument.about(
            self,
            rows=None if self.skipped else self.rows,
            columns={c.name: c.changed for c in self.columns},
            renamed=[Renamed(*names) for names in self.renamed],
            retyped=[RetypedDocument(*column) for column in self.retyped],
            detail={c.name: c.document() for c in self.columns},
            samples=[RowSampleDocument.about(s, old=self._row(s.old), new=self._row(s.new)) for s in self.samples],
        )

    def _row(self, values: tuple[Any, ...] | None) -> dict[str, Any] | None:
        return None if values is None else {n: as_plain(v) for n, v in zip(self.names, values, strict=True)}


def as_plain(value: Any) -> Any:
    """A value as JSON can hold it: numbers that JSON would cut or has no word for become text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return "\\x" + value.hex()
        case Mapping():
            return {str(k): as_plain(v) for k, v in value.items()}
        case list() | tuple():
            return [as_plain(v) for v in value]
        case _:
            return str(value)
