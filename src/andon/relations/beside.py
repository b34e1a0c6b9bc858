"""What one engine built beside what the embedded one gives for the same: whether both hold the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.names import literal, quote
from andon.base.near import NEARLY
from andon.base.record import Record
from andon.engines.duckdb.fingerprint import content_sql
from andon.engines.duckdb.instance import file_list
from andon.engines.duckdb.nearly import nearly_the_same
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.model.check import Tolerance
from andon.model.row_diff import RowDiff

if TYPE_CHECKING:
    from andon.engines.duckdb.instance import Session
    from andon.model.version import Version

#: Rows that stand for a large result.
_FEW = 20


class BesideEngine(Record):
    """How the two compare.

    Attributes:
        how: what is the same, in words.
        difference: which rows differ, where any do; `old` are those of the embedded engine.
    """

    how: str
    difference: RowDiff | None = None


class BuiltRows(Record):
    """All rows that an engine gave.

    Attributes:
        version: those that were kept.
        files: where they lie.
        aside: where those lie that were set aside, with what is said of them.
    """

    version: Version
    files: Sequence[str]
    aside: Sequence[str] = ()

    @property
    def sql(self) -> str | None:
        """SQL in brackets that gives them; None where there is no file."""
        own = ", ".join(quote(column.name) for column in self.version.columns)
        parts = [f"select {own} from read_parquet({file_list(files)})" for files in (self.files, self.aside) if files]
        return f"({' union all '.join(parts)})" if parts else None


def beside(session: Session, rows: BuiltRows, place: Path, only: str | None = None) -> BesideEngine:
    """How rows compare with those that the embedded engine wrote into `place`.

    The order of rows does not count; numbers that machines round may differ by as little as in two runs of one engine.

    Args:
        only: an SQL condition that all rows in `place` satisfy: of `rows` those count that do, too.
    """
    version = rows.version
    built = rows.sql or f"(from read_parquet({file_list([str(place)])}) limit 0)"
    built = f"(from {built} where {only})" if only is not None else built
    expected = f"read_parquet({file_list([str(place)])})"
    (mine,), (theirs,) = (
        session.connection.execute(content_sql(version.columns, source)).fetchall() for source in (built, expected)
    )
    if mine == theirs:
        return BesideEngine("the same rows")
    if mine[0] == theirs[0] and nearly_the_same(session, expected, built, version.columns, ()):
        return BesideEngine(f"the same rows but for numbers that differ by at most {NEARLY:g} of them")
    question = DiffQuestion(version.dataset, tolerance=Tolerance(Decimal(repr(NEARLY)), relative=True), samples=0)
    sides = (DiffSide(expected, version.columns, theirs[0]), DiffSide(built, version.columns, mine[0]))
    found = compare(session, *sides, question)
    return BesideEngine(f"{found.rows.total:,} rows differ", found)


def few_keys(session: Session, built: BuiltRows, key: Sequence[str]) -> str | None:
    """An SQL condition on the columns of `key` that a few of the rows satisfy, wherever they lie; None where there is no such row."""
    types = dict(built.version.types)
    names = [name for name in types if name.lower() in {part.lower() for part in key}]
    if built.sql is None or not names:
        return None
    listed, given = ", ".join(map(quote, names)), " and ".join(f"{quote(name)} is not null" for name in names)
    shown = ", ".join(f"{quote(name)}::varchar" for name in names)
    rows = session.connection.execute(
        f"select {shown} from (select {listed} from {built.sql} where {given} order by hash({listed}) limit {_FEW})"
    ).fetchall()
    if not rows:
        return None
    values = [sorted({row[at] for row in rows}) for at in range(len(names))]
    return " and ".join(
        f"{quote(name)} in ({', '.join(f'cast({literal(value)} as {types[name]})' for value in some)})"
        for name, some in zip(names, values, strict=True)
    )
