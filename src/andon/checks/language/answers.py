"""What the engine's parser says about texts of checks: asked for one by one, or for many lines in one query (`together`).

Reading a line is a function of its text that asks as it goes. Within `together`, an answer that isn't there yet ends the attempt
with `Unanswered` and is noted; when all lines have been tried, what was noted is asked in one query, and those lines are tried again.
So many lines mean exactly what each means alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from andon.base.names import literal
from andon.base.record import Record
from andon.model.dataset import ClockUse
from andon.sql.parse import Parsed, engine, parse
from andon.sql.rules import refusals
from andon.sql.uses import SqlFacts, SqlProblem
from andon.sql.walk import facts_of

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")

# Reading a line asks for a few texts, one after the other; what needs more than this asks alone.
_ROUNDS = 12

_local = threading.local()


class Unanswered(Exception):
    """An answer is not there yet; it was noted, and comes with the next query."""


class Unwritable(Exception):
    """The engine can't write a tree as text: it is nested too deeply."""


class ParserAnswer(Record):
    """`select (<expression>)` as the parser sees it: DuckDB's tree of the expression, or what is wrong with the text."""

    tree: Mapping[str, Any] | None
    problem: SqlProblem | None
    tables: tuple[str, ...] = ()
    uses_clock: bool = False


@dataclass(slots=True)
class _Together:
    parsed: dict[str, ParserAnswer] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    to_parse: dict[str, None] = field(default_factory=dict)
    to_write: dict[str, None] = field(default_factory=dict)

    def fetch(self) -> None:
        """Ask the engine for all that was noted."""
        texts = list(self.to_parse)
        for text, parsed in zip(texts, parse(texts), strict=True):
            self.parsed[text] = _judged(text, parsed)
        trees = list(self.to_write)
        self.written.update(_written_together(trees))
        self.to_parse.clear()
        self.to_write.clear()


def together(items: Iterable[_Item], work: Callable[[_Item], _Found]) -> Iterator[_Found]:
    """`work` of each item, in order, with the engine's answers asked for many items at once.

    Args:
        work: may be tried several times for an item, so it must give the same each time and change nothing.
    """
    asked = list(items)
    found: dict[int, _Found] = {}
    waiting: Sequence[int] = range(len(asked))
    with _gathering() as gathered:
        for _ in range(_ROUNDS):
            later = []
            for index in waiting:
                try:
                    found[index] = work(asked[index])
                except Unanswered:
                    later.append(index)
            waiting = later
            if not waiting:
                break
            gathered.fetch()
    for index in waiting:
        found[index] = work(asked[index])
    for index in range(len(asked)):
        yield found[index]


@contextmanager
def _gathering() -> Iterator[_Together]:
    before: _Together | None = getattr(_local, "together", None)
    _local.together = gathered = _Together() if before is None else before
    try:
        yield gathered
    finally:
        _local.together = before


def answer(sql: str) -> ParserAnswer:
    """What the parser says about `sql`, a `select (<expression>)`.

    Raises:
        Unanswered: within `together`, when it is not known yet.
    """
    gathered: _Together | None = getattr(_local, "together", None)
    if gathered is None:
        return _judged(sql, next(parse([sql])))
    found = gathered.parsed.get(sql)
    if found is None:
        gathered.to_parse[sql] = None
        raise Unanswered
    return found


def foresee(texts: Iterable[str]) -> None:
    """Note that `answer` will be asked for `texts`; without effect outside of `together`."""
    gathered: _Together | None = getattr(_local, "together", None)
    if gathered is not None:
        gathered.to_parse.update((text, None) for text in texts if text not in gathered.parsed)


def as_text(nodes: Sequence[Mapping[str, Any]]) -> list[str]:
    """SQL texts of trees of expressions, by the engine.

    Raises:
        Unanswered: within `together`, when they are not known yet.
        Unwritable: if the engine can't write one.
    """
    trees = [json.dumps(_statement(_completed(node))) for node in nodes]
    gathered: _Together | None = getattr(_local, "together", None)
    if gathered is None:
        return _written(trees)
    missing = [tree for tree in trees if tree not in gathered.written]
    if missing:
        gathered.to_write.update((tree, None) for tree in missing)
        raise Unanswered
    return [gathered.written[tree] for tree in trees]


def _judged(sql: str, parsed: Parsed) -> ParserAnswer:
    problem = parsed.problem
    if problem is None and not _is_one_expression(parsed.statements):
        problem = SqlProblem("project.bad_check", "expected one expression", len("select ("), "one line is one check")
    facts = SqlFacts() if problem else facts_of(sql, parsed.statements[0])
    problem = problem or next(iter((*facts.problems, *refusals(facts, role="dataset", allow=frozenset()))), None)
    if problem is not None:
        return ParserAnswer(None, problem)
    tables = tuple(sorted({table.name for table in facts.tables}))
    return ParserAnswer(parsed.statements[0]["node"]["select_list"][0], None, tables, facts.clock is not ClockUse.NONE)


def _is_one_expression(statements: tuple[dict[str, Any], ...]) -> bool:
    if len(statements) != 1:
        return False
    node = statements[0]["node"]
    return (
        node.get("type") == "SELECT_NODE"
        and len(node.get("select_list", ())) == 1
        and node.get("from_table", {}).get("type") == "EMPTY"
        and not node["select_list"][0].get("alias")
    )


def _written(trees: Sequence[str]) -> list[str]:
    if not trees:
        return []
    import duckdb

    rows = ",".join(f"({literal(tree)})" for tree in trees)
    try:
        answers = engine().execute(f"select json_deserialize_sql(t.x::json) from (values {rows}) t(x)").fetchall()
    except duckdb.Error as error:
        raise Unwritable(str(error)) from None
    return [str(answer[0]).removeprefix("SELECT ") for answer in answers]


def _written_together(trees: Sequence[str]) -> dict[str, str]:
    """The texts of many trees; one that the engine can't write is left out, and asked for alone."""
    try:
        return dict(zip(trees, _written(trees), strict=True))
    except Unwritable:
        if len(trees) < 2:
            return {}
        middle = len(trees) // 2
        return {**_written_together(trees[:middle]), **_written_together(trees[middle:])}


def _completed(node: Any) -> Any:
    """The tree with what `andon.sql.parse` leaves out of queries and the engine wants to see when it reads a tree."""
    if isinstance(node, list):
        return [_completed(part) for part in node]
    if not isinstance(node, dict):
        return node
    whole = {name: _completed(part) for name, part in node.items()}
    if str(whole.get("type", "")).endswith("_NODE"):
        whole.setdefault("cte_map", {})
        whole["cte_map"].setdefault("map", [])
        if whole["type"] == "SELECT_NODE":
            whole.setdefault("aggregate_handling", "STANDARD_HANDLING")
    return whole


def _statement(node: Mapping[str, Any]) -> dict[str, Any]:
    select: dict[str, Any] = {
        "type": "SELECT_NODE",
        "modifiers": [],
        "cte_map": {"map": []},
        "select_list": [node],
        "from_table": {"type": "EMPTY", "alias": "", "sample": None},
        "where_clause": None,
        "group_expressions": [],
        "group_sets": [],
        "aggregate_handling": "STANDARD_HANDLING",
        "having": None,
        "sample": None,
        "qualify": None,
    }
    return {"error": False, "statements": [{"node": select}]}
