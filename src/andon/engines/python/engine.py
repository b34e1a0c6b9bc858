"""Python datasets as an engine: a child process runs the function, and the engine for SQL writes its result as the lake stores it."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from andon.base.names import literal, quote_name
from andon.base.record import replace
from andon.engines.engine import Capabilities, Engine, EngineSettings, Produced, Recipe, Task, stopped
from andon.engines.over_sql import OverSql
from andon.engines.python.run import run_python
from andon.engines.python.task import PythonSettings, PythonTask
from andon.engines.relation import Relation, TableRelation
from andon.engines.types import stored_columns
from andon.model.dataset import Kind

_OPEN = "note: the network can't be kept from the function on this machine"
CAPABILITIES = Capabilities(name="python", kinds=frozenset({Kind.PYTHON}), macros=False)


class PythonEngine(OverSql):
    """Builds Python datasets (see `Engine`).

    Args:
        sql: writes out the views that a function reads, and the result; it is closed by who made it.
    """

    can = CAPABILITIES
    unknown = "what a function returns is known when it has run"

    def __init__(self, sql: Engine, settings: EngineSettings, python: PythonSettings) -> None:
        super().__init__(sql)
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
        try:
            child = PythonTask(
                dataset=definition.dataset,
                function=definition.function or "",
                entry=definition.entry,
                files=recipe.code,
                parameters=definition.parameters,
                inputs={
                    name: readable_files(self._sql, recipe, name, relation, work)
                    for name, relation in recipe.inputs.items()
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
            )
            done = run_python(child, environments=self._python.environments, cancelled=self._stopped)
            sql = f"select * from read_parquet({literal(str(child.output))})"
            result = replace(recipe, sql=sql, inputs={}, code={})
            written = self._sql.run(replace(task, recipe=result, types=None))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        facts = {
            **written.facts,
            "python": done.python,
            "isolation": done.isolation,
            "network": done.network,
            "seed": child.seeded,
        }
        open_note = f"{_OPEN}\n" if done.network == "reachable" else ""
        return replace(written, facts=facts, log=f"{open_note}{done.log}")


def readable_files(sql: Engine, recipe: Recipe, name: str, relation: Relation, work: Path) -> tuple[Path, ...]:
    """The Parquet files of an input; a view is written out below `work` for the child, which knows no catalog, and so is what lies on
    another machine."""
    if isinstance(relation, TableRelation) and not any("://" in file for file in relation.files):
        return tuple(Path(file) for file in relation.files)
    target = work / f"{name}.parquet"
    view = replace(recipe, sql=f"from {quote_name(name)}", inputs={name: relation}, code={})
    sql.run(Task(view, str(target), stored_columns))
    return (target,)
