"""Project files that name a dataset, with another name of it. Pure; what can't be proved to say the same is left to people."""

from __future__ import annotations

import ast
import re

from andon.base.names import is_name_part
from andon.base.text import byte_to_character
from andon.errors import ProjectError
from andon.project.files.layout import Role, spot
from andon.project.files.nodes import Flawed
from andon.project.write_insight import query_of, with_query
from andon.project.write_sql import split_query
from andon.sql.renaming import renamed_table
from andon.sql.spark_names import renamed_spark_table

_SELECTS = frozenset({Role.DATASET_SQL, Role.CHECK, Role.QUERY})
_TEXTS = frozenset({Role.TEST, Role.YAML, Role.PLAYBOOKS, Role.GLOSSARY, Role.SOURCE_REST})
_PYTHON = frozenset({Role.DATASET_PYTHON, Role.SOURCE_PYTHON})


def names_dataset(text: str, name: str) -> bool:
    """Whether a text may name a dataset."""
    return all(part in text.lower() for part in name.split("."))


def renamed_file(path: str, text: str, old: str, new: str) -> str | None:
    """The text of a project file with `new` where it names the dataset `old`; None where nothing proves that it says the same."""
    role = spot(path).role
    if not names_dataset(text, old):
        return text
    if role in _TEXTS:
        return _words(text, old, new)
    if role is Role.INSIGHT:
        return _insight(path, text, old, new)
    if role in _PYTHON:
        return _constants(text, old, new)
    if role is Role.SOURCE_SQL or role in _SELECTS:
        made = renamed_table(text, old, new) if role in _SELECTS else text
        if made is None:
            return None
        try:
            head, query = split_query(made)
        except Flawed:
            return None
        return _words(head, old, new) + query
    if role is Role.SPARK_SQL:
        return renamed_spark_table(text, old, new)
    if role is Role.MACRO:
        return None if _pattern(old).search(text.lower()) else text
    return text


def _pattern(name: str) -> re.Pattern[str]:
    """The name as a whole, a column of it perhaps behind it; in no path and no longer name."""
    return re.compile(rf"(?<![\w./-]){re.escape(name)}(?!\w)")


def _words(text: str, old: str, new: str) -> str:
    return _pattern(old).sub(new, text)


def _insight(path: str, text: str, old: str, new: str) -> str | None:
    """The file of an insight; what its query reads is told by the engine's parser, however it is written."""
    try:
        query = query_of(path, text)
        made = _words(text, old, new)
        if query is None or is_name_part(query):
            return made
        renamed = renamed_table(query, old, new)
        return None if renamed is None else with_query(path, made, renamed)
    except ProjectError:
        return None


def _constants(text: str, old: str, new: str) -> str | None:
    """Python in which texts that are the name, or begin with it as that of a column, are others."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def place(line: int, offset: int) -> int:
        return starts[line - 1] + byte_to_character(lines[line - 1], offset)

    made = text
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    for node in sorted(found, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        start, end = place(node.lineno, node.col_offset), place(node.end_lineno or 1, node.end_col_offset or 0)
        if isinstance(node.value, str) and _pattern(old).search(node.value):
            made = made[:start] + _words(text[start:end], old, new) + made[end:]
    return made
