"""Loading what a source asks for: what it is can be told only when it is here. Loaded before, or kept out by an undo, it is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.hashing import content_id
from andon.base.record import replace
from andon.engines.engine import NothingNew
from andon.errors import DatasetError
from andon.lake.named_files import raw_path
from andon.model.build import EXTRACT, Build, InputFile, recipe_key
from andon.model.commit import Cause
from andon.model.dataset import Definition
from andon.model.version import Version, version_id
from andon.runs.building.facts import may_hold_the_same
from andon.runs.building.merged_files import MergedFiles
from andon.runs.building.outcome import Outcome
from andon.runs.building.wholes import Wholes
from andon.runs.building.writing import FilePart
from andon.runs.planning.steps import clock_part
from andon.sources.databases.contract import with_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set
    from pathlib import Path

    from andon.relations.sides import Sides
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Made, Writer


class Loads:
    """The loads of one job."""

    def __init__(self, job: Job, sides: Sides, writer: Writer, wholes: Wholes) -> None:
        self._job = job
        self._wholes = wholes
        self._sides = sides
        self._writer = writer
        self._merged = MergedFiles(job, sides, writer)

    def load(self, definition: Definition, make: Build) -> Outcome | tuple[Build, Made]:
        """What a source is given now, with the build that it is recorded by; or the outcome where nothing of it is taken.

        Raises:
            DatasetError: `source.undone` where it was undone and nothing is published.
        """
        dataset, objects = definition.dataset, self._job.lake.objects
        before = self._earlier(definition, make)
        try:
            made = self._written(definition, make, before)
        except NothingNew:
            assert before is not None  # it is raised only of what goes on
            return self.known(before, f"{_who(definition)} has nothing new")
        loaded = made.produced.loaded
        if loaded is not None:
            make = replace(make, contract=loaded.contract, files=tuple(file for file, _ in loaded.files))
        version = made.version
        same = self._loaded_before(definition, version, [dataset])
        contents = [content for build in same for content in build.contents.values()] or [_content(version)]
        undone = self.undone(definition, version, contents)
        if undone is not None:
            self._writer.drop(made)
            return self.keep_published(definition, undone)
        contract = with_content(make.contract or {}, contents[0])
        clock, released = clock_part(definition, self._job.moment), self._wholes.released(definition)
        key = recipe_key(definition.id, {}, (), contract, clock, released=released)
        known = objects.builds_by_key([key]).get(key)
        if known is not None and not self._wholes.is_lost(definition, known):
            self._writer.drop(made)
            return self.known(known, f"{_who(definition)} holds what was loaded before")
        if loaded is not None:
            self._keep(loaded.files)
        return replace(make, key=key, contract=contract), made

    def known(self, build: Build, note: str) -> Outcome:
        """The outcome where nothing came that `build` does not hold."""
        rows = self._sides.relations.version(build.version).rows
        return Outcome(None, build, build.version, rows, fresh=False, note=note)

    def _earlier(self, definition: Definition, make: Build) -> Build | None:
        """The published load that a source that is no database goes on from."""
        leaf = self._job.leaves.get(definition.dataset)
        if definition.connection is not None or leaf is None:
            return None
        if definition.dataset in self._job.reuse.forced:
            return None
        build = self._job.lake.objects.builds([leaf.build]).get(leaf.build)
        build = None if build is None else self._wholes.of_definition(definition, build)
        if build is None or build.definition != definition.id or self._wholes.is_lost(definition, build):
            return None
        if (build.contract or {}).get(EXTRACT, {}).get("state") is None:
            return None
        return build if (make.contract or {}).get(EXTRACT) == (build.contract or {}).get(EXTRACT) else None

    def _written(self, definition: Definition, make: Build, before: Build | None) -> Made:
        whole = self._writer.whole(definition, make)
        if before is None:
            return self._writer.write(definition, make, [whole])
        whole = replace(whole, recipe=replace(whole.recipe, state=(before.contract or {})[EXTRACT]["state"]))
        if not definition.goes_on:
            return self._writer.write(definition, make, [whole])
        version = self._wholes.of(definition, before)
        schema, _, name = definition.dataset.partition(".")
        earlier = f"{schema}.{name} {version.id[:12]}"
        inputs = {earlier: self._sides.relations.relation(version.id)}
        recipe = replace(whole.recipe, inputs=inputs, earlier=earlier)
        made = self._writer.write(definition, make, [FilePart(recipe, whole.size + version.bytes)])
        if made.produced.loaded is None or not made.produced.loaded.adds:
            return made
        if not made.version.rows:
            self._writer.drop(made)
            return replace(made, version=version, new=())
        if definition.merges:
            return self._merged.put(definition, make, version, made)
        files = (*version.files, *made.version.files)
        return replace(
            made, version=Version(version_id(version.columns, files), version.dataset, version.columns, files)
        )

    def _keep(self, files: Sequence[tuple[InputFile, Path]]) -> None:
        """Keep what came as it came, by its content; whole before anything names it."""
        storage, new = self._job.lake.storage, []
        for file, place in files:
            path = raw_path(file)
            if storage.size(path) != file.size:
                storage.replace(path, place, storage.readers(()))
                new.append(path)
        storage.make_durable(new)

    def undone(self, definition: Definition, version: Version, contents: Sequence[str]) -> Cause | None:
        """What keeps a load out: an undo of it, or of the same rows, also of a source that is gone, for it may have been renamed."""
        rejected = self._job.raw.rejected
        for content in contents:
            cause = Cause(definition.entry, content, definition.dataset)
            if cause in rejected:
                return cause
        gone = {str(cause.source) for cause in rejected if cause.source is not None} - self._job.definitions.keys()
        datasets = sorted({*gone, definition.dataset})
        for build in self._loaded_before(definition, version, datasets, rejected) if rejected else ():
            for cause in _causes(build):
                if cause in rejected:
                    return cause
        return None

    def _loaded_before(
        self, definition: Definition, version: Version, datasets: Iterable[str], among: Set[Cause] | None = None
    ) -> list[Build]:
        """Earlier loads of `datasets` that held the same rows, in whatever order; that of the branch first, then the newest.

        Rows are compared only where all that the writes told is the same, so that a load of something new costs nothing for it.

        Args:
            among: only loads that these causes mean.
        """
        leaf = self._job.leaves.get(version.dataset)
        loads = [
            build
            for dataset in datasets
            for build in self._job.lake.objects.builds_of(dataset)
            if EXTRACT in (build.contract or {}) and (among is None or not among.isdisjoint(_causes(build)))
        ]
        if leaf is not None:
            loads.sort(key=lambda build: build.id != leaf.build)
        held: dict[tuple[str, int], bool] = {}
        result = []
        for build in loads:
            rows = self._wholes.rows(definition, build)
            if (build.version, rows) not in held:
                held[build.version, rows] = rows == version.rows and self._is_held(definition, build, version)
            if held[build.version, rows]:
                result.append(build)
        return result

    def _is_held(self, definition: Definition, build: Build, version: Version) -> bool:
        """Whether a load held the rows of a version, those that were set aside of it included."""
        if self._wholes.is_lost(definition, build):
            return False
        earlier = self._wholes.of(definition, build)
        return may_hold_the_same(earlier, version) and self._sides.hold_the_same(earlier, version, in_order=False)

    def keep_published(self, definition: Definition, undone: Cause) -> Outcome:
        """A source that would be given what was undone stays as it is published.

        Raises:
            DatasetError: `source.undone` where nothing of it is.
        """
        leaf = self._job.leaves.get(definition.dataset)
        way = f"`andon accept --rejected {undone.path}` lets it pass"
        build = self._job.lake.objects.builds([leaf.build])[leaf.build] if leaf is not None else None
        build = self._wholes.of_definition(definition, build) if build is not None else None
        if leaf is None or build is None or build.definition != definition.id:
            message = f"what {_who(definition)} holds for `{definition.dataset}` was undone, so it is not loaded"
            raise DatasetError("source.undone", message, where=definition.entry, hint=way)
        rows = self._sides.relations.version(leaf.version).rows
        note = f"{_who(definition)} holds what was undone: it stays as published; {way}"
        return Outcome(None, build, leaf.version, rows, fresh=False, note=note)


def _who(definition: Definition) -> str:
    """Who is asked, in a sentence."""
    return "the database" if definition.connection is not None else str(definition.asks)


def _causes(build: Build) -> list[Cause]:
    """What an undo of a load keeps out."""
    return [Cause(path, content, build.dataset) for path, content in build.contents.items()]


def _content(version: Version) -> str:
    """What tells a load from others: the bytes of its file, or of all of its files."""
    shas = [file.sha256 for file in version.files]
    return shas[0] if len(shas) == 1 else content_id(["files", shas])
