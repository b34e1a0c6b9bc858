"""Locks: the packages of a Python dataset, pinned with hashes for all platforms.

A lock is a requirements file beside the dataset's file. Its head holds the digest of what it was made from, so that a lock that
no longer fits is seen without resolving anything:

    # inputs: <digest of the dependencies and the Python versions>
    # made by: andon lock marts.predictions
    # python: >=3.11
    numpy==2.4.6 ; python_full_version < '3.12' \\
        --hash=sha256:…

It names no index and no address, so that it serves behind a mirror as well.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from andon.engines.python.uv_tool import UvError, call_uv
from andon.errors import DatasetError

#: The oldest Python that can run a dataset; the child runs on the Python that runs Andon.
OLDEST_PYTHON = (3, 11)

#: The package that shows the run's clock; Andon's own copy serves where a lock lacks it.
CLOCK = "time-machine"

_FLOOR = re.compile(r"(?:>=|==|~=|>)\s*(\d+)\.(\d+)")
_PYTHON = re.compile(r"^# python: >=(\d+)\.(\d+)$", re.MULTILINE)


def runner_packages() -> tuple[str, ...]:
    """What the child process needs itself: DuckDB of our version, pytz, without which DuckDB hands out no zoned timestamps, and what
    shows the clock of the run."""
    return (f"duckdb=={version('duckdb')}", "pytz", f"{CLOCK}>=3.0")


def make_lock(
    dataset: str,
    dependencies: Sequence[str],
    inputs: str,
    requires_python: str | None = None,
    earlier: str | None = None,
) -> str:
    """Resolve `dependencies` (PEP 508) and return the text of the lock.

    Args:
        dataset: named in the head.
        inputs: digest of what the lock is made from; `andon.model.lock.locked_for` reads it again.
        requires_python: as in the script metadata (`>=3.12`); None for every Python that Andon runs on.
        earlier: text of the lock so far; what it pins stays pinned as far as it still fits.

    Raises:
        DatasetError: `build.environment` when there is no solution or no index can be reached.
    """
    floor = _python_floor(requires_python)
    python = ".".join(map(str, floor))
    wanted = "\n".join([*dependencies, *runner_packages()]) + "\n"
    with tempfile.TemporaryDirectory(prefix="andon-lock-") as folder:
        output = Path(folder, "lock.txt")
        if earlier is not None:
            output.write_text(earlier, encoding="utf-8")
        # Our own interpreter, named: uv would search the machine for one of that version, and may download it.
        arguments = ["pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", python]
        arguments += ["--python", sys.executable, "--no-python-downloads"]
        arguments += ["--no-emit-index-url", "--no-header", "--no-annotate", "-", "--output-file", str(output)]
        try:
            call_uv(arguments, folder=Path(folder), text=wanted)
        except UvError as error:
            raise _no_solution(dataset, error) from error
        resolved = output.read_text(encoding="utf-8")
    return f"# inputs: {inputs}\n# made by: andon lock {dataset}\n# python: >={python}\n{resolved}"


def python_floor(lock: str) -> tuple[int, int]:
    """The oldest Python that `lock` was resolved for."""
    found = _PYTHON.search(lock)
    return (int(found[1]), int(found[2])) if found else OLDEST_PYTHON


def _python_floor(requires_python: str | None) -> tuple[int, int]:
    floors = [(int(major), int(minor)) for major, minor in _FLOOR.findall(requires_python or "")]
    return max([OLDEST_PYTHON, *floors])


def _no_solution(dataset: str, error: UvError) -> DatasetError:
    hint = "check the names and versions under `dependencies` in the script metadata"
    if error.offline:
        hint = "a package index must be reachable to make a lock; try again when it is"
    return DatasetError(
        "build.environment",
        f"the packages could not be resolved:\n{error}",
        where=dataset,
        hint=hint,
        retryable=error.offline,
    )
