"""Adds lines to the checks that a dataset's file declares, by inserting text: comments, layout and all else stay as they are.

What was made is read again. Unless it says exactly what it said before and the new lines, nothing is given out.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.record import values_of
from andon.base.text import byte_to_character
from andon.errors import ProjectError
from andon.model.dataset import CheckLine
from andon.project.files.facts import DatasetFacts
from andon.project.files.front_matter import FrontMatter, find_front_matter, read_front_matter
from andon.project.files.nodes import Flawed, PlacedValue
from andon.project.files.python import DatasetReader, marked, read_python_dataset
from andon.project.files.python_source import read_python_source, source_decorator
from andon.project.files.rest import read_rest_text
from andon.project.files.yaml_nodes import parse_yaml

_OPEN = "/*---"
_CLOSE = "---*/"


def add_checks(path: str, text: str, lines: Sequence[str]) -> str:
    """The text of a dataset's file with `lines` added to its checks.

    Args:
        path: project path; its ending says whether it is SQL or Python.

    Raises:
        ProjectError: `project.cannot_add` if the file can't be read, or its checks are written in a form that can't be added to.
    """
    if not lines:
        return text
    if not path.endswith((".sql", ".py", ".yml", ".yaml")):
        raise _refused(path, lines, "only SQL, Python and YAML files can be added to")
    end = "\r\n" if "\r\n" in text else "\n"
    try:
        before = said_by(path, text)
        made = _made(path, text, lines, end)
        after = said_by(path, made) if made is not None else None
    except Flawed as flawed:
        raise _refused(path, lines, flawed.flaw.message) from flawed
    if made is None or after is None or not _is_that_and(before, after, lines):
        raise _refused(path, lines, "its checks are written in a form that nothing can be added to")
    return made


def _made(path: str, text: str, lines: Sequence[str], end: str) -> str | None:
    if path.endswith(".py"):
        return _to_python(path, text, lines, end)
    return _to_sql(text, lines, end) if path.endswith(".sql") else _to_yaml(text, lines, end)


def _is_source(path: str) -> bool:
    return path.startswith("sources/")


def _refused(path: str, lines: Sequence[str], why: str) -> ProjectError:
    shown = "; ".join(f"`{line}`" for line in lines)
    return ProjectError(
        "project.cannot_add",
        f"the checks can't be written into the file: {why}",
        where=path,
        hint=f"write `checks: |` with one check per line, or add by hand: {shown}",
    )


# -- what a file says


def said_by(path: str, text: str) -> Mapping[str, Any]:
    """What the file declares, and its code, by key.

    Raises:
        Flawed: it can't be read.
    """
    if path.endswith(".py"):
        facts = (read_python_source if _is_source(path) else read_python_dataset)(path, text)
        for problem in facts.problems:
            raise ProjectError(problem.code, problem.message, where=problem.where, hint=problem.hint)
        assert isinstance(facts.said, DatasetFacts)  # without problems it is one
        keys = facts.said.keys
        return {**values_of(keys), "": facts.said.normal}
    declared = read_front_matter(text, path) if path.endswith(".sql") else read_rest_text(path, text)
    for flaw in declared.flaws:
        raise Flawed(flaw)
    if not path.endswith(".sql"):
        return dict(declared.values)
    found = find_front_matter(text)
    rest = text if found is None else text[text.index("*/", _opening(text, found)) :].removeprefix("*/").lstrip()
    return {**declared.values, "": rest if found is not None else rest.lstrip()}


def _is_that_and(before: Mapping[str, Any], after: Mapping[str, Any], lines: Sequence[str]) -> bool:
    """Whether `after` says what `before` said, and `lines`; the earlier checks in their order."""
    if {k: v for k, v in before.items() if k != "checks"} != {k: v for k, v in after.items() if k != "checks"}:
        return False
    remaining = _texts(after.get("checks", ()))
    for line in lines:
        if (line, None) not in remaining:
            return False
        remaining.remove((line, None))
    return remaining == _texts(before.get("checks", ()))


def _texts(checks: Sequence[CheckLine]) -> list[tuple[str, str | None]]:
    return [(check.text, check.for_column) for check in checks]


# -- SQL


def _opening(text: str, found: FrontMatter) -> int:
    """Where the mark that opens the front matter begins."""
    start = 0
    for _ in range(found.first_line - 1):
        start = text.index("\n", start) + 1
    return text.index(_OPEN, start)


def _to_sql(text: str, lines: Sequence[str], end: str) -> str | None:
    found = find_front_matter(text)
    if found is None:
        return end.join([_OPEN, "checks: |", *(f"  {line}" for line in lines), _CLOSE, text])
    root, _ = parse_yaml(found.yaml, found.first_line)
    checks = None if root is None or root.kind != "map" else root.value.get("checks")
    if checks is not None:
        return _to_node(text, checks, root, lines, end)
    if root is not None and root.kind != "map":
        return None
    margin = " " * (root.column - 1) if root is not None else ""
    inside = _opening(text, found) + len(_OPEN)
    close = text.index(_CLOSE, inside)
    block = [f"{margin}checks: |", *(f"{margin}  {line}" for line in lines)]
    return text[:inside] + text[inside:close].rstrip() + end + end.join(block) + end + text[close:]


def _to_yaml(text: str, lines: Sequence[str], end: str) -> str | None:
    root, _ = parse_yaml(text)
    if root is None or root.kind != "map":
        return None
    checks = root.value.get("checks")
    if checks is not None:
        return _to_node(text, checks, root, lines, end)
    return text.rstrip() + end + end.join(["checks: |", *(f"  {line}" for line in lines)]) + end


def _to_node(text: str, checks: PlacedValue, root: PlacedValue | None, lines: Sequence[str], end: str) -> str | None:
    """Into the value that `checks:` has."""
    written = text.split("\n")
    if checks.kind == "list":
        return to_list(written, checks, lines, end)
    if checks.kind != "text":
        return None
    if checks.lines is not None:
        last = _last_line(checks)
        return None if last is None else _after(written, last, [" " * checks.indent + line for line in lines], end)
    content = written[checks.line - 1]
    rest = content[checks.column - 1 :].rstrip()
    if "\n" in checks.raw or rest not in (checks.raw, f'"{checks.raw}"', f"'{checks.raw}'"):
        return None
    margin = " " * ((root.column if root is not None else 1) + 1)
    block = [content[: checks.column - 1] + "|", *(margin + line for line in (checks.raw, *lines))]
    written[checks.line - 1] = end.join(block) + ("\r" if content.endswith("\r") else "")
    return "\n".join(written)


def _last_line(node: PlacedValue) -> int | None:
    """The line of the file that holds the last check of a text of several lines."""
    filled = [number for number, line in enumerate(node.value.split("\n")) if line.strip()]
    return None if not filled or node.lines is None else node.lines + filled[-1]


def to_list(written: list[str], checks: PlacedValue, lines: Sequence[str], end: str) -> str | None:
    """The lines of a file, put together, with texts added to the list `checks`; None where it can't be added to."""
    content = written[checks.line - 1]
    place = checks.column - 1
    if content[place : place + 1] == "[":
        items = ", ".join(_quoted(line) for line in lines) + (", " if checks.value else "")
        written[checks.line - 1] = content[: place + 1] + items + content[place + 1 :]
        return "\n".join(written)
    if not checks.value:
        return None
    last: PlacedValue = checks.value[-1]
    at = last.line if last.lines is None else _last_line(last)
    margin = " " * place
    return None if at is None else _after(written, at, [f"{margin}- {_quoted(line)}" for line in lines], end)


