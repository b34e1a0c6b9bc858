"""Packing a stage into a folder: a version, or what a run failed on, with all that it is made of and what makes it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.errors import UsageError
from andon.model.build import Build
from andon.model.isolation import PackedFolder
from andon.model.quarantine import is_aside
from andon.model.run import TaskResult, TaskStatus
from andon.workspace.masks import masked_columns
from andon.workspace.view import View, commit_ref

if TYPE_CHECKING:
    from andon.model.dataset import Definition
    from andon.service.analyses import Analyses
    from andon.service.isolated_stage import StageSubject
    from andon.state.failed_steps import FailedStep
    from andon.workspace.workspace import Workspace

#: What the name of an analysis begins with where a dataset could be named, too.
PREFIX = "analyses/"


class IsolateOptions(Record):
    """How a stage is packed.

    Attributes:
        sample: so many rows of each input at most.
        where: of the inputs that have its columns the rows that meet this condition.
        masks: whether values of personal columns are others.
        offline: whether the packages are packed, too.
        run: the run whose stage it is, whether it was published, held or failed.
    """

    sample: int | None = None
    where: str | None = None
    masks: bool = False
    offline: bool = False
    run: int | None = None


class Isolating:
    """Packs stages and runs of analyses of one lake."""

    def __init__(self, workspace: Workspace, analyses: Callable[[], Analyses]) -> None:
        self._workspace = workspace
        self._analyses = analyses

    def isolate(
        self, name: str, folder: Path | None = None, options: IsolateOptions | None = None, ref: str | None = None
    ) -> PackedFolder:
        """Pack a version of a dataset with all that it is made of. Nothing of the lake is changed.

        Args:
            name: `schema.name`, or `schema.name@REF`; `analyses/NAME@N`, or the newest run of `analyses/NAME`.
            folder: where it goes; there must be nothing. Without it one in the folder that the process works in.
            ref: the same as in the name.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`; `usage.exists` where the folder holds something;
                `usage.bad_argument` for a condition that means nothing; `isolate.raw_files` for what can't be done to raw files;
                `isolate.not_kept` for what a run failed on and is not known; `isolate.secret` where its code has one;
                `isolate.analysis` for what an analysis has no use for, `lake.analysis_not_found`.
            ConflictError: `lake.lease_lost` where this process was silent for so long that an input may be gone.
            AndonError: where it can't be packed: an input is not what was written.
        """
        from andon.engines.bundle.folder import BundleFolder
        from andon.service.analysis_code import refuse_analysis
        from andon.service.isolated_stage import IsolatedStage
        from andon.service.reduced_inputs import Reduction, require_condition

        asked = options or IsolateOptions()
        if name.startswith(PREFIX):
            return self._analysis(name, folder, asked, ref)
        refuse_analysis(self._workspace, name, "`andon isolate analyses/{0}` packs it")
        if asked.where is not None:
            require_condition(asked.where)
        dataset, _, place = name.partition("@")
        if asked.run is not None and (place or ref):
            message = "`--run` says which version it is, and so does what stands behind the `@`"
            raise UsageError(
                "usage.bad_argument", message, where=name, hint=f"`andon isolate {dataset} --run {asked.run}`"
            )
        view, subject = self._subject(dataset, place or ref, asked.run)
        masked = masked_columns(self._workspace, view.commit)
        reduction = Reduction(asked.sample, asked.where, masked if asked.masks else {})
        target = (folder or Path(f"{dataset}-{f'run{asked.run}' if asked.run else view.commit.id[:8]}")).resolve()
        with BundleFolder(target) as bundle:
            with self._workspace.lake.leases.reading_all():
                stage = IsolatedStage(self._workspace, view, subject, bundle, reduction)
                found = stage.pack(personal=masked, offline=asked.offline)
            bundle.done()
        return found

    def _analysis(self, name: str, folder: Path | None, options: IsolateOptions, ref: str | None) -> PackedFolder:
        """A run of an analysis, packed."""
        from andon.engines.bundle.folder import BundleFolder
        from andon.service.isolated_analysis import IsolatedAnalysis

        _require_fitting(name, options, ref)
        analyses = self._analyses()
        run = analyses.show(name)
        if run.error is not None:
            raise UsageError(
                "isolate.analysis",
                f"`{run.label}` failed, so there is nothing that could come out again",
                where=name,
                hint=f"`andon analysis log {run.name}` has its other runs",
            )
        target = (folder or Path(f"{run.name}-{run.number}")).resolve()
        with BundleFolder(target) as bundle:
            with self._workspace.lake.leases.reading_all():
                found = IsolatedAnalysis(self._workspace, analyses, run, bundle).pack(offline=options.offline)
            bundle.done()
        return found

    def _subject(self, dataset: str, ref: str | None, run: int | None) -> tuple[View, StageSubject]:
        """What is packed, and the commit in which its inputs are."""
        from andon.service.isolated_stage import StageSubject

        if run is not None:
            ref = f"run:{run}"
            task = next((task for task in self._workspace.runs.tasks(run) if task.dataset == dataset), None)
            if task is not None and task.status is TaskStatus.FAILED:
                return self._failed(dataset, run, task)
            if task is not None and task.status in (TaskStatus.SKIPPED, TaskStatus.STOPPED):
                raise _not_kept(dataset, f"was {task.status} in run {run}, so nothing was made of it")
        view = View.at(self._workspace, commit_ref(self._workspace, ref))
        leaf = view.leaf(dataset)
        version = self._workspace.lake.objects.versions([leaf.version])[leaf.version]
        return view, StageSubject(dataset=dataset, version=version, is_aside=is_aside(dataset))

    def _failed(self, dataset: str, run: int, task: TaskResult) -> tuple[View, StageSubject]:
        """What a run failed on."""
        from andon.service.isolated_stage import StageSubject

        workspace = self._workspace
        step, record = workspace.failed_steps.find(run, dataset), workspace.runs.find(run)
        if step is None or record is None:
            raise _not_kept(dataset, f"failed in run {run}, and what it failed on is not known")
        objects = workspace.lake.objects
        definition = objects.definitions([step.definition]).get(step.definition)
        if definition is None or not self._has_all(definition, step):
            raise _not_kept(dataset, f"failed in run {run}, and what it failed on is not kept any more")
        build = Build(
            id=f"run {run}",
            key="",
            dataset=dataset,
            definition=step.definition,
            version="",
            run=run,
            inputs=step.inputs,
            files=step.files,
            contract=step.contract,
            logical_time=record.logical_time,
        )
        said = f"{task.error['message']} ({task.error['code']})" if task.error else "nobody knows how"
        view = View.at(workspace, f"run:{run}" if record.commit is not None else record.base)
        return view, StageSubject(dataset=dataset, build=build, definition=definition, failed=said)

    def _has_all(self, definition: Definition, step: FailedStep) -> bool:
        """Whether what a step failed on is in the lake still."""
        objects = self._workspace.lake.objects
        texts, inputs = {sha for _, sha in definition.files}, set(step.inputs.values())
        return (
            step.inputs.keys() == set(definition.inputs)
            and objects.has_texts(texts) == texts
            and objects.versions(inputs).keys() == inputs
        )


def _not_kept(dataset: str, how: str) -> UsageError:
    return UsageError(
        "isolate.not_kept",
        f"`{dataset}` {how}",
        where=dataset,
        hint=f"run it again, or pack a version that there is: `andon isolate {dataset}`",
    )


def _require_fitting(name: str, options: IsolateOptions, ref: str | None) -> None:
    """Raise where an analysis is to be packed by what is for datasets alone.

    Raises:
        UsageError: `isolate.analysis`.
    """
    asked = {
        "--sample": options.sample is not None,
        "--where": options.where is not None,
        "--mask": options.masks,
        "--run": options.run is not None,
    }
    wrong = [f"`{each}`" for each, is_asked in asked.items() if is_asked]
    if wrong:
        raise not_for_analyses(name, ", ".join(wrong))
    if ref is not None:
        raise UsageError(
            "isolate.analysis",
            f"`{name}` is an analysis: which of its runs is packed is said by a number, and not by the commit `{ref}`",
            where=name,
            hint=f"`andon isolate {name.partition('@')[0]}@1`; `andon analysis log` has the numbers",
        )


def not_for_analyses(name: str, what: str) -> UsageError:
    """The error for what is for datasets alone."""
    return UsageError(
        "isolate.analysis",
        f"only datasets have a use for {what}: `{name}` is an analysis, and is packed as it was kept, with all that it read",
        where=name,
        hint=f"`andon isolate {name}`",
    )
