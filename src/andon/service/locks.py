"""Locks of Python datasets and analyses: pin their packages with hashes, in a requirements file beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.files import write_whole
from andon.base.names import did_you_mean
from andon.engines.python.lock import make_lock
from andon.errors import Problem, ProjectError, UsageError
from andon.model.lock import pins_of, simple_name
from andon.project.files.analyses import FOLDER, read_analysis
from andon.project.files.nodes import Flawed
from andon.project.files.packages import LockInputs, lock_inputs
from andon.service.analysis_code import folder_analyses

if TYPE_CHECKING:
    from pathlib import Path

    from andon.workspace.workspace import Workspace


class Locked(Document):
    """A lock that was looked at: `status` is `written`, `unchanged` or `no packages`."""

    dataset: str
    file: str
    status: str
    packages: int


def _keep(workspace: Workspace, name: str, text: str) -> None:
    """Make the environment of a lock, and keep its wheels, where the settings want that.

    Raises:
        DatasetError: `build.environment`: a package can't be kept, or could not be installed.
    """
    if not workspace.settings.get("python.keep_packages"):
        return
    from andon.engines.python.environment import provide_environment
    from andon.workspace.engine_settings import python_settings

    own = python_settings(workspace.settings, workspace.folder, workspace.lake.packages)
    provide_environment(name, text.encode(), own.environments, packages=own.packages)


def lock(workspace: Workspace, names: tuple[str, ...] = (), upgrade: bool = False) -> list[Locked]:
    """Write the locks of Python datasets, of sources in Python and of analyses (all, or those in `names`).

    Args:
        upgrade: pin anew although the lock fits.

    Raises:
        UsageError: `usage.bad_argument` for a name that is no Python dataset.
        DatasetError: `build.environment` when the packages can't be resolved, or can't be kept.
    """
    found = [path for folder in ("datasets", "sources") for path in sorted((workspace.root / folder).glob("*/*.py"))]
    files = {f"{path.parent.name}.{path.stem}": path for path in found}
    files |= {f"{FOLDER}/{name}": workspace.root / path for name, path in folder_analyses(workspace.root).items()}
    for name in names:
        if name not in files:
            raise UsageError(
                "usage.bad_argument",
                f"`{name}` is not written in Python",
                where=name,
                hint=did_you_mean(name, files)
                or "files in Python are `datasets/<schema>/<name>.py`, `sources/<schema>/<name>.py` and those in `analyses/`",
            )
    results = []
    for name, path in files.items():
        if names and name not in names:
            continue
        try:
            wanted = _wanted(path, place := path.relative_to(workspace.root).as_posix())
        except Flawed as error:
            raise ProjectError.of([Problem(error.code, error.message, place, hint=error.hint)]) from error
        target = path.with_suffix(".lock.txt")
        shown = target.relative_to(workspace.root).as_posix()
        if not wanted.dependencies:
            results.append(Locked(name, shown, "no packages", 0))
            continue
        old = target.read_text(encoding="utf-8") if target.exists() else ""
        if not upgrade and f"# inputs: {wanted.digest}" in old.splitlines():
            _keep(workspace, name, old)
            results.append(Locked(name, shown, "unchanged", _packages(old)))
            continue
        earlier = None if upgrade or not old else old
        text = make_lock(name, wanted.dependencies, wanted.digest, wanted.requires_python, earlier)
        write_whole(target, text.encode())
        _keep(workspace, name, text)
        results.append(Locked(name, shown, "written", _packages(text)))
    return results


def _packages(text: str) -> int:
    """How many packages a lock pins: one that differs between systems counts once."""
    return len({simple_name(pin.name) for pin in pins_of(text)})


def _wanted(path: Path, place: str) -> LockInputs:
    """What a file asks for.

    Raises:
        ProjectError: it can't be read.
    """
    if place.startswith(f"{FOLDER}/"):
        return read_analysis(place, path.read_bytes()).packages
    return lock_inputs(path.read_text(encoding="utf-8"))
