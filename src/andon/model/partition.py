"""By what the rows of a dataset are parted into files, so that what is asked by that opens few of them."""

from __future__ import annotations

import re

from andon.base.record import Record
from andon.model.growth import Grain

#: A result may be parted into so many: each is at least one file, and every reader opens the end of each.
MOST_PARTITIONS = 5_000

#: Types by which rows can't be parted: values that are equal to some and not to others, bytes, and what is nested.
_UNFIT = re.compile(r"FLOAT|DOUBLE|BLOB|INTERVAL|STRUCT|MAP|UNION|\[")


class Partition(Record, omit_defaults=True):
    """One part of what tells the partition of a row.

    Attributes:
        column: of the result.
        grain: the interval of time that counts; None: each value.
    """

    column: str
    grain: Grain | None = None

    def __str__(self) -> str:
        return f"{self.column} by {self.grain}" if self.grain is not None else self.column

    def unfit(self, kind: str) -> tuple[str, str] | None:
        """Why rows can't be parted by a column of a type, and what to do; None where they can."""
        shown = f"`{self.column}` is {kind}"
        if self.grain is not None:
            if not kind.startswith(("DATE", "TIMESTAMP")):
                return (
                    f"{shown}, and `grain` is for a date or a time",
                    f"`partition: {self.column}`, or cast it in the SQL",
                )
            if kind == "DATE" and self.grain is Grain.HOUR:
                return f"{shown}, which has no hours", "`grain: day`"
            return None
        if _UNFIT.search(kind) and not kind.startswith("ENUM"):
            return f"{shown}, by which rows can't be parted", "name a whole number, a text, a date, a time or a DECIMAL"
        return None
