"""Paths inside a project, as texts."""

from __future__ import annotations

import re
from collections.abc import Collection

#: What no path inside a project has: a part that is empty or begins with a point (`..`, `.git`), and NUL.
_NOT_INSIDE = re.compile(r"(?:\A|/)(?:\.|/|\Z)|\0")
#: One of these is in lines of paths where one of them is not inside; it may also be in those of which each is.
_SIGNS = ("/.", "//", "/\n", "\n.", "\n/", "\n\n", "\0")


def is_inside(path: str) -> bool:
    """Whether a path is relative, without `..`, and names nothing hidden."""
    return _NOT_INSIDE.search(path) is None


def first_outside(paths: Collection[str]) -> str | None:
    """The first of many paths that is not inside, or None; they are looked at all together first."""
    text = "\n".join(["", *paths, ""])
    if not any(sign in text for sign in _SIGNS):
        return None
    return next((path for path in paths if not is_inside(path)), None)


def is_at(path: str, place: str) -> bool:
    """Whether a path inside the project is `place`, or lies below it; `.` and "" are the whole project."""
    wanted = place.removeprefix("./").rstrip("/")
    return wanted in ("", ".") or path == wanted or path.startswith(f"{wanted}/")
