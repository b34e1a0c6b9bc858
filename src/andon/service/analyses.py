"""Analyses: scripts and notebooks that are run against one commit, and their runs, which are kept."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.cancel import Cancelled
from andon.base.clock import to_text
from andon.base.document import Document, UnsetType
from andon.base.files import machine_error
from andon.base.hashing import digest
from andon.base.record import Record, replace
from andon.errors import AndonError, DatasetError, UsageError
from andon.model.analysis import (
    AnalysisCell,
    AnalysisFailure,
    AnalysisOutput,
    AnalysisParameter,
    AnalysisRun,
    AnalysisStatus,
    OutputKind,
    Scalar,
)
from andon.relations.relations import Relations
from andon.runs.goal import Listener
from andon.service.analysis_code import (
    AnalysisCode,
    analysis_name,
    commit_analyses,
    folder_analyses,
    found_code,
    kept_code,
    no_analysis,
)
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


class AnalysisInfo(Document):
    """An analysis in a line.

    Attributes:
        file: in the folder, or of the commit; null where only runs are left.
        kind: null where it can't be read; `problem` says why.
        parameters: what may be chosen.
        runs: how many there are. last: the newest. began, status, commit: of that one.
    """

    name: str
    file: str | None
    kind: str | None
    parameters: list[AnalysisParameter]
    problem: str | None
    runs: int
    last: int | None
    status: str | None
    began: str | None
    commit: str | None


class AnalysisLine(Document):
    """A run of an analysis in a line.

    Attributes:
        same_as: the number of the earlier run that it repeats, byte for byte.
    """

    name: str
    number: int
    status: str
    began: str
    author: str
    seconds: float
    ref: str
    commit: str
    parameters: dict[str, Scalar]
    outputs: int
    version: str
    same_as: int | UnsetType | None


class AnalysisOptions(Document):
    """What may be chosen for a run: parameters (texts are read as the type of the default), the clock, and how long it may take."""

    parameters: Mapping[str, str | Scalar] = {}
    now: datetime | None = None
    timeout: float | None = None


class Analyses:
    """The analyses of one project and their runs."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # -- looking

    def list(self, at: str | None = None) -> Sequence[AnalysisInfo]:
        """All analyses of the folder and of a commit, and those of which runs are kept, by name.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        files = {**commit_analyses(view.state.files()), **folder_analyses(self._workspace.root)}
        last = self._workspace.lake.analysis_runs.last()
        return [self._info(name, files.get(name), last.get(name), view) for name in sorted({*files, *last})]

    def log(self, name: str | None = None) -> Sequence[AnalysisLine]:
        """Runs, the newest first: of one analysis, or the newest of each.

        Raises:
            UsageError: `lake.analysis_not_found`.
        """
        runs = self._workspace.lake.analysis_runs
        name = analysis_name(name) if name is not None else None
        if name is None:
            return sorted((_line(run, None) for run in runs.last().values()), key=lambda x: x.began, reverse=True)
        found = runs.newest(name)
        if not found and name not in folder_analyses(self._workspace.root):
            raise no_analysis(name, self._names())
        first = {run.version: run.number for run in found}
        return [_line(run, first[run.version]) for run in found]

    def show(self, label: str) -> AnalysisRun:
        """A run, whole: `NAME@N`, or the newest of `NAME`.

        Raises:
            UsageError: `lake.analysis_not_found`, `usage.bad_argument`.
        """
        said, sign, text = label.partition("@")
        name = analysis_name(said)
        if sign and not text.isdecimal():
            raise UsageError(
                "usage.bad_argument",
                f"`{text}` is no number of a run",
                where=label,
                hint=f"`andon analysis log {name}` has the runs; `--at REF` says which commit a new one reads",
            )
        found = self._workspace.lake.analysis_runs.find(name, int(text) if sign else None)
        if found is not None:
            return found
        if not sign and name not in folder_analyses(self._workspace.root):
            raise no_analysis(name, self._names())
        what = f"`{name}` has no run {text}" if sign else f"`{name}` was not run yet"
        hint = f"`andon analysis log {name}` has its runs" if sign else f"`andon analysis run {name}`"
        raise UsageError("lake.analysis_not_found", what, where=label, hint=hint)

    def place(self, run: AnalysisRun, name: str) -> tuple[AnalysisOutput, Path]:
        """A file that a run made, and where it lies; it holds what was written.

        Raises:
            UsageError: `lake.analysis_not_found`.
            DamagedError: `lake.corrupt`.
        """
        from andon.lake.analysis_runs import file_of

        output = run.output(name)
        if output is None:
            raise UsageError(
                "lake.analysis_not_found",
                f"`{run.label}` made no `{name}`",
                where=run.label,
                hint=f"`andon analysis show {run.label}` lists what it made",
            )
        self._workspace.lake.intact.require(f"analyses/{run.name}", [file_of(output.sha256, output.size)])
        return output, Path(self._workspace.lake.storage.engine_path(output.path))

    def head(self, run: AnalysisRun, name: str, most: int) -> AnalysisHead:
        """The first rows of a table that a run made, Parquet or CSV.

        Raises:
            UsageError: `lake.analysis_not_found`.
            DamagedError: `lake.corrupt`.
        """
        _, place = self.place(run, name)
        if not name.lower().endswith(".parquet"):
            rows = list(csv.reader(place.read_text(encoding="utf-8", errors="replace").splitlines()))
            names = rows[0] if rows else []
            fitting = [tuple(row) for row in rows[1 : most + 1] if len(row) == len(names)]
            return AnalysisHead(tuple((each, False) for each in names), tuple(fitting), max(len(rows) - 1, 0))
        from andon.relations.kept_tables import head_of

        columns, found, total = head_of(place, most)
        return AnalysisHead(tuple(columns), tuple(found), total)

    def copy(self, run: AnalysisRun, folder: Path) -> Sequence[Path]:
        """Copy what a run made into a folder; what is there of the same name is replaced.

        Raises:
            DamagedError: `lake.corrupt`.
            MachineError: the disk.
        """
        made = []
        for output in run.outputs:
            _, place = self.place(run, output.name)
            try:
                target = folder / output.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place, target)
            except OSError as error:
                raise machine_error(error, f"write `{folder}`") from error
            made.append(target)
        return made

    # -- running

    def run(
        self,
        name: str,
        at: str | None = None,
        options: AnalysisOptions | None = None,
        listener: Listener | None = None,
    ) -> AnalysisRun:
        """Run an analysis of the folder (else of the commit) against one commit, and keep what it made. One that fails is kept, too,
        with what it printed: then `status` is `failed`.

        Args:
            at: the commit; without it what the caller reads.

        Raises:
            UsageError: `lake.analysis_not_found`, `lake.ref_not_found`, `usage.bad_argument`.
            ProjectError: it can't be read, its packages are not locked, or it holds a secret.
            DatasetError: `build.environment`, `build.interrupted`.
            MachineError: the disk; `lake.corrupt`.
        """
        options = options or AnalysisOptions()
        view = View.at(self._workspace, at)
        code = found_code(self._workspace, analysis_name(name), view)
        parameters = code.chosen(options.parameters)
        moment = options.now or self._workspace.clock()
        inputs = {each: leaf.version for each, leaf in view.state.leaves.items() if each in code.names}
        run = self._begun(code, view, inputs, parameters, moment)
        began = time.monotonic()
        with self._running(code, view, parameters, moment, options.timeout, listener) as ended:
            run = _ended(run, ended, time.monotonic() - began)
            places = {each.sha256: each.place for each in ended.files} if not isinstance(ended, AndonError) else {}
            texts = [*code.files.values(), *([code.lock] if code.lock is not None else ())]
            lake = self._workspace.lake
            return lake.analysis_runs.keep(run, texts, places, Relations(lake).files(inputs.values()))

    @contextmanager
    def again(self, run: AnalysisRun, at: str | None, listener: Listener | None) -> Iterator[AnalysisAgain]:
        """A run made again as it was kept, with nothing kept of it; its files are there until the block ends.

        Args:
            at: another commit to read.

        Raises:
            UsageError: `lake.ref_not_found`.
            AndonError: as `run`; also where it fails, which it did not.
        """
        view = View.at(self._workspace, at or run.commit)
        code = kept_code(self._workspace, run)
        moment = datetime.fromisoformat(run.logical_time)
        inputs = {each: leaf.version for each, leaf in view.state.leaves.items() if each in code.names}
        begun = self._begun(code, view, inputs, run.parameters, moment)
        began = time.monotonic()
        with self._running(code, view, run.parameters, moment, None, listener) as ended:
            made = _ended(begun, ended, time.monotonic() - began)
            files = ended.files if not isinstance(ended, AndonError) else ()
            yield AnalysisAgain(made, {each.name: each.place for each in files})

    # -- parts

    def _names(self) -> set[str]:
        view = View.at(self._workspace)
        here = {**commit_analyses(view.state.files()), **folder_analyses(self._workspace.root)}
        return {*here, *self._workspace.lake.analysis_runs.last()}

    def _info(self, name: str, file: str | None, last: AnalysisRun | None, view: View) -> AnalysisInfo:
        kind: str | None = None
        parameters: Sequence[AnalysisParameter] = ()
        problem: str | None = None
        if file is not None:
            try:
                facts = found_code(self._workspace, name, view).facts
                kind, parameters = str(facts.kind), facts.parameters
            except AndonError as error:
                problem = error.problems[0].message if error.problems else error.message
        return AnalysisInfo(
            name=name,
            file=file,
            kind=kind or (str(last.kind) if last is not None else None),
            parameters=[*parameters],
            problem=problem,
            runs=last.number if last is not None else 0,
            last=last.number if last is not None else None,
            status=str(last.status) if last is not None else None,
            began=last.began if last is not None else None,
            commit=last.commit if last is not None else None,
        )

    def _begun(
        self,
        code: AnalysisCode,
        view: View,
        inputs: Mapping[str, str],
        parameters: Mapping[str, Scalar],
        moment: datetime,
    ) -> AnalysisRun:
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
    def _running(
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


class AnalysisHead(Record):
    """The first rows of a table: `(column, whether it holds numbers)`s, rows, and how many there are in all."""

    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int


@dataclass(frozen=True)
class AnalysisAgain:
    """A run that was made again; `places` says by name where what it made lies."""

    run: AnalysisRun
    places: Mapping[str, Path]


def _line(run: AnalysisRun, first: int | None) -> AnalysisLine:
    return AnalysisLine(
        name=run.name,
        number=run.number,
        status=str(run.status),
        began=run.began,
        author=run.author,
        seconds=run.seconds,
        ref=run.ref,
        commit=run.commit,
        parameters=run.parameters,
        outputs=len(run.outputs),
        version=run.version,
        same_as=first if first != run.number else None,
    )


def _ended(run: AnalysisRun, ended: AnalysisMade | DatasetError, seconds: float) -> AnalysisRun:
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
