"""Which rows of two large tables differ, found by the engine that built them: what is left to compare is as large as the difference.

Rows of keys none of whose rows differs are equal on both sides, duplicates and NULLs included: leaving them out changes nothing that a row
diff tells. So both sides are cut down to the rows of the other keys, and the embedded engine compares those as ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.record import Record, replace
from andon.engines.answers import AnswerSession
from andon.engines.duckdb import row_diff_sql as sql
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, common_columns

#: What the two tables are called while they are asked.
OLD, NEW = "andon_asked.old", "andon_asked.new"
_KEYS = "andon_asked.differing"
#: From that share of keys on, of the rows of the larger side, cutting down costs more than it saves.
_MOST = 0.5


class CutDown(Record):
    """Both sides without rows that are surely equal, or why they are as they were."""

    old: DiffSide
    new: DiffSide
    why_not: str = ""


def cut_down(session: AnswerSession, old: DiffSide, new: DiffSide, question: DiffQuestion) -> CutDown:
    """Both sides without the rows of keys of which no row differs.

    Args:
        session: knows the sides as `OLD` and `NEW`, with all their columns.

    Raises:
        NotAnswered: the engine is not known to find them.
        Cancelled: it was stopped.
    """
    columns = common_columns(old.columns, new.columns, question.key)
    if not columns:
        return CutDown(old, new, "no column is on both sides")
    by = len(question.key) or len(columns)
    values, key = sql.listed(len(columns)), sql.listed(by)
    sides = " union all ".join(
        f"select {_values(columns, of_old)}, {sign} as s from {table} r"
        for table, of_old, sign in ((NEW, False, 1), (OLD, True, -1))
    )
    uneven = f"select {values}, sum(s) as s from ({sides}) group by {values}"
    session.keep(_KEYS, f"select distinct {key} from ({uneven}) where s <> 0")
    count = int(session.rows(f"select count(*) as n from {_KEYS}")[0][0])
    if not count:
        return CutDown(_nothing(old), _nothing(new))
    if count > _MOST * max(old.rows or 0, new.rows or 0):
        return CutDown(old, new, "most of them differ")
    return CutDown(_part(session, old, columns[:by], True), _part(session, new, columns[:by], False))


def _part(session: AnswerSession, side: DiffSide, keys: Sequence[sql.Common], of_old: bool) -> DiffSide:
    """The rows of one side whose key is among those of which a row differs."""
    table = OLD if of_old else NEW
    equal = " and ".join(f"d.c{at} is not distinct from {_value(column, of_old)}" for at, column in enumerate(keys))
    relation = session.keep(f"{table}_part", f"select r.* from {table} r semi join {_KEYS} d on {equal}")
    return replace(side, relation=relation, rows=None)


def _nothing(side: DiffSide) -> DiffSide:
    return replace(side, relation=sql.nothing(side.columns), rows=0)


def _values(columns: Sequence[sql.Common], of_old: bool) -> str:
    return ", ".join(f"{_value(column, of_old)} as v{at}" for at, column in enumerate(columns))


def _value(column: sql.Common, of_old: bool) -> str:
    return sql.value(column, of_old, "r.")
