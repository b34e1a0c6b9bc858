"""Takes one check out of the file of a dataset, by taking out its line: all else stays as it is. What was made is read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.errors import ProjectError
from andon.model.dataset import CheckLine
from andon.project.add_checks import said_by
from andon.project.files.nodes import Flawed


def drop_check(path: str, text: str, check: CheckLine) -> str | None:
    """The text of a file without one of its checks; None where that does not stand on a line of its own.

    Args:
        check: as the file has it, its place included.
    """
    try:
        before = said_by(path, text)
    except (Flawed, ProjectError):
        return None
    known = list(before.get("checks", ()))
    at = next((n for n, each in enumerate(known) if _is(each, check)), None)
    if at is None:
        return None
    wanted = _told([*known[:at], *known[at + 1 :]])
    for made in _without(text.split("\n"), check.line):
        try:
            after = said_by(path, made)
        except (Flawed, ProjectError):
            continue
        others = {key: value for key, value in after.items() if key != "checks"}
        if others == {k: v for k, v in before.items() if k != "checks"} and _told(after.get("checks", ())) == wanted:
            return made
    return None


def _without(lines: Sequence[str], line: int) -> Iterator[str]:
    """The lines without one, and without the one before it that it was alone under."""
    yield "\n".join([*lines[: line - 1], *lines[line:]])
    if line > 1 and lines[line - 2].strip() in ("checks: |", "checks: |-", "checks:"):
        yield "\n".join([*lines[: line - 2], *lines[line:]])


def _is(one: CheckLine, other: CheckLine) -> bool:
    return (one.text, one.for_column, one.line) == (other.text, other.for_column, other.line)


def _told(checks: Sequence[CheckLine]) -> list[tuple[str, str | None]]:
    return [(each.text, each.for_column) for each in checks]
