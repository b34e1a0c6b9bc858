"""The gate: which texts are questions. One SELECT over datasets, or the plan of one; decided by the tree that the engine's own parser
made of the very text that is run. Every door goes through it, and it knows neither lake nor people."""

from __future__ import annotations

from itertools import islice

from andon.base.record import Record
from andon.base.text import excerpt, line_and_column
from andon.errors import Problem, UsageError
from andon.sql.facts import read_question
from andon.sql.rules import refusals
from andon.sql.tokens import tokens
from andon.sql.uses import HAS_PARAMETERS, SqlProblem, TableUse

#: Bytes of a question at most: what people write is shorter by far, and what is longer takes the parser long.
MOST_TEXT = 200_000


#: What to do about a problem whose own advice is for whoever writes a dataset, by its code or how its message ends.
_ADVICE = {
    "project.not_select": "a question reads: `select …`, `from …`, `values …`, or `explain` before one",
    "project.two_statements": "ask one at a time, or put them together: `with … as (…)`",
    "a file that can be read by its name alone": "a question reads datasets: `andon ls` lists them",
}


class Question(Record):
    """A text that the gate let through.

    Attributes:
        text: as it is run, without what stands around it.
        select: the SELECT in it, at the same place: of a plan, blanks stand for what asks for one.
        plan: `explain` or `explain analyze`, or nothing where rows are asked for.
        tables: the datasets that it names, as far as the text tells.
        parameters: names of its parameters, numbers from 1 for `?`.
        shape, exact: what is the same for questions that differ in values alone, and for those that don't (see `sql/shape.py`).
    """

    text: str
    select: str
    plan: str
    tables: tuple[TableUse, ...]
    parameters: tuple[str, ...]
    shape: str | None = None
    exact: str | None = None

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets, each once."""
        return tuple(dict.fromkeys(use.name for use in self.tables))


def bare(sql: str) -> str:
    """A question without blanks around it and the `;` at its end: places are counted in that."""
    return sql.strip().rstrip(";").strip()


def check_length(sql: str) -> None:
    """Refuse what is too long to be parsed.

    Raises:
        UsageError: `usage.query_limit`.
    """
    size = len(sql) if sql.isascii() else len(sql.encode(errors="replace"))
    if size > MOST_TEXT:
        raise UsageError(
            "usage.query_limit",
            f"the query has {size:,} bytes of text; {MOST_TEXT:,} are the most",
            where="query",
            hint="join with a dataset of the values in place of a long list",
        )


def permit(sql: str) -> Question:
    """The question that `sql` is.

    Raises:
        UsageError: `usage.not_one_select` with every reason, `usage.query_limit` for a text that is too long.
    """
    text = bare(sql)
    check_length(text)
    plan, select = _without_explain(text)
    facts, marks = read_question(select)
    wrong = facts.problems
    if facts.normal:  # it parses, so what it reads is known, and its parameters are given values
        wrong = tuple(problem for problem in wrong if problem.message != HAS_PARAMETERS)
    found = [*wrong, *(refusals(facts, role="query", allow=frozenset()) if not wrong else [])]
    if found:
        raise _refused(text, found)
    shape, exact = (marks.shape, marks.exact) if marks is not None else (None, None)
    return Question(text, select, plan, facts.tables, _parameters(select), shape, exact)


def _without_explain(text: str) -> tuple[str, str]:
    """What a text asks to see in place of rows, and the text with blanks for that; its options are no part of what may be asked."""
    first = list(islice(tokens(text), 2))
    if not first or first[0].word != "explain":
        return "", text
    words = ["explain"]
    if len(first) > 1 and first[1].word == "analyze":
        words.append("analyze")
    end = first[len(words) - 1].end
    blank = "".join(c if c in "\r\n" else " " for c in text[:end])
    return " ".join(words), blank + text[end:]


def _parameters(select: str) -> tuple[str, ...]:
    if "?" not in select and "$" not in select:
        return ()
    from andon.sql.parse import parameter_names

    return tuple(sorted(parameter_names(select)))


def _refused(text: str, found: list[SqlProblem]) -> UsageError:
    problems = []
    for problem in found:
        line = column = mark = None
        if problem.offset is not None:
            line, column = line_and_column(text, problem.offset)
            mark = excerpt(text, line, column)
        problems.append(Problem(problem.code, problem.message, "query", line, column, _advice(problem), mark))
    first = problems[0]
    return UsageError(
        "usage.not_one_select", first.message, where=first.where, hint=first.hint, problems=tuple(problems)
    )


def _advice(problem: SqlProblem) -> str | None:
    fits = (advice for sign, advice in _ADVICE.items() if problem.code == sign or problem.message.endswith(sign))
    return next(fits, problem.hint)
