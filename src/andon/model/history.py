"""How a dataset keeps what its rows were before (slowly changing dimension, type 2)."""

from __future__ import annotations

from enum import StrEnum

from andon.base.record import Record

#: The columns that a history adds: from when, until when, and whether a row is how its key is now.
VALID_FROM, VALID_TO, IS_CURRENT = "valid_from", "valid_to", "is_current"
ADDED = (VALID_FROM, VALID_TO, IS_CURRENT)


class GivenRows(StrEnum):
    """What the SQL of a history returns at each run: all rows that there are, or those that changed."""

    ALL = "all"
    CHANGED = "changed"


class RowHistory(Record, omit_defaults=True):
    """How a history is kept, as its file states it.

    Attributes:
        key: whose history it is; a row of it is told apart by that and `valid_from`.
        changed_at: the column that says since when a row is as it is; None: since the run that finds it so.
        rows: what the SQL returns. Of all rows, one that is missing was deleted.
        deleted: the column that is true where a row says that there is none with its key any more.
    """

    key: tuple[str, ...] = ()
    changed_at: str | None = None
    rows: GivenRows = GivenRows.ALL
    deleted: str | None = None
