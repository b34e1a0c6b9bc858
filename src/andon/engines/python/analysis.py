"""Running an analysis: what it needs, all of it, and what came of it. Nothing here knows a lake."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from andon.base.files import file_hash, machine_error
from andon.base.record import Record
from andon.engines.engine import Engine, EngineSettings, Recipe
from andon.engines.python.engine import readable_files
from andon.engines.python.run import run_python
from andon.engines.python.task import AnalysisPart, PythonOutcome, PythonSettings, PythonTask
from andon.errors import DatasetError

#: Files that one run may make, and their bytes in all.
MOST_FILES, MOST_BYTES = 1_000, 500_000_000


class AnalysisTask(Record):
    """All that a run of an analysis needs.

    Attributes:
        name: of the analysis. entry: project path of its file; a key of `files`.
        kind: `script`, `marimo` or `jupyter`.
        files: `{project path: content}` of its code.
        cells: of a Jupyter notebook: `(is code, number, text)`.
        lock: content of its lock, None where it has no packages.
        commit: id of the commit that it reads.
        inputs: what the datasets that it may read stand for: `{dataset: recipe}`, each with one relation.
        parameters: all, by name.
        moment: the clock that it sees; aware.
        timeout: seconds, or None for that of the settings.
    """

    name: str
    entry: str
    kind: str
    files: Mapping[str, bytes]
    cells: tuple[tuple[bool, int, str], ...]
    lock: bytes | None
    commit: str
    inputs: Mapping[str, Recipe]
    parameters: Mapping[str, Any]
    moment: datetime
    timeout: float | None = None


class MadeFile(Record):
    """A file that a run made: its name in the folder of outputs, where it lies now, its size and sha256."""

    name: str
    place: Path
    size: int
    sha256: str


class AnalysisMade(Record):
    """What came of a run; its files are there until the block ends that it came from."""

    outcome: PythonOutcome
    files: tuple[MadeFile, ...]


class AnalysisEngine:
    """Runs analyses as Python datasets are run: in an environment of exactly their lock, kept apart.

    Args:
        sql: writes out views that are read; closed by who made it.
    """

    def __init__(self, sql: Engine, settings: EngineSettings, python: PythonSettings) -> None:
        self._sql = sql
        self._settings = settings
        self._python = python
        self._stopped = threading.Event()

    def interrupt(self) -> None:
        """Stop what runs; called from another thread."""
        self._stopped.set()

    @contextmanager
    def made(self, task: AnalysisTask) -> Iterator[AnalysisMade]:
        """Run an analysis to its end; its files are there until the block ends.

        Raises:
            DatasetError: as `run_python`; `build.analysis_limit` where it makes more than is kept. What it printed is in
                `details["log"]`.
            MachineError: the disk.
        """
        work = self._settings.temporary.path / f"analysis-{secrets.token_hex(6)}"
        outputs = work / "outputs"
        (work / "child").mkdir(parents=True)
        try:
            child = PythonTask(
                dataset=f"analyses/{task.name}",
                function="",
                entry=task.entry,
                files=task.files,
                parameters=(),
                inputs={
                    name: readable_files(self._sql, recipe, name, recipe.inputs[name], work)
                    for name, recipe in task.inputs.items()
                },
                lock=task.lock,
                output=work / "result.parquet",
                work=work / "child",
                timeout=task.timeout or self._python.timeout,
                logical_time=task.moment,
                memory_limit=self._settings.memory_limit or None,
                memory=self._python.memory,
                analysis=AnalysisPart(task.kind, task.commit, task.parameters, task.cells, outputs),
                packages=self._python.packages,
            )
            outcome = run_python(child, environments=self._python.environments, cancelled=self._stopped)
            yield AnalysisMade(outcome, _files(task, outputs, outcome.log))
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _files(task: AnalysisTask, folder: Path, log: str) -> tuple[MadeFile, ...]:
    """The files in a folder; links are not followed, since who made them may read less than who reads them here."""
    try:
        found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
        names = {path: path.relative_to(folder).as_posix() for path in found}
        kept = {path: name for path, name in names.items() if not any(part[0] == "." for part in name.split("/"))}
        size = sum(path.stat().st_size for path in kept)
        if len(kept) > MOST_FILES or size > MOST_BYTES:
            message = f"the analysis made {len(kept):,} files of {size:,} bytes in all; kept are {MOST_FILES:,} of {MOST_BYTES:,} bytes"
            hint = "keep what people look at; what others compute from is a dataset"
            raise DatasetError("build.analysis_limit", message, where=task.entry, hint=hint, details={"log": log})
        return tuple(MadeFile(name, path, path.stat().st_size, file_hash(path)) for path, name in kept.items())
    except OSError as error:
        raise machine_error(error, f"read what `{task.name}` made") from error
