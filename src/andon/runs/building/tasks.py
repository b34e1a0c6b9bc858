"""Taking one step: SQL or Python in, Parquet out, a version and its build as the result."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text, to_text
from andon.base.graph import ordered_below
from andon.base.record import replace
from andon.base.text import plural
from andon.engines.engine import Builders, Engine, Types, stopped
from andon.engines.relation import ViewRelation, views_in
from andon.errors import AndonError, DatasetError
from andon.model.build import PACKED, Build, recipe_key
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.growth import Grown
from andon.model.plan import Action, Step
from andon.model.version import Version
from andon.relations.changed_files import changed_files
from andon.relations.sides import Sides
from andon.runs.building.asides import Asides, Parted
from andon.runs.building.columns import OutputColumns
from andon.runs.building.cursor_loads import CursorLoads
from andon.runs.building.facts import has_order
from andon.runs.building.file_loads import PARTS, FileLoads
from andon.runs.building.growing import Growing
from andon.runs.building.histories import Histories
from andon.runs.building.job import Job
from andon.runs.building.loads import Loads
from andon.runs.building.once import Once
from andon.runs.building.outcome import Outcome
from andon.runs.building.same_content import SameContent
from andon.runs.building.second_engine import SecondEngine
from andon.runs.building.second_look import same_reading
from andon.runs.building.wholes import Wholes
from andon.runs.building.writing import Early, Made, Writer, nothing_early
from andon.runs.planning.going_on import goes_on
from andon.runs.planning.histories import goes_on_from
from andon.runs.planning.steps import clock_part

#: Of views over views the engine is asked to read one in so many levels: it binds all that is below, and may come to its limit.
_SAMPLED = 25

if TYPE_CHECKING:
    from collections.abc import Sequence


class Tasks:
    """Takes steps for a job on the engines of its run: `engines` build, what they built is read in `sides`.

    Args:
        early: what was written before the job began.
    """

    def __init__(
        self, job: Job, sides: Sides, engines: Builders, workers: int = 1, early: Early = nothing_early
    ) -> None:
        self.job = job
        self.sides = sides
        self._engines = engines
        self.relations = sides.relations
        views = (each for each in job.definitions.values() if each.materialize is Materialize.VIEW)
        self._below_views = {name for each in views for name in each.inputs}
        #: levels of views by recipe key
        self._depths: dict[str, int] = {}
        self._columns = OutputColumns(job.lake.objects, job.definitions, job.leaves)
        self._writer = Writer(job, sides, engines, self._columns, early)
        self._histories = Histories(job, self.relations, engines, self._writer)
        self._same = SameContent(job, sides)
        self._second = SecondEngine(job, sides, self._writer)
        self._asides = Asides(job, sides, self._writer)
        self._once = Once(job, self._writer)
        self._wholes = Wholes(job, sides, self._writer, self._asides)
        self._loads = Loads(job, sides, self._writer, self._wholes)
        self._file_loads = FileLoads(job, sides, self._writer)
        self._cursor_loads = CursorLoads(job, sides, self._writer, self._loads, self._wholes)
        self._growing = Growing(job, sides, self._writer, self._wholes, workers)
        #: what the steps of datasets set aside, for the steps of those rows
        self._made_aside: dict[str, Outcome] = {}

    def interrupt(self) -> None:
        """Stop what is running."""
        self.job.cancelled.set()
        self._engines.interrupt()

    def register(self, wanted: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Give field ids to the columns (name, lake type) of many datasets in one transaction."""
        self._columns.register(wanted)

    def __call__(self, step: Step, versions: Mapping[str, str]) -> Outcome:
        """Take one step (see `Execute`)."""
        outcome = self._take(step, versions)
        version = outcome.version or self.relations.version(outcome.version_id)
        if (aside := self._made_aside.get(step.dataset)) is not None:
            versions = {**versions, aside.build.dataset: aside.version_id}
        return replace(outcome, asked=self.job.demands.checks(step.dataset, version, versions))

    def _take(self, step: Step, versions: Mapping[str, str]) -> Outcome:
        dataset = step.dataset
        if dataset in self.job.raw.failures:
            raise self.job.raw.failures[dataset]
        if self.job.cancelled.is_set():
            raise stopped(dataset)
        definition = self.job.definitions[dataset]
        inputs = {name: versions[name] for name in definition.inputs}
        if dataset in self.job.wishes.pack and (packed := self._packed(definition, inputs)) is not None:
            return packed
        files, contract = self.job.raw.pinned.get(dataset, ((), None))
        grown = goes_on_from(definition, inputs, self.job.histories.get(dataset), self.job.moment)
        if definition.kind is Kind.QUARANTINE:
            return self._set_aside(definition)
        clock, released = clock_part(definition, self.job.moment), self._asides.released(definition)
        key = recipe_key(definition.id, inputs, files, contract or grown, clock, released=released)
        is_asked = definition.asks is not None and step.key is None  # what it holds is known only then
        if (
            step.key is None
            and not is_asked
            and dataset not in self.job.reuse.forced
            and definition.id in self.job.reuse.built_before
        ):
            known = self.job.lake.objects.builds_by_key([key]).get(key)
            aside = self._asides.known(definition, key) if known is not None and definition.quarantine else None
            is_whole = known is not None and (aside is not None or not definition.quarantine)
            if (
                known is not None
                and is_whole
                and not self.job.lake.objects.is_lost(self.relations.version(known.version))
            ):
                return self._beside(self._adopt(known), aside)
        began = time.perf_counter()
        if step.proof is not None and step.version is not None:
            return self._proved(definition, key, inputs, step.version, step.proof, grown)
        is_whole = not definition.quarantine or definition.aside in self.job.leaves
        if is_whole and self.job.reuse.proofs and dataset not in self.job.reuse.forced and step.action is Action.BUILD:
            same = same_reading(definition, inputs, self.job, self.sides)
            if same is not None:
                return self._proved(definition, key, inputs, self.job.leaves[dataset].version, same)
        make = self._writer.begun(definition, key, inputs)
        make = replace(make, grown=grown)
        if definition.asks is not None or definition.growth is not None:
            outcome = self._on(definition, make, step, began)
        elif definition.quarantine:
            outcome = self._parted(definition, make, began)
        elif definition.kind is Kind.SOURCE:
            outcome = self._built(definition, *self._file_loads.load(definition, make), began)
        elif step.action is Action.VIEW:
            outcome = self._view(definition, make)
        elif definition.history is not None:
            outcome = self._built(definition, make, self._histories.write(definition, make), began)
        else:
            outcome = self._built(definition, make, self._writer.write(definition, make), began)
        if outcome.version is not None:
            self.relations.add(outcome.version, outcome.build, definition)
        return outcome

    def _beside(self, outcome: Outcome, aside: Outcome | None) -> Outcome:
        """An outcome with that of the rows that were set aside, which is the next step's."""
        if aside is None:
            return outcome
        self._made_aside[outcome.build.dataset] = aside
        if aside.version is not None:
            self.relations.add(
                aside.version, aside.build, aside.definition or self.job.definitions[aside.build.dataset]
            )
        return replace(outcome, beside=(aside,) if aside.fresh else ())

    def _set_aside(self, definition: Definition) -> Outcome:
        """What the step of its dataset set aside; where that step made nothing anew, what was set aside before."""
        (dataset,) = definition.inputs
        if dataset in self._made_aside:
            return self._made_aside[dataset]
        leaf = self.job.leaves[definition.dataset]
        build = self.job.lake.objects.builds([leaf.build])[leaf.build]
        return Outcome(None, build, leaf.version, self.relations.version(leaf.version).rows, fresh=False)

    def _parted(self, definition: Definition, make: Build, began: float) -> Outcome:
        """A result and the rows that its checks set aside; rows that were only released are put back."""
        parted = self._asides.put_back(definition, make)
        note = "released rows put back" if parted is not None else None
        if parted is None:
            parted = self._asides.write(definition, make)
        return self._both(definition, make, parted, began, note=note)

    def _on(self, definition: Definition, make: Build, step: Step, began: float) -> Outcome:
        """A table that grows, or a source that is asked: it goes on from all that was there, what was set aside included, and is parted."""
        way, is_parted = None, self._wholes.is_parted(definition)
        try:
            is_asked = definition.asks is not None and step.key is None
            found = self._wholes.parted_anew(definition, make) if is_parted and not is_asked else None
            going: Outcome | tuple[Build, Made] = found or self._made_on(definition, make, step.reason)
            if is_parted:
                going = self._wholes.going_on(definition, going)
            if isinstance(going, Outcome):
                aside = self._asides.known(definition, going.build.key) if definition.quarantine else None
                return self._beside(going, aside)
            make, made = going
            if definition.growth is not None:
                way = Grown.of(make.grown).way
            if not is_parted:
                return self._built(definition, make, made, began, way)
            return self._both(definition, make, self._wholes.part(definition, make, made), began, way)
        finally:
            self._wholes.close(definition.dataset)

    def _both(
        self,
        definition: Definition,
        make: Build,
        parted: Parted,
        began: float,
        way: str | None = None,
        note: str | None = None,
    ) -> Outcome:
        """The outcome of a result, with that of the rows that were set aside of it."""
        try:
            outcome = self._built(definition, make, parted.made, began, way, parted.aside)
        except BaseException:
            if parted.aside is not None:
                self._writer.drop(parted.aside)
            raise
        if parted.aside is None:
            return outcome
        in_order = has_order(parted.made.produced.facts)
        kept, proof = self._same.content(str(definition.aside), parted.aside.version, in_order=in_order)
        if kept is not None:
            self._writer.drop(parted.aside)
        aside = self._asides.outcome(definition, outcome.build, parted.aside, kept, proof)
        said = f"{plural(aside.rows, 'row')} set aside" if aside.rows else None
        told = _joined([outcome.told, note, said])
        return self._beside(replace(outcome, told=told, note=_joined([outcome.note, note, said])), aside)

    def _proved(
        self,
        definition: Definition,
        key: str,
        inputs: Mapping[str, str],
        version_id: str,
        proof: str,
        grown: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """The published version under a new recipe: a build that only says why."""
        if definition.growth is not None:  # what it remembers holds on, and is part of its key
            before = self.job.lake.objects.builds([self.job.leaves[definition.dataset].build]).values()
            grown = next((build.grown for build in before), None)
            clock = clock_part(definition, self.job.moment)
            released = self._asides.released(definition)
            key = recipe_key(definition.id, inputs, (), None, clock, Grown.of(grown).part_of_key, released)
        build = Build(
            id=secrets.token_hex(16),
            key=key,
            dataset=definition.dataset,
            definition=definition.id,
            version=version_id,
            run=self.job.run,
            inputs=inputs,
            grown=grown,
            logical_time=to_text(self.job.moment),
            proof=proof,
        )
        version = self.relations.version(version_id)
        note = f"proved equal: {proof}"
        aside = self._asides.same(definition, build, proof) if definition.quarantine else None
        proved = Outcome(version, build, version_id, version.rows, fresh=True, note=note, definition=definition)
        return self._beside(proved, aside)

    def _packed(self, definition: Definition, inputs: Mapping[str, str]) -> Outcome | None:
        """The published rows in fewer files; None where an input has other rows by now."""
        leaf = self.job.leaves[definition.dataset]
        build = self.job.lake.objects.builds([leaf.build])[leaf.build]
        version = self.relations.version(leaf.version)
        if inputs != build.inputs:  # of what it reads, files were put together too
            if not all(self._has_same_rows(build.inputs[name], now) for name, now in inputs.items()):
                return None
            goes_on = build.grown if definition.history is not None else None
            grown = Grown.of(build.grown).part_of_key if definition.growth is not None else None
            clock = clock_part(definition, from_text(build.logical_time)) if build.logical_time else None
            key = recipe_key(definition.id, inputs, (), goes_on, clock, grown, self._asides.released(definition))
            build = replace(build, inputs=inputs, key=key)
        began = time.perf_counter()
        made = self._writer.pack(definition, build, version)
        if made is None:
            return Outcome(None, build, version.id, version.rows, fresh=False, note="its files are as they should be")
        note = f"{plural(len(version.files), 'file')} put together to {len(made.version.files):,}"
        build = replace(
            build,
            id=secrets.token_hex(16),
            version=made.version.id,
            run=self.job.run,
            seconds=time.perf_counter() - began,
            proof=PACKED,
        )
        self.relations.add(made.version, build, definition)
        proof = str(build.proof)
        aside = self._asides.same(definition, build, proof) if definition.quarantine else None
        packed = Outcome(
            made.version, build, made.version.id, version.rows, fresh=True, note=note, definition=definition
        )
        return self._beside(packed, aside)

    def _has_same_rows(self, before: str, now: str) -> bool:
        """Whether a version is an earlier one in other files."""
        old, new = self.relations.version(before), self.relations.version(now)
        if before == now or old.is_view or new.is_view:
            return before == now
        change = changed_files(old, new)
        return not change.new and not change.gone

    # -- kinds of steps

    def _view(self, definition: Definition, make: Build) -> Outcome:
        levels = self._levels(make)
        types = None if self._is_asked(definition.dataset, levels) else self._known_types(definition, make.inputs)
        with self._engines.builder(definition, 0) as engine:
            if types is None:
                types = self._described(engine, definition, make, levels)
            facts = engine.facts()
        version = Version(make.key, definition.dataset, self._columns.of(definition.dataset, types), is_view=True)
        build = replace(make, version=version.id, engine=facts, seconds=0.0)
        return Outcome(version, build, version.id, None, fresh=True, definition=definition)

    def _levels(self, make: Build) -> int:
        """Over how many levels of views a view would be, itself included."""
        inputs = (self.relations.relation(version) for version in make.inputs.values())
        found = 1 + max((self._depth(view) for view in inputs if isinstance(view, ViewRelation)), default=0)
        self._depths[make.key] = found
        return found

    def _depth(self, relation: ViewRelation) -> int:
        """Over how many levels of views a view is, itself included."""
        if relation.key not in self._depths:
            for view in ordered_below(relation, views_in):
                below = [self._depths[each.key] for each in views_in(view)]
                self._depths[view.key] = 1 + max(below, default=0)
        return self._depths[relation.key]

    def _is_asked(self, dataset: str, levels: int) -> bool:
        """Whether the engine is asked to read a new view: each that no view stands on, and now and then one on the way down to it."""
        is_new = dataset in self.job.bound
        return is_new and levels > 1 and (levels % _SAMPLED == 0 or dataset not in self._below_views)

    def _described(self, engine: Engine, definition: Definition, make: Build, levels: int) -> Types:
        """What the engine says a view returns.

        Raises:
            DatasetError: `build.not_supported` for views over more views than it can read.
        """
        try:
            return engine.describe(self._writer.recipe(definition, make))
        except AndonError as error:
            if "Max expression depth" not in str(error.__cause__):
                raise
            raise DatasetError(
                "build.not_supported",
                f"`{definition.dataset}` stands on {levels - 1:,} levels of views, more than the engine can read",
                where=definition.entry,
                hint="keep one of those that it reads with `materialize: table`",
            ) from error

    def _known_types(self, definition: Definition, inputs: Mapping[str, str]) -> Types | None:
        """What a view returns where that is known: views over views would else be bound anew at every level, down to the tables."""
        bound, leaf = self.job.bound.get(definition.dataset), self.job.leaves.get(definition.dataset)
        if bound is not None:
            return bound if self._writer.is_as_bound(inputs) else None
        if leaf is None or leaf.definition != definition.id:
            return None
        build = self.job.lake.objects.builds([leaf.build]).get(leaf.build)
        if build is None or build.inputs.keys() != inputs.keys():
            return None
        if any(self._columns_of(build.inputs[name]) != self._columns_of(version) for name, version in inputs.items()):
            return None
        return self._columns_of(leaf.version)

    def _columns_of(self, version: str) -> list[tuple[str, str]]:
        return self.relations.version(version).types

    def _made_on(self, definition: Definition, make: Build, reason: str) -> Outcome | tuple[Build, Made]:
        """What a table that grows, or a source that is asked, comes to."""
        if definition.growth is not None:
            return self._growing.build(definition, make, reason)
        return (self._cursor_loads if goes_on(definition) else self._loads).load(definition, make)

    def _built(
        self,
        definition: Definition,
        make: Build,
        made: Made,
        began: float,
        way: str | None = None,
        aside: Made | None = None,
    ) -> Outcome:
        """A result with the build that made it; the published version where it holds the same."""
        made = self._once.taken(definition, make, self._second.held(definition, make, made, aside))
        version, produced = made.version, made.produced
        same, proof = self._same.content(definition.dataset, version, in_order=has_order(produced.facts))
        new = made.new
        if same is not None:
            self._writer.drop(made)
            version, new = same, ()
            if PARTS in (make.grown or {}):
                make = replace(make, grown=None)  # its files are others
        lock = next((sha for path, sha in definition.files if path == definition.lock), None)
        seconds = time.perf_counter() - began + made.seconds
        build = replace(
            make,
            version=version.id,
            engine=produced.facts,
            lock=lock,
            seconds=seconds,
            proof=proof,
            log=produced.log,
        )
        notes = [made.note, *(produced.loaded.notes if produced.loaded is not None else ())]
        said = _joined([way if definition.dataset in self.job.leaves else None, *notes])
        note = _joined([way, *notes, f"{proof}: version kept" if proof else None])
        return Outcome(
            version,
            build,
            version.id,
            version.rows,
            fresh=True,
            note=note,
            definition=definition,
            told=said,
            new=new,
            ahead=made.seconds,
        )

    def _adopt(self, build: Build) -> Outcome:
        rows = self.relations.version(build.version).rows
        note = f"input content came out the same; built before, in run {build.run}" if build.run else "built before"
        return Outcome(None, build, build.version, rows, fresh=False, note=note)


def _joined(notes: Iterable[str | None]) -> str | None:
    return "; ".join(each for each in notes if each) or None
