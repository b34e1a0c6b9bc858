"""Paths inside a project, as texts."""

from __future__ import annotations

import re

#: What no path inside a project has: a part that is empty or begins with a point (`..`, `.git`), and NUL.
_NOT_INSIDE = re.compile(r"(?:\A|/)(?:\.|/|\Z)|\0")


def is_inside(path: str) -> bool:
    """Whether a path is relative, without `..`, and names nothing hidden."""
    return _NOT_INSIDE.search(path) is None


def is_at(path: str, place: str) -> bool:
    """Whether a path inside the project is `place`, or lies below it; `.` and "" are the whole project."""
    wanted = place.removeprefix("./").rstrip("/")
    return wanted in ("", ".") or path == wanted or path.startswith(f"{wanted}/")
