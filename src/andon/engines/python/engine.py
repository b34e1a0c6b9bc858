"""Python datasets as an engine: a child process runs the function, and the engine for SQL writes its result as the lake stores it."""

from __future__ import annotations

import secrets
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from andon.base.names import literal, quote_name
from andon.base.record import replace
from andon.engines.engine import Capabilities, Engine, EngineSettings, Produced, Recipe, Task, stopped
from andon.engines.over_sql import OverSql
from andon.engines.python.run import run_python
from andon.engines.python.task import PythonOutcome, PythonSettings, PythonTask, SparkPart
from andon.engines.relation import Relation, TableRelation
from andon.engines.types import stored_columns
from andon.errors import DatasetError
from andon.model.dataset import Definition, Kind

_OPEN = "note: the network can't be kept from the function on this machine"
CAPABILITIES = Capabilities(name="python", kinds=frozenset({Kind.PYTHON}), macros=False)


class Frames(Protocol):
    """Hands Spark DataFrames to functions."""

    def handed(self, recipe: Recipe) -> AbstractContextManager[SparkPart]:
        """What a function needs to ask about its inputs, for as long as it runs and its result is not written.

        Raises:
            AndonError: Spark can't be asked; and what a failure of the function within means.
        """
        ...

    def written(self, task: Task, part: SparkPart, plan: bytes) -> Produced:
        """Compute a DataFrame that a function returned, and write it to `task.output`.

        Raises:
            DatasetError: as `Engine.run`.
        """
        ...


class PythonEngine(OverSql):
    """Builds Python datasets (see `Engine`).

    Args:
        sql: writes out the views that a function reads, and the result; it is closed by who made it.
        frames: for functions that take Spark DataFrames.
    """

    can = CAPABILITIES
    unknown = "what a function returns is known when it has run"

    def __init__(
        self, sql: Engine, settings: EngineSettings, python: PythonSettings, frames: Frames | None = None
    ) -> None:
        super().__init__(sql)
        self._frames = frames
        self._settings = settings
        self._python = python

    def run(self, task: Task) -> Produced:
        """See `Engine`."""
        recipe = task.recipe
        if self._stopped.is_set():
            raise stopped(recipe.dataset)
        definition = recipe.definition
        work = self._settings.temporary.path / f"python-{secrets.token_hex(6)}"
        (work / "child").mkdir(parents=True)
        way: AbstractContextManager[SparkPart | None] = nullcontext()
        if definition.frames:
            if self._frames is None:
                raise no_frames(definition)
            way = self._frames.handed(recipe)
        try:
            with way as spark:
                child = self._child(recipe, work, spark)
                done = run_python(child, environments=self._python.environments, cancelled=self._stopped)
                written = self._written(task, child, done)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        facts = {
            **written.facts,
            **({**spark.facts, "client": done.client} if spark is not None else {}),
            "python": done.python,
            "isolation": done.isolation,
            "network": done.network,
            "seed": child.seeded,
        }
        open_note = f"{_OPEN}\n" if done.network == "reachable" else ""
        return replace(written, facts=facts, log=f"{open_note}{done.log}")

    def _child(self, recipe: Recipe, work: Path, spark: SparkPart | None) -> PythonTask:
        definition = recipe.definition
        plain = {name for parameter, name in definition.parameters if parameter not in definition.frames}
        return PythonTask(
            dataset=definition.dataset,
            function=definition.function or "",
            entry=definition.entry,
            files=recipe.code,
            parameters=definition.parameters,
            inputs={
                name: readable_files(self._sql, recipe, name, relation, work)
                for name, relation in recipe.inputs.items()
                if name in plain
            },
            lock=recipe.code.get(definition.lock) if definition.lock else None,
            output=work / "result.parquet",
            work=work / "child",
            timeout=definition.timeout or self._python.timeout,
            logical_time=recipe.moment,
            seed=self._python.seed,
            packages=self._python.packages,
            memory_limit=self._settings.memory_limit or None,
            memory=self._python.memory,
            spark=spark,
        )

    def _written(self, task: Task, child: PythonTask, done: PythonOutcome) -> Produced:
        """What a function returned, as the lake stores it."""
        if child.spark is not None and done.plan is not None and self._frames is not None:
            return self._frames.written(task, child.spark, done.plan)
        sql = f"select * from read_parquet({literal(str(child.output))})"
        result = replace(task.recipe, sql=sql, inputs={}, code={})
        written = self._sql.run(replace(task, recipe=result, types=None))
        return written if child.spark is None else replace(written, facts={"writer": written.facts})


def no_frames(definition: Definition) -> DatasetError:
    """The error for a function that takes Spark DataFrames where no Spark is asked."""
    return DatasetError(
        "build.not_supported",
        f"`{definition.dataset}` takes a Spark DataFrame, and no Spark is asked here",
        where=definition.entry,
        hint="take `.spark()` out to try it on DuckDB's relations",
    )


def readable_files(sql: Engine, recipe: Recipe, name: str, relation: Relation, work: Path) -> tuple[Path, ...]:
    """The Parquet files of an input; a view is written out below `work` for the child, which knows no catalog, and so is what lies on
    another machine."""
    if isinstance(relation, TableRelation) and not any("://" in file for file in relation.files):
        return tuple(Path(file) for file in relation.files)
    target = work / f"{name}.parquet"
    view = replace(recipe, sql=f"from {quote_name(name)}", inputs={name: relation}, code={})
    sql.run(Task(view, str(target), stored_columns))
    return (target,)
