"""Making a profile: of all rows up to a million, above that of a sample spread over the whole."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from andon.base.names import quote
from andon.base.record import replace
from andon.engines.duckdb.instance import file_list
from andon.model.profile import ColumnKind, ColumnProfile, Profile
from andon.model.version import Column, Version
from andon.profiles.columns import ColumnReader
from andon.profiles.kinds import kind_of, value_of
from andon.profiles.sample import CHUNK, SAMPLE, WHOLE_UP_TO, one_in, stretches

if TYPE_CHECKING:
    import duckdb

_HELD, _PART = "temp.main.profile_rows", "temp.main.profile_part"
_ROW_NUMBER, _FILE_NUMBER = "file_row_number", "file_index"
_MANY_FILES = 64
#: Columns that are moved over together.
_WIDE = 64
#: In tables of so many rows several columns are counted together, so many values at once: of longer ones that costs more than it saves.
_SHORT, _CELLS = 10_000, 64_000
#: Reading so few rows from memory saves more than copying them there costs: a file's columns are looked up for every statement.
_COPIED_UP_TO = 100_000
#: Seed of samples of views: any will do, as long as it stays.
_SEED = 20
_PLAIN_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?(\+00)?)?\Z")


def profile_table(
    connection: duckdb.DuckDBPyConnection, version: Version, paths: Sequence[str], masked: Collection[str] = ()
) -> Profile:
    """The profile of a table.

    Args:
        connection: on which nobody else makes temporary tables of the names used here.
        paths: its data files as the engine names them, in the version's order.
        masked: names of columns of which only counts may be known (marked `pii`).

    Raises:
        duckdb.Error: what the engine says, about a file that is gone for example.
    """
    began = time.perf_counter()
    rows = version.rows or 0
    if not rows:
        columns = tuple(_empty(column, masked) for column in version.columns)
        return Profile(dataset=version.dataset, version=version.id, rows=0, columns=columns, seconds=_since(began))
    if rows <= _COPIED_UP_TO:
        with _held(connection, f"select * from read_parquet({file_list(paths)})"):
            columns = _columns(ColumnReader(connection, _HELD, rows), version.columns, masked)
        return Profile(dataset=version.dataset, version=version.id, rows=rows, columns=columns, seconds=_since(began))
    if rows <= WHOLE_UP_TO:
        reader = ColumnReader(connection, f"read_parquet({file_list(paths)})", rows)
        columns = _columns(reader, version.columns, masked)
        return Profile(dataset=version.dataset, version=version.id, rows=rows, columns=columns, seconds=_since(began))
    with _held(connection, _sample_of(version, paths)) as looked_at:
        columns = _columns(ColumnReader(connection, _HELD, looked_at), version.columns, masked, of=rows)
        columns = tuple(_with_counted(column, version) for column in columns)
    return Profile(
        dataset=version.dataset, version=version.id, rows=rows, columns=columns, sample=looked_at, seconds=_since(began)
    )


def profile_view(
    connection: duckdb.DuckDBPyConnection, version: Version, relation: str, masked: Collection[str] = ()
) -> Profile:
    """The profile of a view, which is run once for it, and a second time if it has many rows.

    Args:
        connection: of an instance with one thread, so that a sample repeats.
        relation: what stands for the view after FROM.
        masked: see `profile_table`.

    Raises:
        duckdb.Error: what the engine says when it runs the view.
    """
    began = time.perf_counter()
    with _held(connection, f"select * from {relation} limit {WHOLE_UP_TO + 1}") as rows:
        if rows <= WHOLE_UP_TO:
            columns = _columns(ColumnReader(connection, _HELD, rows), version.columns, masked)
            return Profile(
                dataset=version.dataset, version=version.id, rows=rows, columns=columns, seconds=_since(began)
            )
    rows = int(connection.execute(f"select count(*) from {relation}").fetchall()[0][0])
    share = 100 * SAMPLE / rows
    sample = f"select * from {relation} tablesample bernoulli({share:.8f}%) repeatable ({_SEED})"
    with _held(connection, sample) as looked_at:
        columns = _columns(ColumnReader(connection, _HELD, looked_at), version.columns, masked, of=rows)
    return Profile(
        dataset=version.dataset, version=version.id, rows=rows, columns=columns, sample=looked_at, seconds=_since(began)
    )


@contextmanager
def _held(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[int]:
    """The rows of a query in a temporary table of their own (`_HELD`); gives how many they are."""
    connection.execute(f"create or replace temp table profile_rows as {sql}")
    try:
        yield int(connection.execute(f"select count(*) from {_HELD}").fetchall()[0][0])
    finally:
        connection.execute(f"drop table if exists {_HELD}")


def _sample_of(version: Version, paths: Sequence[str]) -> str:
    columns = ", ".join(quote(c.name) for c in version.columns)
    if any(
        c.name.lower() in (_ROW_NUMBER, _FILE_NUMBER) for c in version.columns
    ):  # the names by which rows are picked are taken
        share = 100 * SAMPLE / (version.rows or 1)
        return f"select {columns} from read_parquet({file_list(paths)}) tablesample system({share:.8f}%) repeatable ({_SEED})"
    read = stretches([f.rows for f in version.files])
    whole = [s for s in read if s.rows == version.files[s.file].rows]
    together = (
        whole if len(whole) > _MANY_FILES else []
    )  # a scan for every file would cost more than finding the file of every row
    scans = [([paths[s.file] for s in together], "true", _FILE_NUMBER)] if together else []
    apart = [s for s in read if s not in set(together)]
    scans += [([paths[s.file]], f"{_ROW_NUMBER} between {s.first} and {s.last}", str(s.file)) for s in apart]
    chunk = f"hash({_ROW_NUMBER} // {CHUNK}, {{}}) % {one_in(read)} = 0"
    return " union all ".join(
        f"select {columns} from read_parquet({file_list(files)}, {_ROW_NUMBER} = true) where {among} and {chunk.format(number)}"
        for files, among, number in scans
    )


def _columns(
    reader: ColumnReader, columns: Sequence[Column], masked: Collection[str], of: int | None = None
) -> tuple[ColumnProfile, ...]:
    """Profiles of columns; `of` is the number of all rows when the reader has a sample of them."""
    hidden = {name.lower() for name in masked}
    # those that are looked at together stand together
    ordered = sorted(columns, key=lambda column: (column.type, column.name.lower() in hidden))
    if len(columns) <= _WIDE:
        found = _each(reader, ordered, hidden, of)
    else:
        # a statement costs what its relation is wide: many columns are moved over in parts, so that the cost grows with their number only
        found = {}
        for first in range(0, len(columns), _WIDE):
            some = ordered[first : first + _WIDE]
            names = ", ".join(quote(column.name) for column in some)
            reader.connection.execute(
                f"create or replace temp table profile_part as select {names} from {reader.relation}"
            )
            try:
                found |= _each(replace(reader, relation=_PART), some, hidden, of)
            finally:
                reader.connection.execute(f"drop table if exists {_PART}")
    return tuple(found[column.name] for column in columns)


def _each(
    reader: ColumnReader, columns: Sequence[Column], hidden: Collection[str], of: int | None
) -> dict[str, ColumnProfile]:
    """Profiles by name; columns of one type together, as many as make no large table."""
    most = _CELLS // max(reader.rows, 1) if reader.rows <= _SHORT else 1
    try:
        found: dict[str, ColumnProfile] = {}
        for (kind, is_hidden), alike in groupby(columns, key=lambda c: (c.type, c.name.lower() in hidden)):
            names = [column.name for column in alike]
            for first in range(0, len(names), most):
                some = names[first : first + most]
                profiles = reader.profiles(some, kind, masked=is_hidden)
                if of is not None:
                    singles = reader.singles()
                    profiles = [_estimated(p, s, of) for p, s in zip(profiles, singles, strict=True)]
                found.update(zip(some, profiles, strict=True))
        return found
    finally:
        reader.drop()


def _estimated(profile: ColumnProfile, singles: int, rows: int) -> ColumnProfile:
    """What a sample says about all rows: how many values are different (first-order jackknife of Haas and Stokes)."""
    seen, distinct = profile.rows - profile.nulls, profile.distinct or 0
    exact_range = profile.minimum is None and profile.nulls == profile.rows
    if not seen:
        return replace(profile, distinct_exact=False, range_exact=exact_range)
    share = profile.rows / rows
    estimate = distinct / (1 - (1 - share) * singles / seen)
    most = round(seen / share)
    rounded = distinct if not singles else min(most, max(distinct, int(float(f"{estimate:.3g}"))))
    return replace(profile, distinct=rounded, distinct_exact=False, range_exact=exact_range)


def _with_counted(profile: ColumnProfile, version: Version) -> ColumnProfile:
    """A sampled column with what the write counted over all rows: NULLs, and the range where its texts can be compared."""
    if profile.kind is ColumnKind.NESTED:
        return profile
    stats = [file.stats.get(quote(profile.name)) for file in version.files]
    known = [s for s in stats if s is not None]
    if len(known) < len(stats) or any(s.nulls is None for s in known):
        return profile
    profile = replace(profile, nulls=sum(s.nulls or 0 for s in known), nulls_of=version.rows or 0)
    if profile.masked:
        return profile
    lows = [s.minimum for s in known if s.minimum is not None]
    highs = [s.maximum for s in known if s.maximum is not None]
    complete = (
        len(lows)
        == len(highs)
        == sum(1 for file, s in zip(version.files, known, strict=True) if file.rows > (s.nulls or 0))
    )
    if not complete or not lows or not _comparable(profile, [*lows, *highs]):
        return profile
    number = profile.kind is ColumnKind.NUMBER
    low, high = (min(lows, key=Decimal), max(highs, key=Decimal)) if number else (min(lows), max(highs))
    return replace(profile, minimum=value_of(low, profile.type), maximum=value_of(high, profile.type), range_exact=True)


def _comparable(profile: ColumnProfile, texts: Sequence[str]) -> bool:
    """Whether the write's texts say the range: whole and decimal numbers do, and moments of four-digit years that are finite.

    Those of texts may be cut, and those of floats leave open what became of NaN.
    """
    if profile.kind is ColumnKind.NUMBER:
        return profile.type not in ("FLOAT", "DOUBLE")
    return profile.kind is ColumnKind.MOMENT and all(_PLAIN_MOMENT.match(text) for text in texts)


def _empty(column: Column, masked: Collection[str]) -> ColumnProfile:
    kind = kind_of(column.type)
    hidden = column.name.lower() in {name.lower() for name in masked}
    empty = 0 if kind is ColumnKind.TEXT else None
    return ColumnProfile(column.name, column.type, kind, 0, 0, 0, 0, empty=empty, top_complete=True, masked=hidden)


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 4)
