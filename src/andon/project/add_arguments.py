"""Adds arguments to the mark of a dataset or source in Python, `@dataset(…)`: those that it does not have; all else stays as it is."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from andon.base.text import byte_to_character
from andon.model.dataset import ColumnSpec
from andon.project.files.python import DatasetReader, marked
from andon.project.files.python_source import source_decorator


def add_arguments(path: str, text: str, settings: Mapping[str, Any]) -> str | None:
    """The text with an argument for each of `settings`; None where one is there already, or there is no mark."""
    mark = source_decorator(path, text) if path.startswith("sources/") else marked(DatasetReader, path, text)
    if mark is None:
        return None
    lines = text.split("\n")
    end = "\r\n" if "\r\n" in text else "\n"
    if isinstance(mark, ast.Call) and any(each.arg in settings for each in mark.keywords):
        return None
    margin = lines[mark.lineno - 1][: mark.col_offset - 1] + "    "
    written = [f"{key}={_literal(key, value, margin, end)}" for key, value in settings.items()]
    offset = byte_to_character(lines[(mark.end_lineno or 1) - 1], mark.end_col_offset or 0)
    place = sum(len(line) + 1 for line in lines[: (mark.end_lineno or 1) - 1]) + offset
    if not isinstance(mark, ast.Call):
        return f"{text[:place]}({', '.join(written)}){text[place:]}"
    before, after = text[: place - 1].rstrip(), text[place - 1 :]
    is_first = before.endswith("(")
    is_spread = bool(mark.keywords) and mark.keywords[-1].lineno != mark.lineno
    apart = "" if is_first else "" if before.endswith(",") else ","
    step = f"{end}{margin}" if is_spread else "" if is_first else " "
    joint = f",{end}{margin}" if is_spread else ", "
    tail = f",{end}{margin[:-4]}" if is_spread else ""
    return f"{before}{apart}{step}{joint.join(written)}{tail}{after}"


def _literal(key: str, value: Any, margin: str, end: str) -> str:
    """A setting as Python writes it."""
    if key == "columns":
        inner = "".join(f"{end}{margin}    {_quoted(column.name)}: {_column(column)}," for column in value)
        return f"{{{inner}{end}{margin}}}"
    if key == "refresh":
        flags = {"true": "True", "false": "False"}
        return f"{{{', '.join(f'{_quoted(name)}: {flags.get(text) or _quoted(text)}' for name, text in value)}}}"
    if isinstance(value, str):
        return _quoted(value)
    if key == "key" and len(value) == 1:
        return _quoted(value[0])
    return f"[{', '.join(_quoted(item) for item in value)}]"


def _column(column: ColumnSpec) -> str:
    said: dict[str, Any] = {"description": column.description, "type": column.type}
    parts = [f"{_quoted(key)}: {_quoted(text)}" for key, text in said.items() if text]
    if column.pii:
        parts.append('"pii": True')
    if len(parts) == 1 and column.description:
        return _quoted(column.description)
    return f"{{{', '.join(parts)}}}"


def _quoted(text: str) -> str:
    """A text in double quotes, as formatters write it."""
    shown = repr(text)
    return shown if '"' in text or shown.startswith('"') else f'"{shown[1:-1]}"' if "\\'" not in shown else shown
