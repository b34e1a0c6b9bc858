"""Macro files: `CREATE MACRO` statements, each read as the SELECT that its body is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from andon.base.hashing import content_id
from andon.base.record import Record, replace
from andon.model.dataset import ClockUse
from andon.sql.names import (
    CLOCK_NAMES,
    HIDDEN_READERS,
    PLAIN_FUNCTIONS,
    RANDOM_NAMES,
    READERS,
    STATE_NAMES,
    TABLE_FUNCTIONS,
)
from andon.sql.parse import Parsed, engine, parse, unreadable
from andon.sql.tokens import SqlToken, statements, tokens
from andon.sql.uses import MacroFacts, MacroStatement, SqlFacts, SqlProblem
from andon.sql.walk import characters, facts_of

_FORM = "`create macro name(a, b := 0) as a + b;` or `create macro name(a) as table select …;`"


#: Names that the rest of this package relies on to be the engine's own.
_TAKEN = CLOCK_NAMES | RANDOM_NAMES | STATE_NAMES | PLAIN_FUNCTIONS | READERS | TABLE_FUNCTIONS | HIDDEN_READERS


@dataclass(slots=True)
class _Body:
    """One implementation of a macro: its parameters (with the text of their defaults) and what is to be parsed."""

    parameters: list[tuple[str, str]]
    is_table: bool
    padded: str


@dataclass(slots=True)
class _Statement:
    """A statement as its tokens show it, before its bodies are parsed."""

    name: str
    start: int
    end: int
    bodies: list[_Body]


def read_macros(texts: Sequence[str]) -> list[MacroFacts]:
    """The facts of each macro file, in order. Never raises for what a text holds."""
    found: list[tuple[list[_Statement], list[SqlProblem]]] = [_split(text) for text in texts]
    wanted = [text for states, _ in found for state in states for body in state.bodies for text in _parts(body)]
    answers = parse(wanted)
    out = []
    for text, (states, problems) in zip(texts, found, strict=True):
        made = []
        for state in states:
            statement = _statement(text, state, [[next(answers) for _ in _parts(body)] for body in state.bodies])
            problems.extend(statement.facts.problems)
            made.append(statement)
        out.append(MacroFacts(tuple(made), tuple(problems)))
    return out


def _parts(body: _Body) -> list[str]:
    return [body.padded, *(default for _, default in body.parameters if default)]


def _split(text: str) -> tuple[list[_Statement], list[SqlProblem]]:
    states: list[_Statement] = []
    problems: list[SqlProblem] = []
    refused = unreadable(text)
    if refused is not None:
        return [], [refused]
    ranges = statements(text)
    if not ranges:
        problems.append(SqlProblem("project.empty_file", "there is no macro in the file", None, f"write {_FORM}"))
    for start, end in ranges:
        found = _read_statement(text, start, end)
        if isinstance(found, SqlProblem):
            problems.append(found)
        else:
            states.append(found)
    return states, problems


def _read_statement(text: str, start: int, end: int) -> _Statement | SqlProblem:
    parts = list(tokens(text[:end], start))
    words = [token.word for token in parts]
    at = 1
    if words[:1] != ["create"]:
        return _bad(f"expected CREATE MACRO, found `{parts[0].text}`", parts[0].start)
    if words[at : at + 2] == ["or", "replace"]:
        at += 2
    if at < len(words) and words[at] in ("temp", "temporary"):
        return _bad("macros are not written as temporary ones", parts[at].start, f"leave out `{parts[at].text}`")
    if at >= len(words) or words[at] not in ("macro", "function"):
        return _bad("expected CREATE MACRO", parts[min(at, len(parts) - 1)].start)
    at += 1
    if words[at : at + 3] == ["if", "not", "exists"]:
        at += 3
    problem = _syntax(text, start, end)
    if problem is not None:
        return problem
    if words[at + 1] == ".":
        hint = "macros have plain names; leave out what stands before the point"
        return _bad("the name of a macro has no schema", parts[at].start, hint)
    if parts[at].name in _TAKEN:
        hint = "give the macro a name of its own: what a text calls must not depend on which macros there are"
        return _bad(f"`{parts[at].name}` is a function of the engine", parts[at].start, hint)
    bodies = _bodies(text, parts[at + 1 :], end)
    if bodies is None:
        return _bad("the macro's body was not understood", parts[at].start)
    return _Statement(parts[at].name, start, end, bodies)


def _bad(message: str, offset: int, hint: str = f"write {_FORM}") -> SqlProblem:
    return SqlProblem("project.bad_macro", message, offset, hint)


def _syntax(text: str, start: int, end: int) -> SqlProblem | None:
    """What DuckDB's parser has against the statement."""
    import duckdb

    from andon.sql.messages import explain

    try:
        found = engine().extract_statements(text[start:end])
    except duckdb.Error as error:
        problem = explain(error, text[start:end])
        offset = None if problem.offset is None else problem.offset + start
        return SqlProblem("project.bad_macro", problem.message, offset, problem.hint)
    if len(found) != 1:
        return _bad("the statement was not understood", start)
    return None


