"""What stands in `andon.toml`: settings, the project's own patterns, tables of other features; and all that is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from andon.base.names import did_you_mean, nearest
from andon.settings.connections import CONNECTIONS, read_connections
from andon.settings.notify import NOTIFY, read_channels
from andon.settings.people import PEOPLE, read_people
from andon.settings.problem import SettingProblem
from andon.settings.schedules import SCHEDULES, read_schedules
from andon.settings.table import BY_NAME, SETTINGS, Setting, convert, shown

#: The table of the project's own named patterns, for checks: `name = "regular expression"`.
PATTERNS = "patterns"

_PATTERN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_NO_PATTERN_NAMES = frozenset({"null", "not", "distinct", "true", "false", "unknown"})

#: Tables that a later version will read.
LATER_TABLES: tuple[str, ...] = ("policies",)


@dataclass
class _Check:
    problems: list[SettingProblem] = field(default_factory=list)

    def visit(self, tables: Mapping[str, Any], path: tuple[str, ...]) -> None:
        for key, value in tables.items():
            here = (*path, key)
            name = ".".join(here)
            below = any(known.startswith(name + ".") for known in BY_NAME)
            if name in BY_NAME:
                self._value(BY_NAME[name], value, here)
            elif below and isinstance(value, Mapping):
                self.visit(value, here)
            elif below:
                found = f"`[{name}]` is a table of settings, found {shown(value)}"
                self.problems.append(
                    SettingProblem("project.bad_value", here, found, f"write `[{name}]` on a line of its own")
                )
            elif not path and key == PATTERNS:
                self._patterns(value)
            elif not path and key == CONNECTIONS:
                self.problems += read_connections(value)[1]
            elif not path and key == PEOPLE:
                self.problems += read_people(value)[1]
            elif not path and key == NOTIFY:
                self.problems += read_channels(value)[1]
            elif not path and key == SCHEDULES:
                self.problems += read_schedules(value)[1]
            elif not path and key in LATER_TABLES:
                message = f"`[{key}]` is planned and not in this version"
                self.problems.append(SettingProblem("usage.not_yet", here, message, "take it out for now"))
            else:
                self.problems.append(_unknown(here))

    def _patterns(self, table: Any) -> None:
        hint = 'write `plate = "[A-Z]{2}-[0-9]+"` below `[patterns]`'
        if not isinstance(table, Mapping):
            found = f"`{PATTERNS}` must be a table, found {shown(table)}"
            self.problems.append(SettingProblem("project.bad_value", (PATTERNS,), found, hint))
            return
        for name, regex in table.items():
            message: str | None = None
            if not _is_pattern_name(name):
                message = f"`{name}` can't name a pattern: use a-z, 0-9 and `_`, and no word that SQL has after `is`"
            elif not isinstance(regex, str) or not regex:
                message = f"the pattern `{name}` must be a regular expression as text, found {shown(regex)}"
            if message is not None:
                self.problems.append(SettingProblem("project.bad_value", (PATTERNS, name), message, hint))

    def _value(self, setting: Setting, value: Any, path: tuple[str, ...]) -> None:
        if setting.reference and isinstance(value, str) and value and "${" not in value:
            hint = f'`{path[-1]} = "${{env:{setting.variable}}}"`'
            self.problems.append(
                SettingProblem("project.secret", path, f"the secret `{setting.name}` stands in the file", hint)
            )
        try:
            convert(setting, value)
        except ValueError as error:
            self.problems.append(SettingProblem("project.bad_value", path, str(error), setting.help))


def patterns_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """The project's own named patterns, from its parsed `andon.toml`: `{name: regular expression}`. What is no pattern is left out."""
    table = tables.get(PATTERNS, {})
    if not isinstance(table, Mapping):
        return {}
    return {name: regex for name, regex in table.items() if isinstance(regex, str) and regex and _is_pattern_name(name)}


def check_tables(tables: Mapping[str, Any]) -> list[SettingProblem]:
    """Everything that is wrong with a parsed `andon.toml`: unknown keys, wrong types, what is not there yet."""
    check = _Check()
    check.visit(tables, ())
    return check.problems


def _is_pattern_name(name: str) -> bool:
    return _PATTERN_NAME.match(name) is not None and name not in _NO_PATTERN_NAMES


def _unknown(path: tuple[str, ...]) -> SettingProblem:
    name = ".".join(path)
    tables = {PATTERNS, CONNECTIONS, PEOPLE, NOTIFY, SCHEDULES}
    tops = {setting.name.split(".")[0] for setting in SETTINGS} | tables
    known = [*BY_NAME, *tops] if len(path) == 1 else list(BY_NAME)
    hint = did_you_mean(name, known)
    if hint is None:
        ends = {setting.name.split(".")[-1]: setting.name for setting in SETTINGS}
        match = nearest(path[-1], ends)
        hint = f"did you mean `{ends[match]}`?" if match else "`andon config show` lists all settings"
    return SettingProblem("project.unknown_key", path, f"there is no setting `{name}`", hint)
