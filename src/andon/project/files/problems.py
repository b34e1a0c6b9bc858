"""Problems with their place and the lines around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from andon.base.text import excerpt, line_and_column
from andon.errors import Problem

if TYPE_CHECKING:
    from andon.project.files.nodes import FileFlaw
    from andon.sql.uses import SqlProblem


def at_place(
    file: str, text: str, line: int | None, column: int | None, code: str, message: str, hint: str | None = None
) -> Problem:
    """A problem at a line and column of `text`, the content of `file`.

    Python and YAML know more kinds of line ends than a text here has; a place behind the end is moved to it.
    """
    if line is None:
        return Problem(code, message, file, None, None, hint)
    lines = text.split("\n")
    line = min(max(line, 1), len(lines))
    if column is not None:
        column = min(max(column, 1), len(lines[line - 1]) + 1)
    return Problem(code, message, file, line, column, hint, excerpt(text, line, column))


def at_offset(file: str, text: str, offset: int | None, code: str, message: str, hint: str | None = None) -> Problem:
    """A problem at a character of `text`, the content of `file`."""
    if offset is None:
        return Problem(code, message, file, None, None, hint)
    line, column = line_and_column(text, min(offset, len(text)))
    return at_place(file, text, line, column, code, message, hint)


def of_flaws(file: str, text: str, flaws: Iterable[FileFlaw]) -> list[Problem]:
    """Flaws of `text` as problems."""
    return [at_place(file, text, f.line, f.column, f.code, f.message, f.hint) for f in flaws]


def of_sql(file: str, text: str, problems: Iterable[SqlProblem]) -> list[Problem]:
    """Problems of SQL in `text`; what is missing at the end has its place there."""
    found = []
    for problem in problems:
        offset = problem.offset
        if offset is None and "end of input" in problem.message:
            offset = len(text.rstrip())
        found.append(at_offset(file, text, offset, problem.code, problem.message, problem.hint))
    return found
