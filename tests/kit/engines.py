"""Engines set up for one test, and the same few recipes in the language of each."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from andon.base.record import replace
from andon.base.temporary import Temporary
from andon.engines.duckdb.engine import DuckDBEngine
from andon.engines.duckdb.opening import Purpose, open_instance
from andon.engines.engine import Capabilities, Engine, EngineSettings, Recipe, Task, Types
from andon.engines.python.engine import PythonEngine
from andon.engines.python.task import PythonSettings
from andon.engines.relation import Relation
from andon.engines.spark.engine import SparkEngine
from andon.engines.types import field_paths, stored_types
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.version import Column
from kit.connect import renew, spark_settings
from kit.polars_engine import BOUNDED, PolarsEngine

MOMENT = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
Inputs = Mapping[str, Relation]


@dataclass(frozen=True)
class Texts:
    """What each of the suite's recipes is in one language; `{t}` is the input that it reads."""

    kind: Kind
    same: str
    none: str
    failing: str
    endless: str
    clock: str
    doubled: str = "select twice(x) as x from {t}"


SQL = Texts(
    Kind.SQL,
    same="select * from {t}",
    none="select * from {t} where x < 0",
    failing="select cast(word as int) as x from {t}",
    endless="select count(*) as n from {t} a, {t} b, {t} c where sin(a.x) + sin(b.x) > sin(c.x)",
    clock="select now() as instant, current_date as day from {t}",
)
#: Sail hears of an end between two batches, of which a join with a condition makes one.
SPARK_SQL = replace(SQL, endless="select sum((a.x + b.x + c.x) % 7) as n from {t} a, {t} b, {t} c")
POLARS_SQL = replace(SQL, endless="select x, sin(x) as y, cos(x) as z, tan(x) as w, x + 1 as v from {t}")
PYTHON = Texts(
    Kind.PYTHON,
    same="return t",
    none="return t.filter('x < 0')",
    failing="return t.project('cast(word as int) as x')",
    endless="import time\ntime.sleep(100)",
    clock="import andon\nn = andon.logical_time()\nreturn {'instant': [n], 'day': [n.date()]}",
)


#: Functions that take a Spark DataFrame and return one.
FRAMES = replace(
    PYTHON,
    none="return t.filter('x < 0')",
    failing="return t.selectExpr('cast(word as int) as x')",
    endless="c = t.alias('a').crossJoin(t.alias('b')).crossJoin(t.alias('c'))\nreturn c.selectExpr('sum((a.x + b.x + c.x) % 7) as n')",
    clock="import andon\nfrom pyspark.sql import functions as F\nn = andon.logical_time()\n"
    "return t.select(F.lit(n).alias('instant'), F.lit(n.date()).alias('day'))",
)


@dataclass
class Bench:
    """An engine, ready to be tried.

    Attributes:
        name: as the suite lists it.
        texts: recipes in its language.
        bounded: types whose least and greatest value it tells; empty means all.
        long: rows of the input over which `endless` takes long.
    """

    name: str
    engine: Engine
    texts: Texts
    place: Path
    bounded: tuple[str, ...] = ()
    long: int = 20_000

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def definition(self, inputs: Inputs, **fields: object) -> Definition:
        """The definition of `made.result` over `inputs`; the first one is called `t` in Python."""
        known = {"kind": self.texts.kind, "materialize": Materialize.TABLE, "meaning": "", "inputs": tuple(inputs)}
        if self.texts.kind is Kind.PYTHON:
            parameters = tuple((chr(ord("t") + at), name) for at, name in enumerate(inputs))
            known |= {"entry": "datasets/made/result.py", "function": "result", "parameters": parameters}
            if self.name == "frames":
                known |= {"frames": tuple(each for each, _ in parameters), "engine": "spark"}
        else:
            known |= {"entry": "datasets/made/result.sql"}
        return Definition(dataset="made.result", **{**known, **fields})

    def recipe(self, text: str, inputs: Inputs, moment: datetime = MOMENT, **fields: object) -> Recipe:
        """`text` over `inputs`; more fields are the definition's."""
        sql = text.replace("{t}", next(iter(inputs), ""))
        if self.texts.kind is Kind.PYTHON:
            definition = self.definition(inputs, **fields)
            listed = ", ".join(name for name, _ in definition.parameters)
            code = f"def result({listed}):\n{textwrap.indent(text, '    ')}\n"
            return Recipe(definition, inputs, moment, code={definition.entry: code.encode()})
        definition = self.definition(inputs, sql=sql, **fields)
        return Recipe(definition, inputs, moment, sql)

    def task(self, recipe: Recipe, stored: Callable[[Types], tuple[Column, ...]] | None = None) -> Task:
        """A task that writes to a new place."""
        output = self.place / f"out-{next(self._numbers)}.parquet"
        return Task(recipe, str(output), stored or numbered)

    def run(self, text: str, inputs: Inputs, **fields: object):
        """Build at once: the task and what was produced."""
        task = self.task(self.recipe(text, inputs, **fields))
        return task, self.engine.run(task)


