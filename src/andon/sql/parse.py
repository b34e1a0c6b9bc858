"""Texts to trees by DuckDB's own parser, many in one query."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.names import literal
from andon.base.record import Record
from andon.base.recursion import deeply
from andon.base.text import byte_to_character
from andon.sql.tokens import deep_comment, statements, tokens
from andon.sql.uses import SqlProblem

if TYPE_CHECKING:
    import duckdb

#: What the parser puts where it knows no place.
NO_PLACE = 18446744073709551615

#: Settings of every engine of this package: no files, no network, no Python objects, one thread.
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "enable_external_access": False,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
}

# Parts of the serialised tree that say nothing. A double quote inside of a value is written \", so none of these can be met there.
_NOISE = (',"order_bys":{"type":"ORDER_MODIFIER"}', '"cte_map":{},', ',"aggregate_handling":"STANDARD_HANDLING"')

#: What the engine reads in time that grows with the square: how deep comments may nest, and how long chains may be.
_NESTED = 100
_CHAINING = ("and", "or", "when", "union", "intersect", "except")
_CONDITIONS = 10_000

_local = threading.local()


class Parsed(Record):
    """One text: the trees of its statements (`{node, named_param_map?}`), or why there is none."""

    statements: tuple[dict[str, Any], ...] = ()
    problem: SqlProblem | None = None


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    """The one of this process: opening another for each thread would cost as much as parsing a thousand texts."""
    import duckdb

    return duckdb.connect(":memory:", config=CONFIG)


def engine() -> duckdb.DuckDBPyConnection:
    """This thread's connection to the in-memory engine for parsing. It holds no tables, and nobody may make any."""
    found: duckdb.DuckDBPyConnection | None = getattr(_local, "engine", None)
    if found is None:
        found = _local.engine = _database().cursor()
    return found


def parse(texts: Sequence[str]) -> Iterator[Parsed]:
    """The trees of each text, in order; what a text holds is never an exception.

    One tree after the other, so that a reader that keeps none holds one at a time: thousands of live ones would keep Python's
    garbage collector busy for longer than parsing takes.
    """
    refused = [unreadable(text) for text in texts]
    answers = iter(_serialise([text for text, problem in zip(texts, refused, strict=True) if problem is None]))
    for text, problem in zip(texts, refused, strict=True):
        yield Parsed(problem=problem) if problem is not None else _parsed(text, next(answers))


def parameter_names(text: str) -> frozenset[str]:
    """Names of the parameters (`$name`) of a text that parses; numbers from 1 for `?` and `$1`."""
    return frozenset(name for statement in engine().extract_statements(text) for name in statement.named_parameters)


