"""Building a version again, apart from the lake: its definition over its inputs, at its time, by the same tasks that made it.

What a result hangs on beside its recipe is taken from what was recorded: the engine's settings from the build, what a table grew from
and which rows were set aside before from the commit that its run began with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text
from andon.base.graph import ordered_below
from andon.base.record import Record, field, replace
from andon.errors import DamagedError, MachineError
from andon.lake.scratch import ScratchLake
from andon.model.build import PACKED
from andon.model.dataset import Materialize
from andon.model.growth import Grown
from andon.model.plan import Action, Step
from andon.model.quarantine import dataset_of, is_aside
from andon.runs.building.job import Demands, Job, RawReads, Reusable
from andon.runs.building.outcome import Asked, Outcome
from andon.runs.building.tasks import Tasks
from andon.runs.growing.filled import ranges_of
from andon.runs.growing.proofs import Proofs
from andon.runs.growing.wishes import Wishes
from andon.runs.inspection.asides import aside_rules
from andon.runs.inspection.book import CheckBook
from andon.runs.inspection.history import OwnCode
from andon.runs.planning.histories import EARLIER
from andon.runs.planning.raw_files import RawFiles
from andon.runs.rebuilding.engines import RecordedEngines
from andon.runs.rebuilding.source_again import SourceAgain
from andon.workspace.code import project_at
from andon.workspace.engine_settings import temporary

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from andon.engines.engine import Engine
    from andon.model.build import Build
    from andon.model.commit import Commit, Leaf
    from andon.model.dataset import Definition
    from andon.model.quarantine import AsideRule
    from andon.model.version import Version
    from andon.relations.sides import Sides
    from andon.workspace.workspace import Workspace


class Again(Record):
    """A version that was built again.

    Attributes:
        build: how the recorded version came about.
        recorded, made: the version then, and now.
        engine: what the engine says of itself now.
        is_kept: whether nothing was computed, since what was loaded then is kept and can't be asked for again.
        seconds: that it took.
    """

    build: Build
    definition: Definition
    recorded: Version
    made: Version
    engine: Mapping[str, Any] = field(default_factory=dict)
    is_kept: bool = False
    seconds: float = 0.0


class Rebuilder:
    """Builds versions of one commit again; use as a context manager, which clears up.

    Args:
        commit: in which the versions are; its code says what their checks set aside.
        heard: puts an engine between each task and the engine that does it.
    """

    def __init__(self, workspace: Workspace, commit: Commit, heard: Callable[[Engine], Engine] | None = None) -> None:
        self._workspace = workspace
        self._heard = heard
        self._commit = commit
        self._state = workspace.lake.commits.state(commit)
        self._temporary = temporary(workspace.settings, workspace.folder, "again")
        self._engines: dict[tuple[str, ...], RecordedEngines] = {}
        objects = workspace.lake.objects
        shown = objects.versions(leaf.version for leaf in self._state.leaves.values())
        columns = {name: shown[leaf.version].columns for name, leaf in self._state.leaves.items()}
        self.lake = ScratchLake(workspace.lake, self._temporary.path / "lake", columns)
        #: what was made, by the build that is made again, and in the place of which version
        self._done: dict[str, Again] = {}
        self._now_is: dict[str, str] = {}

    def __enter__(self) -> Rebuilder:
        return self

    def __exit__(self, *_: object) -> None:
        for engines in self._engines.values():
            engines.__exit__()
        self._temporary.close()

    def again(self, dataset: str, *, deep: bool = False) -> list[Again]:
        """A dataset of the commit, built again: last in the list.

        Args:
            deep: build again what it is made of, too, down to raw files and what was loaded; those come first.

        Raises:
            AndonError: where it can't be built any more: an input is damaged, packages can't be had, the code fails.
        """
        return self.version(dataset, self._state.leaves[dataset].version, deep=deep)

    def version(self, dataset: str, version: str, *, deep: bool = False) -> list[Again]:
        """A version of a dataset, built again: last in the list. What it is made of is built again where it is not there any more.

        Args:
            deep: as of `again`.

        Raises:
            AndonError: as `again`.
        """
        build = self._build_of(dataset, version)
        builds = {build.id: build}

        def below(each: str) -> Sequence[str]:
            wanted = {
                name: one
                for name, one in self._read(builds[each]).items()
                if self._is_lost(one) or (deep and name in builds[each].inputs)
            }
            made_by = [self._build_of(name, one) for name, one in wanted.items()]
            builds.update({each.id: each for each in made_by})
            return [each.id for each in made_by]

        # by build and not by version: a table that grows may come to what it was before
        order = ordered_below(build.id, below, self._done)
        for each in order:
            read = {name: self._now(one) for name, one in builds[each].inputs.items()}
            self._done[each] = again = self._one(builds[each], read)
            self._now_is[again.recorded.id] = again.made.id
        return [self._done[each] for each in (order or [build.id])]

    def alone(self, dataset: str, inputs: Mapping[str, Version] | None = None) -> Again:
        """A dataset of the commit made as a table with rows, also where it is a view.

        Args:
            inputs: what stands in the place of what it reads; then it is made of them alone, and goes on from nothing it held.

        Raises:
            AndonError: as `again`.
        """
        build = self._build_of(dataset, self._state.leaves[dataset].version)
        if inputs is not None and is_aside(dataset):
            inputs = {name: inputs[name] for name in self.made_with(dataset)[0].inputs}
        read = build.inputs if inputs is None else {name: version.id for name, version in inputs.items()}
        for name, version in (inputs or {}).items():
            self.lake.objects.keep(version, replace(build, dataset=name, version=version.id, key=version.id))
        return self._one(build, read, is_alone=True, is_anew=inputs is not None)

    def tried(self, build: Build, definition: Definition, inputs: Mapping[str, Version] | None = None) -> Again:
        """What was about to be made, made as a table: `build` says of what. Raises as `again`.

        Args:
            inputs: as in `alone`.
        """
        for name, version in (inputs or {}).items():
            self.lake.objects.keep(version, replace(build, dataset=name, version=version.id, key=version.id))
        read = build.inputs if inputs is None else {name: version.id for name, version in inputs.items()}
        if definition.materialize is Materialize.VIEW:
            definition = replace(definition, materialize=Materialize.TABLE)
        outcome = self._taken(build, definition, read, is_anew=inputs is not None)
        made = self._kept(outcome.version, outcome.build, outcome.version_id)
        return Again(build, definition, made, made, outcome.build.engine, seconds=outcome.build.seconds)

    def moment_of(self, build: Build) -> datetime:
        """The time that a build saw."""
        return from_text(build.logical_time or self._commit.time)

    def made_with(self, dataset: str) -> tuple[Build, Definition]:
        """The build by which a dataset of the commit was made, and its definition: rows that were set aside are made with their dataset."""
        build = self._build_of(dataset, self._state.leaves[dataset].version)
        if is_aside(dataset):
            ((_, version),) = build.inputs.items()
            build = self._build_of(dataset_of(dataset), version)
        return build, self._workspace.lake.objects.definitions([build.definition])[build.definition]

    def sides(self, again: Again) -> Sides:
        """Engines in which both versions can be read."""
        return self.sides_of(again.build)

    def sides_of(self, build: Build) -> Sides:
        """Engines as they were when a build was made."""
        return self._engines_of(build)()

    def _read(self, build: Build) -> Mapping[str, str]:
        """The versions that a build read, and what it goes on from."""
        definition = self._workspace.lake.objects.definitions([build.definition])[build.definition]
        before, _ = self._around(build)
        earlier = {name: leaf.version for name, leaf in self._grows_from(definition, before).items()}
        if definition.history is not None and (state := (build.grown or {}).get(EARLIER)) is not None:
            earlier[build.dataset] = state
        return {**{name: each for name, each in earlier.items() if each != build.version}, **build.inputs}

    def _is_lost(self, version: str) -> bool:
        """Whether data of a version, or of what a view reads, are not there any more."""
        tables = self._workspace.lake.going.tables(self._workspace.lake.database, [version]).values()
        return any(self._workspace.lake.objects.is_lost(each) for each in tables)

    def _now(self, version: str) -> str:
        """What was made in the place of a version, if anything was."""
        return self._now_is.get(version, version)

    # -- one version

    def _one(self, build: Build, inputs: Mapping[str, str], *, is_alone: bool = False, is_anew: bool = False) -> Again:
        objects = self._workspace.lake.objects
        definition = objects.definitions([build.definition])[build.definition]
        recorded = self.lake.objects.versions([build.version])[build.version]
        if definition.asks is not None:
            self._require_loaded(definition, build.dataset, recorded)
            return Again(build, definition, recorded, recorded, is_kept=True)
        if is_aside(build.dataset):
            return self._aside(build, definition, recorded, inputs if is_anew else None)
        if is_alone and definition.materialize is Materialize.VIEW:
            definition = replace(definition, materialize=Materialize.TABLE)
        outcome = self._taken(build, definition, inputs, is_anew=is_anew)
        made = self._kept(outcome.version, outcome.build, outcome.version_id)
        return Again(build, definition, recorded, made, outcome.build.engine, seconds=outcome.build.seconds)

    def _aside(
        self, build: Build, definition: Definition, recorded: Version, inputs: Mapping[str, str] | None = None
    ) -> Again:
        """Rows that were set aside are made with their dataset; `inputs` stand in the place of what that reads."""
        ((dataset, version),) = build.inputs.items()
        owner = self._build_of(dataset_of(definition.dataset), version)
        its_own = self._workspace.lake.objects.definitions([owner.definition])[owner.definition]
        if its_own.asks is not None:
            self._require_loaded(its_own, build.dataset, recorded)
            return Again(owner, definition, recorded, recorded, is_kept=True)
        outcome = self._taken(owner, its_own, inputs or owner.inputs, is_anew=inputs is not None)
        beside = next((each for each in outcome.beside if each.build.dataset == build.dataset), None)
        if beside is None:
            raise MachineError(
                "lake.corrupt",
                f"building {dataset} again set no rows aside, and `{build.dataset}` was made with it",
                where=build.dataset,
                hint=f"`andon reproduce {dataset}` builds that again",
            )
        made = self._kept(beside.version, beside.build, beside.version_id)
        return Again(owner, definition, recorded, made, outcome.build.engine, seconds=outcome.build.seconds)

    def _require_loaded(self, definition: Definition, dataset: str, recorded: Version) -> None:
        found = next((d for file in recorded.files if (d := self.lake.intact.damage(file)) is not None), None)
        if found is not None and found.is_gone:
            raise DamagedError(
                "lake.gone",
                f"what was loaded of {definition.asks} for `{dataset}` is gone for good: its file says `keep`, and nothing else has it",
                where=dataset,
                hint=f"`andon refresh {dataset}` loads what is there today",
            )
        self.lake.intact.require(dataset, recorded.files)

    def _taken(
        self, build: Build, definition: Definition, inputs: Mapping[str, str], *, is_anew: bool = False
    ) -> Outcome:
        engines, job = self._engines_of(build), self._job(build, definition)
        if is_anew:
            job = replace(job, leaves={}, wishes=Wishes(), histories={}, releases=(), published_releases=())
        tasks = Tasks(job, engines(), engines)
        is_view = definition.materialize is Materialize.VIEW
        action = Action.VIEW if is_view else Action.BUILD
        return tasks(Step(build.dataset, action, "built again"), inputs)

    def _kept(self, version: Version | None, build: Build, version_id: str) -> Version:
        found = version or self.lake.objects.versions([version_id])[version_id]
        self.lake.objects.keep(found, build)
        return found

    def _build_of(self, dataset: str, version: str) -> Build:
        """How a version came about: as the commit says, else by the first build that gave it."""
        objects = self._workspace.lake.objects
        leaf = self._state.leaves.get(dataset)
        if leaf is not None and leaf.version == version:
            return objects.builds([leaf.build])[leaf.build]
        found = [build for build in objects.builds_of(dataset) if build.version == version]
        worked = [build for build in found if build.proof is None]
        if not found:
            raise MachineError(
                "lake.corrupt",
                f"nobody knows how the version `{version[:12]}` of {dataset} was made",
                where=dataset,
                hint="`andon doctor --deep`",
            )
        return (worked or found)[-1]

    # -- what tasks are told

    def _engines_of(self, build: Build) -> RecordedEngines:
        facts = build.engine
        key = (build.logical_time or "", *(str(facts.get(name)) for name in ("threads", "memory_limit", "seed")))
        if key not in self._engines:
            moment = self.moment_of(build)
            self._engines[key] = RecordedEngines(self._workspace, self.lake, moment, facts, self._heard)
        return self._engines[key]

    def _job(self, build: Build, definition: Definition) -> Job:
        dataset, lake = build.dataset, self._workspace.lake
        before, after = self._around(build)
        leaves = self._as_now(self._grows_from(definition, before))
        definitions = {dataset: definition}
        aside = self._state.leaves.get(definition.aside or "")
        if aside is not None:
            definitions[str(definition.aside)] = lake.objects.definitions([aside.definition])[aside.definition]
        raw = RawFiles(self._workspace.root, self.lake.storage, self.lake.intact)
        return Job(
            lake=self.lake,
            run=build.run or 0,
            moment=self.moment_of(build),
            definitions=definitions,
            leaves=leaves,
            bound={},
            raw=RawReads({dataset: (build.files, build.contract)}, {}, SourceAgain(build, definition, raw)),
            demands=Demands(lambda *_: None, lambda *_: Asked(), self._asides()),
            reuse=Reusable(proofs=False),
            proofs=Proofs(self._workspace.cache),
            wishes=_wishes(build, definition, leaves),
            # over what it was made of, a history goes on from what its own build remembers
            histories={dataset: self._as_history(build)} if definition.history is not None else {},
            releases=after.releases,
            published_releases=before.releases if before is not None else (),
        )

    def _as_history(self, build: Build) -> Build:
        """A build of a history with what was made in the place of the state that it goes on from."""
        grown = build.grown or {}
        before = grown.get(EARLIER)
        return build if before is None else replace(build, grown={**grown, EARLIER: self._now(before)})

    def _around(self, build: Build) -> tuple[Commit | None, Commit]:
        """The commits before and after the run that made a build, as far as they are known."""
        run = self._workspace.runs.find(build.run) if build.run is not None else None
        if run is None:
            return None, self._commit
        commits = self._workspace.lake.commits
        return commits.get(run.base), commits.get(run.commit) if run.commit is not None else self._commit

    def _grows_from(self, definition: Definition, before: Commit | None) -> Mapping[str, Leaf]:
        """Of what the branch showed, what a result hangs on beside its inputs."""
        if before is None:
            return {}
        shown = self._workspace.lake.commits.state(before).leaves
        wanted = {definition.aside} if definition.aside is not None else set()
        if definition.growth is not None:
            wanted.add(definition.dataset)
        return {name: leaf for name, leaf in shown.items() if name in wanted}

    def _as_now(self, leaves: Mapping[str, Leaf]) -> Mapping[str, Leaf]:
        """Leaves with what was made in the place of their versions."""
        return {name: replace(leaf, version=self._now(leaf.version)) for name, leaf in leaves.items()}

    def _asides(self) -> Callable[[str, Sequence[tuple[str, str]]], Sequence[AsideRule]]:
        def rules(dataset: str, columns: Sequence[tuple[str, str]]) -> Sequence[AsideRule]:
            project = project_at(self._workspace, self._state)
            book = CheckBook(self._workspace, OwnCode.of(project, self._state), {})
            return aside_rules(book, project.datasets[dataset], columns)

        return rules


def _wishes(build: Build, definition: Definition, leaves: Mapping[str, Leaf]) -> Wishes:
    """What somebody asked of a table that grows, by how its build says that it was made."""
    dataset = build.dataset
    if definition.growth is None:
        return Wishes()
    grown, own, leaf = Grown.of(build.grown), frozenset((dataset,)), leaves.get(dataset)
    is_whole = grown.way.startswith("full")
    if build.proof == PACKED and leaf is not None:
        return Wishes(pack=own)
    if is_whole and grown.filled is None:
        return Wishes(full=own)
    ranges = ranges_of(grown.asked or (grown.filled or () if is_whole else ()))
    fill = {dataset: ranges} if ranges else {}
    if grown.way.startswith("forward only"):
        return Wishes(forward=own, fill=fill)
    is_equal = leaf is not None and leaf.definition != definition.id and not is_whole
    return Wishes(equal=own if is_equal else frozenset(), fill=fill)
