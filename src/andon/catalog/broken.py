"""What becomes of a query when its datasets get other columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from andon.base.record import Record
from andon.model.broken_reader import Breaking
from andon.model.version import Columns, Schemas

#: The columns that a query gives, or why it fails.
Outcome = Columns | str


class MovedColumns(Record):
    """How the columns of datasets change.

    Attributes:
        datasets: whose columns are not the same; what is new is not among them.
        gone: those that are there no more.
        columns: by dataset, those that are gone or of another type, in lower case.
        grown: the datasets that have columns under names that were not there.
    """

    datasets: frozenset[str]
    gone: frozenset[str]
    columns: Mapping[str, frozenset[str]]
    grown: frozenset[str] = frozenset()

    def hit(self, used: Mapping[str, Collection[str]]) -> list[str]:
        """The `schema.dataset.column`s of those used that are gone or of another type."""
        return sorted(
            f"{name}.{column}" for name in used for column in used[name] if column.lower() in self.columns.get(name, ())
        )


def moved_between(before: Schemas, after: Schemas) -> MovedColumns:
    """How the columns of what was there change."""
    lost = {name: _lost(columns, after.get(name, ())) for name, columns in before.items()}
    return MovedColumns(
        frozenset(name for name, columns in before.items() if list(columns) != list(after.get(name, ()))),
        frozenset(before.keys() - after.keys()),
        {name: columns for name, columns in lost.items() if columns},
        frozenset(name for name, columns in before.items() if _names(after.get(name, ())) - _names(columns)),
    )


def breaking(
    before: Outcome,
    after: Outcome,
    datasets: Collection[str],
    used: Mapping[str, Collection[str]] | None,
    moved: MovedColumns,
    is_alike: Callable[[], bool],
    *,
    is_readable: bool = True,
) -> Breaking | None:
    """What becomes of a query; None where it stays as it is.

    Args:
        before, after: what it gives over the columns as they are, and as they will be.
        datasets: that it names.
        used: by dataset, the columns that it uses; of one that is not in it, or where it is None, nobody knows which.
        is_alike: whether its answer is made of the same as before; asked where there are new columns.
        is_readable: whether it could be read at all; else `before` and `after` say nothing of it.
    """
    if not moved.gone.isdisjoint(datasets):
        return Breaking.FAILS
    if isinstance(before, str):
        if is_readable:
            return None  # it fails today: no change breaks it
        known = used or {}
        if any(name in moved.columns and name not in known for name in datasets):
            return Breaking.UNKNOWN
        return Breaking.ROWS if moved.hit(known) else None
    if isinstance(after, str):
        return Breaking.FAILS
    if not _keeps(before, after):
        return Breaking.COLUMNS
    if used is None and any(name in moved.columns for name in datasets):
        return Breaking.UNKNOWN
    if moved.hit(used or {}) or not (moved.grown.isdisjoint(datasets) or is_alike()):
        return Breaking.ROWS
    return None


def _names(columns: Columns) -> set[str]:
    return {name.lower() for name, _ in columns}


def _lost(before: Columns, after: Columns) -> frozenset[str]:
    kept = {(name.lower(), kind) for name, kind in after}
    return frozenset(name.lower() for name, kind in before if (name.lower(), kind) not in kept)


def _keeps(before: Columns, after: Columns) -> bool:
    """Whether all columns of an answer are there as they were, in their order; there may be more."""
    rest = iter(after)
    return all(column in rest for column in before)
