"""Front matter: settings in YAML in the first comment of a SQL file, `/*--- … ---*/`, so that the file still runs in any SQL tool."""

from __future__ import annotations

import re

from andon.base.record import Record, replace
from andon.base.text import line_and_column
from andon.project.files.fields import ELSEWHERE, FIELDS, read_fields
from andon.project.files.nodes import FileFlaw, Flawed, PlacedValue
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec
from andon.project.files.yaml_nodes import parse_yaml

_OPEN = "/*---"
_CLOSE = "---*/"
_BEFORE = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z))*")
_LATER = re.compile(r"^[ \t]*/\*---", re.MULTILINE)
#: A comment at the beginning of a line, its text without the marks; and how a mark looks that was meant.
_COMMENT = re.compile(r"^[ \t]*/\*(?P<text>.*?)(?:\*/|\Z)", re.MULTILINE | re.DOTALL)
_MEANT = re.compile(r"[*+=#~ \t]*[-\u2010-\u2015\u2212]{1,}")
_DECORATION = " \t*#|-\u2010\u2011\u2012\u2013\u2014\u2015\u2212+=~"
#: Keys that no comment has on a line of its own but where settings were meant.
_TELLING = frozenset({"checks", "columns", "materialize"})


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
    node, flaws = _node(text, frozenset(known.name for known in FIELDS) | ELSEWHERE.keys())
    return _with(DeclaredFields() if node is None else read_fields(node, file), flaws)


def read_other_front_matter(text: str, file: str, fields: tuple[FieldSpec, ...]) -> DeclaredFields:
    """What the front matter of another file declares, by its own table of `fields`."""
    node, flaws = _node(text, frozenset(known.name for known in fields))
    return _with(DeclaredFields() if node is None else FieldReader(file).read(node, fields), flaws)


def _with(declared: DeclaredFields, flaws: list[FileFlaw]) -> DeclaredFields:
    return replace(declared, flaws=(*flaws, *declared.flaws)) if flaws else declared


def _node(text: str, keys: frozenset[str]) -> tuple[PlacedValue | None, list[FileFlaw]]:
    try:
        found = find_front_matter(text)
        if found is None:
            _refuse_near_miss(text, keys)
    except Flawed as flawed:
        return None, [flawed.flaw]
    if found is None or not found.yaml.strip():
        return None, []
    return parse_yaml(found.yaml, found.first_line)


def _refuse_near_miss(text: str, keys: frozenset[str]) -> None:
    """Refuse a comment that was meant as front matter: what it says would be dropped without a word.

    Such a comment has a line `key: …` with a known key, below a mark that is nearly the right one; or it begins with such a line and
    has more of them; or the key is one that prose has no use for.

    Raises:
        Flawed: `project.front_matter`.
    """
    for comment in _COMMENT.finditer(text):
        lines = [line.strip(_DECORATION).partition(":") for line in comment["text"].splitlines()]
        said = [line for line in lines if any(line)]
        named = [key.strip() for key, colon, _ in said if colon and key.strip() in keys]
        if not named:
            continue
        is_meant = _MEANT.match(comment["text"]) is not None
        begins = len(named) > 1 and said[0][0].strip() in keys
        if is_meant or begins or not _TELLING.isdisjoint(named):
            offset = comment.start("text") - 2
            raise _flawed(
                text,
                offset,
                f"this comment says `{named[0]}:`, but it is no front matter, so nothing would come of it",
                f"front matter begins with `{_OPEN}` and ends with `{_CLOSE}`; in a comment, leave the colon out",
            )


def _flawed(text: str, offset: int, message: str, hint: str) -> Flawed:
    line, column = line_and_column(text, offset)
    return Flawed(FileFlaw("project.front_matter", message, line, column, hint))