def numbered(types: Types) -> tuple[Column, ...]:
    """Lake columns with ids from 1."""
    ids = itertools.count(1)
    return tuple(
        Column(name, kind, next(ids), tuple((path, next(ids)) for path in field_paths(kind)))
        for name, kind in stored_types(types)
    )


@contextmanager
def narrow(place: Path) -> Iterator[Bench]:
    """DuckDB with one thread."""
    with _duckdb(place, wide=False) as engine:
        yield Bench("duckdb, narrow", engine, SQL, place)


@contextmanager
def wide(place: Path) -> Iterator[Bench]:
    """DuckDB with two threads."""
    with _duckdb(place, wide=True) as engine:
        yield Bench("duckdb, wide", engine, SQL, place)


@contextmanager
def python(place: Path) -> Iterator[Bench]:
    """Python over narrow DuckDB."""
    with _duckdb(place, wide=False) as sql:
        engine = PythonEngine(sql, settings(place), PythonSettings(place / "environments", 60))
        yield Bench("python", engine, PYTHON, place)


@contextmanager
def polars(place: Path) -> Iterator[Bench]:
    """The engine that is no part of Andon."""
    engine = PolarsEngine(settings(place))
    yield Bench("polars", engine, POLARS_SQL, place, bounded=BOUNDED, long=12_000_000)
    engine.close()


@contextmanager
def spark(place: Path) -> Iterator[Bench]:
    """Spark over Spark Connect, and narrow DuckDB."""
    with _duckdb(place, wide=False) as sql:

        @contextmanager
        def embedded(_: int) -> Iterator[Engine]:
            yield sql

        engine = SparkEngine(spark_settings(root=str(place)), embedded)
        yield Bench("spark", engine, SPARK_SQL, place)
        engine.close()
        if engine.is_stopped:
            renew()


@contextmanager
def frames(place: Path) -> Iterator[Bench]:
    """Python over narrow DuckDB, with DataFrames of Spark."""
    with spark(place) as over, _duckdb(place, wide=False) as sql:
        assert isinstance(over.engine, SparkEngine)
        python = PythonSettings(place / "environments", 60)
        engine = _Both(over.engine, PythonEngine(sql, settings(place), python, over.engine.frames()))
        yield Bench("frames", engine, FRAMES, place)


class _Both:
    """Two engines that are stopped together, of which the second one builds."""

    def __init__(self, first: SparkEngine, second: PythonEngine) -> None:
        self._engines, self._second = (first, second), second

    @property
    def capabilities(self) -> Capabilities:
        return self._engines[0].capabilities

    def __getattr__(self, name: str) -> Any:
        return getattr(self._second, name)

    def interrupt(self) -> None:
        for engine in self._engines:
            engine.interrupt()


def settings(place: Path) -> EngineSettings:
    """Small ones."""
    return EngineSettings(cores=2, memory_limit="1GB", wide_above=10**9, temporary=Temporary([place / "tmp"], "kit"))


@contextmanager
def _duckdb(place: Path, *, wide: bool) -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(open_instance(Purpose.BUILDING, settings(place), wide=wide))
    try:
        yield engine
    finally:
        engine.close()
