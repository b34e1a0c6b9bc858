"""Running unit tests on the real engines: given rows as tables in memory, the dataset's own SQL or Python over them.

A table in memory has the columns and types that the input has in the lake; what the dataset returns gets the casts of a build.
"""

from __future__ import annotations

import gzip
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from andon.base.clock import from_text
from andon.base.names import did_you_mean, literal, quote, quote_name
from andon.base.record import Record
from andon.engines.duckdb.failures import translate
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.opening import Purpose, open_instance
from andon.engines.duckdb.universe import Universe
from andon.engines.engine import EngineSettings
from andon.engines.python.task import PythonSettings
from andon.engines.types import select_list
from andon.errors import AndonError, Problem
from andon.model.dataset import Definition, Kind
from andon.model.unit_tests import CellRows, TestResult, TestStatus, UnitTest
from andon.model.version import Columns
from andon.unit_tests.cells import inferred_type
from andon.unit_tests.compare import FLOAT_SHARE, ComparedRow, NumberTolerance, RowComparison
from andon.unit_tests.written import WrittenRows

#: The logical time of a test that doesn't say one: its dataset doesn't use the clock.
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
#: Given files that are packed by the tests, and formats whose text nobody writes.
_BINARY = (".parquet", ".zst", ".xlsx", ".avro", ".orc")


class DatasetUnderTest(Record):
    """The dataset that is tested, with all that running it needs.

    Attributes:
        inputs: columns (name, lake type) of each input; an input whose columns nobody knows yet is not there.
        declared: of those, the columns that their files declare, with their lake types where they are stated.
        code: the texts of a Python dataset, by project path.
        fits: for a source: whether a pattern of its reads means a path.
        render: for a source: the SQL that reads exactly these files (`{project path: where it lies}`), strictly by its contract.
        explain: for a source: the error for an exception of the engine.
        text_of: the text of a project file, to show places.
    """

    definition: Definition
    inputs: Mapping[str, Columns]
    declared: Mapping[str, Sequence[tuple[str, str | None]]]
    code: Callable[[], Mapping[str, bytes]]
    fits: Callable[[str, str], bool]
    render: Callable[[Mapping[str, Path]], str]
    explain: Callable[[Exception, Mapping[str, Path]], AndonError]
    text_of: Callable[[str], str]


