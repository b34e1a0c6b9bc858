"""Which intervals or keys hold other rows than they did: read from the files of the inputs that came and went, and from no others."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from andon.base.names import literal, quote
from andon.base.record import Record
from andon.engines.duckdb.failures import translate
from andon.engines.duckdb.fingerprint import hash_of_row
from andon.engines.duckdb.instance import file_list
from andon.engines.duckdb.stats import parse_return_stats
from andon.lake.lake import Lake
from andon.model.dataset import Definition
from andon.model.growth import Grain
from andon.model.intervals import Range, of_floors
from andon.model.version import DataFile
from andon.relations.bounds import Bounds, bounds_of, may_meet, of_stats
from andon.relations.changed_files import TableChange
from andon.relations.limits import key_columns, moment_literal
from andon.relations.sides import Sides


class OffCalendarError(ValueError):
    """A table holds a time that is none of the years 1 to 9999."""


class Times(Record):
    """Intervals of time; with `nulls` also rows that have no time."""

    ranges: tuple[Range, ...]
    nulls: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self.ranges and not self.nulls


class Keys(Record):
    """Keys in a file: how many, and what lies between the least and the greatest."""

    path: str
    count: int
    bounds: Bounds
    has_nulls: bool


class Affected:
    """Asks the files of a lake for one dataset that grows, in the engines of a run.

    Every question raises what the engine says as an AndonError of that dataset.
    """

    def __init__(self, lake: Lake, sides: Sides, definition: Definition) -> None:
        self._lake = lake
        self._sides = sides
        self._definition = definition

    def times(
        self, changes: Sequence[TableChange], grain: Grain, since: Callable[[TableChange, str], datetime | None]
    ) -> Times:
        """The intervals that hold other rows.

        Args:
            since: from when on a table is looked at by a column; None: all of it.

        Raises:
            OffCalendarError: there are times that no calendar has.
        """
        floors: set[datetime] = set()
        nulls = False
        for change, (column,) in _ways(changes):
            start = since(change, column)
            kind = dict(change.version.types)[column]
            where = f" where {quote(column)} >= {moment_literal(start, kind)}" if start is not None else ""
            key = f"date_trunc({literal(grain)}, {quote(column)}::timestamp)"
            for (text,) in self._fetch(change, f"select k_0::varchar from ({self._differing(change, [key], where)})"):
                if text is None:
                    nulls = True
                    continue
                try:
                    floors.add(datetime.fromisoformat(text))
                except ValueError:
                    raise OffCalendarError(f"{change.version.dataset} holds the time {text}") from None
        return Times(of_floors(floors, grain), nulls)

    def newest(self, change: TableChange, column: str) -> datetime | None:
        """The latest time in the new files of a table; None where there is none."""
        kind = dict(change.version.types)[column]
        bounds = [bounds_of(file, column, kind) for file in change.new]
        if all(each.is_known for each in bounds):
            known = [each.highest for each in bounds if each.highest is not None]
            return max(known) if known else None
        sql = f"select max({quote(column)}::timestamp)::varchar from read_parquet({self._files(change.new)})"
        ((text,),) = self._fetch(change, sql)
        try:
            return datetime.fromisoformat(text) if text is not None else None
        except ValueError:
            raise OffCalendarError(f"{change.version.dataset} holds the time {text}") from None

    @contextmanager
    def keys(self, changes: Sequence[TableChange], kinds: Sequence[str]) -> Iterator[Keys]:
        """The keys that hold other rows, in a file that is there while they are needed.

        Args:
            kinds: types of the key's columns in the result.
        """
        names = key_columns(len(kinds))
        parts = [
            f"select {', '.join(names)} from ({self._differing(change, [quote(c) for c in way], '')})"
            for change, way in _ways(changes)
        ]
        path = Path(self._sides.settings.temporary.path) / f"keys-{secrets.token_hex(8)}.parquet"
        size = sum(file.size for change in changes for file in (*change.new, *change.gone))
        for change in changes:
            self._lake.intact.require(change.version.dataset, (*change.new, *change.gone))
        try:
            copy = f"copy (select distinct * from ({' union all '.join(parts)})) to {literal(str(path))}"
            ((_, count, _, _, stats, _),) = self._ask(f"{copy} (format parquet, return_stats)", size)
            told = parse_return_stats(stats)
            bounds = of_stats(told.get(quote(names[0])) or told.get(f'"{names[0]}"'), kinds[0], int(count))
            has_nulls = any((told.get(f'"{name}"') is None or told[f'"{name}"'].nulls != 0) for name in names)
            yield Keys(str(path), int(count), bounds, has_nulls)
        finally:
            # what a sick disk does not remove goes with the process's folder, and is no reason to fail
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def touched(self, files: Sequence[DataFile], columns: Sequence[str], kind: str, keys: Keys) -> list[DataFile]:
        """Those of `files` that hold one of the keys: by what their writes told, then by their key columns alone."""
        near = [file for file in files if may_meet(bounds_of(file, columns[0], kind), keys.bounds)]
        if not near or not keys.count:
            return []
        sign = "is not distinct from" if keys.has_nulls else "="
        met = " and ".join(
            f"w.{quote(c)} {sign} k.{n}" for c, n in zip(columns, key_columns(len(columns)), strict=True)
        )
        sql = (
            f"select distinct w.filename from read_parquet({self._files(near)}, filename = true) w"
            f" semi join read_parquet({file_list([keys.path])}) k on {met}"
        )
        self._lake.intact.require(self._definition.dataset, near)
        found = {str(name) for (name,) in self._ask(sql, sum(file.size for file in near))}
        return [file for file in near if self._path(file) in found]

    # -- parts

    def _differing(self, change: TableChange, keys: Sequence[str], where: str) -> str:
        """SQL of the keys `k_0`, … whose rows in files that are gone are not those in files that came."""
        names = key_columns(len(keys))
        listed = ", ".join(f"{key} as {name}" for key, name in zip(keys, names, strict=True))
        if not change.gone or not change.new:
            files = self._files(change.new or change.gone)
            return f"select distinct {listed} from read_parquet({files}){where}"
        hashed = hash_of_row(change.version.columns)
        sides = [
            f"select {', '.join(names)}, count(*) as n, sum(h::hugeint) as h, sum(hash(h, 1)::hugeint) as g"
            f" from (select {listed}, {hashed} as h from read_parquet({self._files(files)}){where}) group by all"
            for files in (change.gone, change.new)
        ]
        same = " and ".join(f"a.{name} is not distinct from b.{name}" for name in names)
        either = ", ".join(f"case when a.n is null then b.{name} else a.{name} end as {name}" for name in names)
        return (
            f"select {either} from ({sides[0]}) a full join ({sides[1]}) b on {same}"
            " where a.n is distinct from b.n or a.h is distinct from b.h or a.g is distinct from b.g"
        )

    def _fetch(self, change: TableChange, sql: str) -> list[tuple[Any, ...]]:
        files = (*change.new, *change.gone)
        self._lake.intact.require(change.version.dataset, files)
        return self._ask(sql, sum(file.size for file in files))

    def _ask(self, sql: str, size: int) -> list[tuple[Any, ...]]:
        """What the engine answers to a question about `size` bytes of files."""
        with self._sides.for_size(size) as side:
            try:
                return list(side.session().connection.execute(sql).fetchall())
            except Exception as error:
                raise translate(error, self._definition) from error

    def _files(self, files: Sequence[DataFile]) -> str:
        return file_list([self._path(file) for file in files])

    def _path(self, file: DataFile) -> str:
        return self._lake.storage.engine_path(file.path)


def _ways(changes: Sequence[TableChange]) -> Iterator[tuple[TableChange, tuple[str, ...]]]:
    for change in changes:
        if change.new or change.gone:
            for way in change.ways:
                yield change, way