def _bodies(text: str, parts: list[SqlToken], end: int) -> list[_Body] | None:
    """The implementations `(parameters) as [table] body`, separated by commas."""
    heads = _heads(parts)
    if not heads or heads[0][0] != 0:
        return None
    bodies = []
    for number, (opening, after) in enumerate(heads):
        is_table = after < len(parts) and parts[after].word == "table"
        first = after + 1 if is_table else after
        if first >= len(parts):
            return None
        stop = parts[heads[number + 1][0] - 2].end if number + 1 < len(heads) else end
        begin = parts[first].start
        # the body keeps its place, so that offsets are those of the file; CREATE MACRO is longer than `select (`
        padded = (
            _blank(begin) + text[begin:stop] if is_table else _blank(begin - 8) + "select (" + text[begin:stop] + "\n)"
        )
        bodies.append(_Body(_parameters(text, parts[opening + 1 : after - 2]), is_table, padded))
    return bodies


def _blank(count: int) -> str:
    """Blanks in place of the `count` characters before what is parsed."""
    return " " * count


def _heads(parts: list[SqlToken]) -> list[tuple[int, int]]:
    """Where the implementations begin: index of `(`, index of the first token after `as`."""
    heads: list[tuple[int, int]] = []
    depth, opening = 0, -1
    is_table = False
    for at, token in enumerate(parts):
        mark = token.text if token.kind == "mark" else ""
        if mark and mark in "([{":
            if depth == 0:
                opening = at
            depth += 1
        elif mark and mark in ")]}":
            depth -= 1
            follows_comma = opening == 0 or (parts[opening - 1].text == "," and parts[opening - 1].kind == "mark")
            if depth != 0 or not follows_comma or at + 1 >= len(parts) or parts[at + 1].word != "as":
                continue
            table = at + 2 < len(parts) and parts[at + 2].word == "table"
            # within a query `, (b) as c` is a column: there only `as table` begins another implementation
            if opening == 0 or table or not is_table:
                heads.append((opening, at + 2))
                is_table = table
    return heads


def _parameters(text: str, parts: list[SqlToken]) -> list[tuple[str, str]]:
    """Name (with its type, if it has one) and the SELECT of the default of each parameter."""
    groups: list[list[SqlToken]] = [[]]
    depth = 0
    for token in parts:
        mark = token.text if token.kind == "mark" else ""
        depth += 1 if mark and mark in "([{" else -1 if mark and mark in ")]}" else 0
        if mark == "," and depth == 0:
            groups.append([])
        else:
            groups[-1].append(token)
    found = []
    for group in groups:
        if not group:
            continue
        equal = next((at for at, token in enumerate(group) if token.text in (":=", "=>")), len(group))
        name = " ".join(token.name for token in group[:equal])
        default = text[group[equal + 1].start : group[-1].end] if equal + 1 < len(group) else ""
        begin = group[equal + 1].start if default else 0
        found.append((name, _blank(begin - 8) + "select (" + default + "\n)" if default else ""))
    return found


