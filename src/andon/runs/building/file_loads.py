"""Loads of raw files: those that were read before are not read again where each row of them makes its own rows of the result.

A version then has a part for each load, in the order in which the files are read: what it holds is what one read of all files would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.record import Record, replace
from andon.engines.engine import Recipe
from andon.model.build import Build, InputFile
from andon.model.dataset import ClockUse, Definition
from andon.model.load import Taking
from andon.model.version import DataFile, Version, contents_of, version_id
from andon.runs.building.file_merges import FileMerges, later
from andon.runs.building.writing import FilePart, Made
from andon.sources.files.paths import files_of
from andon.sources.render import read_columns

if TYPE_CHECKING:
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Writer

#: In `Build.grown`: how many raw files each part has, and how many data files, those counted that were put together since.
PARTS = "parts"


class RawPart(Record):
    """Raw files that were read at once, in their order, and the data files that their rows are in."""

    raw: tuple[InputFile, ...]
    data: tuple[DataFile, ...]


class FileLoads:
    """The loads of one job that read raw files."""

    def __init__(self, job: Job, sides: Sides, writer: Writer) -> None:
        self._job = job
        self._sides = sides
        self._writer = writer
        self._merges = FileMerges(job, sides, writer)

    def load(self, definition: Definition, make: Build) -> tuple[Build, Made]:
        """The rows of a source's files, with the build that they are recorded by.

        Raises:
            AndonError: as `Engine.run`.
        """
        base = self._base(definition, make)
        found = None
        if base is not None:
            merges = definition.load is not None and definition.load.taking is Taking.MERGE
            found = (self._merged if merges else self._in_parts)(definition, make, *base)
        return found if found is not None else (make, self._writer.write(definition, make))

    def _base(self, definition: Definition, make: Build) -> tuple[Version, list[RawPart]] | None:
        """The published version and its parts, if they are what a load of today would make of their files."""
        leaf = self._job.leaves.get(definition.dataset)
        is_plain = (
            definition.clock is ClockUse.NONE
            and not (definition.allow or definition.sort or definition.partition or definition.corrected)
            and len(definition.reads) == 1
        )
        if leaf is None or not is_plain or definition.dataset in self._job.reuse.forced | self._job.wishes.full:
            return None
        build = self._job.lake.objects.builds([leaf.build]).get(leaf.build)
        if build is None or build.definition != definition.id or build.contract != make.contract:
            return None
        version = self._sides.relations.version(build.version)
        if self._job.lake.objects.is_lost(version):
            return None
        parts = parts_of(build, version, _ordered(definition, build.files))
        return (version, parts) if parts is not None else None

    def _in_parts(
        self, definition: Definition, make: Build, before: Version, parts: Sequence[RawPart]
    ) -> tuple[Build, Made] | None:
        """What is there, with what is new in its place; None where nothing can stay."""
        runs = arranged(parts, _ordered(definition, make.files))
        if not any(run.data for run in runs) or not self._is_plain(definition, make.contract or {}):
            return None
        made: list[Made] = []
        done: list[RawPart] = []
        try:
            for run in runs:
                if run.data:
                    done.append(run)
                    continue
                made.append(self._read(definition, make, run.raw))
                if made[-1].version.columns != before.columns:
                    raise _OthersError
                done.append(RawPart(run.raw, made[-1].version.files))
            filled = [RawPart(part.raw, tuple(f for f in part.data if f.rows)) for part in done]
            whole = tuple(file for part in filled for file in part.data) or done[0].data[:1]
            files, packed = self._writer.fewer(definition, make, whole)
        except BaseException as error:
            for each in made:
                self._writer.drop(each)
            if isinstance(error, _OthersError):
                return None
            raise
        if not made:
            return None  # files are gone, and nothing is read: an engine says what it would be
        new = (*packed, *(file for each in made for file in each.new))
        for each in made:
            self._writer.drop(replace(each, new=tuple(file for file in each.new if file not in files)))
        version = Version(version_id(before.columns, files), definition.dataset, before.columns, files)
        counts = [[len(part.raw), len(_contents(part.data))] for part in filled]
        kept = Made(version, made[-1].produced, tuple(file for file in new if file in files))
        return replace(make, grown={PARTS: counts} if len(counts) > 1 else None), kept

    def _merged(
        self, definition: Definition, make: Build, before: Version, parts: Sequence[RawPart]
    ) -> tuple[Build, Made] | None:
        """What is there, with the rows of later files in the place of those with their keys; None where other files are new."""
        came = later([file for part in parts for file in part.raw], _ordered(definition, make.files))
        if not came or not self._is_plain(definition, make.contract or {}):
            return None
        made = self._merges.put(definition, make, before, lambda: self._read(definition, make, came))
        return (make, made) if made is not None else None

    def _is_plain(self, definition: Definition, contract: Mapping[str, Any]) -> bool:
        """Whether the rows of some files are known without the others."""
        return self._job.proofs.why_not_row_by_row(definition, read_columns(definition, contract)) is None

    def _read(self, definition: Definition, make: Build, files: Sequence[InputFile]) -> Made:
        dataset, reader = definition.dataset, self._job.raw.reader
        sql = reader.render(dataset, [file.path for file in files])
        recipe = Recipe(definition, {}, self._job.moment, sql, explain=lambda error: reader.explain(dataset, error))
        return self._writer.write(
            definition, replace(make, files=tuple(files)), [FilePart(recipe, sum(f.size for f in files))]
        )


class _OthersError(Exception):
    """Files that were read have other columns than what is there."""


def _ordered(definition: Definition, files: Sequence[InputFile]) -> list[InputFile]:
    """Raw files in the order in which the source reads them."""
    by_path = {file.path: file for file in files}
    (read,) = definition.reads
    return [by_path[path] for path in files_of(read, list(by_path))]


def parts_of(build: Build, version: Version, raw: Sequence[InputFile]) -> list[RawPart] | None:
    """The parts of what a build made of `raw`; all is one where it was made whole. None where what is kept of it does not fit."""
    counts = (build.grown or {}).get(PARTS) or [[len(raw), len(_contents(version.files))]]
    if [sum(column) for column in zip(*counts, strict=True)] != [len(raw), len(_contents(version.files))]:
        return None
    starts = {0: 0}
    for number, file in enumerate(version.files, 1):
        starts[max(starts) + len(contents_of(file))] = number
    parts: list[RawPart] = []
    at = to = read = wrote = 0
    for reads, writes in counts:
        at, to = at + reads, to + writes
        if to in starts:  # else its rows are in one file with those of the next part: the two are one
            parts.append(RawPart(tuple(raw[read:at]), version.files[wrote : starts[to]]))
            read, wrote = at, starts[to]
    return parts


def _contents(files: Sequence[DataFile]) -> list[str]:
    """What files hold, by the sha256 of those that were put together to them."""
    return [content for file in files for content in contents_of(file)]


def arranged(parts: Sequence[RawPart], raw: Sequence[InputFile]) -> list[RawPart]:
    """Parts that hold what `raw` would be read as, in this order: those that are there where their files follow each other in it unchanged,
    and such without data where something is to be read."""
    by_first = {(part.raw[0].path, part.raw[0].sha256): part for part in parts if part.raw}
    found: list[RawPart] = []
    reading: list[InputFile] = []
    at = 0
    while at < len(raw):
        part = by_first.get((raw[at].path, raw[at].sha256))
        names = [(file.path, file.sha256) for file in part.raw] if part is not None else []
        if part is not None and names == [(file.path, file.sha256) for file in raw[at : at + len(names)]]:
            if reading:
                found.append(RawPart(tuple(reading), ()))
                reading = []
            found.append(part)
            at += len(names)
        else:
            reading.append(raw[at])
            at += 1
    return [*found, RawPart(tuple(reading), ())] if reading else found
