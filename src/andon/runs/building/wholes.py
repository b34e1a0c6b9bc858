"""Tables that go on from what they hold, where checks set rows aside: what goes on is all of it, and that is parted again.

What is published and what was set aside of it are together what the table would be if nothing were set aside. That is what grows and what
loads are put to, as ever; then each new file that holds rows to be set aside is parted.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.names import quote, quote_name
from andon.base.record import Record, replace
from andon.engines.engine import Produced, Recipe
from andon.engines.relation import TableRelation
from andon.model.build import Build, aside_key, recipe_key
from andon.model.dataset import Definition
from andon.model.growth import Grown
from andon.model.quarantine import aside_condition, aside_of
from andon.model.release import digest_of
from andon.model.version import Column, DataFile, Version, contents_of, version_id
from andon.runs.building.asides import BEFORE, NEW, Asides, Parted, plain
from andon.runs.building.outcome import Outcome
from andon.runs.building.writing import FilePart, Made
from andon.runs.planning.steps import clock_part

if TYPE_CHECKING:
    from andon.engines.relation import Relation
    from andon.model.quarantine import AsideRule
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Writer

#: Marks files that hold rows which were set aside, so that they are not put together with others.
_SET_ASIDE = (("andon aside", None),)


class _Files(Record):
    """What becomes of the files of a result.

    Attributes:
        stay: its files. written: those of them that were written for it just now.
        bad: files that hold only rows to be set aside. scratch: those of them that are read and then nothing more.
    """

    stay: list[DataFile]
    written: list[DataFile]
    bad: list[DataFile]
    scratch: list[DataFile]


class Wholes:
    """Tables of one job as they would be if nothing were set aside."""

    def __init__(self, job: Job, sides: Sides, writer: Writer, asides: Asides) -> None:
        self._job = job
        self._sides = sides
        self._writer = writer
        self._asides = asides
        #: by dataset what was written to be read with its files, by the version that was set aside
        self._scratch: dict[str, dict[str, tuple[DataFile, ...]]] = {}

    def released(self, definition: Definition) -> str | None:
        """Which rows are in a result although a check would set them aside; part of its recipe key."""
        return self._asides.released(definition)

    def is_lost(self, definition: Definition, build: Build) -> bool:
        """Whether rows of a build can't be read any more, those that were set aside of it included."""
        is_lost = self._job.lake.objects.is_lost
        if is_lost(self._sides.relations.version(build.version)):
            return True
        aside = self._aside(definition, build)
        if aside is not None:
            return is_lost(aside)
        made_by = definition if build.definition == definition.id else self._definition(build)
        return made_by is None or bool(made_by.quarantine)

    def is_parted(self, definition: Definition) -> bool:
        """Whether rows of a dataset are set aside, or are among what it goes on from."""
        return bool(definition.quarantine) or aside_of(definition.dataset) in self._job.leaves

    def of_definition(self, definition: Definition, build: Build) -> Build:
        """A build as of `definition`, where what made it is the same but for which rows are set aside."""
        if build.definition == definition.id:
            return build
        made_by = self._definition(build)
        is_same = made_by is not None and made_by.is_but_for_parting(definition)
        return replace(build, definition=definition.id) if is_same else build

    def _definition(self, build: Build) -> Definition | None:
        return self._job.lake.objects.definitions([build.definition]).get(build.definition)

    def of(self, definition: Definition, build: Build) -> Version:
        """All rows of a build; where some were set aside they are in files of their own that nothing will name, until `close`."""
        version = self._sides.relations.version(build.version)
        aside = self._aside(definition, build)
        if aside is None or not aside.rows:
            return version
        mine = self._scratch.setdefault(definition.dataset, {})
        if aside.id not in mine:
            listed = ", ".join(quote(column.name) for column in version.columns)
            inputs = {BEFORE: self._sides.relations.relation(aside.id)}
            sql = f"select {listed} from {quote_name(BEFORE)}"
            recipe = Recipe(plain(definition), inputs, self._job.moment, sql, is_part=True)
            written = self._writer.written(
                plain(definition), replace(build, files=()), [FilePart(recipe, aside.bytes, aside.files)]
            )
            mine[aside.id] = tuple(replace(file, partition=_SET_ASIDE) for file in written.files)
        files = (*(file for file in version.files if file.rows), *mine[aside.id])
        whole = Version(version_id(version.columns, files), version.dataset, version.columns, files)
        self._sides.relations.add(whole, build, definition)
        return whole

    def rows(self, definition: Definition, build: Build) -> int:
        """How many rows there are, those that were set aside included."""
        aside = self._aside(definition, build)
        return (self._sides.relations.version(build.version).rows or 0) + (aside.rows or 0 if aside is not None else 0)

    def close(self, dataset: str) -> None:
        """Delete what `of` wrote."""
        for files in self._scratch.pop(dataset, {}).values():
            self._delete(files)

    def _aside(self, definition: Definition, build: Build) -> Version | None:
        """What was set aside of a build, whatever its definition set aside."""
        leaf = self._job.leaves.get(definition.dataset)
        beside = self._job.leaves.get(aside_of(definition.dataset))
        if leaf is not None and leaf.build == build.id:
            return self._sides.relations.version(beside.version) if beside is not None else None
        if definition.aside is None:
            return None
        wanted = aside_key(self._job.definitions[definition.aside].id, build.key)
        found = self._job.lake.objects.builds_by_key([wanted]).get(wanted)
        return self._sides.relations.version(found.version) if found is not None else None

    # -- what is to be parted

    def parted_anew(self, definition: Definition, make: Build) -> tuple[Build, Made] | None:
        """What is there, to be parted anew, where all that changed is which rows are set aside or released; else None."""
        leaf = self._job.leaves.get(definition.dataset)
        if leaf is None or not self._is_parted_anew(definition):
            return None
        wishes = self._job.wishes
        if definition.dataset in self._job.reuse.forced | wishes.full or definition.dataset in wishes.fill:
            return None
        build = self._job.lake.objects.builds([leaf.build]).get(leaf.build)
        if build is None or self.of_definition(definition, build).definition != definition.id:
            return None
        if build.inputs != make.inputs or self.is_lost(definition, build):
            return None
        return self._anew(definition, build)

    def going_on(self, definition: Definition, found: Outcome | tuple[Build, Made]) -> Outcome | tuple[Build, Made]:
        """What was made, or what is there and is to be parted anew since rows of it were released; else the outcome."""
        if not isinstance(found, Outcome):
            return found
        build, leaf = found.build, self._job.leaves.get(definition.dataset)
        if found.version is not None:  # a table that grows has nothing new
            return build, self._as_made(found.version, build, found.note)
        if leaf is None or leaf.build != build.id or not self._is_parted_anew(definition):
            return found
        return self._anew(definition, build)

    def _anew(self, definition: Definition, build: Build) -> tuple[Build, Made]:
        grown = Grown.of(build.grown).part_of_key if definition.growth is not None else None
        clock = clock_part(definition, self._job.moment)
        key = recipe_key(definition.id, build.inputs, (), build.contract, clock, grown, self.released(definition))
        id = secrets.token_hex(16)
        anew = replace(build, id=id, key=key, definition=definition.id, run=self._job.run, proof=None, log=None)
        note = "released rows put back" if self._is_released_anew(definition) else "parted anew"
        return anew, self._as_made(self.of(definition, build), anew, note)

    def _is_parted_anew(self, definition: Definition) -> bool:
        """Whether other rows than at the head are to be set aside of what it held then."""
        leaf = self._job.leaves.get(definition.dataset)
        is_other = leaf is not None and leaf.definition != definition.id
        return is_other or self._is_released_anew(definition)

    def _is_released_anew(self, definition: Definition) -> bool:
        return self.released(definition) != digest_of(self._job.published_releases, definition.dataset)

    def _as_made(self, version: Version, build: Build, note: str | None) -> Made:
        return Made(version, Produced(version.columns, version.rows or 0, {}, build.engine), (), note)

    # -- parting

    def part(self, definition: Definition, make: Build, made: Made) -> Parted:
        """A result that holds all rows, parted: files that hold none to be set aside stay as they are.

        Raises:
            AndonError: as `Engine.run`; then no new file is left.
        """
        columns = made.version.columns
        found = _Files([], [], [], [])
        try:
            rules = self._asides.rules(definition, columns) if definition.quarantine else []
            self._sort_out(definition, make, made, rules, found)
            new = None
            if found.bad:
                new = TableRelation(tuple(self._job.lake.storage.engine_path(file.path) for file in found.bad))
            if not definition.quarantine:
                return Parted(self._whole(definition, made, found), None)
            sql = self._asides.named(definition, columns, rules, new)
            inputs: dict[str, Relation] = {} if new is None else {NEW: new}
            before = self._asides.before(definition)
            if before is not None:
                inputs[BEFORE] = self._sides.relations.relation(before.id)
            aside = self._asides.kept(definition, make, sql, inputs)
        except BaseException:
            self._delete([*found.written, *found.scratch])
            self._writer.drop(made)
            raise
        return Parted(self._whole(definition, made, found), aside)

    def _whole(self, definition: Definition, made: Made, found: _Files) -> Made:
        """The result that is left of `made`."""
        self._delete(found.scratch)
        stay = {file.path for file in found.stay}
        self._delete([file for file in made.new if file.path not in stay])
        columns, files = made.version.columns, tuple(found.stay)
        version = Version(version_id(columns, files), definition.dataset, columns, files)
        return replace(made, version=version, new=(*(f for f in made.new if f.path in stay), *found.written))

    def _sort_out(
        self, definition: Definition, make: Build, made: Made, rules: Sequence[AsideRule], found: _Files
    ) -> None:
        """Which files of a result stay, and which hold rows to be set aside; what is written for that goes to `found` at once."""
        columns = made.version.columns
        listed = [quote(column.name) for column in columns]
        condition = aside_condition(rules, listed)
        new = {file.path for file in made.new}
        is_all = self._is_parted_anew(definition)
        for file in made.version.files:
            is_scratch = file.partition == _SET_ASIDE
            if not (is_all or is_scratch or file.path in new) or not file.rows:
                found.stay.append(file)
                continue
            bad = self._bad(definition, file, condition)
            if bad == file.rows:
                found.bad.append(file)
                continue
            if not bad and not is_scratch:
                found.stay.append(file)
                continue
            good = self._some(definition, make, columns, file, f"not ({condition})")
            told = file.part_of if is_scratch or file.path in new else contents_of(file)
            found.written.append(replace(good, part_of=told))
            found.stay.append(found.written[-1])
            if bad:
                found.scratch.append(self._some(definition, make, columns, file, condition))
                found.bad.append(found.scratch[-1])
        filled = [file for file in found.stay if file.rows]
        if filled:
            found.stay[:] = filled
        elif not found.stay:
            found.written.append(self._some(definition, make, columns, made.version.files[0], "false"))
            found.stay.append(found.written[-1])

    def _bad(self, definition: Definition, file: DataFile, condition: str) -> int:
        """How many rows of a file are to be set aside."""
        self._job.lake.intact.require(definition.dataset, [file])
        relation = TableRelation((self._job.lake.storage.engine_path(file.path),))
        with (
            self._sides.for_size(file.size) as side,
            side.names({NEW: relation}, definition.macros) as connection,
        ):
            asked = f"select count(*) filter (where {condition}) from {quote_name(NEW)}"
            return int(connection.execute(asked).fetchall()[0][0])

    def _some(
        self, definition: Definition, make: Build, columns: Sequence[Column], file: DataFile, condition: str
    ) -> DataFile:
        """Some rows of a file, in a new one."""
        listed = ", ".join(quote(column.name) for column in columns)
        code = replace(plain(definition), macros=definition.macros)
        relation = TableRelation((self._job.lake.storage.engine_path(file.path),))
        sql = f"select {listed} from {quote_name(NEW)} where {condition}"
        recipe = Recipe(code, {NEW: relation}, self._job.moment, sql, is_part=True)
        written = self._writer.written(plain(definition), make, [FilePart(recipe, file.size, (file,))])
        (only,) = written.files
        return only

    def _delete(self, files: Sequence[DataFile]) -> None:
        for file in files:
            self._job.lake.storage.delete(file.path)
