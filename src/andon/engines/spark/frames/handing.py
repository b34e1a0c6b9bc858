"""Spark DataFrames for a function: views over its inputs, a relay through which it asks about them, and the writing of what it returns."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from andon.base.record import replace
from andon.engines.engine import Embedded, Produced, Recipe, Task
from andon.engines.python.task import SparkPart
from andon.engines.relation import Relation
from andon.engines.spark.capabilities import NAME
from andon.engines.spark.connection import SparkConnection
from andon.engines.spark.failures import translate_failure
from andon.engines.spark.frames.asked import NotAllowed, not_allowed
from andon.engines.spark.frames.relay import FrameRelay
from andon.engines.spark.frames.types import columns_of
from andon.engines.spark.places import SparkPlaces
from andon.engines.spark.results import listed, read
from andon.engines.spark.settings import SparkSettings
from andon.engines.spark.sql import unreadable_input
from andon.engines.spark.staging import Staging
from andon.engines.spark.views import Columns, SparkViews
from andon.errors import AndonError, DatasetError
from andon.model.dataset import Definition


class SparkFrames:
    """See `Frames`. What it needs is the engine's: the session, where files lie, and where results go.

    Args:
        hand_over: lets Spark find inputs that were built just now.
    """

    def __init__(
        self,
        settings: SparkSettings,
        embedded: Embedded,
        connection: SparkConnection,
        places: SparkPlaces,
        hand_over: Callable[[Iterable[Relation]], None],
        staging: Callable[[Task], Staging],
    ) -> None:
        self._settings = settings
        self._embedded = embedded
        self._connection = connection
        self._places = places
        self._hand_over = hand_over
        self._staging = staging

    @contextmanager
    def handed(self, recipe: Recipe) -> Iterator[SparkPart]:
        """See `Frames`."""
        definition = recipe.definition
        framed = {dataset: parameter for parameter, dataset in definition.parameters if parameter in definition.frames}
        only = replace(recipe, inputs={name: recipe.inputs[name] for name in framed}, code={})
        columns = Columns(self._embedded, only)
        views = SparkViews(self._connection, self._places, columns, self._settings.server)
        try:
            version = self._connection.version()
            known = {name: columns.of_input(name, relation) for name, relation in only.inputs.items()}
            unreadable = unreadable_input(definition, known)
            if unreadable is not None:
                raise DatasetError(unreadable.code, unreadable.message, where=unreadable.file, hint=unreadable.hint)
            named = views.names(only.inputs)
            self._hand_over(only.inputs.values())
            views.make(only, named)
            line = self._connection.line()
            with FrameRelay(line, named.values()) as relay:
                frames = {p: named[dataset] for p, dataset in definition.parameters if p in definition.frames}
                facts = {"name": NAME, "version": version, "server": str(self._settings.server)}
                try:
                    yield SparkPart(relay.socket, line.session, line.user or "", frames, self._settings.patience, facts)
                except DatasetError as error:
                    raise self._explained(error, relay, definition) from error
        except AndonError:
            raise
        except Exception as error:
            is_stopped = self._connection.is_stopped
            raise translate_failure(error, definition, self._settings, is_stopped=is_stopped) from error
        finally:
            if not self._connection.is_stopped:
                self._connection.leave(views.forget)

    def written(self, task: Task, part: SparkPart, plan: bytes) -> Produced:
        """See `Frames`."""
        from pyspark.sql.connect.proto import relations_pb2

        definition = task.recipe.definition
        wrong = not_allowed(relations_pb2.Relation.FromString(plan), set(part.frames.values()))
        if wrong is not None:
            raise _refused(definition, wrong, definition.entry)
        view = f"andon_{secrets.token_hex(8)}"
        staging = self._staging(task)
        schema = self._connection.over_plan(view, plan)
        try:
            types = columns_of(schema, definition.entry)
            took = self._connection.write(
                f"select * from {view}", list(listed(types)), self._places.seen(staging.place()), task.told
            )
            files = staging.files()
            recipe = replace(task.recipe, sql=read(files, types), inputs={}, code={})
            with self._embedded(sum(Path(file).stat().st_size for file in files)) as sql:
                produced = sql.run(replace(task, recipe=recipe, types=None))
        finally:
            staging.clear()
            if not self._connection.is_stopped:
                self._connection.forget(view)
        return replace(produced, facts={**took, "writer": produced.facts})

    def _explained(self, error: DatasetError, relay: FrameRelay, definition: Definition) -> AndonError:
        """What a function's failure means, where it is what it asked, or the endpoint."""
        if error.code != "build.python_failed":
            return error
        for wrong in reversed(relay.refused):
            if wrong.construct in error.message:
                return _refused(definition, wrong, error.where)
        if relay.lost is not None:
            return translate_failure(relay.lost, definition, self._settings, is_stopped=False)
        return error


def _refused(definition: Definition, wrong: NotAllowed, where: str | None) -> DatasetError:
    message = f"`{definition.dataset}` asks Spark for {wrong.construct}, which a function may not"
    return DatasetError("build.not_supported", message, where=where, hint=f"write {wrong.form}")
