"""States per file: what a check measured on one file is kept, so that a version that only adds files asks only those.

Rows, references (with the content that they refer to) and simple totals add up over files. What of a key's uniqueness is known from other
files is in `unique_states.py`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.hashing import content_id
from andon.base.names import literal
from andon.base.record import replace
from andon.checks.compile.check import AgePlan, Plan, ReferencePlan, RowPlan, TotalPlan
from andon.checks.execute import queries
from andon.checks.execute.ask import Found, answered, proved
from andon.checks.execute.facts import TargetFacts
from andon.checks.execute.queries import FILE_STEP, PROOF
from andon.checks.execute.question import CheckQuestion, FileStates, files_of
from andon.checks.execute.unique_states import STATE_FORMAT, UniqueStates, is_kept
from andon.checks.judge import Measured
from andon.checks.language.lines import holds_query

if TYPE_CHECKING:
    import duckdb

#: Files of a version beyond which nothing is looked for: there would be too many keys.
_MOST_FILES = 5000
_TOTAL = re.compile(r"(count|sum|min|max)\((.*)\)\Z", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z", re.ASCII)
_INEXACT = ("DOUBLE", "FLOAT")


def by_states(
    question: CheckQuestion,
    indexes: Sequence[int],
    facts: TargetFacts,
    connection: duckdb.DuckDBPyConnection,
    states: FileStates,
) -> dict[int, Found]:
    """What can be told from kept states and a look at the files that have none; what is asked now is kept.

    Raises:
        duckdb.InterruptException: when the connection was interrupted.
    """
    files = question.own.files
    if facts.rows is None or facts.rows < queries.LARGE or not 1 <= len(files) <= _MOST_FILES:
        return {}
    bases = {index: base for index in indexes if (base := _base(question, index)) is not None}
    keys = {index: [_key(base, file.sha256) for file in files] for index, base in bases.items()}
    uniques = {index: UniqueStates(question, index) for index in indexes if is_kept(question, index)}
    wanted = [key for listed in keys.values() for key in listed]
    wanted += [key for unique in uniques.values() for key in unique.keys]
    known = dict(states.get(list(dict.fromkeys(wanted)))) if wanted else {}
    work = _Work(question, keys, known, connection)
    found = work.merged()
    for index, unique in uniques.items():
        one = unique.found(known, connection)
        if one is not None:
            found[index] = one
            work.made.update(unique.proved)
    if work.made:
        states.put(work.made)
    return found


def keep_unique(question: CheckQuestion, found: Mapping[int, Found], states: FileStates) -> None:
    """Keep which keys were found to be unique in the whole version."""
    rows = question.own.rows
    if rows is None or rows < queries.LARGE or len(question.own.files) > _MOST_FILES:
        return
    made = {}
    for index, one in found.items():
        if is_kept(question, index) and one.measured.bad == 0:
            made.update(UniqueStates(question, index).proved)
    if made:
        states.put(made)


def _base(question: CheckQuestion, index: int) -> str | None:
    """Id of what is asked of each file; None if the answers don't add up, or depend on more than the file."""
    check, plan = question.items[index]
    if check.uses_clock and not isinstance(plan, AgePlan):
        return None
    there: list[str] = []
    match plan:
        case RowPlan(has_window=False) | AgePlan():
            if check.others or holds_query(check.text):  # a query of its own may be about the dataset itself
                return None
        case ReferencePlan(dataset=dataset):
            target = question.others.get(dataset)
            if target is None or not target.is_table:
                return None
            there = [file.sha256 for file in target.files]
        case TotalPlan():
            if not _adds_up(plan) or check.others:
                return None
        case _:
            return None
    return content_id(["check state", STATE_FORMAT, repr(plan), list(question.macros), there])


def _adds_up(plan: TotalPlan) -> bool:
    """Whether the total is one sum, count, minimum or maximum, held against what stands in the check."""
    if plan.is_standalone or (plan.limit is not None and not _NUMBER.match(plan.limit)):
        return False
    match = _TOTAL.match(plan.value)
    if match is None:
        return False
    inside = match[2]
    depth = 0
    for character in inside:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:  # `sum(a) + sum(b)`
            return False
    return re.search(r"['\"\[]|\b(distinct|filter|order|over)\b", inside, re.IGNORECASE) is None


def _key(base: str, sha256: str) -> str:
    return content_id([base, sha256])


