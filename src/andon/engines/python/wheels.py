"""Wheels of what a lock pins, for where no index can be asked."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from andon.base.files import machine_error
from andon.engines.python.uv_tool import UvError, call_uv
from andon.errors import DatasetError
from andon.model.lock import read_lock


def download_wheels(dataset: str, lock: str, into: Path) -> list[str]:
    """Put the wheels of `lock` for this system and this Python into a folder; gives their names.

    Raises:
        DatasetError: `build.environment` where one can't be had: there is no wheel, or no index can be reached.
        MachineError: the disk.
    """
    pins, _ = read_lock(lock)
    try:
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="andon-wheels-") as folder:
            requirements = Path(folder, "requirements.txt")
            requirements.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
            # uv brings no files without installing them; it does run pip, which does
            pip = [
                "tool",
                "run",
                "--python",
                sys.executable,
                "--from",
                "pip",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
            ]
            pip += [
                "--only-binary",
                ":all:",
                "--require-hashes",
                "--requirement",
                str(requirements),
                "--dest",
                str(into),
            ]
            call_uv(pip, folder=Path(folder))
        return sorted(path.name for path in into.iterdir())
    except UvError as error:
        hint = "leave out `--offline`: the packages are then asked for where the folder is run"
        if error.offline:
            hint = "a package index must be reachable to pack packages; try again when it is, or leave out `--offline`"
        message = f"the wheels could not be had:\n{error}"
        raise DatasetError("build.environment", message, where=dataset, hint=hint, retryable=error.offline) from error
    except OSError as error:
        raise machine_error(error, "keep the wheels of packages") from error