def _statement(text: str, state: _Statement, answers: list[list[Parsed]]) -> MacroStatement:
    facts = SqlFacts()
    form: list[object] = []
    for body, parsed in zip(state.bodies, answers, strict=True):
        parameters = frozenset(name.split()[0] for name, _ in body.parameters if name)
        normals = []
        for part, answer in zip(_parts(body), parsed, strict=True):
            found = _facts(part, answer, parameters)
            normals.append(found.normal)
            facts = _merge(facts, found)
        form.append(
            [body.is_table, [name for name, _ in body.parameters], [bool(d) for _, d in body.parameters], normals]
        )
    facts = replace(facts, normal=content_id([state.name, form]))
    is_table = any(body.is_table for body in state.bodies)
    if facts.tables and not all(body.is_table for body in state.bodies):
        table = facts.tables[0]
        hint = "make it a table macro (`as table select …`), or pass the value as a parameter"
        problem = SqlProblem("project.bad_macro", f"a scalar macro can't read `{table.name}`", table.offset, hint)
        facts = replace(facts, problems=(*facts.problems, problem))
    return MacroStatement(state.name, text[state.start : state.end], state.start, facts, is_table)


def _facts(text: str, parsed: Parsed, parameters: frozenset[str]) -> SqlFacts:
    if parsed.problem is not None:
        return SqlFacts(problems=(replace(parsed.problem, code="project.bad_macro"),))
    if len(parsed.statements) != 1:
        return SqlFacts(problems=(_bad("the macro's body was not understood", characters(text)(0)),))
    return facts_of(text, parsed.statements[0], parameters=parameters)


def _merge(one: SqlFacts, other: SqlFacts) -> SqlFacts:
    clocks = {one.clock, other.clock}
    clock = next(c for c in (ClockUse.INSTANT, ClockUse.DATE, ClockUse.NONE) if c in clocks)
    return SqlFacts(
        tables=one.tables + other.tables,
        calls=one.calls + other.calls,
        reads=one.reads + other.reads,
        clock=clock,
        random=one.random + other.random,
        problems=one.problems + other.problems,
        constructs=one.constructs + other.constructs,
        normal=other.normal,
    )


def macro_bodies(text: str, statements: Collection[str]) -> list[str]:
    """Of a macro file the SELECTs that bodies and defaults of `statements` are, each at its place in the file."""
    states, _ = _split(text)
    return [
        part
        for state in states
        if text[state.start : state.end] in statements
        for body in state.bodies
        for part in _parts(body)
    ]


class MacroBody(Record):
    """What a macro gives: an expression, by parameters with the text of their defaults."""

    parameters: tuple[tuple[str, str | None], ...]
    text: str


def body_of(statement: str) -> MacroBody | None:
    """The body of a macro that gives a value and has one form; None for all others, and where a parameter has a type."""
    found = _read_statement(statement, 0, len(statement))
    if isinstance(found, SqlProblem) or len(found.bodies) != 1 or found.bodies[0].is_table:
        return None
    body = found.bodies[0]
    if any(" " in name for name, _ in body.parameters):
        return None
    parameters = tuple((name, _unpadded(default) if default else None) for name, default in body.parameters)
    return MacroBody(parameters, _unpadded(body.padded))


def _unpadded(padded: str) -> str:
    return padded.lstrip().removeprefix("select (").removesuffix("\n)").strip()


def as_temporary(statement: str) -> str:
    """A `CREATE MACRO` statement as the one that makes or replaces the macro for one connection.

    Raises:
        ValueError: if the statement is none.
    """
    return "create or replace temp macro " + statement[_named(statement)[0].start :]


def macro_name(statement: str) -> tuple[str, bool]:
    """The name of the macro that a `CREATE MACRO` statement makes, and whether it is a table macro.

    Raises:
        ValueError: if the statement is none.
    """
    name, *rest = _named(statement)
    heads = _heads(rest)
    return name.name, bool(heads) and rest[heads[0][1]].word == "table"


def _named(statement: str) -> list[SqlToken]:
    """The tokens of a `CREATE MACRO` statement from the macro's name on."""
    parts = list(tokens(statement))
    for at, token in enumerate(parts):
        if token.word in ("macro", "function"):
            skipped = 4 if [part.word for part in parts[at + 1 : at + 4]] == ["if", "not", "exists"] else 1
            return parts[at + skipped :]
    raise ValueError("not a CREATE MACRO statement")
