"""Rows that a source holds, as files: asked, and rid of those whose keys came again or are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.names import literal
from andon.base.record import replace
from andon.engines.engine import Recipe
from andon.engines.relation import TableRelation
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.version import DataFile, Version
from andon.runs.building import putting
from andon.runs.building.packing import SMALL
from andon.runs.building.writing import FilePart

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Writer


class StoredRows:
    """The files of one job, as the lake's own engine reads them."""

    def __init__(self, job: Job, sides: Sides, writer: Writer) -> None:
        self._job = job
        self._sides = sides
        self._writer = writer

    def ask(self, size: int, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over files of `size` bytes."""
        with self._sides.for_size(size) as side:
            return list(side.session().connection.execute(sql).fetchall())

    def source(self, files: Sequence[DataFile], *, named: bool = False) -> str:
        """SQL that may stand after FROM and reads files; `named`: with their names as `putting.FILE`."""
        source = self._sides.narrow.source(TableRelation(tuple(map(self._place, files))))
        return f"{source[:-1]}, filename = {literal(putting.FILE)})" if named else source

    def part(self, definition: Definition, sql: str, size: int) -> FilePart:
        """What the lake's own engine writes for a dataset, whoever else is asked for its rows."""
        own = replace(definition, connection=None, rest=None, function=None)
        return FilePart(Recipe(own, {}, self._job.moment, sql), size)

    def without(
        self, definition: Definition, make: Build, before: Version, came: putting.Came, keys: str
    ) -> tuple[list[DataFile], tuple[DataFile, ...]]:
        """The files of `before` that hold no rows of `keys`, and what those that do are written anew as, small ones together.

        Raises:
            AndonError: as `Writer.write`; then no new file is left.
        """
        touched = self.touched(before, came, keys)
        kept = [file for file in before.files if file not in touched]
        small = [file for file in touched if file.size < SMALL]
        groups = [*([file] for file in touched if file not in small), *([small] if small else [])]
        if not groups:
            return kept, ()
        made = self._writer.write(
            definition,
            make,
            [
                replace(
                    self.part(
                        definition, putting.without(came, self.source(group), keys), sum(file.size for file in group)
                    ),
                    part_of=tuple(group),
                )
                for group in groups
            ],
        )
        filled = tuple(file for file in made.new if file.rows)
        self._writer.drop(replace(made, new=tuple(file for file in made.new if file not in filled)))
        return kept, filled

    def touched(self, before: Version, came: putting.Came, keys: str) -> list[DataFile]:
        """The files of `before` that hold rows of `keys`."""
        named = self.source(before.files, named=True)
        places = {place for (place,) in self.ask(before.bytes, putting.touched(came, named, keys))}
        return [file for file in before.files if self._place(file) in places]

    def _place(self, file: DataFile) -> str:
        """A file as the engine names it."""
        return self._job.lake.storage.engine_path(file.path)
