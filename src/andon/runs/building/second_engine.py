"""What an engine that is not embedded built is made by the embedded one too, where its inputs are small enough: both must agree."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.base.text import plural
from andon.base.text import size as shown_size
from andon.engines.engine import Produced, Task
from andon.engines.types import stored_columns
from andon.errors import DatasetError
from andon.model.dataset import Kind
from andon.relations.beside import BesideEngine, beside
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

    def held(self, definition: Definition, make: Build, made: Made) -> Made:
        """A result with what is known of how it compares.

        Raises:
            DatasetError: `build.engines_differ`; then its new files are gone.
        """
        facts = made.produced.facts
        if definition.kind is not Kind.SQL or has_order(facts):
            return made
        why_not = self._why_not(definition, make)
        if why_not is not None:
            return _noted(made, f"not compared with duckdb: {why_not}")
        try:
            found = self._compared(definition, make, made.version)
            if found.difference is not None:
                raise self._differ(definition, found, str(facts.get("name")))
        except BaseException:
            self._writer.drop(made)
            raise
        return _noted(made, f"{found.how} as duckdb gives")

    def _why_not(self, definition: Definition, make: Build) -> str | None:
        size, most = self._size(make), self._job.compared_below
        if not most:
            return "`engines.spark.compare_below` is 0"
        if size > most:
            return f"its inputs are {shown_size(size)}, more than `engines.spark.compare_below`"
        return "rows of it are set aside" if definition.quarantine else None

    def _size(self, make: Build) -> int:
        return sum(self._sides.relations.size(version) for version in make.inputs.values())

    def _compared(self, definition: Definition, make: Build, version: Version) -> BesideEngine:
        place = self._sides.settings.temporary.path / f"beside-{secrets.token_hex(6)}.parquet"
        files = [self._job.lake.storage.engine_path(file.path) for file in version.files]
        try:
            with self._sides.for_size(self._size(make)) as side:
                recipe = self._writer.recipe(definition, make)
                own: Produced = side.engine.run(Task(recipe, str(place), stored_columns))
                return beside(side.session(), version, files, own, Path(place))
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
