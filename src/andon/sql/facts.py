"""The facts that a text of SQL states: what it reads and calls, its place in time, its normal form, what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from andon.sql.macros import read_macros
from andon.sql.parse import Parsed, parse
from andon.sql.shape import Fingerprint, fingerprint
from andon.sql.tokens import statements
from andon.sql.uses import CallUse, MacroFacts, MacroStatement, SqlFacts, SqlProblem, TableUse
from andon.sql.walk import facts_of

__all__ = [
    "CallUse",
    "MacroFacts",
    "MacroStatement",
    "SqlFacts",
    "SqlProblem",
    "TableUse",
    "read_facts",
    "read_macros",
    "read_question",
]


def read_facts(texts: Sequence[str]) -> list[SqlFacts]:
    """The facts of each text, in order. Never raises for what a text holds: that is a problem in its facts."""
    return [_facts(text, parsed) for text, parsed in zip(texts, parse(texts), strict=True)]


def read_question(text: str) -> tuple[SqlFacts, Fingerprint | None]:
    """The facts of one text, and the marks of what it asks, None where it does not parse."""
    parsed = next(iter(parse([text])))
    facts = _facts(text, parsed)
    return facts, fingerprint(parsed.statements[0]) if facts.normal and len(parsed.statements) == 1 else None


def _facts(text: str, parsed: Parsed) -> SqlFacts:
    if parsed.problem is not None:
        return SqlFacts(problems=(parsed.problem,))
    if not parsed.statements:
        message = "there is no SQL in the text"
        return SqlFacts(problems=(SqlProblem("project.empty_file", message, None, "write one SELECT"),))
    problems: list[SqlProblem] = []
    if len(parsed.statements) > 1:
        start = statements(text)[1][0]
        message = f"expected one statement, found {len(parsed.statements)}"
        problems.append(
            SqlProblem("project.two_statements", message, start, "use `with … as (…)`, or a dataset for each")
        )
    statement = parsed.statements[0]
    return facts_of(text, statement, tuple(problems))
