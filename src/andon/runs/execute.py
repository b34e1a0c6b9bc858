"""Executing a plan: copies of raw files, engines, tasks in parallel, results recorded. Loaded only when there is something to build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.duration import read_seconds
from andon.base.record import Record
from andon.errors import AndonError, DamagedError, DatasetError
from andon.model.event import Notice, Reporter
from andon.model.plan import Action
from andon.model.run import TaskStatus
from andon.project.bind_check import check_declared
from andon.runs.building.job import Comparing, Demands, Job, RawReads, Reusable
from andon.runs.building.outcome import Progress
from andon.runs.building.runner import Runner
from andon.runs.building.tasks import Tasks
from andon.runs.goal import Listener
from andon.runs.growing.proofs import Proofs
from andon.runs.pinned_sources import PinnedSources
from andon.runs.planning.bound_columns import columns_by_dataset
from andon.runs.planning.gather import Gathered
from andon.runs.planning.raw_files import RawFiles
from andon.runs.prepare import Prepared
from andon.sources.contract import describe
from andon.state.failed_steps import FailedStep

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.runs.ahead import Ahead
    from andon.runs.building.outcome import Outcome
    from andon.runs.checked_run import CheckedRun
    from andon.workspace.engines import Engines
    from andon.workspace.workspace import Workspace


#: Of a source with more columns the first are told, and how many there are of each type.
_LISTED = 40


class Execution:
    """Executes plans for one workspace."""

    def __init__(self, workspace: Workspace, raw: RawFiles) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._raw = raw

    def build(
        self, prepared: Prepared, run: int, listener: Listener, engines: Engines, check: CheckedRun, ahead: Ahead
    ) -> Progress:
        """Take the plan's steps: build, record, and ask of each result what must hold; what was built `ahead` of the plan is taken."""
        gathered, report = prepared.gathered, listener.report
        works = prepared.plan.builds
        built = {s.dataset for s in works if s.action is Action.BUILD}
        raw: list[str] = []
        failures = dict(gathered.failures)
        loaded = sorted(built & gathered.sources.keys())
        for name, take in zip(loaded, self._raw.keep_each([gathered.sources[n].files for n in loaded]), strict=True):
            try:
                raw += take()
                self._say_contract(gathered, name, report)
            except (DatasetError, DamagedError) as error:
                failures[name] = error
        sides = engines()
        job = self._job(prepared, run, failures, check)
        read = {p for s in works if s.dataset in gathered.definitions for p in gathered.definitions[s.dataset].inputs}
        tasks = Tasks(job, sides, engines, engines.workers, ahead.take)
        tasks.register(columns_by_dataset({d: c for d, c in prepared.bound.items() if d in built}))
        kept = (Action.REUSE, Action.KEEP, Action.CHECK)
        sides.relations.load(
            s.version for s in prepared.plan.steps if s.version is not None and s.action in kept and s.dataset in read
        )

        def record(outcomes: Sequence[Outcome]) -> Mapping[str, Build]:
            outcomes = [each for one in outcomes for each in (one, *one.beside)]
            winners = self._lake.objects.record(
                [(o.version, o.build) for o in outcomes if o.version is not None],
                [o.definition for o in outcomes if o.definition is not None],
                raw=[*raw, *ahead.copies()],
                new=_new_files(outcomes),
                force=bool(prepared.forced),
            )
            raw.clear()
            return winners

        runner = Runner(tasks, record, report, engines.workers, job.cancelled, tasks.interrupt, job.moves)
        versions = {d: leaf.version for d, leaf in gathered.state.leaves.items() if d not in built}
        versions.update(
            {s.dataset: s.version for s in prepared.plan.steps if s.version and s.action is not Action.DROP}
        )
        known = {d: v for d, v in versions.items() if d not in built}
        ahead.settle()
        with listener.cancel.calling(tasks.interrupt):
            progress = runner.run(works, known, check.of_reused(prepared.plan.steps))
        self._keep_failed(prepared, run, progress)
        return progress

    def _keep_failed(self, prepared: Prepared, run: int, progress: Progress) -> None:
        """Note what failed and what it was about to be made of, so that it can be looked at apart."""
        gathered = prepared.gathered
        failed = [each.dataset for each in progress.results if each.status is TaskStatus.FAILED]
        definitions = [gathered.definitions[name] for name in failed if name in gathered.definitions]
        if not definitions:
            return
        versions = {name: leaf.version for name, leaf in gathered.state.leaves.items()} | progress.versions
        steps = []
        for each in definitions:
            source = gathered.sources.get(each.dataset)
            inputs = {name: versions[name] for name in each.inputs if name in versions}
            files, contract = (source.files, source.contract) if source is not None else ((), None)
            steps.append(
                FailedStep(run, each.dataset, each.id, inputs, tuple(files), dict(contract) if contract else None)
            )
        self._lake.objects.record([], definitions)
        self._workspace.failed_steps.add(steps)

    def _job(self, prepared: Prepared, run: int, failures: Mapping[str, AndonError], check: CheckedRun) -> Job:
        """What tasks need to know; `failures` says why files of sources can't be read."""
        gathered = prepared.gathered
        return Job(
            lake=self._lake,
            run=run,
            moment=prepared.moment,
            definitions=gathered.definitions,
            leaves=gathered.state.leaves,
            bound=prepared.bound,
            raw=RawReads(
                {name: (s.files, s.contract) for name, s in gathered.sources.items()},
                failures,
                PinnedSources(gathered, self._raw),
                frozenset(gathered.head.rejected) - gathered.passed,
            ),
            demands=Demands(_DeclaredColumns(gathered), check.of_task, check.aside),
            reuse=Reusable(
                frozenset(
                    self._lake.objects.built_definitions(
                        gathered.definitions[s.dataset].id
                        for s in prepared.plan.builds
                        if s.action in (Action.BUILD, Action.VIEW)
                    )
                ),
                prepared.options.proofs,
                prepared.forced,
            ),
            proofs=Proofs(self._workspace.cache),
            wishes=prepared.wishes,
            histories=prepared.histories,
            releases=prepared.releases,
            published_releases=prepared.head.releases,
            compared=Comparing(
                int(self._workspace.settings.get("engines.spark.compare_below")),
                read_seconds(str(self._workspace.settings.get("engines.spark.compare_for"))),
            ),
        )

    def _say_contract(self, gathered: Gathered, name: str, report: Reporter) -> None:
        build, source = gathered.builds.get(name), gathered.sources[name]
        if gathered.definitions[name].connection is not None:
            from andon.sources.databases.contract import columns_of, describe_extract

            if source.contract and columns_of(source.contract) != columns_of(build.contract if build else None):
                for line in describe_extract(source.contract):
                    report(Notice(f"{name}: {line}"))
            return
        if gathered.definitions[name].asks is not None:
            return  # known only when it was asked
        if source.contract is None or all(read["format"] == "parquet" for read in source.contract["reads"]):
            return  # Parquet files say themselves how they are read
        if build is None or build.contract != source.contract:
            for line in describe(source.contract, _LISTED, f"`andon show {name}` lists all, once it is published"):
                report(Notice(f"{name}: {line}"))


def _new_files(outcomes: Sequence[Outcome]) -> list[str]:
    """The files that nothing names yet: those that an earlier version has, too, are durable."""
    versions = [(o.version.files if o.new is None else o.new) for o in outcomes if o.version is not None]
    return [file.path for files in versions for file in files]


class _DeclaredColumns(Record):
    """What files of Python datasets declare about their results, which are known only when they are there."""

    gathered: Gathered

    def __call__(self, dataset: str, columns: Sequence[tuple[str, str]]) -> None:
        problems = check_declared(self.gathered.project.datasets[dataset], columns)
        if problems:
            first = problems[0]
            raise DatasetError(first.code, first.message, where=first.where, hint=first.hint, problems=tuple(problems))
