"""What runs a stage without Andon: files of this package that know nothing of it."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING

from andon.engines.bundle.environment import bill_of_materials, conda_environment, dockerfile, pinned

if TYPE_CHECKING:
    from andon.engines.bundle.folder import BundleFolder

_HERE = Path(__file__).resolve().parent
#: Of what runs a stage, what one of SQL needs.
_OF_SQL = ("duckdb", "pytz")
#: Of stages in Python: what the child process of a dataset is.
_PYTHON = Path(__file__).resolve().parent.parent / "python" / "child"


def own_requirements() -> str:
    """The lock of what runs a stage: each pin with its hashes."""
    return (_HERE / "requirements.txt").read_text(encoding="utf-8")


def stage_requirements(lock: str | None, *, is_python: bool) -> str:
    """The lock of a stage: what its own lock pins, and of what runs it what that lacks."""
    own = own_requirements()
    parts = [part for part in re.split(r"^(?=[A-Za-z0-9])", own, flags=re.MULTILINE) if "==" in part]
    named = {part.partition("==")[0]: part for part in parts}
    if lock is None:
        wanted = named if is_python else {name: named[name] for name in _OF_SQL}
        return "".join(wanted.values())
    there = {each.name.lower().replace("_", "-") for each in pinned(lock)}
    return lock.rstrip("\n") + "\n" + "".join(part for name, part in named.items() if name not in there)


def pack_own_files(folder: BundleFolder, *, is_python: bool) -> None:
    """Pack what runs a stage."""
    child = _HERE / "child"
    folder.text("run.py", (child / "run.py").read_bytes())
    for path in sorted(child.glob("_andon_*.py")):
        folder.text(f"engine/{path.name}", path.read_bytes())
    if is_python:
        for path in sorted(_PYTHON.glob("_andon_*.py")):
            name = "shim/andon.py" if path.name == "_andon_shim.py" else path.name
            folder.text(f"engine/{name}", path.read_bytes())


def pack_environment(
    folder: BundleFolder, dataset: str, version: str | None, lock: str, python: str | None, *, offline: bool
) -> None:
    """Pack what a stage needs, the packages of `lock`, in several forms; with `offline` their wheels, too.

    Args:
        python: the version that it was made by; None: the one that packs it.

    Raises:
        DatasetError: `build.environment` where wheels can't be had.
    """
    from andon.engines.python.wheels import download_wheels

    version_of_python = python or platform.python_version()
    folder.text("env/requirements.txt", lock)
    folder.text("env/environment.yml", conda_environment(dataset, version_of_python))
    folder.text("env/Dockerfile", dockerfile(version_of_python, offline=offline))
    folder.text("env/packages.cdx.json", bill_of_materials(dataset, version, lock))
    if offline:
        download_wheels(dataset, lock, folder.root / "env" / "wheels")
