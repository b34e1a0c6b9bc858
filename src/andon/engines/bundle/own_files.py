"""What runs a stage without Andon: files of this package that know nothing of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.engines.bundle.folder import BundleFolder

_HERE = Path(__file__).resolve().parent
#: Of stages in Python: what the child process of a dataset is.
_PYTHON = Path(__file__).resolve().parent.parent / "python" / "child"


def own_requirements() -> str:
    """The lock of what runs a stage of SQL: each pin with its hashes."""
    return (_HERE / "requirements.txt").read_text(encoding="utf-8")


def pack_own_files(folder: BundleFolder, lock: str | None, *, is_python: bool) -> None:
    """Pack what runs a stage, and what it needs: the packages of `lock`, or those of a stage of SQL."""
    child = _HERE / "child"
    folder.text("run.py", (child / "run.py").read_bytes())
    for path in sorted(child.glob("_andon_*.py")):
        folder.text(f"engine/{path.name}", path.read_bytes())
    if is_python:
        for path in sorted(_PYTHON.glob("_andon_*.py")):
            name = "shim/andon.py" if path.name == "_andon_shim.py" else path.name
            folder.text(f"engine/{name}", path.read_bytes())
    folder.text("env/requirements.txt", lock or own_requirements())