class _Work:
    """Merging what is known of files with what is asked about the others."""

    def __init__(
        self,
        question: CheckQuestion,
        keys: Mapping[int, Sequence[str]],
        known: Mapping[str, Any],
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        self._question = question
        self._keys = keys
        self._known = dict(known)
        self._connection = connection
        self._asked: dict[int, list[Found]] = {}
        self._given_up: set[int] = set()
        self.made: dict[str, Any] = {}

    def merged(self) -> dict[int, Found]:
        """What can be told of the whole version."""
        for index, keys in self._keys.items():
            if any(_is_inexact(self._question.items[index][1], self._known.get(key)) for key in keys):
                self._given_up.add(index)
        for file in range(len(self._question.own.files)):
            lacking = [
                index
                for index, keys in self._keys.items()
                if keys[file] not in self._known and index not in self._given_up
            ]
            if lacking:
                self._ask(file, lacking)
        found = {}
        for index in self._keys:
            if index not in self._given_up:
                one = self._merge(index)
                if one is not None:
                    found[index] = one
        return found

    def _ask(self, file: int, lacking: Sequence[int]) -> None:
        own = files_of(self._question.own, [file])
        question = replace(self._question, own=own, states=None)
        facts = TargetFacts(own)
        totals = [index for index in lacking if isinstance(question.items[index][1], TotalPlan)]
        rest = [index for index in lacking if index not in totals]
        found = proved(question, rest, facts)
        left = [index for index in rest if index not in found]
        if left:
            found.update(answered(question, left, facts, self._connection, tell_rows=True))
        states = {index: _state_of(question.items[index][1], one) for index, one in found.items()}
        if totals:
            told, seconds = _totals(question, totals, self._connection)
            for index in totals:
                found[index] = Found(Measured(), queries.SCAN, seconds / len(totals))
                states[index] = told.get(index)
        for index, one in found.items():
            state = states[index]
            if state is None:
                self._given_up.add(index)
                continue
            self.made[self._keys[index][file]] = self._known[self._keys[index][file]] = state
            if _is_inexact(self._question.items[index][1], state):
                self._given_up.add(index)
                continue
            self._asked.setdefault(index, []).append(one)

    def _merge(self, index: int) -> Found | None:
        plan = self._question.items[index][1]
        states = [self._known[key] for key in self._keys[index]]
        asked = self._asked.get(index, [])
        hows = [one.how for one in asked if one.how != PROOF]
        how, seconds = hows[0] if hows else PROOF, sum(one.seconds for one in asked)
        match plan:
            case RowPlan() | ReferencePlan():
                measured = Measured(bad=sum(state[0] for state in states), total=sum(state[1] for state in states))
                failing = [file for file, state in enumerate(states) if state[0]]
                within = files_of(self._question.own, failing) if failing else None
                return Found(measured, how, seconds, self._rows(states, failing), within)
            case AgePlan():
                newest = [value for value, _ in states if value is not None]
                is_infinite = any(infinite for _, infinite in states)
                value = None if is_infinite or not newest else max(newest)
                return Found(Measured(value=value, is_infinite=is_infinite), how, seconds)
            case TotalPlan():
                total = _merged_total(plan, states, self._connection)
                return None if total is None else Found(total, how, seconds)
        return None

    def _rows(self, states: Sequence[Any], failing: Sequence[int]) -> tuple[int, ...] | None:
        """Numbers of failing rows in the whole version; None unless they are known of all files that have some."""
        wanted = self._question.samples
        rows: list[int] = []
        for file in failing:
            bad, _, numbers = states[file]
            if numbers is None or len(numbers) < min(bad, wanted):
                return None
            rows += [file * FILE_STEP + number for number in numbers]
        return tuple(rows[:wanted]) or None


def _state_of(plan: Plan, found: Found) -> Any:
    """A file's state, or None if the engine could not tell: bad rows, all rows, numbers of the first bad ones if known."""
    measured = found.measured
    if measured.error is not None:
        return None
    if isinstance(plan, AgePlan):
        return [measured.value, measured.is_infinite]
    return [measured.bad, measured.total, None if found.rows is None else list(found.rows)]


# totals


def _totals(
    question: CheckQuestion, indexes: Sequence[int], connection: duckdb.DuckDBPyConnection
) -> tuple[dict[int, Any], float]:
    """`[value as text, type]` of each total over the question's rows, and what it took; nothing if the engine refuses."""
    import duckdb

    items = []
    for index in indexes:
        plan = question.items[index][1]
        assert isinstance(plan, TotalPlan)
        over = question.own.relation
        over = over if plan.scope is None else f"(select * from {over} where ({plan.scope}))"
        items.append(f"(select [({plan.value})::varchar, typeof({plan.value})] from {over})")
    began = time.perf_counter()
    try:
        row = connection.execute(f"select {', '.join(items)}").fetchall()[0]
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return {}, time.perf_counter() - began
    told = {
        index: [None if kind in _INEXACT else value, kind] for index, (value, kind) in zip(indexes, row, strict=True)
    }
    return told, time.perf_counter() - began


def _is_inexact(plan: Plan, state: Any) -> bool:
    """Whether a total's state says that it doesn't add up exactly: sums of doubles depend on their order."""
    return isinstance(plan, TotalPlan) and state is not None and state[1] in _INEXACT


def _merged_total(
    plan: TotalPlan, states: Sequence[Sequence[str | None]], connection: duckdb.DuckDBPyConnection
) -> Measured | None:
    """The total over all files; None if their types differ or the engine refuses."""
    import duckdb

    kinds = {kind for _, kind in states}
    match = _TOTAL.match(plan.value)
    if len(kinds) != 1 or match is None:
        return None
    kind = kinds.pop()
    name = match[1].lower()
    listed = ", ".join(f"({'null' if text is None else literal(text)})" for text, _ in states)
    merged = f"{'sum' if name == 'count' else name}(x::{kind})::{kind}"
    parts = [
        "v",
        *("null" if sql is None else sql.replace(f"({plan.value})", "(v)") for sql in (plan.limit, plan.holds)),
    ]
    try:
        row = connection.execute(
            f"select {', '.join(parts)} from (select {merged} as v from (values {listed}) t(x))"
        ).fetchall()[0]
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return None
    return Measured(value=row[0], limit=row[1], holds=row[2])
