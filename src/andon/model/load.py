"""How a source takes what arrives: in place of what it has, beside it, or over it."""

from __future__ import annotations

from enum import StrEnum

from andon.base.record import Record


class Taking(StrEnum):
    """What becomes of earlier rows when a source loads.

    `replace`: each load is all there is. `append`: what is new comes beside what was loaded. `merge`: of rows with one key the later
    counts. `cursor`: a database is asked for what is new by a column; with a key it is merged, without one appended.
    """

    REPLACE = "replace"
    APPEND = "append"
    MERGE = "merge"
    CURSOR = "cursor"


class SchemaPolicy(StrEnum):
    """Which changes of its columns a source takes by itself: none, new ones, or also wider types of those it has."""

    EXACT = "exact"
    ADD = "add"
    WIDEN = "widen"


class LoadPolicy(Record, omit_defaults=True):
    """How a source loads, as its file states it.

    Attributes:
        column: the cursor: greater in what is newer.
        lookback: how far below the greatest cursor late rows are looked for, as written (`1h`; a number beside a number).
        compare: how often all keys are asked, to find those that are gone (`1d`); None: never.
    """

    taking: Taking
    column: str | None = None
    lookback: str | None = None
    compare: str | None = None

    def shaping(self) -> list[str | None]:
        """What of it a result depends on: another lookback finds the same rows, sooner or later."""
        return ["load", str(self.taking), self.column]
