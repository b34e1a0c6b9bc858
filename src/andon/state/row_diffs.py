"""Row diffs that were made once: their counts, kept with the version after by the version before and the key.

Never a value of a row: only counts and names of columns, so that what a column holds can be marked `pii` at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from andon.base.record import Record
from andon.model.row_diff import ColumnChange, RowCounts, RowDiff
from andon.state.facts import Facts

#: What facts of this file are called.
KIND = "rows:r2"
#: With one version so many diffs are kept, the newest ones.
MOST = 8


class Compared(Record):
    """What a row diff is about.

    Attributes:
        old, new: ids of versions of one dataset.
        key: the columns that rows are paired by.
    """

    old: str
    new: str
    key: tuple[str, ...] = ()


class KnownRowDiffs:
    """Keeps and finds row diffs of whole tables, without a condition on their rows."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def find(self, wanted: Mapping[str, Compared]) -> dict[str, RowDiff]:
        """What is known of `wanted` (by dataset): counts, no values."""
        kept = self._facts.find_many((c.new for c in wanted.values()), KIND)
        found = {}
        for dataset, compared in wanted.items():
            for about, body in kept.get(compared.new, ()):
                if about == _about(compared):
                    found[dataset] = _row_diff(dataset, body)
        return found

    def keep(self, found: Collection[tuple[Compared, RowDiff]]) -> None:
        """Keep the counts of diffs, where the catalog can be written."""
        bodies: dict[str, list[Any]] = self._facts.find_many((compared.new for compared, _ in found), KIND)
        for compared, diff in found:
            about = _about(compared)
            others = [entry for entry in bodies.get(compared.new, ()) if entry[0] != about]
            bodies[compared.new] = [[about, _body(diff)], *others][:MOST]
        self._facts.keep(bodies, KIND)


def _about(compared: Compared) -> list[Any]:
    return [compared.old, [name.lower() for name in compared.key]]


def _body(diff: RowDiff) -> list[Any]:
    """The counts of a diff as JSON. What is not listed here is not kept."""
    return [
        list(diff.names),
        list(diff.key),
        [diff.rows.added, diff.rows.removed, diff.rows.changed],
        [[c.name, c.changed, c.filled, c.emptied] for c in diff.columns],
        list(diff.columns_added),
        list(diff.columns_removed),
        [list(each) for each in diff.renamed],
        [list(each) for each in diff.retyped],
        list(diff.notes),
    ]


def _row_diff(dataset: str, body: list[Any]) -> RowDiff:
    """Inverse of `_body`."""
    names, key, rows, columns, added, removed, renamed, retyped, notes = body
    return RowDiff(
        dataset,
        tuple(names),
        tuple(key),
        RowCounts(*rows),
        tuple(ColumnChange(*column) for column in columns),
        tuple(added),
        tuple(removed),
        tuple((old, new) for old, new in renamed),
        tuple((name, old, new, common) for name, old, new, common in retyped),
        notes=tuple(notes),
    )
