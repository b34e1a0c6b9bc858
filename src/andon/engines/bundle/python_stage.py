"""The step of a stage that runs a Python function, or an analysis: what its child process is told, without any place of this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.engines.engine import Recipe
from andon.engines.python.environment import Environment
from andon.engines.python.run import described
from andon.engines.python.task import AnalysisPart, PythonTask

if TYPE_CHECKING:
    from andon.engines.python.analysis import AnalysisTask

#: Of what a child is told, what hangs on the machine and the place; what runs a stage says it anew.
_OF_PLACE = frozenset(
    {
        "parent",
        "isolation",
        "means",
        "place",
        "readable",
        "links",
        "memory",
        "code",
        "modules",
        "shim",
        "paths",
        "temporary",
    }
    | {"report", "output", "parts", "inputs", "network"}
)
_VARIABLES_OF_PLACE = frozenset(
    {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "FONTCONFIG_FILE"}
)


def python_step(
    recipe: Recipe,
    made: str,
    inputs: Mapping[str, Sequence[str]],
    memory_limit: str | None,
    work: Path,
    seed: int | None,
) -> dict[str, Any]:
    """The step that runs the function of a recipe.

    Args:
        made: the file that it writes.
        inputs: by dataset the files of the folder that hold its rows.
        work: an empty folder of the caller's.
        seed: as it was recorded; None for the dataset's own.
    """
    definition = recipe.definition
    task = PythonTask(
        dataset=definition.dataset,
        function=definition.function or "",
        entry=definition.entry,
        files=recipe.code,
        parameters=definition.parameters,
        inputs={name: tuple(Path(path) for path in paths) for name, paths in inputs.items()},
        output=work / "result.parquet",
        work=work,
        logical_time=recipe.moment,
        memory_limit=memory_limit or None,
        seed=seed,
    )
    return {
        "kind": "python",
        "name": definition.dataset,
        **_told(task, inputs),
        "edits": sorted(f"code/{path}" for path in recipe.code if path.endswith(".py")),
        "output": made,
    }


def analysis_step(task: AnalysisTask, inputs: Mapping[str, Sequence[str]], work: Path) -> dict[str, Any]:
    """The step that runs an analysis.

    Args:
        inputs: by dataset the files of the folder that hold its rows.
        work: an empty folder of the caller's.
    """
    outputs, name = work / "outputs", f"analyses/{task.name}"
    paths = {name: tuple(Path(path) for path in paths) for name, paths in inputs.items()}
    child = PythonTask(
        dataset=name,
        function="",
        entry=task.entry,
        files=task.files,
        parameters=(),
        inputs=paths,
        output=work / "result.parquet",
        work=work,
        logical_time=task.moment,
        analysis=AnalysisPart(task.kind, task.commit, task.parameters, task.cells, outputs),
    )
    told = _told(child, inputs)
    told["job"]["analysis"].pop("outputs")
    return {"kind": "python", "name": name, **told, "output": "out/none.parquet"}


def _told(task: PythonTask, inputs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What is told to a child wherever it runs."""
    job, variables = described(task, Environment((sys.executable,), (), {}))
    return {
        "job": {name: each for name, each in job.items() if name not in _OF_PLACE},
        "environment": {name: each for name, each in variables.items() if name not in _VARIABLES_OF_PLACE},
        "inputs": {name: {"files": list(paths)} for name, paths in inputs.items()},
    }
