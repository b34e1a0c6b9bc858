"""Uniqueness that is known of files: whatever of rows that were unique together is left is so still, and only what is new is asked.

Rows are left where a file is kept, where files were put together to one, and in a file that was written without some rows of others
(`DataFile.part_of`). What is new must repeat nothing, neither in itself nor of what is left; files whose bounds lie apart from those of
what is new are not read for that.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.hashing import content_id
from andon.base.names import quote
from andon.base.record import replace
from andon.checks.compile.check import UniquePlan
from andon.checks.execute.ask import Found, answered, proved
from andon.checks.execute.facts import TargetFacts, Value
from andon.checks.execute.queries import JOIN, PROOF
from andon.checks.execute.question import CheckQuestion, Target, files_of
from andon.checks.judge import Measured
from andon.model.version import DataFile, contents_of

if TYPE_CHECKING:
    import duckdb

#: Version of what a state says; part of every key.
STATE_FORMAT = 1
#: Pairs of files of which bounds are compared at most; else those of all together.
_MOST_PAIRS = 20_000


def is_kept(question: CheckQuestion, index: int) -> bool:
    """Whether states are kept of a check: it is about the uniqueness of all rows."""
    check, plan = question.items[index]
    return isinstance(plan, UniquePlan) and plan.scope is None and not check.uses_clock


class UniqueStates:
    """What is known of the uniqueness that one check of a question is about."""

    def __init__(self, question: CheckQuestion, index: int) -> None:
        plan = question.items[index][1]
        assert isinstance(plan, UniquePlan)
        self._question = question
        self._index = index
        self._plan = plan
        self._files = question.own.files
        link = content_id(["check state", STATE_FORMAT, repr(plan)])
        #: of the first file, the first two, and so on
        self._chain = []
        for file in self._files:
            link = content_id([link, file.sha256])
            self._chain.append(link)

    @property
    def keys(self) -> list[str]:
        """The keys of states by which something may be known."""
        return [*self._chain, self._of_all(self._files), self._of_all(self._question.before)]

    @property
    def proved(self) -> dict[str, bool]:
        """The states to keep once the rows are known to be unique."""
        return {self._chain[-1]: True, self._of_all(self._files): True}

    def found(self, known: Mapping[str, Any], connection: duckdb.DuckDBPyConnection) -> Found | None:
        """That the rows are unique still; None if they have to be asked as a whole."""
        rows = self._question.own.rows
        if self._chain[-1] in known or self._of_all(self._files) in known:
            return Found(Measured(bad=0, total=rows), PROOF)
        left = set(range(next((n for n in range(len(self._chain), 0, -1) if self._chain[n - 1] in known), 0)))
        if self._of_all(self._question.before) in known:
            left = max(left, left_of(self._question.before, self._files), key=self._rows)
        if not left:
            return None
        everywhere = range(len(self._files))
        new = [index for index in everywhere if index not in left]
        if not new:
            return Found(Measured(bad=0, total=rows), PROOF)
        return self._asked(sorted(left), new, connection)

    def _asked(self, left: Sequence[int], new: Sequence[int], connection: duckdb.DuckDBPyConnection) -> Found | None:
        """Whether what is new repeats nothing."""
        own = files_of(self._question.own, new)
        narrow = replace(self._question, own=own, states=None)
        facts = TargetFacts(own)
        found = proved(narrow, [self._index], facts) or answered(narrow, [self._index], facts, connection)
        one = found[self._index]
        if one.measured.bad != 0:
            return None
        began = time.perf_counter()
        near = self._near(left, new)
        if near and _repeats(self._plan, files_of(self._question.own, near), own, connection):
            return None
        seconds = one.seconds + time.perf_counter() - began
        return Found(Measured(bad=0, total=self._question.own.rows), JOIN, seconds)

    def _near(self, left: Sequence[int], new: Sequence[int]) -> list[int]:
        """Files of what is left that may hold a value of what is new."""
        own = self._question.own
        if len(left) * len(new) > _MOST_PAIRS:
            others = [TargetFacts(files_of(own, new))]
        else:
            others = [TargetFacts(files_of(own, [index])) for index in new]
        found = []
        for index in left:
            facts = TargetFacts(files_of(own, [index]))
            if not all(_lie_apart(self._plan, facts, other) for other in others):
                found.append(index)
        return found

    def _of_all(self, files: Sequence[DataFile]) -> str:
        contents = sorted(content for file in files for content in contents_of(file))
        return content_id(["check state", STATE_FORMAT, "all", repr(self._plan), contents])

    def _rows(self, indexes: set[int]) -> int:
        return sum(self._files[index].rows for index in indexes)


def left_of(before: Sequence[DataFile], now: Sequence[DataFile]) -> set[int]:
    """Which of the files of now hold only rows of the files of before, and no row of them more often. Pure."""
    there = Counter(content for file in before for content in contents_of(file))
    left: set[int] = set()
    for index, file in enumerate(now):
        contents = Counter(contents_of(file))
        if contents <= there:
            there -= contents
            left.add(index)
    # files that hold parts of the same ones were written together: parts of one are not of another
    parts: dict[tuple[str, ...], list[int]] = {}
    for index, file in enumerate(now):
        if index not in left and file.part_of:
            parts.setdefault(file.part_of, []).append(index)
    for of, indexes in parts.items():
        contents = Counter(of)
        if contents <= there:
            there -= contents
            left.update(indexes)
    return left


def _lie_apart(plan: UniquePlan, old: TargetFacts, new: TargetFacts) -> bool:
    """Whether a column's values in the two lie apart, so that none can be in both."""
    for name in plan.columns:
        one, other = old.column(name), new.column(name)
        if one is None or other is None:
            continue
        lows, highs = (_ordered(one.low), _ordered(other.low)), (_ordered(one.high), _ordered(other.high))
        if None in lows or None in highs:
            continue
        if highs[0] < lows[1] or highs[1] < lows[0]:
            return True
    return False


def _ordered(value: Value | None) -> Any:
    """A value to be compared: texts by their bytes, as the engine does."""
    return value.encode() if isinstance(value, str) else value


def _repeats(plan: UniquePlan, old: Target, new: Target, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a new row has the values of an old one; also when the engine can't tell."""
    import duckdb

    equal = " and ".join(f"n.{quote(column)} = o.{quote(column)}" for column in plan.columns)
    # written plainly, so that the engine hashes the new rows and not the old ones
    sql = f"select count(*) from {old.relation} o where exists (select 1 from {new.relation} n where {equal})"
    try:
        return bool(connection.execute(sql).fetchall()[0][0])
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return True
