"""Front matter: settings in YAML in the first comment of a SQL file, `/*--- … ---*/`, so that the file still runs in any SQL tool."""

from __future__ import annotations

import re

from andon.base.record import Record, replace
from andon.base.text import line_and_column
from andon.project.files.fields import read_fields
from andon.project.files.nodes import FileFlaw, Flawed, PlacedValue
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec
from andon.project.files.yaml_nodes import parse_yaml

_OPEN = "/*---"
_CLOSE = "---*/"
_BEFORE = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z))*")
_LATER = re.compile(r"^[ \t]*/\*---", re.MULTILINE)


class FrontMatter(Record):
    """Where front matter lies in a text: the YAML between the marks, and the line on which it begins."""

    yaml: str
    first_line: int


def find_front_matter(text: str) -> FrontMatter | None:
    """The front matter of `text`, or None.

    Raises:
        Flawed: `project.front_matter` if it is not closed, holds comment marks, or is not the first thing in the file.
    """
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    if not text.startswith(_OPEN, start):
        late = _LATER.search(text)
        if late is not None:
            raise _flawed(
                text, late.end() - len(_OPEN), "front matter must be the first thing in the file", "move it to the top"
            )
        return None
    inside = start + len(_OPEN)
    end = text.find("*/", inside)
    if end < 0:
        raise _flawed(text, start, "front matter is not closed", f"end it with `{_CLOSE}`")
    opening = text.find("/*", inside)
    if 0 <= opening < end:
        raise _flawed(text, opening, "`/*` inside of front matter begins a comment", "leave it out, or write `/ *`")
    if not text.endswith("---", inside, end):
        if text.find(_CLOSE, end + 2) >= 0:
            raise _flawed(text, end, "`*/` inside of front matter ends the comment", "leave it out, or write `* /`")
        raise _flawed(text, end, f"front matter ends with `*/` and not with `{_CLOSE}`", f"write `{_CLOSE}`")
    content = text[inside : end - 3]
    # the YAML's first line is what follows the mark on its line: blanks keep its columns right
    return FrontMatter(" " * (inside - (text.rfind("\n", 0, inside) + 1)) + content, text.count("\n", 0, inside) + 1)


def read_front_matter(text: str, file: str) -> DeclaredFields:
    """What the front matter of a dataset's file declares; flaws are in it, never raised."""
    node, flaws = _node(text)
    return _with(DeclaredFields() if node is None else read_fields(node, file), flaws)


def read_other_front_matter(text: str, file: str, fields: tuple[FieldSpec, ...]) -> DeclaredFields:
    """What the front matter of another file declares, by its own table of `fields`."""
    node, flaws = _node(text)
    return _with(DeclaredFields() if node is None else FieldReader(file).read(node, fields), flaws)


def _with(declared: DeclaredFields, flaws: list[FileFlaw]) -> DeclaredFields:
    return replace(declared, flaws=(*flaws, *declared.flaws)) if flaws else declared


def _node(text: str) -> tuple[PlacedValue | None, list[FileFlaw]]:
    try:
        found = find_front_matter(text)
    except Flawed as flawed:
        return None, [flawed.flaw]
    if found is None or not found.yaml.strip():
        return None, []
    return parse_yaml(found.yaml, found.first_line)


def _flawed(text: str, offset: int, message: str, hint: str) -> Flawed:
    line, column = line_and_column(text, offset)
    return Flawed(FileFlaw("project.front_matter", message, line, column, hint))
