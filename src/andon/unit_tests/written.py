"""CellRows written in a unit test, held against the columns that they are meant for: names, types, places of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from andon.base.names import did_you_mean
from andon.base.text import excerpt
from andon.errors import Problem
from andon.model.types import parse_type
from andon.model.unit_tests import Cell, CellKind, CellRows
from andon.model.version import Columns
from andon.unit_tests.cells import cell_sql


class WrittenRows:
    """Gives written rows their types.

    Args:
        connection: asked whether values are what they look like.
        text_of: the text of a project file, to show places.
    """

    def __init__(self, connection: Any, text_of: Callable[[str], str]) -> None:
        self._connection = connection
        self._text_of = text_of

    def kinds(self, rows: CellRows, columns: Columns, whose: str) -> tuple[list[tuple[str, str] | None], list[Problem]]:
        """The listed columns as they are spelt, with their types; None and a problem for each that is not there."""
        known = {name.lower(): (name, kind) for name, kind in columns}
        problems = []
        for at, name in enumerate(rows.columns):
            if name.lower() not in known:
                line, column = rows.places[at]
                names = [known_name for known_name, _ in columns]
                hint = did_you_mean(name, names) or "it has " + ", ".join(f"`{n}`" for n in names[:8])
                code = "project.unknown_column"
                problems.append(self.problem(rows.file, line, column, f"{whose} has no column `{name}`", hint, code))
        return [known.get(name.lower()) for name in rows.columns], problems

    def values(
        self, rows: CellRows, kinds: Sequence[tuple[str, str] | None], whose: str
    ) -> tuple[list[str], list[Problem]]:
        """Each row as `(…)` for VALUES; problems of cells that don't fit their column's type."""
        problems: list[Problem] = []
        listed: list[str] = []
        asked: list[tuple[Cell, str, str]] = []
        tests: list[str] = []
        types = [None if one is None else (*one, parse_type(one[1])) for one in kinds]
        for row in rows.rows:
            items = []
            for cell, column in zip(row, types, strict=True):
                if column is None:
                    continue
                name, kind, tree = column
                sql = cell_sql(cell, tree)
                if sql is None:
                    problems.append(self._misfit(rows, cell, name, kind, whose))
                elif cell.kind is not CellKind.NULL and tree.name != "VARCHAR":
                    asked.append((cell, name, kind))
                    tests.append(f"try({sql}) is null")
                items.append(sql or "null")
            listed.append(f"({', '.join(items)})")
        if tests:  # what has the right form and is no value all the same, such as the 30th of February
            answers = self._connection.execute(f"select [{', '.join(tests)}]").fetchall()[0][0]
            problems += [
                self._misfit(rows, *one, whose) for one, is_null in zip(asked, answers, strict=True) if is_null
            ]
        return listed, problems

    def _misfit(self, rows: CellRows, cell: Cell, name: str, kind: str, whose: str) -> Problem:
        shown = cell.text if len(cell.text) <= 60 else cell.text[:57] + "…"
        message = f"`{shown}` does not fit `{name}` {whose}, which is {kind}"
        return self.problem(rows.file, cell.line, cell.column, message, "write a value of that type, or `null`")

    def problem(
        self, file: str, line: int, column: int, message: str, hint: str | None, code: str = "project.bad_test"
    ) -> Problem:
        return Problem(code, message, file, line, column, hint, excerpt(self._text_of(file), line, column))
