"""`[schedules.NAME]` in `andon.toml`: rules for groups of datasets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.names import did_you_mean, is_name_part
from andon.model.schedule import RULES, Schedule, rule_flaw
from andon.settings.problem import SettingProblem
from andon.settings.table import shown

#: The table of `andon.toml`.
SCHEDULES = "schedules"

_SELECTION = ("select", "exclude")
_KEYS = (*_SELECTION, *RULES, "tz", "upstream")
_EXAMPLE = 'write `[schedules.nightly]`, and below it `select = ["marts.*"]` and `cron = "0 2 * * *"`'


def read_schedules(table: Any) -> tuple[tuple[Schedule, ...], list[SettingProblem]]:
    """The groups in the parsed table `[schedules]`, by name, and everything that is wrong with it."""
    problems: list[SettingProblem] = []
    if not isinstance(table, Mapping):
        message = f"`{SCHEDULES}` must be a table, found {shown(table)}"
        return (), [SettingProblem("project.bad_value", (SCHEDULES,), message, _EXAMPLE)]
    found = [_schedule(name, values, problems) for name, values in sorted(table.items())]
    return tuple(each for each in found if each is not None), problems


def _schedule(name: str, values: Any, problems: list[SettingProblem]) -> Schedule | None:
    here, before = (SCHEDULES, name), len(problems)

    def wrong(path: tuple[str, ...], message: str, hint: str | None, code: str = "project.bad_value") -> None:
        problems.append(SettingProblem(code, path, message, hint))

    if not is_name_part(name):
        wrong(here, f"`{name}` can't name a schedule", "use a-z, 0-9 and `_`")
    if not isinstance(values, Mapping):
        wrong(here, f"a schedule is a table, found {shown(values)}", _EXAMPLE)
        return None
    terms: dict[str, tuple[str, ...]] = {}
    rules: list[tuple[str, str]] = []
    for key, value in values.items():
        at = (*here, key)
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or "known are " + ", ".join(f"`{k}`" for k in _KEYS)
            wrong(at, f"a schedule has no `{key}`", hint, "project.unknown_key")
        elif key in _SELECTION:
            listed = [value] if isinstance(value, str) else value
            if not isinstance(listed, list) or not listed or not all(isinstance(t, str) and t.strip() for t in listed):
                hint = f'such as `{key} = ["tag:nightly", "marts.*"]`'
                wrong(at, f"`{key}` must be a list of what is selected, found {shown(value)}", hint)
            else:
                terms[key] = tuple(part for term in listed for part in term.split())
        elif key == "upstream":
            if not isinstance(value, bool):
                wrong(at, f"`upstream` must be true or false, found {shown(value)}", None)
            else:
                rules.append((key, str(value).lower()))
        elif not isinstance(value, str):
            wrong(at, f"`{key}` must be a text, found {shown(value)}", f'put it in quotes: `{key} = "{value}"`')
        elif (flaw := rule_flaw(key, value)) is not None:
            wrong(at, f"`{key}` {flaw[0]}, found `{value}`", flaw[1])
        else:
            rules.append((key, value.strip()))
    if "select" not in values:
        wrong(here, f"the schedule `{name}` selects nothing", 'add `select = ["marts.*"]`', "project.missing_key")
    if not any(key in values for key in RULES):
        hint = 'add `cron = "0 2 * * *"`, `every`, `max_age` or `when`'
        wrong(here, f"the schedule `{name}` has no rule", hint, "project.missing_key")
    if "tz" in values and "cron" not in values:
        wrong((*here, "tz"), "`tz` is of the times of `cron`, and there is none", None)
    if len(problems) > before:
        return None
    return Schedule(name, terms["select"], terms.get("exclude", ()), tuple(rules))


def schedules_of(tables: Mapping[str, Any]) -> tuple[Schedule, ...]:
    """The groups of a parsed `andon.toml`, by name; what is wrong is left out."""
    return read_schedules(tables.get(SCHEDULES, {}))[0]
