"""Rows that came, put to the files of a version on a key: only files that hold rows which go are written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.model.build import Build
from andon.model.dataset import Definition
from andon.model.version import Version, version_id
from andon.runs.building import putting
from andon.runs.building.stored_rows import StoredRows
from andon.runs.building.writing import Made

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Writer


class MergedFiles:
    """Puts what sources were given to what they hold."""

    def __init__(self, job: Job, sides: Sides, writer: Writer) -> None:
        self._writer = writer
        self._rows = StoredRows(job, sides, writer)

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
        rows = self._rows.source(new.version.files)
        names = {name.lower(): name for name in columns}
        key = [names[name.lower()] for name in definition.key]
        came = putting.Came(rows, self._rows.source(before.files), None, columns, key[0], key)
        kept, again = self._rows.without(definition, make, before, came, putting.dead(came, rows))
        files = (*(file for file in kept if file.rows), *again, *new.new)
        version = Version(version_id(before.columns, files), before.dataset, before.columns, files)
        return replace(new, version=version, new=(*again, *new.new))