class _Wrong(Exception):
    """What is wrong with the test itself."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(sorted(problems, key=lambda p: (p.file or "", p.line or 0, p.column or 0)))


class Testing:
    """Runs unit tests one after the other; use as a context manager, which closes the engines."""

    __test__ = False  # no test of pytest's

    def __init__(self, settings: EngineSettings, python: PythonSettings) -> None:
        self._settings = settings
        self._python = python
        self._instance: Instance | None = None

    def __enter__(self) -> Testing:
        return self

    def __exit__(self, *_: object) -> None:
        if self._instance is not None:
            self._instance.close()
        self._settings.temporary.close()

    def run(self, test: UnitTest, subject: DatasetUnderTest) -> TestResult:
        """How the test comes out. What is wrong with it, and what the dataset raises, is in the result."""
        began = time.perf_counter()
        work = self._settings.temporary.path / f"test-{secrets.token_hex(6)}"
        moment = _SOME_TIME if test.now is None else from_text(test.now)
        if self._instance is None:
            self._instance = open_instance(Purpose.TESTING, self._settings)
        case = _Case(test, subject, self._instance, work, moment, self._python, self._settings.memory_limit)
        outcome: dict[str, Any]
        try:
            outcome = case.outcome()
        except _Wrong as wrong:
            outcome = {"status": TestStatus.ERROR, "problems": wrong.problems}
        except AndonError as error:
            where = f"{error.where}: " if error.where else ""
            outcome = {
                "status": TestStatus.ERROR,
                "message": f"{where}{error.message}",
                "hint": error.hint,
                "problems": error.problems,
            }
        finally:
            case.close()
        seconds = time.perf_counter() - began
        return TestResult(test.dataset, test.name, test.file, test.line, seconds=seconds, **outcome)


class _Case:
    """One test in a catalog of its own."""

    def __init__(
        self,
        test: UnitTest,
        subject: DatasetUnderTest,
        instance: Instance,
        work: Path,
        moment: datetime,
        python: PythonSettings,
        memory_limit: str,
    ) -> None:
        self._test = test
        self._subject = subject
        self._definition = subject.definition
        self._work = work
        self._moment = moment
        self._python_settings = python
        self._memory_limit = memory_limit
        self._session = instance.session()
        self._session.show(moment)
        self._universe = Universe(instance, lambda _: None)
        self._connection: Any = self._session.at(self._universe.catalog)
        self._written = WrittenRows(self._connection, subject.text_of)
        self._notices: list[str] = []
        self._is_bindable = True

    def close(self) -> None:
        """Take the catalog out of the engine, and the files off the disk."""
        self._session.at("memory")
        self._universe.detach()
        shutil.rmtree(self._work, ignore_errors=True)

    def outcome(self) -> dict[str, Any]:
        """The fields of the result that are known here."""
        kind = self._definition.kind
        files = self._given_files() if kind is Kind.SOURCE else {}
        problems = [] if kind is Kind.SOURCE else self._make_inputs()
        if problems and (kind is Kind.PYTHON or not self._is_bindable):
            raise _Wrong(problems)
        sql = self._sql(files)
        try:
            produced = self._session.columns(self._universe.catalog, f"\n{sql}\n")
            kept = f"select {select_list(produced)} from (\n{sql}\n)"
            stored = self._session.columns(self._universe.catalog, f"\n{kept}\n")
            columns, listed, more = self._expected(stored)
            if problems or more:
                raise _Wrong([*problems, *more])
            lines, found = self._rows(kept, columns, listed)
        except (AndonError, _Wrong):
            raise
        except Exception as error:
            if self._definition.kind is Kind.SOURCE:
                raise self._subject.explain(error, files) from error
            raise translate(error, self._definition) from error
        difference = self._comparison(columns).difference(lines, found)
        return {
            "status": TestStatus.PASS if difference.is_none else TestStatus.FAIL,
            "columns": tuple(name for name, _ in columns),
            "pairs": difference.pairs,
            "missing": difference.missing,
            "unexpected": difference.unexpected,
            "missing_count": difference.missing_count,
            "unexpected_count": difference.unexpected_count,
            "misplaced": difference.misplaced,
            "notices": tuple(self._notices),
        }

    # -- what is given

    def _make_inputs(self) -> list[Problem]:
        """Make a table for each input and fill it; what is wrong with the given rows."""
        given = {one.name: one for one in self._test.given}
        problems: list[Problem] = []
        empty = [name for name in self._definition.inputs if name not in given]
        if empty:
            self._notices.append(f"not given, so empty: {', '.join(empty)}")
        for name in self._definition.inputs:
            rows = given[name].rows if name in given else None
            columns = self._subject.inputs.get(name) or self._inferred(name, rows)
            if not columns:
                problems.append(self._unknown_input(name))
                self._is_bindable = False
                continue
            listed = ", ".join(f"{quote(column)} {kind}" for column, kind in columns)
            self._connection.execute(f"create schema if not exists {quote(name.split('.')[0])}")
            self._connection.execute(f"create table {quote_name(name)} ({listed})")
            if rows is not None:
                problems += self._fill(name, rows, columns)
        return problems

    def _inferred(self, name: str, rows: CellRows | None) -> Columns:
        """Columns of an input that was never built, by what is declared and given."""
        declared = self._subject.declared.get(name, ())
        found = {column.lower(): (column, kind) for column, kind in declared}
        for at, column in enumerate(rows.columns if rows is not None else ()):
            cells = [row[at] for row in rows.rows] if rows is not None else []
            spelt, kind = found.get(column.lower(), (column, None))
            found[column.lower()] = (spelt, kind or inferred_type(cells))
        if any(kind is None for _, kind in declared):
            self._notices.append(f"{name} was never built: types of its columns are those of the given rows")
        return [(column, kind or inferred_type(())) for column, kind in found.values()]

    def _unknown_input(self, name: str) -> Problem:
        place = next(((one.line, one.column) for one in self._test.given if one.name == name), None)
        line, column = place or (self._test.line, self._test.column)
        hint = f"run `{name}` once, or declare its `columns` in its file"
        return self._written.problem(self._test.file, line, column, f"the columns of `{name}` are not known yet", hint)

    def _fill(self, name: str, rows: CellRows, columns: Columns) -> list[Problem]:
        kinds, problems = self._written.kinds(rows, columns, f"`{name}`")
        listed, misfits = self._written.values(rows, kinds, f"of `{name}`")
        if problems or misfits or not listed:
            return [*problems, *misfits]
        names = ", ".join(quote(column) for column in rows.columns)
        self._connection.execute(f"insert into {quote_name(name)} ({names}) values {', '.join(listed)}")
        return []

    def _given_files(self) -> Mapping[str, Path]:
        self._require_files()
        files: dict[str, Path] = {}
        for given in self._test.given:
            place = self._work / "files" / given.name
            place.parent.mkdir(parents=True, exist_ok=True)
            content = (given.text or "").encode()
            place.write_bytes(gzip.compress(content, mtime=0) if given.name.lower().endswith(".gz") else content)
            files[given.name] = place
        return files

    def _require_files(self) -> None:
        """Refuse paths that the source doesn't read, what is no text, and reads for which nothing is given."""
        test, name = self._test, self._definition.dataset
        patterns = [pattern for read in self._definition.reads for pattern in read.patterns]
        shown = ", ".join(f"`{pattern}`" for pattern in patterns)
        problems = []
        for given in test.given:
            path = given.name
            if (
                path.startswith("/")
                or ".." in path.split("/")
                or not any(self._subject.fits(p, path) for p in patterns)
            ):
                message, hint = f"`{name}` does not read `{path}`", f"it reads {shown}"
            elif path.lower().endswith(_BINARY):
                message = f"`{path}` is no file of text"
                hint = "only text can be given: CSV or JSON (`.gz` is packed for you)"
            else:
                continue
            problems.append(self._written.problem(test.file, given.line, given.column, message, hint))
        paths = [given.name for given in test.given]
        for pattern in patterns:
            if not problems and not any(self._subject.fits(pattern, path) for path in paths):
                hint = f"give the text of one: `{pattern.replace('*', '1')}: |`"
                message = f"no file is given for `{pattern}`, which `{name}` reads"
                problems.append(self._written.problem(test.file, test.line, test.column, message, hint))
        if problems:
            raise _Wrong(problems)

    # -- running

    def _sql(self, files: Mapping[str, Path]) -> str:
        """SQL for the result."""
        if self._definition.kind is Kind.PYTHON:
            return self._python()
        self._universe.define(self._definition.macros)
        return self._subject.render(files) if self._definition.kind is Kind.SOURCE else self._definition.sql or ""

    def _python(self) -> str:
        from andon.engines.python.engine import no_frames
        from andon.engines.python.run import run_python
        from andon.engines.python.task import PythonTask

        definition = self._definition
        if definition.frames:
            raise no_frames(definition)
        inputs: dict[str, tuple[Path, ...]] = {}
        (self._work / "child").mkdir(parents=True)
        for name in definition.inputs:
            target = self._work / f"{name}.parquet"
            self._connection.execute(f"copy (from {quote_name(name)}) to {literal(str(target))} (format parquet)")
            inputs[name] = (target,)
        code = self._subject.code()
        task = PythonTask(
            dataset=definition.dataset,
            function=definition.function or "",
            entry=definition.entry,
            files=code,
            parameters=definition.parameters,
            inputs=inputs,
            views={},
            lock=code.get(definition.lock) if definition.lock else None,
            output=self._work / "result.parquet",
            work=self._work / "child",
            timeout=definition.timeout or self._python_settings.timeout,
            logical_time=self._moment,
            memory_limit=self._memory_limit or None,
            packages=self._python_settings.packages,
        )
        run_python(task, environments=self._python_settings.environments, cancelled=threading.Event())
        return f"select * from read_parquet({literal(str(task.output))})"

    # -- what comes out

    def _expected(self, stored: Columns) -> tuple[list[tuple[str, str]], list[str], list[Problem]]:
        """The listed columns with their types, the expected rows for VALUES, and what is wrong with them."""
        expect = self._test.expect
        if not expect.columns:  # no row is expected: all columns show what came instead
            return list(stored), [], self._unknown_tolerances(stored)
        kinds, problems = self._written.kinds(expect, stored, f"the result of `{self._definition.dataset}`")
        listed, misfits = self._written.values(expect, kinds, "of the result")
        columns = [one for one in kinds if one is not None]
        return columns, listed, [*problems, *misfits, *self._unknown_tolerances(columns)]

    def _rows(self, sql: str, columns: Columns, listed: Sequence[str]) -> tuple[list[ComparedRow], list[ComparedRow]]:
        """The expected rows, and those found."""
        names = ", ".join(quote(name) for name, _ in columns)
        wanted = self._fetch(f"(values {', '.join(listed)}) t({names})", columns) if listed else []
        return wanted, self._fetch(f"(\n{sql}\n)", columns)

    def _fetch(self, relation: str, columns: Columns) -> list[ComparedRow]:
        texts = [f"{quote(name)}::varchar" for name, _ in columns]
        values = [
            quote(name) if tolerance is not None else "null"
            for (name, _), tolerance in zip(columns, self._tolerances(columns), strict=True)
        ]
        rows = self._connection.execute(f"select {', '.join([*texts, *values])} from {relation}").fetchall()
        width = len(columns)
        return [ComparedRow(tuple(row[:width]), tuple(row[width:])) for row in rows]

    def _comparison(self, columns: Columns) -> RowComparison:
        names = [name.lower() for name, _ in columns]
        key = [name.lower() for name in self._definition.key]
        whole = frozenset(names.index(name) for name in key) if key and set(key) <= set(names) else frozenset()
        return RowComparison(self._tolerances(columns), whole, self._test.ordered)

    def _tolerances(self, columns: Columns) -> list[NumberTolerance | None]:
        stated = {None if n.column is None else n.column.lower(): n for n in self._test.near}
        found: list[NumberTolerance | None] = []
        for name, kind in columns:
            near = stated.get(name.lower()) or stated.get(None)
            if near is not None and any(number in kind for number in _NUMBERS):
                amount = Fraction(near.amount)
                found.append(NumberTolerance(amount / 100 if near.relative else amount, near.relative))
            else:
                is_float = "DOUBLE" in kind or "FLOAT" in kind
                found.append(NumberTolerance(FLOAT_SHARE, True) if is_float else None)
        return found

    def _unknown_tolerances(self, columns: Columns) -> list[Problem]:
        known = {name.lower() for name, _ in columns}
        return [
            self._written.problem(
                self._test.file,
                self._test.line,
                self._test.column,
                f"`approx` names `{near.column}`, which is not among the expected columns",
                did_you_mean(near.column, known) or "name a column that `expect` lists",
            )
            for near in self._test.near
            if near.column is not None and near.column.lower() not in known
        ]
