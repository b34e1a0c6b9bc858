"""How long rows may be kept, as a dataset's file declares it."""

from __future__ import annotations

from datetime import datetime

from andon.base.duration import Duration
from andon.base.record import Record


class Retention(Record):
    """A limit of keeping.

    Attributes:
        by: the column of a date or a time that tells how old a row is.
        keep: how long a row may be kept.
    """

    by: str
    keep: Duration

    def over(self, oldest: datetime) -> datetime:
        """The instant at which the oldest row has been kept long enough."""
        return self.keep.after(oldest)
