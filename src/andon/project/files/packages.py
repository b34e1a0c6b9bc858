"""Packages of a Python dataset: PEP 723 script metadata, and what a lock is made from."""

from __future__ import annotations

import re

from andon.base.hashing import content_id
from andon.base.record import Record
from andon.model.lock import MARKER, NAME
from andon.project.files.nodes import FileFlaw, Flawed

_OPENING = re.compile(r"^# /// (?P<type>[a-zA-Z0-9-]+)[ \t]*\r?$", re.MULTILINE)
_CLOSING = re.compile(r"^# ///[ \t]*\r?$")
_VERSION = r"(?:[<>=!~]{1,3}[ \t]*[A-Za-z0-9.*+!_-]++[ \t]*)"
_REQUIREMENT = re.compile(
    rf"[ \t]*{NAME}[ \t]*(?:\[[A-Za-z0-9._, \t-]*\])?[ \t]*(?P<open>\()?[ \t]*(?:{_VERSION}(?:,[ \t]*{_VERSION})*)?"
    rf"(?(open)\))[ \t]*(?:;{MARKER})?"
)


class LockInputs(Record):
    """What a lock is made from.

    Attributes:
        dependencies: as written, sorted, without doubles.
        requires_python: as written (`>=3.12`), or None.
        digest: stands in the head of the lock (`# inputs: …`).
    """

    dependencies: tuple[str, ...]
    requires_python: str | None
    digest: str


def lock_inputs(text: str) -> LockInputs:
    """What the script metadata in `text`, the text of a Python file, asks for; nothing if there is none.

    Raises:
        Flawed: `project.bad_python` with its place, if the metadata can't be read.
    """
    block = _block(text)
    if block is None:
        return _inputs((), None)
    content, first_line = block
    import tomllib

    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise _located(str(error), first_line) from None
    dependencies = values.get("dependencies", [])
    python = values.get("requires-python")
    if not isinstance(dependencies, list) or not all(isinstance(d, str) for d in dependencies):
        raise _bad("`dependencies` must be a list of texts", _line_of(content, "dependencies", first_line))
    for dependency in dependencies:
        if not _REQUIREMENT.fullmatch(dependency):
            message = f"`{dependency}` is not the name of a package with versions"
            if "@" in dependency:
                message = (
                    f"`{dependency}` names a place to install from; packages come from the index, with their versions"
                )
            raise _bad(message, _line_of(content, dependency, first_line), "for example `scipy>=1.11`")
    if python is not None and not isinstance(python, str):
        raise _bad(
            "`requires-python` must be a text", _line_of(content, "requires-python", first_line), 'like ">=3.11"'
        )
    return _inputs(tuple(sorted(set(dependencies))), python)


def without_package(found: LockInputs, name: str) -> LockInputs:
    """`found` without the package `name`, which whoever reads it has without a lock."""
    kept = tuple(
        each for each in found.dependencies if not re.match(rf"[ \t]*{re.escape(name)}(?![A-Za-z0-9._-])", each)
    )
    return found if kept == found.dependencies else _inputs(kept, found.requires_python)


def _inputs(dependencies: tuple[str, ...], python: str | None) -> LockInputs:
    return LockInputs(dependencies, python, content_id([list(dependencies), python]))


def _block(text: str) -> tuple[str, int] | None:
    """Content of the `script` block and the line on which it begins."""
    openings = [match for match in _OPENING.finditer(text) if match["type"] == "script"]
    if not openings:
        return None
    first_line = text.count("\n", 0, openings[0].start()) + 2
    if len(openings) > 1:
        line = text.count("\n", 0, openings[1].start()) + 1
        raise _bad("there are two `# /// script` blocks", line, "keep one of them")
    content: list[str] = []
    closed = False
    for line_text in text[openings[0].end() :].lstrip("\r").removeprefix("\n").split("\n"):
        written = line_text.rstrip("\r")
        if _CLOSING.match(written):
            closed = True
            break
        if written != "#" and not written.startswith("# "):
            break
        content.append(written[2:])
    if not closed:
        raise _bad("the block `# /// script` is not closed", first_line - 1, "end it with a line `# ///`")
    return "\n".join(content), first_line


def _line_of(content: str, word: str, first_line: int) -> int:
    at = content.find(word)
    return first_line + (content.count("\n", 0, at) if at >= 0 else 0)


def _located(message: str, first_line: int) -> Flawed:
    match = re.search(r" \(at line (\d+), column (\d+)\)", message)
    plain = re.sub(r" \(at .*\)$", "", message)
    line = first_line + (int(match[1]) - 1 if match else 0)
    column = int(match[2]) + 2 if match else 1
    flaw = FileFlaw(
        "project.bad_python", f"the script metadata is not TOML: {plain}", line, column, 'dependencies = ["scipy"]'
    )
    return Flawed(flaw)


def _bad(message: str, line: int, hint: str | None = None) -> Flawed:
    return Flawed(FileFlaw("project.bad_python", message, line, 1, hint))
