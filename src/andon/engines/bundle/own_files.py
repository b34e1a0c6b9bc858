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
#: What `import andon` means there: for datasets, for analyses.
_SHIMS = ("_andon_shim.py", "_andon_analysis_shim.py")
#: Of analyses: what runs them and compares what they make, and what of Andon compares it here, too.
_OUTPUTS = "_andon_outputs.py"
_LIKENESS = ("likeness", "near", "png")
_BASE = Path(__file__).resolve().parent.parent.parent / "base"


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


def pack_own_files(folder: BundleFolder, *, is_python: bool, is_analysis: bool = False) -> None:
    """Pack what runs a stage, or an analysis."""
    child = _HERE / "child"
    folder.text("run.py", (child / "run.py").read_bytes())
    for path in sorted(child.glob("_andon_*.py")):
        if is_analysis or path.name != _OUTPUTS:
            folder.text(f"engine/{path.name}", path.read_bytes())
    for name in _LIKENESS if is_analysis else ():
        text = (_BASE / f"{name}.py").read_text(encoding="utf-8")
        folder.text(f"engine/_andon_{name}.py", text.replace("from andon.base.", "from _andon_"))
    if is_python:
        shim = _SHIMS[is_analysis]
        for path in sorted(_PYTHON.glob("_andon_*.py")):
            name = "shim/andon.py" if path.name == shim else path.name
            if path.name == shim or path.name not in _SHIMS:
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
