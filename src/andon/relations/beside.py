"""What one engine built beside what the embedded one gives for the same: whether both hold the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.near import NEARLY
from andon.base.record import Record
from andon.engines.duckdb.fingerprint import content_sql
from andon.engines.duckdb.instance import file_list
from andon.engines.duckdb.nearly import nearly_the_same
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.engines.engine import Produced
from andon.model.check import Tolerance
from andon.model.row_diff import RowDiff

if TYPE_CHECKING:
    from andon.engines.duckdb.instance import Session
    from andon.model.version import Version


class BesideEngine(Record):
    """How the two compare.

    Attributes:
        how: what is the same, in words.
        difference: which rows differ, where any do; `old` are those of the embedded engine.
    """

    how: str
    difference: RowDiff | None = None


def beside(session: Session, version: Version, files: Sequence[str], own: Produced, place: Path) -> BesideEngine:
    """How the rows of a version, which lie in `files`, compare with those that the embedded engine wrote into `place`.

    The order of rows does not count; numbers that machines round may differ by as little as in two runs of one engine.
    """
    built = f"read_parquet({file_list(files)})" if files else None
    expected = f"read_parquet({file_list([str(place)])})"
    if built is not None and version.rows == own.rows:
        prints = [
            session.connection.execute(content_sql(version.columns, source)).fetchall() for source in (built, expected)
        ]
        if prints[0] == prints[1]:
            return BesideEngine("the same rows")
        if nearly_the_same(session, expected, built, version.columns, ()):
            return BesideEngine(f"the same rows but for numbers that differ by at most {NEARLY:g} of them")
    question = DiffQuestion(version.dataset, tolerance=Tolerance(Decimal(repr(NEARLY)), relative=True), samples=0)
    empty = f"{expected} limit 0"
    found = compare(
        session,
        DiffSide(expected, version.columns, own.rows),
        DiffSide(built or f"(from {empty})", version.columns, version.rows),
        question,
    )
    return BesideEngine(f"{found.rows.total:,} rows differ", found)
