"""From a recipe to files of the lake: one new file, or several beside earlier ones that are kept. What nothing will name is deleted."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.record import Record, replace
from andon.engines.engine import Aside, Builders, Produced, ProducedFile, Recipe, Task, Types
from andon.engines.types import stored_types
from andon.lake.named_files import raw_path
from andon.model.build import Build
from andon.model.dataset import Definition, Kind
from andon.model.growth import By
from andon.model.version import Column, DataFile, Version, contents_of, version_id
from andon.relations.partitions import PartitionRows, partitions_of, row_ranges
from andon.runs.building.packing import MANY, MOST_ROWS, packed_recipe, small_runs, standing_for
from andon.runs.building.parting import (
    arranged_recipe,
    by_partition,
    kept_again,
    part_recipe,
    require_few,
    sorted_recipe,
)
from andon.runs.building.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from andon.model.quarantine import AsideRule
    from andon.relations.sides import Sides
    from andon.runs.building.columns import OutputColumns
    from andon.runs.building.job import Job


class Made(Record):
    """A result whose new files nothing names yet.

    Attributes:
        version: all of it: earlier files that were kept, then the new ones.
        produced: what the engine said of the last file that it wrote.
        new: the files that were written for it.
        note: what people should hear of how it was made.
        seconds: what it took before its task began, where it was made ahead.
    """

    version: Version
    produced: Produced
    new: tuple[DataFile, ...]
    note: str | None = None
    seconds: float = 0.0


#: Gives what was made of a definition, for such a build, before its task began; None where nothing was.
Early = Callable[[Definition, Build], Made | None]


def nothing_early(definition: Definition, make: Build) -> Made | None:
    """Nothing was made before."""
    del definition, make
    return None


class FilePart(Record):
    """What is written into one file: a recipe over `size` bytes of inputs.

    Attributes:
        reads: the data files that it reads, where those are not all that the inputs of the build have.
        part_of: earlier files of the dataset of whose rows it leaves some out, and gives no others.
    """

    recipe: Recipe
    size: int
    reads: tuple[DataFile, ...] | None = None
    part_of: tuple[DataFile, ...] = ()


class WrittenParts(Record):
    """New files that belong to no version yet, and what the engine said of the last part."""

    produced: Produced
    files: tuple[DataFile, ...]


class Writer:
    """Writes results for a job on the engines of its run.

    Args:
        early: what was written before the job began.
    """

    def __init__(
        self, job: Job, sides: Sides, engines: Builders, columns: OutputColumns, early: Early = nothing_early
    ) -> None:
        self._early = early
        self._job = job
        self._sides = sides
        self._engines = engines
        self._columns = columns
        self._turns = Turns()

    def begun(self, definition: Definition, key: str, inputs: Mapping[str, str]) -> Build:
        """The build of a result that is about to be made."""
        files, contract = self._job.raw.pinned.get(definition.dataset, ((), None))
        return Build(
            id=secrets.token_hex(16),
            key=key,
            dataset=definition.dataset,
            definition=definition.id,
            version="",
            run=self._job.run,
            inputs=inputs,
            files=files,
            contract=contract,
            logical_time=to_text(self._job.moment),
        )

    def write(
        self,
        definition: Definition,
        make: Build,
        parts: Sequence[FilePart] | None = None,
        kept: Sequence[DataFile] = (),
    ) -> Made:
        """A version of earlier files and of what recipes return: each part is a new file, or one for each partition, unless it holds no row
        and another file is there.

        Args:
            parts: what is written, in this order; None: the definition's own recipe.
            kept: files of an earlier version that stay as they are, before the new ones; they hold the columns that the parts return.

        Raises:
            AndonError: as `Engine.run`; then no new file is left.
        """
        if parts is None and not kept and (made := self._made_early(definition, make)) is not None:
            return made
        written = self.written(definition, make, [self.whole(definition, make)] if parts is None else parts, kept)
        return self.joined(definition, make, written, kept)

    def _made_early(self, definition: Definition, make: Build) -> Made | None:
        """What was made before the job began, where it is what would be made now."""
        made = self._early(definition, make)
        if made is None:
            return None
        types = self._job.bound.get(definition.dataset)
        if types is not None and made.version.columns == self._columns.of(definition.dataset, types):
            return made
        self.drop(made)  # another run gave its columns other ids meanwhile
        return None

    def write_apart(
        self, definition: Definition, make: Build, rules: Callable[[Sequence[Column]], Sequence[AsideRule]]
    ) -> tuple[Made, str | None]:
        """All that a definition gives over the inputs of a build, but for rows that are set aside, in one write.

        Returns:
            the result, and the storage path of the rows that were set aside, if there are any: a file that nothing will name.

        Raises:
            AndonError: as `Engine.run`; then no new file is left.
        """
        schema, _, name = definition.dataset.partition(".")
        storage = self._job.lake.storage
        path = storage.new_path(f"data/{schema}", f"{name}-aside", ".parquet")
        aside = Aside(storage.engine_path(path), rules)
        try:
            whole = self.whole(definition, make)
            produced, file = self._file(definition, make, whole, aside)
            made = self.joined(definition, make, WrittenParts(produced, (file,)))
        except BaseException:
            storage.delete(path)
            raise
        if not produced.aside:
            return made, None
        storage.settle(path, self._readers(make, whole))
        return made, path

    def written(
        self, definition: Definition, make: Build, parts: Sequence[FilePart], kept: Sequence[DataFile] = ()
    ) -> WrittenParts:
        """What recipes return, in new files that belong to no version yet; called from several threads at once.

        Args:
            kept: files that will stand beside them, as far as they are known.

        Raises:
            AndonError: as `Engine.run`; then no new file is left.
        """
        new: list[DataFile] = []
        produced: Produced | None = None
        try:
            for part in parts:
                produced = self._part(definition, make, part, kept, new)
        except BaseException:
            self._delete(new)
            raise
        if produced is None:
            raise ValueError("a result is made of at least one part")
        return WrittenParts(produced, tuple(new))

    def joined(self, definition: Definition, make: Build, written: WrittenParts, kept: Sequence[DataFile] = ()) -> Made:
        """A version of earlier files and of what was written beside them.

        Raises:
            AndonError: as `Engine.run`; then no new file is left, of what was written either.
        """
        new, packed = written.files, list[DataFile]()
        try:
            require_few(definition, [file.partition for file in (*kept, *new)])
            kept = self._packed(definition, make, kept, MANY, packed)
            filled = [file for file in new if file.rows] or ([] if kept else [*new[:1]])
            self._delete([file for file in new if file not in filled])
            files, filled = self._arranged(definition, kept, filled)
        except BaseException:
            self._delete([*packed, *new])
            raise
        columns = written.produced.columns
        version = Version(version_id(columns, files), definition.dataset, columns, files)
        return Made(version, written.produced, (*packed, *filled))

    def discard(self, written: WrittenParts) -> None:
        """Delete what was written and will not be in any version."""
        self._delete(written.files)

    def _part(
        self, definition: Definition, make: Build, part: FilePart, kept: Sequence[DataFile], new: list[DataFile]
    ) -> Produced:
        """What a recipe returns, in a file or in one for each partition; they are added to `new` as soon as they are there."""
        recipe = arranged_recipe(definition, part.recipe)
        produced, files = self._files(definition, make, replace(part, recipe=recipe), is_any=not definition.partition)
        new += files
        if len(files) > 1:
            return produced
        (file,) = files
        found = self._ranges(definition, file, (*kept, *new[:-1]))
        told = tuple(content for each in part.part_of for content in contents_of(each))
        if len(found) == 1:
            new[-1] = replace(file, partition=found[0].values, part_of=told)
            return produced
        for each in found:
            share = file.size * (each.last - each.first + 1) // file.rows
            recipe = part_recipe(self._job, definition, file, each)
            _, one = self._file(definition, make, FilePart(recipe, share, (file,)))
            new.append(replace(one, partition=each.values, part_of=told))
        new.remove(file)
        self._delete([file])
        return produced

    def _ranges(self, definition: Definition, file: DataFile, others: Sequence[DataFile]) -> Sequence[PartitionRows]:
        """The rows of a file that are to be in files of their own, of a result that also has `others`."""
        if not definition.partition or not file.rows:
            is_by_key = definition.growth is not None and definition.growth.by is By.KEY
            return row_ranges(file.rows, MOST_ROWS if is_by_key else file.rows)
        found = partitions_of(self._job.lake, self._sides, definition, file)
        require_few(definition, [*(each.partition for each in others), *(each.values for each in found)])
        return found

    def _arranged(
        self, definition: Definition, kept: Sequence[DataFile], new: Sequence[DataFile]
    ) -> tuple[tuple[DataFile, ...], list[DataFile]]:
        """The files of a result, and which of them are new: by partition, and one that holds the bytes of a published one is that."""
        if not definition.partition:
            return (*kept, *new), [*new]
        leaf, again = self._job.leaves.get(definition.dataset), dict[str, DataFile]()
        if leaf is not None:
            stays = {file.path for file in kept}
            published = self._sides.relations.version(leaf.version).files
            earlier = {file.sha256: file for file in published if file.path not in stays}
            pairs = kept_again(new, earlier)
            again = {file.path: known for file, known in pairs if self._job.lake.intact.damage(known) is None}
        self._delete([file for file in new if file.path in again])
        files = [replace(again.get(file.path, file), partition=file.partition) for file in new]
        return tuple(by_partition([*kept, *files])), [file for file in new if file.path not in again]

    def pack(self, definition: Definition, make: Build, version: Version) -> Made | None:
        """A version with its small files put together, however few they are in a row; None where there is nothing to put together."""
        packed: list[DataFile] = []
        try:
            files = tuple(self._packed(definition, make, version.files, 2, packed))
        except BaseException:
            self._delete(packed)
            raise
        if not packed:
            return None
        whole = Version(version_id(version.columns, files), version.dataset, version.columns, files)
        return Made(whole, Produced(version.columns, version.rows or 0, {}, make.engine), tuple(packed))

    def fewer(
        self, definition: Definition, make: Build, files: Sequence[DataFile]
    ) -> tuple[tuple[DataFile, ...], tuple[DataFile, ...]]:
        """Files of a result with many small ones in a row put together, and those that are new for it."""
        packed: list[DataFile] = []
        try:
            return tuple(self._packed(definition, make, files, MANY, packed)), tuple(packed)
        except BaseException:
            self._delete(packed)
            raise

    def _packed(
        self, definition: Definition, make: Build, files: Sequence[DataFile], at_least: int, packed: list[DataFile]
    ) -> Sequence[DataFile]:
        """`files` with runs of small ones put together; new ones are added to `packed` as soon as they are there."""
        result = list(files)
        by = [str(part) for part in definition.partition]
        for start, end in reversed(small_runs(files, at_least)):
            if by and [name for name, _ in files[start].partition] != by:
                continue  # a file that another definition made may hold rows of several
            together = files[start:end]
            self._job.lake.intact.require(definition.dataset, together)
            recipe = sorted_recipe(definition, packed_recipe(self._job, definition, together))
            _, file = self._file(definition, make, FilePart(recipe, sum(each.size for each in together)))
            packed.append(standing_for(file, together))
            result[start:end] = [packed[-1]]
        return result

    def drop(self, made: Made) -> None:
        """Delete what was written for a result that nothing will name; files that were kept stay."""
        self._delete(made.new)

    def whole(self, definition: Definition, make: Build) -> FilePart:
        """All that a definition gives over the inputs of a build."""
        size = sum(self._sides.relations.size(i) for i in make.inputs.values()) + sum(f.size for f in make.files)
        return FilePart(self.recipe(definition, make), size)

    def recipe(self, definition: Definition, make: Build) -> Recipe:
        """What an engine is given to compute a definition over the inputs of a build."""
        dataset, reader, moment = definition.dataset, self._job.raw.reader, self._job.moment
        inputs = {name: self._sides.relations.relation(version) for name, version in make.inputs.items()}
        if definition.is_function:
            code = {path: self._job.lake.objects.text(sha) for path, sha in definition.files}
            return Recipe(definition, inputs, moment, code=code, contract=self._job.raw.pinned[dataset][1])
        if definition.asks is not None:
            return Recipe(definition, inputs, moment, definition.sql, contract=self._job.raw.pinned[dataset][1])
        if definition.kind is Kind.SOURCE:
            sql = reader.render(dataset)
            return Recipe(definition, inputs, moment, sql, explain=lambda e: reader.explain(dataset, e))
        if definition.kind is Kind.PYTHON:
            code = {path: self._job.lake.objects.text(sha) for path, sha in definition.files}
            return Recipe(definition, inputs, moment, code=code)
        return Recipe(definition, inputs, moment, definition.sql)

    def is_as_bound(self, inputs: Mapping[str, str]) -> bool:
        """Whether inputs have the columns that the plan bound over: what a Python dataset or a raw file returns is known only now."""
        for name, version in inputs.items():
            leaf, bound = self._job.leaves.get(name), self._job.bound.get(name)
            if bound is not None:
                expected = stored_types(bound)
            elif leaf is None:
                return False
            elif leaf.version == version:
                continue
            else:
                expected = self._sides.relations.version(leaf.version).types
            if self._sides.relations.version(version).types != expected:
                return False
        return True

    def _file(
        self, definition: Definition, make: Build, part: FilePart, aside: Aside | None = None
    ) -> tuple[Produced, DataFile]:
        """What a recipe returns, in a file of the lake."""
        produced, (file,) = self._files(definition, make, part, aside)
        return produced, file

    def _files(
        self, definition: Definition, make: Build, part: FilePart, aside: Aside | None = None, *, is_any: bool = False
    ) -> tuple[Produced, list[DataFile]]:
        """What a recipe returns, in files of the lake; in one, unless `is_any` number will do."""
        storage, recipe = self._job.lake.storage, part.recipe
        is_own = recipe.definition is definition
        types = self._job.bound.get(definition.dataset) if is_own and self.is_as_bound(make.inputs) else None
        schema, _, name = definition.dataset.partition(".")
        path, readers = storage.new_path(f"data/{schema}", name, ".parquet"), self._readers(make, part)
        more: dict[str, str] = {}

        def told(text: str) -> None:
            self._job.moves.put((definition.dataset, text))

        def produce() -> Produced:
            more.clear()
            with ExitStack() as held:

                def further() -> str:
                    one = storage.new_path(f"data/{schema}", name, ".parquet")
                    place = held.enter_context(storage.written(one, readers))
                    more[place] = one
                    return place

                place = held.enter_context(storage.written(path, readers))
                engine = held.enter_context(self._engines.builder(recipe.definition, part.size))
                stored, any_number = self._stored(definition), further if is_any else None
                return engine.run(Task(recipe, place, stored, types, aside, told, any_number))

        produced = self._turns.take(produce)
        parts = produced.files or (ProducedFile("", produced.rows, produced.stats),)
        files = []
        for each in parts:
            written, sha = self._job.lake.intact.seal(more.get(each.output, path))
            files.append(DataFile(more.get(each.output, path), written, sha, each.rows, each.stats))
        return produced, files

    def _readers(self, make: Build, part: FilePart) -> int:
        """Permission bits of all that a result is made of: nobody may read it who may not read its inputs."""
        kept = [raw_path(file) for file in make.files]
        inputs = (
            self._sides.relations.files(make.inputs.values()) if part.reads is None else [f.path for f in part.reads]
        )
        return self._job.lake.storage.readers([*kept, *inputs])

    def _stored(self, definition: Definition) -> Callable[[Types], tuple[Column, ...]]:
        """How an engine learns what the lake stores for what it found a result to be."""

        def stored(types: Types) -> tuple[Column, ...]:
            if definition.kind is Kind.PYTHON or (definition.asks is not None and definition.connection is None):
                self._job.demands.columns(definition.dataset, types)
            return self._columns.of(definition.dataset, types)

        return stored

    def _delete(self, files: Sequence[DataFile]) -> None:
        for file in files:
            self._job.lake.storage.delete(file.path)
