"""Folders that stages were packed into, run as somebody else runs them: elsewhere, without Andon, in another time zone and language."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from andon.engines.python.environment import Environment, provide_environment

_TEXTS = (".json", ".md", ".sql", ".py", ".txt", ".yml", "Dockerfile")


@cache
def without_andon(lock: bytes | None = None) -> Environment:
    """An interpreter that finds DuckDB and pytz, or what a lock pins with these, and nothing else that is installed."""
    return provide_environment("kit.none", lock, Path(mkdtemp(prefix="andon-kit-")))


def run_folder(folder: Path, *arguments: str, lock: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """`python run.py` in a folder; `lock` is that of its packages, where it has any of its own."""
    found = without_andon(lock)
    variables = {
        "PYTHONPATH": os.pathsep.join(map(str, found.paths)),
        "PATH": os.defpath,
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "LANG": "tr_TR.UTF-8",
    }
    command = [*found.command, str(folder / "run.py"), *arguments]
    return subprocess.run(command, cwd=folder.parent, env=variables, capture_output=True, encoding="utf-8", check=False)


def text_files(folder: Path) -> dict[str, str]:
    """What stands in the files of a folder that are texts, by path."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name.endswith(_TEXTS))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}
