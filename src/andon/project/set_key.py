"""Sets a key of one plain value in front matter or a source in YAML, by changing text: comments, layout and all else stay as they are."""

from __future__ import annotations

import ast
import re

from andon.base.record import values_of
from andon.base.text import byte_to_character
from andon.errors import ProjectError
from andon.project.files.facts import DatasetFacts, DatasetKeys
from andon.project.files.front_matter import find_front_matter, read_front_matter
from andon.project.files.nodes import FileFlaw, Flawed
from andon.project.files.python_source import read_python_source, source_decorator
from andon.project.files.reading import DeclaredFields
from andon.project.files.rest import read_rest_text

_OPEN = "/*---"
_CLOSE = "---*/"


def set_key(path: str, text: str, key: str, value: int | str) -> str:
    """The text of a file with `key: value` in it: in the front matter of SQL, which is made where there is none, or among the keys of YAML.

    Raises:
        ProjectError: `project.cannot_add` if the front matter can't be read, or is written in another form than one key a line.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    line = f"{key}={value}" if path.endswith(".py") else f"{key}: {value}"
    try:
        found = find_front_matter(text) if path.endswith(".sql") else None
        if path.endswith(".py"):
            made = _in_python(path, text, key, value)
        elif not path.endswith(".sql"):
            changed, count = re.subn(rf"(?m)^{key}:[^\r\n]*", line, text)
            made = changed if count else f"{text.rstrip()}{end}{line}{end}"
        elif found is None:
            made = end.join([_OPEN, line, _CLOSE, text])
        else:
            inside = text.index(_OPEN) + len(_OPEN)
            close = text.index(_CLOSE, inside)
            block = text[inside:close]
            changed, count = re.subn(rf"(?m)^{key}:[^\r\n]*", line, block)
            made = text[:inside] + (changed if count else f"{block.rstrip()}{end}{line}{end}") + text[close:]
        said = _said(made, path)
    except Flawed as flawed:
        raise _refused(path, line, flawed.flaw.message) from flawed
    before = {k: v for k, v in _said(text, path).values.items() if k != key}
    if said.flaws or said.values != {**before, key: value}:
        raise _refused(path, line, "it is written in a form that nothing can be added to")
    return made


def _said(text: str, path: str) -> DeclaredFields:
    if path.endswith(".py"):
        facts = read_python_source(path, text)
        flaws = tuple(FileFlaw(p.code, p.message, p.line, p.column) for p in facts.problems)
        keys = facts.said.keys if isinstance(facts.said, DatasetFacts) else DatasetKeys()
        return DeclaredFields(values_of(keys), flaws=flaws)
    return read_front_matter(text, path) if path.endswith(".sql") else read_rest_text(path, text)


def _in_python(path: str, text: str, key: str, value: int | str) -> str:
    """The text with an argument more, or another one, of the mark."""
    mark = source_decorator(path, text)
    if mark is None:
        return text
    lines = text.split("\n")

    def place(line: int, offset: int) -> int:
        return sum(len(each) + 1 for each in lines[: line - 1]) + byte_to_character(lines[line - 1], offset)

    end = place(mark.end_lineno or 1, mark.end_col_offset or 0)
    written = f"{key}={value!r}"
    if not isinstance(mark, ast.Call):
        return f"{text[:end]}({written}){text[end:]}"
    given = next((each for each in mark.keywords if each.arg == key), None)
    if given is not None:
        last = place(given.value.end_lineno or 1, given.value.end_col_offset or 0)
        return text[: place(given.lineno, given.col_offset)] + written + text[last:]
    before = text[: end - 1].rstrip()
    apart = "" if before.endswith("(") else " " if before.endswith(",") else ", "
    return f"{before}{apart}{written}{text[end - 1 :]}"


def _refused(path: str, line: str, why: str) -> ProjectError:
    message = f"`{line}` can't be written into the file: {why}"
    return ProjectError("project.cannot_add", message, where=path, hint=f"write `{line}` into it by hand")
