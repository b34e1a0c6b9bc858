"""Loads of sources in Python: the function runs apart, and what it hands out is put to what the source holds."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.engines.duckdb.failures import translate
from andon.engines.engine import Capabilities, Engine, EngineSettings, LoadFacts, Produced, Recipe, Task, stopped
from andon.engines.over_sql import OverSql
from andon.engines.python.run import run_python
from andon.engines.python.task import PythonOutcome, PythonPart, PythonSettings, PythonTask, seed_of
from andon.errors import AndonError, DatasetError, UsageError
from andon.model.dataset import Definition, Kind
from andon.model.load import Taking
from andon.model.version import Columns
from andon.sources.functions.contract import established, handed_out, held
from andon.sources.growing import Arrived, put_together

CAPABILITIES = Capabilities("python", frozenset({Kind.SOURCE}), macros=False, views=False, repeats=False)

#: A secret of fewer letters stands in a state by chance.
_SHORT = 6
#: What of a number has no room in a type that it must become; who explains the engine's errors finds it.
_CHANGED = "andon: a number would change"


class FunctionEngine(OverSql):
    """Builds sources in Python (see `Engine`).

    Args:
        sql: writes the result; it is closed by who made it.
        environ: where secrets stand.
    """

    can = CAPABILITIES
    unknown = "what a function hands out is known when it has run"

    def __init__(
        self, sql: Engine, settings: EngineSettings, python: PythonSettings, environ: Mapping[str, str]
    ) -> None:
        super().__init__(sql)
        self._settings = settings
        self._python = python
        self._environ = environ

    def run(self, task: Task) -> Produced:
        """See `Engine`.

        Raises:
            DatasetError: also `source.contract` and its kin for what the function hands out.
            UsageError: `usage.bad_argument` for a variable that is not set.
        """
        if self._stopped.is_set():
            raise stopped(task.recipe.dataset)
        work = self._settings.temporary.path / f"source-{secrets.token_hex(6)}"
        (work / "child").mkdir(parents=True)
        try:
            return self._loaded(task, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _loaded(self, task: Task, work: Path) -> Produced:
        recipe, definition = task.recipe, task.recipe.definition
        before = dict(recipe.state or {})
        done = self._done(recipe, before, work)
        columns = held(definition, recipe.contract, handed_out(definition, done.parts))
        taking = definition.load.taking if definition.load is not None else Taking.REPLACE
        arrived = Arrived(
            _read(done.parts, columns),
            done.rows,
            definition.key if taking is Taking.MERGE else (),
            is_exact=taking is Taking.APPEND,
            is_news=dict(done.state) != before,
        )

        def explain(error: Exception) -> AndonError:
            if _CHANGED in str(error):
                message = f"a whole number that `{definition.entry}` hands out has no room among fractions"
                hint = "hand it out as a text, or all of the column as whole numbers"
                return DatasetError("source.contract", message, where=definition.entry, hint=hint)
            return translate(error, definition)

        explained = replace(task, recipe=replace(recipe, explain=explain, code={}), types=None)
        produced, adds, notes = put_together(self._sql, explained, arrived, work)
        if definition.hosts and done.network == "reachable":
            notes.append("the network can't be held to `hosts` on this machine")
        loaded = LoadFacts(established(definition, columns, done.state), (), tuple(notes), adds)
        facts = {
            **produced.facts,
            "python": done.python,
            "isolation": done.isolation,
            "network": done.network,
            "seed": seed_of(definition.dataset),
        }
        return replace(produced, loaded=loaded, facts=facts, log=done.log)

    def _done(self, recipe: Recipe, state: Mapping[str, Any], work: Path) -> PythonOutcome:
        """Run the function.

        Raises:
            DatasetError: it failed, or it would keep a secret in its state.
        """
        definition = recipe.definition
        given = self._given(definition)
        child = PythonTask(
            dataset=definition.dataset,
            function=definition.function or "",
            entry=definition.entry,
            files=recipe.code,
            parameters=definition.parameters,
            inputs={},
            lock=recipe.code.get(definition.lock) if definition.lock else None,
            output=work / "result.parquet",
            work=work / "child",
            timeout=definition.timeout or self._python.timeout,
            logical_time=recipe.moment,
            memory_limit=self._settings.memory_limit or None,
            memory=self._python.memory,
            state=state,
            hosts=definition.hosts,
            secrets=given,
            packages=self._python.packages,
        )
        done = run_python(child, environments=self._python.environments, cancelled=self._stopped)
        kept = json.dumps(dict(done.state))
        for name, value in given.items():
            if len(value) >= _SHORT and (value in kept or json.dumps(value)[1:-1] in kept):
                message = f"`state` would hold what `{name}` stands for, and a secret is never kept"
                raise DatasetError(
                    "build.python_failed", message, where=definition.entry, hint="leave it out of `state`"
                )
        return done

    def _given(self, definition: Definition) -> dict[str, str]:
        """The variables that a source names.

        Raises:
            UsageError: `usage.bad_argument` if one is not set.
        """
        for name in definition.secrets:
            if name not in self._environ:
                message = f"`{definition.dataset}` is given the environment variable `{name}`, which is not set"
                hint = f"set `{name}`, or take it out of `secrets`"
                raise UsageError("usage.bad_argument", message, where=definition.entry, hint=hint)
        return {name: self._environ[name] for name in definition.secrets}


def _read(parts: Sequence[PythonPart], columns: Columns) -> str:
    """The SELECT that gives the rows of all parts, in their order, with the columns that are stored."""
    if not parts:
        nothing = ", ".join(f"cast(null as {kind}) as {quote(name)}" for name, kind in columns)
        return f"select {nothing} where false"
    reads = []
    for part in parts:
        there = dict(part.columns)
        listed = ", ".join(_cast(name, kind, there.get(name)) for name, kind in columns)
        reads.append(f"select {listed} from read_parquet({literal(str(part.path))})")
    return " union all ".join(reads)


def _cast(name: str, kind: str, found: str | None) -> str:
    """A column of a part as it is stored; a whole number that fractions have no room for fails."""
    column = quote(name)
    if found is None:
        return f"cast(null as {kind}) as {column}"
    if found == kind:
        return column
    cast = f"cast({column} as {kind})"
    if kind in ("DOUBLE", "FLOAT") and found.endswith("INT"):
        cast = f"case when abs({column}) <= {2**53} then {cast} when {column} is not null then error({literal(_CHANGED)}) end"
    return f"{cast} as {column}"
