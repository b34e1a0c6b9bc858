"""`andon.toml`: parsed, with the place of everything that is wrong in it."""

from __future__ import annotations

import re
from typing import Any

from andon.errors import Problem
from andon.project.files.problems import at_place
from andon.settings.project_tables import check_tables

_AT = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")
_DEEPEST = 20
#: A key or a table of more parts than any has that means something.
_DEEP_KEY = re.compile(r"(?m)^[ \t]*\[{0,2}(?:[^\n.=#]*\.){20}")
_HEADER = re.compile(r"\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(?:#.*)?\Z")


def read_toml(path: str, text: str) -> tuple[dict[str, Any], list[Problem]]:
    """The values of an `andon.toml`, and what is wrong with it. Without a value where it can't be parsed."""
    if all(not line.strip() or line.lstrip().startswith("#") for line in text.split("\n")):
        return {}, []  # the usual file: the defaults are right, and the parser need not be imported
    import tomllib

    from msgspec import to_builtins

    deep = _DEEP_KEY.search(text)
    if deep is not None:
        line = text.count("\n", 0, deep.start()) + 1
        return {}, [at_place(path, text, line, 1, "project.bad_toml", "the values are nested too deeply")]
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return {}, [_syntax(path, text, str(error))]
    except RecursionError:
        return {}, [at_place(path, text, 1, 1, "project.bad_toml", "the values are nested too deeply")]
    if _is_deep(values):
        return {}, [at_place(path, text, 1, 1, "project.bad_toml", "the values are nested too deeply")]
    problems = []
    for found in check_tables(values):
        line, column = find_key(text, found.path)
        problems.append(at_place(path, text, line, column, found.code, found.message, found.hint))
    return to_builtins(values), problems


def _is_deep(values: Any) -> bool:
    level = [values]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
    return bool(level)


def find_key(text: str, path: tuple[str, ...]) -> tuple[int, int]:
    """Line and column where the key `path` stands in TOML; the top where it can't be found."""
    wanted = ".".join(path)
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = _HEADER.match(line)
        if header is not None:
            table = _plain(header["name"])
            if table == wanted or table.startswith(wanted + "."):
                return number, line.index("[") + 1
            continue
        key, equal, rest = line.partition("=")
        if not equal or key.strip().startswith("#"):
            continue
        full = f"{table}.{_plain(key)}" if table else _plain(key)
        column = len(line) - len(line.lstrip()) + 1
        if full == wanted or full.startswith(wanted + "."):
            return number, column
        if wanted.startswith(full + ".") and rest.lstrip().startswith("{"):
            last = re.search(rf"\b{re.escape(path[-1])}\b", rest)
            return number, len(key) + 2 + last.start() if last else column
    return 1, 1


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.strip().split("."))


def _syntax(path: str, text: str, message: str) -> Problem:
    match = _AT.search(message)
    plain = _AT.sub("", message)
    plain = plain[:1].lower() + plain[1:]
    if match is None or match["line"] is None:
        line, column = text.count("\n") + 1, 1
    else:
        line, column = int(match["line"]), int(match["column"])
    hint = "texts stand in quotes" if "invalid value" in plain else None
    return at_place(path, text, line, column, "project.bad_toml", plain, hint)
