"""Making a table that grows: what is new beside what is kept, or all where that can't be told; in pieces that are found again."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from andon.base.hashing import content_id
from andon.base.record import replace
from andon.engines.engine import stopped
from andon.engines.types import stored_types
from andon.errors import DamagedError
from andon.model.build import Build, recipe_key
from andon.model.dataset import Definition, Materialize
from andon.model.growth import By, Grown
from andon.model.intervals import Range, merged
from andon.model.version import DataFile
from andon.relations.affected import Affected
from andon.runs.building.by_key import ByKey
from andon.runs.building.by_time import ByTime
from andon.runs.building.limiting import Limiting
from andon.runs.building.outcome import Outcome
from andon.runs.building.side_by_side import side_by_side
from andon.runs.building.wholes import Wholes
from andon.runs.building.work import Earlier, Work
from andon.runs.growing.decide import Deciding, Extent, MakeWholeError, changes_told
from andon.runs.growing.filled import filled_ranges
from andon.runs.planning.steps import clock_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from andon.engines.relation import Relation
    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.placing import WrittenParts
    from andon.runs.building.writing import Made, Writer

#: What is made in pieces is recorded at least this often (seconds), so that a run that is stopped goes on from there.
_RECORD_EVERY = 1.0


class Growing:
    """The tables of one job that grow.

    Args:
        workers: how many pieces of them are made at a time.
    """

    def __init__(self, job: Job, sides: Sides, writer: Writer, wholes: Wholes, workers: int = 1) -> None:
        self._job = job
        self._wholes = wholes
        self._sides = sides
        self._writer = writer
        self._limiting = Limiting(job, sides)
        self._workers = workers
        self._slots = threading.Semaphore(workers)

    def build(self, definition: Definition, make: Build, reason: str) -> Outcome | tuple[Build, Made]:
        """The next result with its build, or the outcome where it is there already.

        Args:
            reason: why the plan has it made, for where that is why it is made whole.

        Raises:
            AndonError: as `Writer.write`.
        """
        with ExitStack() as stack:
            earlier = self._earlier(definition, reason)
            try:
                if isinstance(earlier, str):
                    raise MakeWholeError(earlier)
                work = self._new(definition, make, earlier, reason, stack)
            except (MakeWholeError, DamagedError) as error:
                why = "files that it would grow from are lost" if isinstance(error, DamagedError) else error
                work = self._whole(definition, make, f"full: {why}")
            return self._make(definition, make, work, earlier if isinstance(earlier, Earlier) else None)

    # -- what is to be done

    def _earlier(self, definition: Definition, reason: str) -> Earlier | str:
        """What the table grows from, or why it is made whole."""
        name, wishes, objects = definition.dataset, self._job.wishes, self._job.lake.objects
        leaf = self._job.leaves.get(name)
        if leaf is None:
            return "it is new"
        if name in wishes.full or name in self._job.reuse.forced:
            return "asked for"
        if leaf.materialize != Materialize.INCREMENTAL:
            return f"it was a {leaf.materialize}"
        build = objects.builds([leaf.build]).get(leaf.build)
        if build is None:
            return "nobody knows how it was made"
        build = self._wholes.of_definition(definition, build)
        if build.definition != definition.id and name not in wishes.forward | wishes.equal:
            return reason.removeprefix("full: ").split("; ")[0]
        if self._wholes.is_parted(definition) and self._wholes.is_lost(definition, build):
            return "files that it would grow from are lost"
        version = self._wholes.of(definition, build)
        bound = self._job.bound.get(name)
        if bound is not None and stored_types(bound) != version.types:
            return "its columns changed"
        return Earlier(version, build)

    def _new(self, definition: Definition, make: Build, earlier: Earlier, reason: str, stack: ExitStack) -> Work:
        assert definition.growth is not None
        old = earlier.build.inputs
        extent = Deciding(definition, self._sides.relations, self._job.proofs).extent(old, make.inputs)
        for name, change in extent.changes.items():
            if any(self._job.lake.intact.damage(file) is not None for file in change.gone):
                raise MakeWholeError(f"files that {name} had are not there any more")
        if definition.growth.by is By.APPEND:
            work = self._appended(definition, make, earlier, extent)
        elif definition.growth.by is By.KEY:
            by_key = ByKey(definition, make, self._sides, self._limiting, self._affected(definition))
            work = by_key.new(extent, earlier, stack)
        else:
            fill = self._job.wishes.fill.get(definition.dataset, ())
            work = self._by_time(definition, make).new(extent, earlier, fill)
        words = [*earlier.grown.words, *work.grown.words]
        if extent.unproved is not None:
            words.append(f"you answer for `rows apart`: {extent.unproved}")
        way = work.grown.way
        is_other = earlier.build.definition != definition.id and definition.dataset not in self._job.wishes.equal
        if is_other:
            way = (
                f"forward only: {reason.removeprefix('forward only: ')}" if not work.pieces else f"forward only, {way}"
            )
            words.append(f"rows that run {earlier.build.run} held are made by the definition of then (forward only)")
        history = earlier.grown.history
        if words or is_other:
            history = content_id(["grown", earlier.build.key, dict(make.inputs), [p.recipe.sql for p in work.pieces]])
        return replace(work, grown=replace(work.grown, way=way, words=tuple(dict.fromkeys(words)), history=history))

    def _whole(self, definition: Definition, make: Build, way: str) -> Work:
        growth, name = definition.growth, definition.dataset
        assert growth is not None
        if growth.by is By.APPEND:
            part = self._limiting.of_definition(definition, make, definition.sql or "", {})
            return Work((), (), (part,), Grown(way=way))
        if growth.by is By.KEY:
            return ByKey(definition, make, self._sides, self._limiting, self._affected(definition)).whole(way)
        filled: tuple[Range, ...] | None = None
        before = self._filled_before(name)
        fill = self._job.wishes.fill.get(name, ())
        if before is not None or (name not in self._job.leaves and fill):
            filled = merged([*(before or ()), *fill])
        if name in self._job.wishes.full:
            filled = None
        try:
            extent = Deciding(definition, self._sides.relations, self._job.proofs).extent(make.inputs, make.inputs)
        except MakeWholeError:
            extent = Extent()
        return self._by_time(definition, make).whole(extent, filled, way)

    def _filled_before(self, name: str) -> tuple[Range, ...] | None:
        """The times that the published result fills; None where it fills all, or there is none."""
        leaf = self._job.leaves.get(name)
        if leaf is None or leaf.materialize != Materialize.INCREMENTAL:
            return None
        build = self._job.lake.objects.builds([leaf.build]).get(leaf.build)
        return filled_ranges(Grown.of(build.grown)) if build is not None else None

    def _affected(self, definition: Definition) -> Affected:
        return Affected(self._job.lake, self._sides, definition)

    def _by_time(self, definition: Definition, make: Build) -> ByTime:
        assert definition.growth is not None
        bound, leaf = self._job.bound.get(definition.dataset), self._job.leaves.get(definition.dataset)
        types = stored_types(bound) if bound is not None else []
        if bound is None and leaf is not None:
            types = self._sides.relations.version(leaf.version).types
        kinds = {name.lower(): kind for name, kind in types}
        kind = kinds.get(str(definition.growth.column).lower(), "TIMESTAMP")
        return ByTime(definition, make, kind, self._sides, self._limiting, self._affected(definition))

    def _appended(self, definition: Definition, make: Build, earlier: Earlier, extent: Extent) -> Work:
        told = changes_told(extent.changes)
        if not any(change.rows for change in extent.changes.values()):
            return Work(earlier.version.files, (), (), Grown(way=f"incremental: {told or 'nothing of its inputs'}"))
        tables: dict[str, tuple[Relation, Sequence[DataFile]]] = {
            change.version.id: (self._limiting.table(change.version, change.new), change.new)
            for change in extent.changes.values()
        }
        part = self._limiting.of_definition(definition, make, definition.sql or "", tables)
        return Work(earlier.version.files, (), (part,), Grown(way=f"incremental: {told}"))

    # -- doing it

    def _make(
        self, definition: Definition, make: Build, work: Work, earlier: Earlier | None
    ) -> Outcome | tuple[Build, Made]:
        make = replace(make, key=self._key(definition, make, work.grown.part_of_key), grown=work.grown.kept)
        is_forced = definition.dataset in self._job.reuse.forced | self._job.wishes.full
        known = None if is_forced else self._known(definition, make.key)
        if known is not None:
            rows = self._sides.relations.version(known.version).rows
            return Outcome(None, known, known.version, rows, fresh=False, note=f"{work.grown.way}; built before")
        if not work.pieces and earlier is not None:
            version = earlier.version
            build = replace(make, version=version.id, proof="nothing of it is new")
            note, rows = work.grown.way, version.rows
            return Outcome(version, build, version.id, rows, fresh=True, note=note, definition=definition, new=())
        done, kept = (0, work.kept) if is_forced else self._found_again(definition, make, work, earlier)
        return make, self._pieces(definition, make, work, earlier, done, kept, is_forced=is_forced)

    def _pieces(
        self,
        definition: Definition,
        make: Build,
        work: Work,
        earlier: Earlier | None,
        done: int,
        kept: tuple[DataFile, ...],
        *,
        is_forced: bool,
    ) -> Made:
        """All pieces after the first `done`, beside the files that are there. They are made side by side and put together in their order;
        now and then what is there is recorded, to be found again."""
        keys = self._keys(definition, make, work, earlier)
        since = time.monotonic()
        unnamed: list[Made] = []
        is_recorded = not definition.quarantine  # what is there by then is not parted yet
        pieces = [*enumerate(work.pieces)][done:]
        works = [partial(self._written, definition, make, work, number, kept) for number, _ in pieces]
        workers = min(self._workers, len(works))
        try:
            with side_by_side(works, workers, self._writer.discard) as written:
                for (number, _), files in zip(pieces, written, strict=True):
                    made = self._writer.joined(definition, make, files, kept)
                    unnamed.append(made)
                    kept = made.version.files
                    if number + 1 < len(work.pieces) and is_recorded and time.monotonic() - since > _RECORD_EVERY:
                        build = replace(
                            make, id=f"{make.id[:24]}{number:08x}", key=keys[number], version=made.version.id
                        )
                        self._job.lake.objects.record(
                            [(made.version, build)],
                            [definition],
                            new=[file.path for each in unnamed for file in each.new],
                            force=is_forced,
                        )
                        since, unnamed = time.monotonic(), []
        except BaseException:
            for each in unnamed:
                self._writer.drop(each)
            raise
        return replace(made, new=tuple(file for each in unnamed for file in each.new))

    def _written(
        self, definition: Definition, make: Build, work: Work, number: int, kept: tuple[DataFile, ...]
    ) -> WrittenParts:
        """One piece in new files; with the first also what is kept of files that were opened for it."""
        with self._slots:
            if self._job.cancelled.is_set():
                raise stopped(definition.dataset)
            rest = work.rest if number == 0 else ()
            return self._writer.written(definition, make, [*rest, work.pieces[number]], kept)

    def _found_again(
        self, definition: Definition, make: Build, work: Work, earlier: Earlier | None
    ) -> tuple[int, tuple[DataFile, ...]]:
        """How many pieces were made before, in a run that was stopped, and the files that hold them beside what is kept."""
        keys = self._keys(definition, make, work, earlier)[:-1]
        known = self._job.lake.objects.builds_by_key(keys) if keys else {}
        for number, key in reversed([*enumerate(keys)]):
            version = self._sides.relations.version(known[key].version) if key in known else None
            if version is not None and not self._job.lake.objects.is_lost(version):
                return number + 1, version.files
        return 0, work.kept

    def _keys(self, definition: Definition, make: Build, work: Work, earlier: Earlier | None) -> list[str]:
        """The keys of what there is after each piece."""
        mark = earlier.build.key if earlier is not None and (work.kept or work.rest) else ""
        keys = []
        for part in work.pieces:
            mark = content_id([mark, part.recipe.sql])
            keys.append(self._key(definition, make, {"partly": mark}))
        return keys

    def _key(self, definition: Definition, make: Build, grown: Mapping[str, Any] | None) -> str:
        clock, released = clock_part(definition, self._job.moment), self._wholes.released(definition)
        return recipe_key(definition.id, make.inputs, make.files, make.contract, clock, grown, released)

    def _known(self, definition: Definition, key: str) -> Build | None:
        found = self._job.lake.objects.builds_by_key([key]).get(key)
        return None if found is None or self._wholes.is_lost(definition, found) else found
