"""Analyses: scripts and notebooks that are run against one commit, and their runs, which are kept."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.files import machine_error
from andon.base.record import values_of
from andon.errors import AndonError, UsageError
from andon.model.analysis import AnalysisOutput, AnalysisParameter, AnalysisRun
from andon.relations.relations import Relations
from andon.runs.goal import Listener
from andon.service.analysis_code import (
    analysis_name,
    commit_analyses,
    folder_analyses,
    found_code,
    kept_code,
    no_analysis,
)
from andon.service.analysis_documents import AnalysisHead, AnalysisInfo, AnalysisLine, AnalysisOptions, AnalysisShown
from andon.service.analysis_running import AnalysisAgain, AnalysisRunning, ended_as
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.service.trust import Trust
    from andon.workspace.workspace import Workspace


class Analyses:
    """The analyses of one project and their runs."""

    def __init__(self, workspace: Workspace, trust: Callable[[], Trust]) -> None:
        self._workspace = workspace
        self._trust = trust
        self._running = AnalysisRunning(workspace)

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

    def show(self, label: str) -> AnalysisShown:
        """A run, whole: `NAME@N`, or the newest of `NAME`, with what is known of what it read.

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
            return self._with_notes(found)
        is_run = self._workspace.lake.analysis_runs.find(name) is not None
        if not is_run and name not in folder_analyses(self._workspace.root):
            raise no_analysis(name, self._names())
        what = f"`{name}` has no run {text}" if is_run else f"`{name}` was not run yet"
        hint = f"`andon analysis log {name}` has its runs" if is_run else f"`andon analysis run {name}`"
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
        return output, self._workspace.lake.storage.local_path(output.path, output.sha256)

    def head(self, run: AnalysisRun, name: str, most: int) -> AnalysisHead:
        """The first rows of a table that a run made, Parquet or CSV.

        Raises:
            UsageError: `lake.analysis_not_found`.
            DamagedError: `lake.corrupt`.
        """
        _, place = self.place(run, name)
        if not name.lower().endswith(".parquet"):
            try:
                with place.open(encoding="utf-8", errors="replace", newline="") as file:
                    rows = list(csv.reader(file))
            except csv.Error:  # what is only called so
                rows = []
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
    ) -> AnalysisShown:
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
        run = self._running.begun(code, view, inputs, parameters, moment)
        began = time.monotonic()
        with self._running.running(code, view, parameters, moment, options.timeout, listener) as ended:
            run = ended_as(run, ended, time.monotonic() - began)
            places = {each.sha256: each.place for each in ended.files} if not isinstance(ended, AndonError) else {}
            texts = [*code.files.values(), *([code.lock] if code.lock is not None else ())]
            lake = self._workspace.lake
            kept = lake.analysis_runs.keep(run, texts, places, Relations(lake).files(inputs.values()))
        return self._with_notes(kept)

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
        begun = self._running.begun(code, view, inputs, run.parameters, moment)
        began = time.monotonic()
        # what was allowed more time then needs about that again
        timeout = max(float(self._workspace.settings.get("python.timeout")), 3 * run.seconds)
        with self._running.running(code, view, run.parameters, moment, timeout, listener) as ended:
            made = ended_as(begun, ended, time.monotonic() - began)
            files = ended.files if not isinstance(ended, AndonError) else ()
            yield AnalysisAgain(made, {each.name: each.place for each in files})

    # -- parts

    def _with_notes(self, run: AnalysisRun) -> AnalysisShown:
        commit = self._workspace.lake.commits.get(run.commit)
        notes = self._trust().notes(commit, sorted(run.inputs), run.ref)
        return AnalysisShown(**values_of(run), notes=notes)

    def _names(self) -> set[str]:
        view = View.at(self._workspace)
        here = {**commit_analyses(view.state.files()), **folder_analyses(self._workspace.root)}
        return {*here, *self._workspace.lake.analysis_runs.names()}

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
