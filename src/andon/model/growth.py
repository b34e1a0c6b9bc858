"""How a table grows: by which rows of it a run makes anew, and which it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from andon.base.document import from_json, to_json
from andon.base.duration import Duration
from andon.base.record import Record

#: What a person may answer for, in `assume`, where it can't be proved.
ROWS_APART = "rows apart"
SAME_TIME = "same time"
SAME_CHANCE = "same chance"
ASSUMABLE = (ROWS_APART, SAME_TIME, SAME_CHANCE)


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
        lookback: how far back from the newest interval what is loaded anew is looked through; None: as far as it reaches.
        batch: how much of the time is filled at once, in whole intervals; None: all.
        start: from when on rows are kept, as `2024-01-01` or `2024-01-01T06:00:00`; None: all.
        deleted: of growth by key: the column that is true where there is no row with its key any more.
        assume: what a person answers for that can't be proved, words of `ASSUMABLE`.
    """

    by: By
    column: str | None = None
    grain: Grain = Grain.DAY
    lookback: Duration | None = None
    batch: Duration | None = None
    start: str | None = None
    deleted: str | None = None
    assume: tuple[str, ...] = ()


class Grown(Record, omit_defaults=True):
    """What a table that grows remembers of how it came to hold its rows.

    Attributes:
        way: what its last build made, in words.
        filled: of growth by time: the ranges that are filled, as ISO texts; None where all are.
        history: what else its rows hang on than definition and inputs: earlier rows that stay by a person's word. None where a full
            build gives the same.
        words: why they stay, each in words.
        asked: the ranges that somebody asked to be filled, beside what changed.
    """

    way: str = ""
    filled: tuple[tuple[str | None, str | None], ...] | None = None
    history: str | None = None
    words: tuple[str, ...] = ()
    asked: tuple[tuple[str | None, str | None], ...] = ()

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Grown:
        """What a build keeps of it."""
        return from_json(cls, kept or {}, stored=True)

    @property
    def kept(self) -> dict[str, Any]:
        """As a build keeps it."""
        kept: dict[str, Any] = to_json(self)
        return kept

    @property
    def part_of_key(self) -> Mapping[str, Any] | None:
        """What of it decides over rows: part of the recipe key. None where nothing of it does."""
        if self.filled is None and self.history is None:
            return None
        return {
            "filled": [list(each) for each in self.filled or ()] if self.filled is not None else None,
            "history": self.history,
        }
