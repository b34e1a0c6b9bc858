"""Tables that grow by time: the intervals that changed are made anew, and files that lie across their bounds are cut there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.names import quote
from andon.base.record import replace
from andon.base.text import plural
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.growth import Grain, Grown, Growth
from andon.model.intervals import (
    EVERYTHING,
    Range,
    after,
    common,
    complement,
    floor,
    holds,
    meets,
    merged,
    moment_text,
    shown,
    split,
)
from andon.model.version import DataFile
from andon.relations.affected import Affected, OffCalendarError, Times
from andon.relations.bounds import Bounds, bounds_of
from andon.relations.changed_files import TableChange
from andon.relations.limits import WHOLE, in_ranges, of_definition
from andon.runs.building.work import Earlier, Work
from andon.runs.building.writing import FilePart
from andon.runs.growing.decide import Extent, MakeWholeError, changes_told
from andon.runs.growing.filled import ranges_of

if TYPE_CHECKING:
    from andon.engines.relation import Relation
    from andon.relations.sides import Sides
    from andon.runs.building.limiting import Limiting

#: With more ranges than that one is taken from the first to the last: what lies between is made anew, too.
_MOST = 100
_SHOWN = 10_000


class ByTime:
    """The work for one dataset over the inputs of a build.

    Args:
        kind: the type of the column, as the lake stores it.
    """

    def __init__(
        self, definition: Definition, make: Build, kind: str, sides: Sides, limiting: Limiting, affected: Affected
    ) -> None:
        assert definition.growth is not None
        self._definition = definition
        self._growth: Growth = definition.growth
        self._make = make
        self._kind = kind
        self._sides = sides
        self._limiting = limiting
        self._affected = affected
        self._known: dict[tuple[str, str], Bounds] = {}

    @property
    def _column(self) -> str:
        return str(self._growth.column)

    @property
    def _all(self) -> tuple[Range, ...]:
        """All times that rows are kept of."""
        return ((datetime.fromisoformat(self._growth.start), None),) if self._growth.start else EVERYTHING

    def whole(self, extent: Extent, filled: tuple[Range, ...] | None, way: str) -> Work:
        """All that is to be filled, made anew; `filled` are the ranges, where it is not everything."""
        ranges = common(self._all, filled) if filled is not None else self._all
        if filled is not None:
            way += f"; {', '.join(map(shown, filled))}"
        times = Times(ranges, nulls=filled is None and self._growth.start is None)
        return Work((), (), self._pieces(extent, times), Grown(way=way, filled=_texts(filled)))

    def new(self, extent: Extent, earlier: Earlier, fill: tuple[Range, ...]) -> Work:
        """The intervals that changed, and those to be filled.

        Raises:
            MakeWholeError: it can't be told which these are.
        """
        looked: list[str] = []
        changes = list(extent.changes.values())
        try:
            found = self._affected.times(
                changes, self._growth.grain, lambda change, column: self._looks_from(change, column, looked)
            )
        except OffCalendarError as error:
            raise MakeWholeError(str(error)) from None
        ranges = common(self._all, merged([*found.ranges, *fill]))
        if len(ranges) > _MOST:
            ranges = ((ranges[0][0], ranges[-1][1]),)
        times = Times(ranges, nulls=found.nulls and self._growth.start is None)
        told = changes_told(extent.changes)
        if times.is_empty:
            way = f"incremental: no {self._growth.grain} has other rows ({told or 'no input changed'})"
        else:
            way = f"incremental: {_listed(times, self._growth.grain)} ({told or 'asked for'})"
        before = earlier.grown.filled
        filled = _texts(merged([*ranges_of(before), *ranges])) if before is not None else None
        kept, rest = self._cut(earlier, times)
        pieces = () if times.is_empty else self._pieces(extent, times)
        return Work(
            tuple(kept),
            tuple(rest),
            pieces,
            Grown(way=way, filled=filled, words=tuple(looked), asked=_texts(fill) or ()),
        )

    def _looks_from(self, change: TableChange, column: str, looked: list[str]) -> datetime | None:
        """From when on a table is looked at: where it came whole anew, the lookback says that."""
        if change.kept or not change.gone or not change.new or self._growth.lookback is None:
            return None
        newest = self._affected.newest(change, column)
        if newest is None:
            return None
        try:
            start = self._growth.lookback.shifted(floor(newest, self._growth.grain), -1)
        except OverflowError:
            return None
        start = floor(start, self._growth.grain)
        words = f"what is older than {moment_text(start)} stays as it was (lookback {self._growth.lookback})"
        if words not in looked:
            looked.append(words)
        return start

    # -- the rows that are made anew

    def _pieces(self, extent: Extent, times: Times) -> tuple[FilePart, ...]:
        """The definition over the times, in batches: the rows of each are sorted."""
        batch, grain = self._growth.batch, self._growth.grain
        bounds = self._bounds(extent) if batch is not None else None
        if batch is None or bounds is None:
            return (self._piece(extent, times),)
        return tuple(
            self._piece(extent, Times((each,), nulls=times.nulls and index == 0))
            for index, each in enumerate(split(times.ranges, batch, grain, floor(bounds[0], grain), bounds[1]))
        ) or (self._piece(extent, times),)

    def _bounds(self, extent: Extent) -> tuple[datetime, datetime] | None:
        """The least and the greatest time in what is read, where all of it is known."""
        found: list[Bounds] = []
        for version_id, ways in extent.limits.items():
            version = self._sides.relations.version(version_id)
            kinds = dict(version.types)
            found += [self._bounds_in(f, way[0], kinds[way[0]]) for f in version.files for way in ways if f.rows]
        known = [each for each in found if each.is_known and each.lowest is not None]
        if not known or not all(each.is_known for each in found):
            return None
        return min(each.lowest for each in known), max(each.highest for each in known)

    def _bounds_in(self, file: DataFile, column: str, kind: str) -> Bounds:
        """The bounds of a column of a file: each piece asks for those of all files."""
        found = self._known.get((file.path, column))
        if found is None:
            found = self._known[file.path, column] = bounds_of(file, column, kind)
        return found

    def _piece(self, extent: Extent, times: Times) -> FilePart:
        tables: dict[str, tuple[Relation, Sequence[DataFile]]] = {}
        is_all = times.ranges == EVERYTHING and times.nulls
        # of an interval that `start` cuts all is read: what is kept of it may hang on what is not
        read = Times(
            tuple((floor(start, self._growth.grain) if start else None, end) for start, end in times.ranges),
            times.nulls,
        )
        for version_id, ways in extent.limits.items() if not is_all else ():
            version = self._sides.relations.version(version_id)
            kinds = dict(version.types)
            columns = [way[0] for way in ways]
            files = [f for f in version.files if any(_may_hold(self._bounds_in(f, c, kinds[c]), read) for c in columns)]
            conditions = [in_ranges(c, kinds[c], read.ranges, nulls=times.nulls) for c in columns]
            relation = self._limiting.table(
                version, files, f"select w.* from {WHOLE} w where {' or '.join(conditions)}"
            )
            tables[version_id] = relation, files
        condition = "" if is_all else in_ranges(self._column, self._kind, times.ranges, nulls=times.nulls)
        sql = of_definition(self._definition.sql or "", condition=condition, order=[self._column])
        return self._limiting.of_definition(self._definition, self._make, sql, tables)

    # -- the rows that stay

    def _cut(self, earlier: Earlier, times: Times) -> tuple[list[DataFile], list[FilePart]]:
        """Files that stay, and what stays of those that lie across the bounds: each range of it in a file of its own."""
        kept, across = [], []
        for file in earlier.version.files:
            bounds = self._bounds_in(file, self._column, self._kind)
            if not _may_hold(bounds, times):
                kept.append(file)
            elif not _lies_in(bounds, times):
                across.append(file)
        parts = []
        for one in complement(times.ranges):
            files = [f for f in across if _may_hold(self._bounds_in(f, self._column, self._kind), Times((one,)))]
            if files:
                parts.append(
                    self._rest(earlier, files, across, in_ranges(self._column, self._kind, [one], nulls=False))
                )
        without = [f for f in across if self._bounds_in(f, self._column, self._kind).nulls]
        if without and not times.nulls:
            parts.append(self._rest(earlier, without, across, in_ranges(self._column, self._kind, (), nulls=True)))
        return kept, parts

    def _rest(
        self, earlier: Earlier, files: Sequence[DataFile], across: Sequence[DataFile], condition: str
    ) -> FilePart:
        sql = f"select w.* from {WHOLE} w where {condition} order by w.{quote(self._column)}"
        part = self._limiting.of_earlier(self._definition, earlier.version, files, sql)
        return replace(part, part_of=tuple(across))


def _may_hold(bounds: Bounds, times: Times) -> bool:
    """Whether a file may hold rows of the times."""
    if not bounds.is_known or (bounds.nulls and times.nulls):
        return True
    return bounds.lowest is not None and meets(times.ranges, bounds.lowest, bounds.highest)


def _lies_in(bounds: Bounds, times: Times) -> bool:
    """Whether a file holds rows of the times and no others."""
    if not bounds.is_known or (bounds.nulls and not times.nulls):
        return False
    return bounds.lowest is None or holds(times.ranges, bounds.lowest, bounds.highest)


def _texts(ranges: Sequence[Range] | None) -> tuple[tuple[str | None, str | None], ...] | None:
    if ranges is None:
        return None
    return tuple((start.isoformat() if start else None, end.isoformat() if end else None) for start, end in ranges)


def _listed(times: Times, grain: Grain) -> str:
    """Intervals in words: `the day 2024-05-01`, `3 days from 2024-05-01 to 2024-05-07`."""
    ranges = times.ranges
    more = " and rows without a time" if times.nulls else ""
    if not ranges:
        return "rows without a time"
    first = ranges[0][0]
    if first is None or any(end is None for _, end in ranges):
        return f"many {grain}s{more}"
    count, last = 0, floor(first, grain)
    for start, end in ranges:
        at = floor(start, grain) if start is not None else None
        while at is not None and end is not None and at < end and count < _SHOWN:
            count, last, at = count + 1, at, after(at, grain)
    if count == 1:
        return f"the {grain} {moment_text(first)}{more}"
    return f"{plural(count, grain)} from {moment_text(first)} to {moment_text(last)}{more}"
