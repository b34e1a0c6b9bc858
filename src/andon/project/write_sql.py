"""Writes SQL files of a project: a query as somebody wrote it below settings in the house's form. Pure; what was made is read again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from andon.errors import ProjectError
from andon.project.files.front_matter import find_front_matter, read_front_matter
from andon.project.files.nodes import Flawed, PlacedValue
from andon.project.files.reading import DeclaredFields
from andon.project.files.yaml_nodes import parse_yaml

_OPEN = "/*---"
_CLOSE = "---*/"
#: Texts that YAML reads as they stand, whatever comes before or after; and words that it reads as something else.
_PLAIN = re.compile(r"[A-Za-z][\w.@/+-]*(?: [\w.@/+()-]+)*\Z")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"})

#: How front matter is read: the text of a file and its path.
Reader = Callable[[str, str], DeclaredFields]


def yaml_text(text: str) -> str:
    """A text as YAML within front matter, where no comment mark may stand."""
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    written = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False))
    return written.replace("*/", "\\x2a/").replace("/*", "/\\x2a")


def yaml_list(texts: Sequence[str]) -> str:
    """Texts as a list in YAML."""
    return f"[{', '.join(yaml_text(text) for text in texts)}]"


def split_query(text: str) -> tuple[str, str]:
    """The front matter of a text, with what stands before it and the line end after it, and its query.

    Raises:
        ProjectError: front matter that can't be read.
    """
    if find_front_matter(text) is None:
        return "", text
    end = text.index("*/", text.index(_OPEN)) + 2
    rest = text[end:]
    lead = len(rest) - len(rest.lstrip(" \t"))
    for ending in ("\r\n", "\n"):
        if rest.startswith(ending, lead):
            lead += len(ending)
            break
    return text[: end + lead], rest[lead:]


def with_query(text: str, sql: str) -> str:
    """The text of a file with another query; the settings stay. A query that has settings of its own takes the place of both."""
    sql = sql.removeprefix("\ufeff")
    end = "\r\n" if "\r\n" in sql else "\n"
    head, _ = split_query(text)
    own, _ = split_query(sql)
    if own:
        return f"{sql.rstrip()}{end}"
    between = "" if not head or head.endswith("\n") else end
    query = sql.lstrip("\r\n").rstrip()
    return f"{head}{between}{query}{end}"


def with_settings(path: str, text: str, settings: Mapping[str, str | None], read: Reader = read_front_matter) -> str:
    """The text of a SQL file with `settings`: YAML by key, or None for a key that goes; all else stays as it is.

    Args:
        path: of the file, for errors.
        read: reads its front matter.

    Raises:
        ProjectError: with what is wrong in a value; `project.cannot_add` where the front matter is written in another form than one
            key a line.
    """
    if not settings:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    try:
        head, query = split_query(text)
    except Flawed as flawed:
        raise _refused(path, settings, flawed.flaw.message) from flawed
    lines = [f"{key}: {value}" for key, value in settings.items() if value is not None]
    if not head:
        made = end.join([_OPEN, *lines, _CLOSE, text.lstrip("\n")]) if lines else text
    else:
        made = _changed(path, head, settings, end) + query
    if _others(read(made, path), settings) != _others(read(text, path), settings):
        raise _refused(path, settings, "it is written in a form that nothing can be put into")
    return made


def _others(said: DeclaredFields, settings: Mapping[str, str | None]) -> dict[str, Any]:
    """What is said beside `settings`, wherever it stands."""
    found = {key: value for key, value in said.values.items() if key not in settings}
    if "checks" in found:
        found["checks"] = [(check.text, check.for_column) for check in found["checks"]]
    return found


def _changed(path: str, head: str, settings: Mapping[str, str | None], end: str) -> str:
    """Front matter in which some keys are others."""
    found = find_front_matter(head)
    root: PlacedValue | None = None
    if found is not None:
        root, flaws = parse_yaml(found.yaml, found.first_line)
        if flaws:
            raise _refused(path, settings, flaws[0].message)
    lines = head.split("\n")
    if root is not None and (root.kind != "map" or lines[root.line - 1].lstrip().startswith(("{", _OPEN + " {"))):
        raise _refused(path, settings, "its settings are not one key a line")
    margin = " " * (root.column - 1) if root is not None and root.line > 1 else ""
    places = dict(root.keys) if root is not None else {}
    if any(lines[line - 1].lstrip().startswith(_OPEN) for line, _ in places.values()):
        raise _refused(path, settings, "a setting stands on the line of the mark")
    starts = sorted(line for line, _ in places.values())
    close = next(number for number in range(len(lines), 0, -1) if _CLOSE in lines[number - 1])
    carriage = end.removesuffix("\n")
    for key, value in sorted(settings.items(), key=lambda pair: -places.get(pair[0], (0, 0))[0]):
        new = [] if value is None else [f"{margin}{key}: {value}{carriage}"]
        if key in places:
            line = places[key][0]
            following = next((start for start in starts if start > line), close)
            lines[line - 1 : _last(lines, line, following)] = new
    added = [f"{margin}{k}: {v}{carriage}" for k, v in settings.items() if k not in places and v is not None]
    close = next(number for number in range(len(lines), 0, -1) if _CLOSE in lines[number - 1])
    before, mark, after = lines[close - 1].partition(_CLOSE)
    if before.strip():
        raise _refused(path, settings, "its last setting stands on the line of the mark")
    return "\n".join([*lines[: close - 1], *added, f"{mark}{after}", *lines[close:]])


def _last(lines: list[str], line: int, following: int) -> int:
    """The last line of the value of the key on `line`: blanks and comments before the following key belong to that."""
    last = following - 1
    while last > line and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
        last -= 1
    return last


def _refused(path: str, settings: Mapping[str, str | None], why: str) -> ProjectError:
    shown = ", ".join(f"`{key}`" for key in settings)
    message = f"{shown} can't be written into the file: {why}"
    return ProjectError("project.cannot_add", message, where=path, hint="write it by hand, one key a line")
