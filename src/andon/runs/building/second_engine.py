"""What an engine that is not embedded built is made by the embedded one too, where its inputs are small enough: both must agree."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.base.text import plural
from andon.base.text import size as shown_size
from andon.engines.engine import Task
from andon.engines.types import stored_columns
from andon.errors import DatasetError
from andon.model.dataset import Kind
from andon.relations.beside import BesideEngine, BuiltRows, beside, few_keys
from andon.runs.building.facts import has_order

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.model.version import Version
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Made, Writer

#: What a build records of it, beside what else it says of its engine.
COMPARED = "compared"


class SecondEngine:
    """Compares results of one job with what the embedded engine gives."""

    def __init__(self, job: Job, sides: Sides, writer: Writer) -> None:
        self._job = job
        self._sides = sides
        self._writer = writer

    def held(self, definition: Definition, make: Build, made: Made, aside: Made | None = None) -> Made:
        """A result with what is known of how it compares, with the rows that were set aside of it.

        Raises:
            DatasetError: `build.engines_differ`; then its new files are gone.
        """
        facts = made.produced.facts
        if has_order(facts) or definition.kind not in (Kind.SQL, Kind.PYTHON):
            return made
        why_not = self._why_not(definition)
        if why_not is not None:
            return _noted(made, f"not compared with duckdb: {why_not}")
        try:
            is_small = self._size(make) <= self._job.compared.below
            rows = self._rows(made, aside)
            found = self._whole(definition, make, rows) if is_small else self._few(definition, make, rows)
            if isinstance(found, BesideEngine) and found.difference is not None:
                raise self._differ(definition, found, str(facts.get("name")))
        except BaseException:
            self._writer.drop(made)
            raise
        if isinstance(found, str):
            return _noted(made, f"not compared with duckdb: {found}")
        return _noted(made, f"{found.how} as duckdb gives" if is_small else f"of a sample {found.how} as duckdb gives")

    def _why_not(self, definition: Definition) -> str | None:
        if definition.kind is Kind.PYTHON:
            return "it is a function in Python"
        if not self._job.compared.below:
            return "`engines.spark.compare_below` is 0"
        return None

    def _rows(self, made: Made, aside: Made | None) -> BuiltRows:
        files = self._files(aside.version) if aside is not None else []
        return BuiltRows(made.version, self._files(made.version), files)

    def _size(self, make: Build) -> int:
        return sum(self._sides.relations.size(version) for version in make.inputs.values())

    def _whole(self, definition: Definition, make: Build, rows: BuiltRows) -> BesideEngine:
        """All rows beside all that the embedded engine gives."""
        with self._sides.for_size(self._size(make)) as side, self._place() as place:
            side.engine.run(Task(self._writer.recipe(definition, make), str(place), stored_columns))
            return beside(side.session(), rows, place)

    def _few(self, definition: Definition, make: Build, rows: BuiltRows) -> BesideEngine | str:
        """Rows of a few keys beside those that the embedded engine gives for them, or why that is not known.

        Where the keys lead down to the inputs it reads little of them; where not, it would make all, and is stopped.
        """
        limit, size = self._job.compared.seconds, shown_size(self._size(make))
        told = f"its inputs are {size}, more than `engines.spark.compare_below`"
        if not limit or not definition.key:
            return told if definition.key else f"{told}, and it has no `key` by which a few rows could be"
        late = threading.Event()
        with self._sides.for_size(self._size(make)) as side, self._place() as place:
            session = side.session()
            only = few_keys(session, rows, definition.key)
            if only is None:
                return f"{told}, and it holds no row with a key"
            recipe = self._writer.recipe(definition, make)
            recipe = replace(recipe, sql=f"select * from (\n{recipe.sql}\n) where {only}")

            def stop() -> None:
                late.set()
                session.connection.interrupt()

            timer = threading.Timer(limit, stop)
            timer.start()
            try:
                side.engine.run(Task(recipe, str(place), stored_columns))
            except DatasetError:
                if not late.is_set() or self._job.cancelled.is_set():
                    raise
                return f"{told}, and a few of its rows took duckdb more than {limit:g} s"
            finally:
                timer.cancel()
            return beside(session, rows, place, only)

    def _files(self, version: Version) -> list[str]:
        return [self._job.lake.storage.engine_path(file.path) for file in version.files]

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """A file for what the embedded engine gives."""
        place = self._sides.settings.temporary.path / f"beside-{secrets.token_hex(6)}.parquet"
        try:
            yield place
        finally:
            place.unlink(missing_ok=True)

    def _differ(self, definition: Definition, found: BesideEngine, engine: str) -> DatasetError:
        assert found.difference is not None
        counts = found.difference.rows
        said = ", ".join(
            f"{plural(count, 'row')} {what}"
            for count, what in ((counts.added, f"that only {engine} gives"), (counts.removed, "that only duckdb gives"))
            if count
        )
        own = definition.entry.removesuffix(".sql") + ".spark.sql"
        is_own = definition.spark_sql is not None
        return DatasetError(
            "build.engines_differ",
            f"{engine} gives other rows for `{definition.dataset}` than duckdb does: {said}",
            where=own if is_own else definition.entry,
            hint="correct it, or take the file away: then the dataset's SQL is translated"
            if is_own
            else f"`engine: duckdb` leaves it to the embedded engine; Spark SQL of its own goes into `{own}`. A LIMIT or a `row_number()`"
            " without an order that tells all rows apart gives other rows on any engine",
        )


def _noted(made: Made, text: str) -> Made:
    produced = made.produced
    return replace(made, produced=replace(produced, facts={**produced.facts, COMPARED: text}))