def _after(written: list[str], line: int, added: Sequence[str], end: str) -> str:
    """The text with `added` after the line of that number."""
    carriage = end.removesuffix("\n")
    return "\n".join([*written[:line], *(one + carriage for one in added), *written[line:]])


def _quoted(line: str) -> str:
    """A text in double quotes: the same in YAML, JSON and Python."""
    return json.dumps(line, ensure_ascii=False)


# -- Python


class _Source:
    """Places of a tree's nodes as places of the text."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def start(self, node: ast.expr | ast.keyword) -> int:
        return self._at(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.keyword) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.end_lineno, node.end_col_offset)

    def margin(self, line: int) -> str:
        """The blanks that the line begins with."""
        content = self._lines[line - 1]
        return content[: len(content) - len(content.lstrip())]

    def _at(self, line: int, offset: int) -> int:
        return self._starts[line - 1] + byte_to_character(self._lines[line - 1], offset)


def _to_python(path: str, text: str, lines: Sequence[str], end: str) -> str | None:
    decorator = source_decorator(path, text) if _is_source(path) else marked(DatasetReader, path, text)
    if decorator is None:
        return None
    source = _Source(text)
    if not isinstance(decorator, ast.Call):
        return _with(text, source.end(decorator), f"({_argument(lines, source.margin(decorator.lineno), end)})")
    given = next((keyword for keyword in decorator.keywords if keyword.arg == "checks"), None)
    if given is None:
        return _new_argument(text, source, decorator, lines, end)
    value, margin = given.value, source.margin(given.lineno)
    if isinstance(value, ast.List | ast.Tuple):
        return _to_elements(text, source, value, lines, end)
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return None
    start, stop = source.start(value), source.end(value)
    if "\n" in value.value and "\n" in text[start:stop]:
        return _to_block(text, start, stop, margin, lines, end)
    step = f"{margin}    "
    items = "".join(f",{end}{step}{_quoted(line)}" for line in lines)
    return f"{text[:start]}[{end}{step}{text[start:stop]}{items},{end}{margin}]{text[stop:]}"


def _with(text: str, place: int, added: str) -> str:
    return text[:place] + added + text[place:]


def _argument(lines: Sequence[str], margin: str, end: str) -> str:
    """`checks=` with the lines in triple quotes."""
    block = "".join(f"{margin}    {_escaped(line)}{end}" for line in lines)
    return f'checks="""{end}{block}{margin}"""'


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _new_argument(text: str, source: _Source, call: ast.Call, lines: Sequence[str], end: str) -> str:
    if not call.keywords:
        place = source.end(call) - 1
        return _with(text, place, _argument(lines, source.margin(call.lineno), end))
    last = call.keywords[-1]
    if last.lineno != call.lineno:  # one argument to a line
        margin = source.margin(last.lineno)
        return _with(text, source.end(last), f",{end}{margin}{_argument(lines, margin, end)}")
    return _with(text, source.end(last), f", {_argument(lines, source.margin(call.lineno), end)}")


def _to_elements(text: str, source: _Source, value: ast.List | ast.Tuple, lines: Sequence[str], end: str) -> str | None:
    if not value.elts:
        return _with(text, source.start(value) + 1, ", ".join(_quoted(line) for line in lines) + ",")
    last = value.elts[-1]
    apart = f",{end}{source.margin(last.lineno)}" if last.lineno != value.lineno else ", "
    return _with(text, source.end(last), "".join(apart + _quoted(line) for line in lines))


def _to_block(text: str, start: int, stop: int, margin: str, lines: Sequence[str], end: str) -> str | None:
    """Into a text in triple quotes, after its last line."""
    literal = text[start:stop]
    mark = literal[-3:]
    opening = literal.find(mark)
    if mark not in ('"""', "'''") or opening < 0:
        return None
    is_raw = "r" in literal[:opening].lower()
    inner = literal[opening + 3 : -3]
    kept = inner.rstrip()
    before, _, last = kept.rpartition("\n")
    space = last[: len(last) - len(last.lstrip())] if before or kept.startswith("\n") else f"{margin}    "
    added = "".join(f"{end}{space}{line if is_raw else _escaped(line)}" for line in lines)
    rest = inner[len(kept) :] or f"{end}{margin}"
    return f"{text[: start + opening + 3]}{kept}{added}{rest}{text[stop - 3 :]}"
