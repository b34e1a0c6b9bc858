"""Adds settings to the file of a dataset where they are missing, by inserting text: what it says already, comments and code stay.

What was made is read again. Unless it says exactly what it said before and what was added, nothing is given out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.record import Record, replace
from andon.errors import ProjectError
from andon.model.dataset import ColumnSpec
from andon.project.add_arguments import add_arguments
from andon.project.add_checks import add_checks, said_by, to_list
from andon.project.add_columns import add_columns, column_lines
from andon.project.files.front_matter import find_front_matter
from andon.project.files.nodes import Flawed, PlacedValue
from andon.project.files.yaml_nodes import parse_yaml
from andon.project.write_sql import yaml_list, yaml_text

_OPEN = "/*---"
_CLOSE = "---*/"
_DURATION = re.compile(r"[0-9]+ ?[a-z]+\Z")
_LISTS = ("tags", "caveats")


class NewSettings(Record):
    """What a dataset is to say: texts and `key` where it says none, more items of its lists, more of its columns, more checks."""

    description: str | None = None
    owner: str | None = None
    key: tuple[str, ...] = ()
    refresh: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, Any]:
        """What is to be added but for checks, by key; nothing that is empty."""
        said = {name: getattr(self, name) for name in ("description", "owner", *_LISTS, "key", "refresh", "columns")}
        return {name: value for name, value in said.items() if value}


def add_settings(path: str, text: str, new: NewSettings) -> str:
    """The text of a dataset's file with `new` in it.

    Raises:
        ProjectError: `project.cannot_add` if the file can't be read, or is written in a form that can't be added to.
    """
    settings = new.settings
    if settings:
        try:
            before = said_by(path, text)
            made = (
                add_arguments(path, text, settings) if path.endswith(".py") else _in_yaml(path, text, settings, before)
            )
            after = None if made is None else said_by(path, made)
        except Flawed as flawed:
            raise _refused(path, settings, flawed.flaw.message) from flawed
        if made is None or after is None or _plain(after) != _plain(merged(before, settings)):
            raise _refused(path, settings, "it is written in a form that nothing can be added to")
        text = made
    return add_checks(path, text, new.checks)


def merged(said: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says once `settings` are added."""
    found = dict(said)
    for key, value in settings.items():
        if key in _LISTS:
            found[key] = (*(found.get(key) or ()), *value)
        elif key == "columns":
            found[key] = _with_columns(found.get(key) or (), value)
        else:
            found[key] = value
    return found


def _with_columns(said: Sequence[ColumnSpec], new: Sequence[ColumnSpec]) -> tuple[ColumnSpec, ...]:
    more = {one.name: one for one in new}
    known = []
    for column in said:
        one = more.pop(column.name, None)
        if one is not None:
            column = replace(
                column,
                description=column.description or one.description,
                type=column.type or one.type,
                pii=column.pii or one.pii,
            )
        known.append(column)
    return (*known, *more.values())


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said without places, and without what is empty."""
    found = {key: value for key, value in said.items() if value not in (None, (), {}, "", False)}
    if "caveats" in found:
        found["caveats"] = [getattr(caveat, "text", caveat) for caveat in found["caveats"]]
    if "checks" in found:
        found["checks"] = [(check.text, check.for_column) for check in found["checks"]]
    return found


# -- YAML


def _in_yaml(path: str, text: str, settings: Mapping[str, Any], said: Mapping[str, Any]) -> str | None:
    end = "\r\n" if "\r\n" in text else "\n"
    if path.endswith(".sql") and find_front_matter(text) is None:
        text = end.join([_OPEN, _CLOSE, text.lstrip("\n")])
    for key, value in settings.items():
        made = _with_key(path, text, key, value, end, is_there=key in said)
        if made is None:
            return None
        text = made
    return text


def _with_key(path: str, text: str, key: str, value: Any, end: str, *, is_there: bool) -> str | None:
    root = _root(path, text)
    if root is not None and root.kind != "map":
        return None
    node = root.value.get(key) if root is not None else None
    if node is not None and key == "columns":
        return add_columns(text, node, root, value, end)
    if node is not None and key in _LISTS and node.kind == "list":
        return to_list(text.split("\n"), node, value, end)
    if node is not None or is_there:
        return None
    margin = " " * (root.column - 1) if root is not None else ""
    lines = [f"{margin}{line}" for line in _lines(key, value)]
    if not path.endswith(".sql"):
        return f"{text.rstrip()}{end}{end.join(lines)}{end}"
    inside = text.index(_OPEN) + len(_OPEN)
    close = text.index(_CLOSE, inside)
    return f"{text[:inside]}{text[inside:close].rstrip()}{end}{end.join(lines)}{end}{text[close:]}"


def _root(path: str, text: str) -> PlacedValue | None:
    if not path.endswith(".sql"):
        return parse_yaml(text)[0]
    found = find_front_matter(text)
    return None if found is None else parse_yaml(found.yaml, found.first_line)[0]


def _lines(key: str, value: Any) -> list[str]:
    """A setting as lines of YAML."""
    if key == "columns":
        return ["columns:", *(f"  {line}" for column in value for line in column_lines(column))]
    if key == "refresh":
        if value == (("manual", "true"),):
            return ["refresh: manual"]
        return [f"refresh: {{{', '.join(f'{name}: {_rule(name, text)}' for name, text in value)}}}"]
    if key == "key" and len(value) == 1:
        return [f"key: {yaml_text(value[0])}"]
    return [f"{key}: {yaml_text(value) if isinstance(value, str) else yaml_list(value)}"]


def _rule(name: str, text: str) -> str:
    return text if _DURATION.match(text) or name in ("upstream", "manual") else yaml_text(text)


def _refused(path: str, settings: Mapping[str, Any], why: str) -> ProjectError:
    shown = ", ".join(f"`{key}`" for key in settings)
    hint = "write it by hand: " + "; ".join(" ".join(_lines(key, value)) for key, value in settings.items())
    return ProjectError("project.cannot_add", f"{shown} can't be written into the file: {why}", where=path, hint=hint)
