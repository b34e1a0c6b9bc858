"""Local Python modules (`modules/`): which files an import means, and all that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from andon.model.dataset import ClockUse
from andon.project.files.facts import ModuleFile


class Modules:
    """The module files of a project, by path."""

    def __init__(self, files: Mapping[str, ModuleFile]) -> None:
        self._files = files
        self._closures: dict[str, frozenset[str]] = {}

    def needed(self, imports: Iterable[str]) -> list[str]:
        """Paths of the modules that `imports` (dotted names) need, those that they import included, sorted."""
        found: set[str] = set()
        for name in imports:
            for path in self._of(name):
                found |= self._closure(path)
        return sorted(found)

    def normal(self, path: str) -> str:
        """Hash of the normal form of the module at `path`."""
        return self._files[path].normal

    def clock(self, path: str) -> ClockUse:
        """What of the clock the module at `path` reads."""
        return self._files[path].clock

    def _of(self, name: str) -> list[str]:
        """The files that importing `name` runs: of each package on the way, and of the module itself."""
        found = []
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            place = "modules/" + "/".join(parts[:end])
            # a package wins over a module of its name
            for path in (f"{place}/__init__.py", f"{place}.py"):
                if path in self._files:
                    found.append(path)
                    break
        return found

    def _closure(self, path: str) -> frozenset[str]:
        known = self._closures.get(path)
        if known is not None:
            return known
        seen: set[str] = set()
        waiting = [path]
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            for use in self._files[here].imports:
                waiting += self._of(use.name)
        result = self._closures[path] = frozenset(seen)
        return result
