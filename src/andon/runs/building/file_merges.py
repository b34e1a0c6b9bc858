"""Raw files that are put to what is there by a key: of files that come after all that were read, only they are read.

What is published is what one read of all files gives, order included: rows whose keys came go from where they are, and what came stands
at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andon.base.names import quote
from andon.base.record import replace
from andon.model.build import Build, InputFile
from andon.model.dataset import Definition
from andon.model.version import DataFile, Version, version_id
from andon.runs.building import putting
from andon.runs.building.stored_rows import StoredRows
from andon.runs.building.writing import Made

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Writer


def later(read: Sequence[InputFile], now: Sequence[InputFile]) -> list[InputFile]:
    """The files of `now` that come after those that were read, if these are the first of them, unchanged; else none."""
    names = [(file.path, file.sha256) for file in read]
    return list(now[len(read) :]) if names == [(file.path, file.sha256) for file in now[: len(read)]] else []


class FileMerges:
    """Puts the rows of files to the files of a version, in the order in which one read of all would give them."""

    def __init__(self, job: Job, sides: Sides, writer: Writer) -> None:
        self._job = job
        self._writer = writer
        self._rows = StoredRows(job, sides, writer)

    def put(self, definition: Definition, make: Build, before: Version, read: Callable[[], Made]) -> Made | None:
        """What was there without the rows whose keys came, and then what came. None where that has other columns.

        Args:
            read: the rows that came; of those with one key the last.

        Raises:
            AndonError: as `Writer.write`; then nothing is left of what came.
        """
        self._job.lake.intact.require(definition.dataset, before.files)
        new = read()
        again: list[DataFile] = []
        try:
            if new.version.columns != before.columns:
                self._writer.drop(new)
                return None
            stays = self._without(definition, make, before, new, again)
            filled = [file for file in (*stays, *new.new) if file.rows] or list(before.files[:1])
            files, packed = self._writer.fewer(definition, make, filled)
        except BaseException:
            self._writer.drop(replace(new, new=(*new.new, *again)))
            raise
        written = (*packed, *again, *new.new)
        self._writer.drop(replace(new, new=tuple(file for file in written if file not in files)))
        version = Version(version_id(before.columns, files), before.dataset, before.columns, files)
        return replace(new, version=version, new=tuple(file for file in written if file in files))

    def _without(
        self, definition: Definition, make: Build, before: Version, new: Made, again: list[DataFile]
    ) -> list[DataFile]:
        """The files of `before` without the rows of keys that came, each in its place; those that are written for it go to `again`."""
        names = {column.name.lower(): column.name for column in before.columns}
        key = [names[name.lower()] for name in definition.key]
        came = putting.Came(
            self._rows.source(new.new), self._rows.source(before.files), None, list(names.values()), key[0], key
        )
        # rows without a key are not taken for each other
        stated = " and ".join(f"{quote(name)} is not null" for name in key)
        keys = putting.dead(came, f"{came.rows} where {stated}")
        touched = self._rows.touched(before, came, keys)
        stays: list[DataFile] = []
        for file in before.files:
            if file not in touched:
                stays.append(file)
                continue
            sql = putting.without(came, self._rows.source([file]), keys)
            part = replace(self._rows.part(definition, sql, file.size), part_of=(file,))
            made = self._writer.write(definition, make, [part])
            again.extend(made.new)
            stays.extend(made.new)
        return stays
