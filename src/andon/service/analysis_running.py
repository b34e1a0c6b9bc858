"""One run of an analysis: what it is begun with, the engine that makes it, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.cancel import Cancelled
from andon.base.clock import to_text
from andon.base.hashing import digest
from andon.base.record import replace
from andon.errors import DatasetError
from andon.model.analysis import (
    AnalysisCell,
    AnalysisFailure,
    AnalysisOutput,
    AnalysisRun,
    AnalysisStatus,
    OutputKind,
    Scalar,
)
from andon.runs.goal import Listener
from andon.service.analysis_code import AnalysisCode, kept_code
from andon.version import __version__
from andon.workspace.engines import Engines
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.engines.engine import Recipe
    from andon.engines.python.analysis import AnalysisMade, AnalysisTask
    from andon.workspace.workspace import Workspace

#: What a failed run is kept for: the analysis's own failures.
_OWN = ("build.python_failed", "build.python_timeout", "build.analysis_limit")
_KINDS = {
    **dict.fromkeys((".parquet", ".csv"), OutputKind.TABLE),
    **dict.fromkeys((".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"), OutputKind.PICTURE),
    **dict.fromkeys((".plotly.json", ".vega.json"), OutputKind.FIGURE),
    **dict.fromkeys((".html", ".htm"), OutputKind.HTML),
    **dict.fromkeys((".txt", ".md", ".json", ".log"), OutputKind.TEXT),
}


@dataclass(frozen=True)
class AnalysisAgain:
    """A run that was made again; `places` says by name where what it made lies."""

    run: AnalysisRun
    places: Mapping[str, Path]


class AnalysisRunning:
    """Runs analyses of one workspace; keeps nothing."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def begun(
        self,
        code: AnalysisCode,
        view: View,
        inputs: Mapping[str, str],
        parameters: Mapping[str, Scalar],
        moment: datetime,
    ) -> AnalysisRun:
        """A run of which nothing came yet."""
        return AnalysisRun(
            name=code.name,
            number=0,
            kind=code.facts.kind,
            status=AnalysisStatus.DONE,
            file=code.file,
            code={path: digest(text) for path, text in sorted(code.files.items())},
            lock=digest(code.lock) if code.lock is not None else None,
            ref=view.ref,
            commit=view.commit.id,
            inputs=dict(sorted(inputs.items())),
            parameters=dict(parameters),
            logical_time=moment.isoformat(),
            began=to_text(self._workspace.clock()),
            seconds=0.0,
            author=self._workspace.caller.author,
            environment={},
        )

    @contextmanager
    def running(
        self,
        code: AnalysisCode,
        view: View,
        parameters: Mapping[str, Scalar],
        moment: datetime,
        timeout: float | None,
        listener: Listener | None,
    ) -> Iterator[AnalysisMade | DatasetError]:
        """What came of it, or the analysis's own failure."""
        heard = listener or Listener()
        with Engines(self._workspace, None, moment) as engines, heard.cancel.calling(engines.interrupt):
            try:
                engine = engines.for_analyses()
                task = self._task(code, view, engines, parameters, moment, timeout)
            except Cancelled:
                raise DatasetError("build.interrupted", "the run was interrupted", where=code.file) from None
            made = engine.made(task)
            try:
                found = made.__enter__()
            except DatasetError as error:
                if error.code not in _OWN:
                    raise
                yield error
                return
            try:
                yield found
            finally:
                made.__exit__(None, None, None)

    def task_of(self, run: AnalysisRun, engines: Engines) -> AnalysisTask:
        """All that a run needs to be made again, wherever: code, lock, parameters, clock, and how its inputs are read. What it made is
        `run.outputs`, with `place` for each.

        Raises:
            MachineError: `lake.corrupt`: a text or an input is not there as it was.
        """
        lake = self._workspace.lake
        view = View(self._workspace, run.ref, lake.commits.get(run.commit))
        code = kept_code(self._workspace, run)
        return self._task(code, view, engines, run.parameters, datetime.fromisoformat(run.logical_time), None)

    def _task(
        self,
        code: AnalysisCode,
        view: View,
        engines: Engines,
        parameters: Mapping[str, Scalar],
        moment: datetime,
        timeout: float | None,
    ) -> AnalysisTask:
        from andon.engines.engine import Recipe
        from andon.engines.python.analysis import AnalysisTask

        leaves = {name: leaf for name, leaf in view.state.leaves.items() if name in code.names}
        relations = engines().relations
        relations.load(leaf.version for leaf in leaves.values())
        definitions = self._workspace.lake.objects.definitions(leaf.definition for leaf in leaves.values())
        inputs: dict[str, Recipe] = {
            name: Recipe(definitions[leaf.definition], {name: relations.relation(leaf.version)}, moment)
            for name, leaf in sorted(leaves.items())
        }
        cells = tuple((cell.is_code, cell.number, cell.text) for cell in code.facts.cells)
        return AnalysisTask(
            code.name, code.file, str(code.facts.kind), code.files, cells, code.lock, view.commit.id, inputs, parameters,
            moment, timeout,
        )  # fmt: skip


def ended_as(run: AnalysisRun, ended: AnalysisMade | DatasetError, seconds: float) -> AnalysisRun:
    """A run with what came of it."""
    if isinstance(ended, DatasetError):
        failure = AnalysisFailure(ended.code, ended.message, ended.where, ended.hint, ended.details.get("traceback"))
        return replace(
            run,
            status=AnalysisStatus.FAILED,
            error=failure,
            printed=ended.details.get("log", ""),
            environment={"andon": __version__},
            seconds=round(seconds, 4),
        )
    outcome, told = ended.outcome, ended.outcome.told
    environment = {
        "python": outcome.python,
        "packages": dict(outcome.packages),
        "isolation": outcome.isolation,
        "network": outcome.network,
        "andon": __version__,
    }
    made = {each.name for each in ended.files}
    outputs = [
        AnalysisOutput(
            name=each.name,
            kind=kind_of(each.name),
            sha256=each.sha256,
            size=each.size,
            data=data if (data := told["data"].get(each.name)) in made else None,
        )
        for each in ended.files
    ]
    return replace(
        run,
        numbers=dict(told["numbers"]),
        printed=outcome.log,
        outputs=outputs,
        cells=[AnalysisCell(**cell) for cell in told["cells"]],
        environment=environment,
        seconds=round(seconds, 4),
    )


def kind_of(name: str) -> OutputKind:
    """By what its name ends with."""
    lower = name.lower()
    return next((kind for ending, kind in _KINDS.items() if lower.endswith(ending)), OutputKind.FILE)
