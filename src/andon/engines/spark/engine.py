"""Datasets built by Spark: it reads the lake's files and writes Parquet beside them, which is taken as it is (`taking.py`), or which the
embedded engine writes out as the lake stores it, with field ids, statistics and rows that are set aside."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.record import replace
from andon.engines.answers import AskedTables
from andon.engines.engine import Capabilities, Embedded, Produced, Recipe, Task, Types, stopped
from andon.engines.relation import Relation, TableRelation
from andon.engines.spark.answers import SparkAnswerSession, forgotten
from andon.engines.spark.capabilities import CAPABILITIES, NAME
from andon.engines.spark.choice import SparkChoice
from andon.engines.spark.columns import require_columns
from andon.engines.spark.connection import SparkConnection
from andon.engines.spark.failures import is_forgotten, translate_failure
from andon.engines.spark.places import SparkPlaces
from andon.engines.spark.results import listed, read
from andon.engines.spark.settings import SparkSettings
from andon.engines.spark.sql import spark_sql
from andon.engines.spark.staging import LocalStaging, SharedStaging, SharedStorage, Staging
from andon.engines.spark.taking import take, why_written_again
from andon.engines.spark.views import Columns, SparkViews
from andon.errors import AndonError, DatasetError
from andon.model.version import Column

if TYPE_CHECKING:
    from andon.engines.spark.frames.handing import SparkFrames

#: More than any input has.
_ALL = 1 << 62
#: So often a job is begun that the endpoint forgets.
_JOBS = 5
#: Nothing is chosen by size.
_ANY = SparkChoice()


class _ForgottenError(Exception):
    """The endpoint does not know a job any more."""


class SparkEngine:
    """See `Engine`.

    Args:
        embedded: tells the columns of inputs and of results, and writes results out.
        choice: why datasets are its.
        shared: the lake's storage, where that is no folder of this machine.
    """

    def __init__(
        self,
        settings: SparkSettings,
        embedded: Embedded,
        choice: SparkChoice = _ANY,
        shared: SharedStorage | None = None,
    ) -> None:
        self._settings = settings
        self._choice = choice
        self._embedded = embedded
        self._connection = SparkConnection(settings)
        self._shared = shared
        self._places = SparkPlaces(settings, shared.url if shared is not None else "")
        self._stopped = threading.Event()
        self._version = ""

    @property
    def capabilities(self) -> Capabilities:
        """See `Engine`."""
        return CAPABILITIES

    def facts(self) -> Mapping[str, Any]:
        """See `Engine`."""
        return {"name": NAME, "version": self._version, "server": str(self._settings.server)}

    def describe(self, recipe: Recipe) -> Types:
        """What the same SQL returns on the embedded engine: Spark is held to it."""
        with self._embedded(0) as sql:
            return sql.describe(recipe)

    def run(self, task: Task) -> Produced:
        """See `Engine`. A job that the endpoint forgot while the connection was lost is begun anew, in a folder of its own: the first one
        may go on writing."""
        for number in range(_JOBS):
            try:
                return self._run(
                    task, f"{task.output}.{number}" if number else task.output, is_last=number + 1 == _JOBS
                )
            except _ForgottenError:
                continue
        raise AssertionError("unreachable")

    def _run(self, task: Task, beside: str, *, is_last: bool) -> Produced:
        recipe = task.recipe
        if self._stopped.is_set():
            raise stopped(recipe.dataset)
        inner = replace(recipe, sql=recipe.inner or recipe.sql, inner=None)
        columns = Columns(self._embedded, inner)
        types = columns.of_result() if task.types is None else task.types
        staging = self._staging(beside)
        try:
            try:
                took = self._compute(inner, columns, types, staging, task.told)
            except DatasetError as error:
                if error.code == "build.not_supported" and self._choice.is_by_size(recipe.definition, _ALL):
                    return self._left(task, error)
                raise
            except AndonError:
                raise
            except Exception as error:
                if is_forgotten(error) and not (is_last or self._stopped.is_set()):
                    raise _ForgottenError from error
                if recipe.explain is not None and not self._stopped.is_set():
                    raise recipe.explain(error) from error
                is_stopped = self._stopped.is_set()
                raise translate_failure(error, recipe.definition, self._settings, is_stopped=is_stopped) from error
            if self._stopped.is_set():
                raise stopped(recipe.dataset)
            files = staging.files()
            stored = task.stored(types)
            why = why_written_again(task, stored, files)
            if why is None:
                return self._taken(task, stored, files, took)
            found = read(files, types)
            whole = recipe.sql.replace(recipe.inner, found, 1) if recipe.sql and recipe.inner else found
            with self._embedded(sum(Path(file).stat().st_size for file in files)) as sql:
                written = sql.run(
                    replace(
                        task,
                        recipe=replace(recipe, sql=whole, inner=None, inputs={}),
                        types=types,
                        stored=lambda _: stored,
                    )
                )
        finally:
            staging.clear()
        return replace(written, facts={**self.facts(), **took, "writer": written.facts, "written_again": why})

    def answering(self, asked: AskedTables) -> AbstractContextManager[SparkAnswerSession]:
        """See `Answers`."""
        return forgotten(
            SparkAnswerSession(
                asked,
                self._connection,
                self._places,
                self._settings.server,
                self._embedded,
                self._staging,
                lambda one: self._hand_over(one.tables.values()),
                self._stopped.is_set,
            )
        )

    def _taken(
        self, task: Task, columns: tuple[Column, ...], files: Sequence[str], took: Mapping[str, int]
    ) -> Produced:
        """What Spark wrote, in the place of the output."""
        made = take(task, columns, files)
        stats = made[0].stats if len(made) == 1 else {}
        return Produced(columns, sum(file.rows for file in made), stats, {**self.facts(), **took}, files=made)

    @property
    def is_stopped(self) -> bool:
        """Whether it takes nothing more."""
        return self._stopped.is_set()

    def interrupt(self) -> None:
        """See `Engine`."""
        self._stopped.set()
        self._connection.interrupt()

    def close(self) -> None:
        """See `Engine`."""
        self._connection.close()

    def frames(self) -> SparkFrames:
        """What hands Spark DataFrames to functions, in the same session."""
        from andon.engines.spark.frames.handing import SparkFrames

        return SparkFrames(
            self._settings,
            self._embedded,
            self._connection,
            self._places,
            self._hand_over,
            lambda task: self._staging(task.output),
        )

    def _hand_over(self, relations: Iterable[Relation]) -> None:
        """Let Spark find inputs that were built just now, where the storage is a bucket."""
        if self._shared is None or not self._places.is_bucket:
            return
        waiting = list(relations)
        inside: list[str] = []
        while waiting:
            relation = waiting.pop()
            if isinstance(relation, TableRelation):
                inside += [path for file in relation.files if (path := self._places.inside(file)) is not None]
            else:
                waiting += relation.inputs.values()
        self._shared.make_durable(inside)

    def _staging(self, beside: str = "") -> Staging:
        """A folder for what Spark writes: in the bucket, or beside a file; without one in the storage."""
        if self._shared is not None and self._places.is_bucket:
            return SharedStaging(self._shared)
        return LocalStaging(beside or f"{self._settings.root}/data/spark-{secrets.token_hex(8)}")

    def _left(self, task: Task, why: DatasetError) -> Produced:
        """What the embedded engine makes of what only its size led here, and Spark can't do."""
        with self._embedded(_ALL) as sql:
            written = sql.run(task)
        return replace(written, facts={**written.facts, "not_spark": why.message})

    def _compute(
        self, recipe: Recipe, columns: Columns, types: Types, staging: Staging, told: Callable[[str], None] | None
    ) -> Mapping[str, int]:
        """Let Spark write a recipe's rows into files of `staging`; gives what it took."""
        if not self._version:
            self._version = self._connection.version()
        views = SparkViews(self._connection, self._places, columns, self._settings.server)
        try:
            inputs = {name: columns.of_input(name, relation) for name, relation in recipe.inputs.items()}
            named = views.names(recipe.inputs)
            sql = spark_sql(recipe, inputs, types, named, self._settings.server)
            self._hand_over(recipe.inputs.values())
            views.make(recipe, named)
            require_columns(recipe.definition, self._connection.columns(sql), types)
            return self._connection.write(sql, list(listed(types)), self._places.seen(staging.place()), told)
        finally:
            if not self._stopped.is_set():
                views.forget()
