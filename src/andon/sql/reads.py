"""Where a text reads files: the range of each call, its paths and options, and texts with those ranges replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.names import quote
from andon.model.dataset import FileRead
from andon.sql.names import words
from andon.sql.tokens import SqlToken, closing, tokens
from andon.sql.uses import SqlProblem

_BY_ENDING = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
    ".parquet": "read_parquet",
    ".xlsx": "read_xlsx",
}

#: Words that can follow a table expression and are no alias.
_AFTER_TABLE = words(
    """where group having order limit offset qualify window union intersect except join left right inner full cross natural semi
    anti asof positional on using tablesample pivot unpivot select from pivot_wider pivot_longer at lateral"""
)


def reader_of(path: str) -> str | None:
    """The table function by which the engine reads a bare file name, or None."""
    name = path.lower()
    for packed in (".gz", ".zst"):
        name = name.removesuffix(packed)
    return next((reader for ending, reader in _BY_ENDING.items() if name.endswith(ending)), None)


def find_read(text: str, offset: int, function: str, arguments: Sequence[dict[str, Any]]) -> FileRead | SqlProblem:
    """The read whose call stands at `offset` of `text`, or what is wrong with it. `arguments` are those of the tree."""
    end = closing(text, offset)
    patterns = _patterns(arguments[0]) if arguments else None
    if end is None or not patterns:
        message = f"`{function}` needs the path as a plain text"
        hint = (
            f"`{function}('data/file.csv')`, a glob, or a list of such texts: what is read must be known before it runs"
        )
        return SqlProblem("project.refused_sql", message, offset, hint)
    options = []
    for part in _arguments(text, offset)[1:]:
        equal = next((at for at, token in enumerate(part) if token.text in ("=", ":=", "=>")), None)
        if equal != 1 or len(part) < 3:
            message = f"`{function}` takes one path and options by name"
            hint = f"`{function}(['a.csv', 'b.csv'])` reads several files; an option is `name = value`"
            return SqlProblem("project.refused_sql", message, part[0].start if part else offset, hint)
        options.append((part[0].name, text[part[2].start : part[-1].end]))
    return FileRead(function, patterns, tuple(options), offset, end)


def replace_reads(sql: str, reads: Sequence[FileRead], replacements: Sequence[str]) -> str:
    """`sql` with the range of each read replaced by a table expression.

    References stay valid: where the text gave no alias, the one that the engine gives (the function's name, or the file's name
    without folder and ending) is added.
    """
    out, last = [], 0
    for read, replacement in sorted(zip(reads, replacements, strict=True), key=lambda pair: pair[0].start):
        out.append(sql[last : read.start])
        out.append(replacement)
        if not _has_alias(sql, read.end):
            out.append(f" AS {quote(_implicit_alias(sql, read))}")
        last = read.end
    out.append(sql[last:])
    return "".join(out)


def _patterns(argument: dict[str, Any]) -> tuple[str, ...] | None:
    """The texts of a literal or of a list of literals."""
    if argument.get("class") == "CONSTANT":
        value = argument["value"]
        if value["type"]["id"] != "VARCHAR" or value["is_null"] or argument.get("alias"):
            return None
        return (str(value.get("value", "")),)
    if argument.get("function_name") != "list_value":
        return None
    found: list[str] = []
    for child in argument.get("children", ()):
        inner = _patterns(child) if child.get("class") == "CONSTANT" else None
        if inner is None:
            return None
        found.extend(inner)
    return tuple(found)


def _arguments(text: str, offset: int) -> list[list[SqlToken]]:
    """The tokens of each argument of the call at `offset`."""
    parts: list[list[SqlToken]] = [[]]
    depth = 0
    for token in tokens(text, offset):
        mark = token.text if token.kind == "mark" else ""
        if mark and mark in ")]}":
            depth -= 1
            if depth == 0:
                break
        if depth == 1 and mark == ",":
            parts.append([])
        elif depth >= 1:
            parts[-1].append(token)
        if mark and mark in "([{":
            depth += 1
    return parts


def _has_alias(sql: str, end: int) -> bool:
    following = next(tokens(sql, end), None)
    if following is None:
        return False
    if following.kind in ("quoted", "string"):
        return True
    return following.kind == "word" and following.word not in _AFTER_TABLE


def _implicit_alias(sql: str, read: FileRead) -> str:
    if sql[read.start] in "'\"":
        name = read.patterns[0].replace("\\", "/").rsplit("/", 1)[-1]
        return name.split(".", 1)[0] if "." in name else name
    return read.function
