"""Rows that came, put to the files of a version on a key: only files that hold rows which go are written anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.record import replace
from andon.engines.engine import Recipe
from andon.engines.relation import TableRelation
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.version import DataFile, Version, version_id
from andon.runs.building import putting
from andon.runs.building.writing import FilePart, Made

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Writer

#: Files below this many bytes that are written anew become one.
_SMALL = 8 << 20


class MergedFiles:
    """Puts what sources were given to what they hold."""

    def __init__(self, job: Job, sides: Sides, writer: Writer) -> None:
        self._job = job
        self._sides = sides
        self._writer = writer

    def put(self, definition: Definition, make: Build, before: Version, new: Made) -> Made:
        """What was there without the rows whose keys came, and then what came.

        Args:
            new: the rows that came, of the columns that `before` has; each key once.

        Raises:
            AndonError: as `Writer.write`; then nothing is left of what came.
        """
        try:
            return self._put(definition, make, before, new)
        except BaseException:
            self._writer.drop(new)
            raise

    def _put(self, definition: Definition, make: Build, before: Version, new: Made) -> Made:
        columns = [column.name for column in before.columns]
        rows = self._source(new.version.files)
        names = {name.lower(): name for name in columns}
        key = [names[name.lower()] for name in definition.key]
        came = putting.Came(rows, self._source(before.files), None, columns, key[0], key)
        keys = putting.dead(came, rows)
        named = f"{self._source(before.files)[:-1]}, filename = true)"
        places = {place for (place,) in self._ask(before.bytes, putting.touched(came, named, keys))}
        touched = [file for file in before.files if self._place(file) in places]
        small = [file for file in touched if file.size < _SMALL]
        groups = [*([file] for file in touched if file not in small), *([small] if small else [])]
        own = replace(definition, connection=None, rest=None, function=None)
        parts = [
            FilePart(
                Recipe(own, {}, self._job.moment, putting.without(came, self._source(group), keys)),
                sum(file.size for file in group),
            )
            for group in groups
        ]
        rewritten = self._writer.write(definition, make, parts) if parts else None
        again = [file for file in (rewritten.new if rewritten is not None else ()) if file.rows]
        if rewritten is not None:
            self._writer.drop(replace(rewritten, new=tuple(file for file in rewritten.new if file not in again)))
        kept = [file for file in before.files if file not in touched and file.rows]
        files = (*kept, *again, *new.new)
        version = Version(version_id(before.columns, files), before.dataset, before.columns, files)
        return replace(new, version=version, new=(*again, *new.new))

    def _ask(self, size: int, sql: str) -> list[tuple[Any, ...]]:
        with self._sides.for_size(size) as side:
            return list(side.session().connection.execute(sql).fetchall())

    def _source(self, files: Sequence[DataFile]) -> str:
        """SQL that may stand after FROM."""
        return self._sides.narrow.source(TableRelation(tuple(map(self._place, files))))

    def _place(self, file: DataFile) -> str:
        return self._job.lake.storage.engine_path(file.path)
