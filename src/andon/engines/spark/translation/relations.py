"""Steps of a query: each operator of the plan is one named SELECT over those before it, with columns `c0`, `c1`, …"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.record import Record
from andon.engines.spark.translation.values import SparkValue
from andon.model.types import DuckType


class SparkRelation(Record):
    """What an operator gives: the name of its step, and the types of its columns."""

    name: str
    types: tuple[DuckType, ...]

    def columns(self, alias: str = "") -> list[SparkValue]:
        """Its columns, of a table that a FROM calls `alias`."""
        before = f"{alias}." if alias else ""
        return [SparkValue(f"{before}c{index}", kind) for index, kind in enumerate(self.types)]


class Steps:
    """The steps so far. `views` says which view a dataset is read from."""

    def __init__(self, views: Mapping[str, str]) -> None:
        self.views = views
        self.notes: set[str] = set()
        self._steps: list[str] = []

    def add(self, values: Sequence[SparkValue], rest: str = "", distinct: bool = False) -> SparkRelation:
        """A SELECT of `values`; `rest` is what stands behind them."""
        listed = ", ".join(f"{value.text} as c{index}" for index, value in enumerate(values)) or "1 as c0"
        return self.put(f"select {'distinct ' if distinct else ''}{listed} {rest}".rstrip(), [v.type for v in values])

    def put(self, text: str, types: Sequence[DuckType]) -> SparkRelation:
        """A step that is written already."""
        name = f"q{len(self._steps)}"
        self._steps.append(f"{name} as (\n  {text}\n)")
        return SparkRelation(name, tuple(types))

    def whole(self, last: str) -> str:
        """The query, which ends with `last`."""
        return f"with {', '.join(self._steps)}\n{last}" if self._steps else last