def unreadable(text: str) -> SqlProblem | None:
    """The problem of a text that can't even be handed to the parser."""
    at = text.find("\0")
    if at >= 0:
        return SqlProblem("project.bad_sql", "the text holds a NUL character", at, "remove the character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = "the text holds half of a surrogate pair, which is not a character"
        return SqlProblem("project.bad_sql", message, error.start, "save the file as UTF-8")
    return _too_much(text)


def _too_much(text: str) -> SqlProblem | None:
    """The problem of a text for which the engine would take time that grows with the square of it."""
    if text.count("/*") > _NESTED:
        at = deep_comment(text, _NESTED)
        if at is not None:
            return SqlProblem(
                "project.bad_sql", f"comments stand in each other more than {_NESTED} deep", at, "end it with `*/`"
            )
    lower = text.lower()
    if sum(lower.count(word) for word in _CHAINING) > _CONDITIONS:
        found = [token.start for token in tokens(text) if token.word in _CHAINING]
        if len(found) > _CONDITIONS:
            message = (
                f"the SQL has {len(found):,} `and`, `or`, `when` and `union`; more than {_CONDITIONS:,} are not read"
            )
            return SqlProblem(
                "project.bad_sql", message, found[0], "write `x in (…)`, or join with a table of the values"
            )
    return None


def _serialise(texts: Sequence[str]) -> list[str]:
    """The serialised trees. Literals, not parameters: the first parameter of a process makes DuckDB import pandas (over 1 s)."""
    if not texts:
        return []
    rows = ",".join(f"({literal(text)})" for text in texts)
    # the lossless options: skip_empty would drop the empty set of `grouping sets ((), (a))`
    query = f"select json_serialize_sql(t.x, skip_null := true, skip_default := true) from (values {rows}) t(x)"
    return [row[0] for row in engine().execute(query).fetchall()]


def _parsed(text: str, answer: str) -> Parsed:
    for noise in _NOISE:
        answer = answer.replace(noise, "")
    try:
        tree = deeply(lambda: json.loads(answer))
    except RecursionError:
        return Parsed(problem=too_deep(text))
    if not tree["error"]:
        return Parsed(tuple(tree["statements"]))
    return Parsed(problem=_problem(text, tree))


def _problem(text: str, tree: dict[str, Any]) -> SqlProblem:
    message = str(tree["error_message"])
    if message.startswith("Only SELECT"):
        return _not_select(text)
    offset = place_of(text, tree)
    if "Max expression depth" in message or message.startswith("memory exhausted"):
        return too_deep(text, offset)
    if message.startswith("Mixing named and positional"):
        hint = "use one kind of them"
        return SqlProblem("project.refused_sql", "the SQL has both `?` and `$name` for parameters", _first(text), hint)
    if "parameters" in message:
        hint = "write the value itself; a definition takes no parameters"
        return SqlProblem("project.refused_sql", "the SQL has parameters (`?`, `$1`)", offset, hint)
    if message == "A CTE needs a SELECT":
        hint = "a dataset only reads; put a SELECT between the parentheses"
        return SqlProblem("project.not_select", "a CTE holds a statement that is not a SELECT", _first(text), hint)
    return SqlProblem("project.bad_sql", message.split("\n")[0].rstrip(".!"), offset, None)


def too_deep(text: str, offset: int | None = None) -> SqlProblem:
    """The problem of a text that is nested too deeply."""
    place = _first(text) if offset is None else offset
    return SqlProblem("project.bad_sql", "the SQL is nested too deeply", place, "split it with `with … as (…)`")


def place_of(text: str, fields: dict[str, Any]) -> int | None:
    """The character that an error's `position` means: syntax errors count characters, all others bytes."""
    position = fields.get("position")
    if position is None:
        return None
    place = int(position)
    return place if fields.get("error_subtype") == "SYNTAX_ERROR" else byte_to_character(text, place)


def _not_select(text: str) -> SqlProblem:
    """The problem of a text whose statements parse, but which holds one that is not a SELECT."""
    for start, end in statements(text):
        words = [token.word for token in tokens(text[start:end])]
        first = words[0]
        if "pivot" in words and first in ("pivot", "pivot_wider", "from", "select", "with", "("):
            message = "a `pivot` that takes its columns from the data has a result whose columns can't be known"
            hint = "name the values: `pivot … on column in ('a', 'b') using …`"
            return SqlProblem("project.refused_sql", message, start + _place(text[start:end], "pivot"), hint)
        if first not in (
            "select",
            "from",
            "with",
            "values",
            "table",
            "(",
            "describe",
            "show",
            "summarize",
            "pivot",
            "unpivot",
        ):
            message = f"expected a SELECT, found `{first.upper()}`"
            return SqlProblem("project.not_select", message, start, "a dataset is one SELECT; Andon makes the table")
    return SqlProblem(
        "project.not_select", "expected one SELECT", _first(text), "a dataset is one SELECT; Andon makes the table"
    )


def _place(text: str, word: str) -> int:
    return next((token.start for token in tokens(text) if token.word.startswith(word)), 0)


def _first(text: str) -> int | None:
    return next((token.start for token in tokens(text)), None)
