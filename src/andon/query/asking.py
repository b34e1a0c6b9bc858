"""A permitted question put to the engine: the same statements wherever it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import folded, literal, quote
from andon.errors import UsageError
from andon.query.gate import Question

if TYPE_CHECKING:
    from andon.engines.duckdb.parameters import Parameters

#: Under which files and tables hold what is known of what they were read from: a JSON list.
NOTES = "andon.notes"
#: Before a query that has parameters; on a line of its own, so that places in the query stay what they are.
_PREPARE = "prepare andon_question as\n"
#: Formats of files, with DuckDB's options for COPY.
FORMATS = {
    "csv": "format csv, header true",
    "json": "format json, array true",
    "parquet": "format parquet, compression zstd",
}


def ask(connection: Any, question: Question, arguments: str | None) -> None:
    """Ask it, up to its first rows, which `connection` has then.

    Args:
        arguments: the values of its parameters as SQL, None where it has none.
    """
    if arguments is not None:
        connection.execute(_PREPARE + question.select)
        connection.execute(f"{question.plan} execute andon_question({arguments})")
    else:
        connection.execute(before(question, arguments) + question.select)


def arguments_of(wanted: Sequence[str], given: Parameters | None) -> str | None:
    """The values of a query's parameters as SQL; None where there are neither.

    Raises:
        UsageError: `usage.bad_argument` if they don't fit each other.
    """
    if not wanted and not given:
        return None
    from andon.engines.duckdb.parameters import arguments

    return arguments(wanted, given)


def before(question: Question, arguments: str | None) -> str:
    """What stands before the SELECT in the statement that the engine reads."""
    if arguments is not None:
        return _PREPARE
    return f"{question.plan}\n" if question.plan else ""


def shape_of(connection: Any) -> tuple[list[str], list[str]]:
    """Names and types of the columns that `connection` gives."""
    described = connection.description or []
    return [d[0] for d in described], [str(d[1]) for d in described]


def copy(
    connection: Any,
    question: Question,
    arguments: str | None,
    path: Path,
    form: str,
    limit: int | None = None,
    notes: str | None = None,
) -> int:
    """Write the rows, or the first `limit`, to a file that is not there yet or is replaced; how many they are.

    Args:
        notes: what Parquet holds of them beside them, under `NOTES`; the other formats have no place for it.

    Raises:
        UsageError: `usage.bad_argument` for a plan, which has no such rows.
    """
    if question.plan:
        raise UsageError(
            "usage.bad_argument", f"a plan can't be written as {form}", where="query", hint="ask for it as a table"
        )
    select = question.select if limit is None else f"from (\n{question.select}\n) limit {limit}"
    statement = f"copy (\n{select}\n) to {literal(str(path))} ({FORMATS[form]}{_beside(form, notes)})"
    if arguments is not None:
        connection.execute(_PREPARE + statement)
        statement = f"execute andon_question({arguments})"
    return int(connection.execute(statement).fetchall()[0][0])


def _beside(form: str, notes: str | None) -> str:
    """What Parquet holds beside the rows, as an option of COPY."""
    return f", kv_metadata {{{quote(NOTES)}: {literal(notes)}}}" if form == "parquet" and notes is not None else ""


def check_names(columns: Sequence[str], form: str) -> None:
    """Refuse columns of one name where only names tell them apart, and formats that there are not.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    if form not in (*FORMATS, "arrow"):
        raise UsageError(
            "usage.bad_argument", f"`{form}` is not a format", hint=f"one of {', '.join([*FORMATS, 'arrow'])}"
        )
    if (twin := _twin(columns, exactly=form == "json")) is not None:
        raise UsageError(
            "usage.bad_argument",
            f"two columns are named `{twin}`, and {form} tells columns apart by their names",
            hint=f"name them: `… as {twin}_2`",
        )


def _twin(columns: Sequence[str], *, exactly: bool) -> str | None:
    """A name that two columns have, if there is one."""
    seen: set[str] = set()
    for column in columns:
        name = column if exactly else folded(column)
        if name in seen:
            return column
        seen.add(name)
    return None
