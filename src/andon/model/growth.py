"""How a table grows: by which rows of it a run makes anew, and which it keeps."""

from __future__ import annotations

from enum import StrEnum

from andon.base.record import Record


class By(StrEnum):
    """What tells the rows that a run makes anew."""

    APPEND = "append"
    TIME = "time"
    KEY = "key"


class Grain(StrEnum):
    """The length of one interval of a table that grows by time."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Growth(Record, omit_defaults=True):
    """How a dataset grows, as its file states it.

    Attributes:
        column: of growth by time: the column of the result that tells a row's interval.
        grain: how long an interval is.
        lookback: how far back of the newest interval what is newly loaded may reach, as written (`3d`); None: as far as it does.
        batch: how much of the time is filled at once (`30d`); None: all.
        start: from when on rows are kept, as an ISO text; None: all.
        deleted: of growth by key: the column that tells whether a row says that there is none with its key any more.
        assume: what a person answers for that could not be proved.
    """

    by: By
    column: str | None = None
    grain: Grain = Grain.DAY
    lookback: str | None = None
    batch: str | None = None
    start: str | None = None
    deleted: str | None = None
    assume: tuple[str, ...] = ()
