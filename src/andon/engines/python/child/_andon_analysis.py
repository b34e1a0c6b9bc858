"""Running an analysis: its script, or its cells in order; what it writes, shows and keeps lies in one folder afterwards."""

from __future__ import annotations

import contextlib
import linecache
import math
import os
import re
import sys
import types
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import _andon_display as display  # type: ignore[import-not-found]
import _andon_results as results  # type: ignore[import-not-found]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\- ]{0,99}")


class Run:
    """One run: what it may ask, and what it keeps.

    Attributes:
        folder: where it writes; where it stands, too.
        parameters: what was chosen, by name.
        numbers: figures that it told. data: by output, the output that holds what it shows. cells: of a notebook.
    """

    def __init__(self, job: dict[str, Any], connection: Any) -> None:
        said = job["analysis"]
        self.name: str = said["name"]
        self.commit: str = said["commit"]
        self.parameters: dict[str, Any] = said["parameters"]
        self.folder = Path(said["outputs"])
        self.numbers: dict[str, Any] = {}
        self.data: dict[str, str] = {}
        self.cells: list[dict[str, Any]] = []
        self._known = frozenset(job["inputs"])
        self._connection = connection
        self._pictures = 0

    # -- asking

    def ask(self, query: str, parameters: Any) -> Any:
        """The relation of one SELECT."""
        import duckdb

        statements = self._connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise ValueError("a question is one SELECT over datasets")
        try:
            relation = self._connection.sql(query, params=parameters)
        except duckdb.CatalogException as error:
            raise self._unknown(query) or error from None
        return relation

    def _unknown(self, query: str) -> LookupError | None:
        for name in sorted(self._connection.get_table_names(query, qualified=True)):
            if name.lower() not in self._known:
                return LookupError(
                    f"`{name}` can't be read: it is no dataset of the commit {self.commit[:8]}, or no text of the "
                    "analysis names it (a name that is put together while it runs is not seen)"
                )
        return None

    # -- keeping

    def keep(self, name: str, value: Any) -> Any:
        """See `andon.keep`."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for what is kept: letters, digits, `_`, `-`, `.` and blanks")
        number = _number(value)
        if number is not None:
            self.numbers[name] = number[0]
        else:
            try:
                self.show(name, value, or_text=False)
            except results.ResultError as error:
                said = str(error).replace("the function returned", f"`{name}` is")
                raise TypeError(f"{said}: {error.hint}") from None
        return value

    def show(self, name: str, value: Any, *, or_text: bool = True) -> list[str]:
        """Write what is shown of a value to files that begin with `name`; returns their names."""
        return [
            self._tell(*made) for made in display.shown(self._connection, self.folder, name, value, or_text=or_text)
        ]

    def picture(self, figure: Any) -> None:
        """Keep a figure that is shown and has no name."""
        self._pictures += 1
        self.show(f"figure-{self._pictures}", figure)

    def drawn(self, path: Path, figure: Any) -> None:
        """Note what a picture shows that the analysis wrote itself."""
        path = path.resolve()
        if path.is_relative_to(self.folder):
            name = path.relative_to(self.folder).as_posix()
            made = display.figure_data(self._connection, self.folder, name.rpartition(".")[0], figure)
            if made is not None:
                self.data[name] = made

    def _tell(self, name: str, data: str | None) -> str:
        if data is not None:
            self.data[name] = data
        return name


def run(job: dict[str, Any], connection: Any) -> dict[str, Any]:
    """Run the analysis that the job names, to its end; what it keeps is told."""
    import andon

    here = Run(job, connection)
    andon._run = here
    display.run = here
    os.chdir(here.folder)
    path = Path(job["code"], *job["entry"].split("/"))
    sys.argv = [str(path)]
    kind = job["analysis"]["kind"]
    with contextlib.suppress(_Ended):
        if kind == "jupyter":
            _notebook(here, str(path), job["analysis"]["cells"])
        elif kind == "marimo":
            _marimo(here, path)
        else:
            _script(path)
    told = {"numbers": here.numbers, "data": here.data, "cells": here.cells}
    return {"columns": [], "rows": 0, "analysis": told}


class _Ended(Exception):
    """The analysis said that it is done."""


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    """An analysis may end itself, with status 0."""
    try:
        yield
    except SystemExit as error:
        if error.code in (None, 0):
            raise _Ended from None
        raise


def _main(path: str) -> types.ModuleType:
    module = types.ModuleType("__main__")
    module.__file__ = path
    sys.modules["__main__"] = module
    return module


def _script(path: Path) -> None:
    code = compile(path.read_bytes(), str(path), "exec")
    with _ending():
        exec(code, _main(str(path)).__dict__)  # noqa: S102 - that is what it is for


def _marimo(here: Run, path: Path) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[path.stem] = module
    with _ending():
        spec.loader.exec_module(module)  # type: ignore[union-attr]
        outputs, _ = module.app.run()
    texts = [cell.code for cell in module.app._cell_manager.cell_data()]
    if len(texts) != len(outputs):  # a cell that is switched off, or empty: which is whose is not told
        texts = [""] * len(outputs)
    for number, (text, value) in enumerate(zip(texts, outputs, strict=True), 1):
        here.cells.append({"is_code": True, "text": text, "outputs": here.show(f"cells/{number:02}", value)})


def _notebook(here: Run, path: str, cells: list[dict[str, Any]]) -> None:
    import ast

    namespace = _main(path).__dict__
    shown: list[Any] = []

    def show(*values: Any, **_: Any) -> None:
        shown.extend(values)

    namespace["display"] = show
    _replace_display(show, cells)
    for number, cell in enumerate(cells, 1):
        made: list[str] = []
        here.cells.append({"is_code": cell["is_code"], "text": cell["text"], "outputs": made})
        if not cell["is_code"]:
            continue
        place = f"{path}[{cell['number']}]"
        text = cell["text"]
        linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
        tree = ast.parse(text, place)
        last = tree.body.pop().value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with _ending():
            exec(compile(tree, place, "exec"), namespace)  # noqa: S102 - that is what it is for
            if last is not None:
                value = eval(compile(ast.Expression(last), place, "eval"), namespace)  # noqa: S307 - the same
                if not text.rstrip().endswith(";"):
                    shown.append(value)
        figures = display.open_figures()
        own = [display.figure_of(value) for value in shown]
        shown += [figure for figure in figures if not any(figure is one for one in own)]
        for value in shown:
            name = f"cells/{number:02}" + (f"-{len(made) + 1}" if made else "")
            made += here.show(name, value)
        display.close_figures(figures)
        shown.clear()


def _replace_display(show: Any, cells: list[dict[str, Any]]) -> None:
    """What IPython's `display` is given is shown here, where the notebook takes it from there."""
    if any("IPython" in cell["text"] for cell in cells):
        with contextlib.suppress(ImportError):
            import IPython.core.display_functions  # type: ignore[import-not-found]
            import IPython.display  # type: ignore[import-not-found]

            IPython.display.display = show
            IPython.core.display_functions.display = show


def _number(value: Any) -> tuple[Any] | None:
    """A value that is told rather than kept as a file, as JSON holds it."""
    if type(value).__module__.split(".")[0] == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool | int | str):
        return (value,)
    if isinstance(value, float):
        return (value if math.isfinite(value) else str(value),)
    if isinstance(value, Decimal | date | datetime):
        return (str(value),)
    return None
