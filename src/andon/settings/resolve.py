"""Settings: one typed table, and where each value comes from. The environment is passed in, never read here.

Order: flag > `ANDON_*` > `andon.toml` > the user's own file > default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from andon.base.names import did_you_mean, nearest
from andon.errors import UsageError

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: as written in `andon.toml`, tables joined by points.
        type: `text`, `number` (whole, not negative), `flag`, `size` (`256MB`; a number of bytes), or `choice`.
        default: of the type that `Settings.get` returns.
        help: one line for people.
        choices: for `choice`.
        secret: whether its value is masked wherever settings are listed.
    """

    name: str
    type: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "ANDON_" + re.sub(r"[.\-]", "_", self.name).upper()


_POLICIES = ("all-or-nothing", "healthy", "none")

#: Every setting. `docs/reference/settings.md` is generated from this table.
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "storage",
        "text",
        ".andon/lake",
        "Where data files lie: a folder, relative to the project or absolute.",
        secret=True,
    ),
    Setting(
        "catalog",
        "text",
        ".andon/catalog.db",
        "The database of lake and runs, relative to the project or absolute.",
        secret=True,
    ),
    Setting("author", "text", "", "Who acts, as written in commits; empty: git's user, or the system's."),
    Setting("branch.default", "text", "main", "The branch that commands work on when nothing else says so."),
    Setting("engine.threads", "number", 0, "Cores to use; 0 is all."),
    Setting("engine.memory_limit", "text", "", "Memory that the engine may use (`4GB`); empty: the engine's default."),
    Setting("engine.wide_above", "size", 256_000_000, "A task whose input files are larger than this gets all cores."),
    Setting("engine.temp_directory", "text", "", "Where the engine spills to; empty: inside `.andon`."),
    Setting(
        "publish.change",
        "choice",
        "all-or-nothing",
        "What of a run with changed code is published when a part of it fails.",
        _POLICIES,
    ),
    Setting("publish.refresh", "choice", "healthy", "The same for a run on the same code with new data.", _POLICIES),
    Setting("python.timeout", "number", 600, "Seconds that a Python dataset may take, where its file says nothing."),
    Setting("run.parallel", "number", 0, "Tasks at the same time; 0 is one per core."),
)

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}

#: Tables of `andon.toml` that hold other things than settings: free-form there, read by the features that they belong to.
FREE_TABLES: tuple[str, ...] = ("people",)

#: The table of the project's own named patterns, for checks: `name = "regular expression"`.
PATTERNS = "patterns"

_PATTERN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_NO_PATTERN_NAMES = frozenset({"null", "not", "distinct", "true", "false", "unknown"})

#: Tables that a later version will read.
LATER_TABLES: tuple[str, ...] = ("connections", "schedules", "policies", "notify")

#: Variables that are no settings: how commands behave, and what the child process of a Python dataset is told.
_OTHER_VARIABLES = frozenset({"ANDON_DEBUG", "ANDON_LOGICAL_TIME", "ANDON_BRANCH", "ANDON_NOW", "ANDON_PROJECT"})

_REFERENCE = re.compile(r"\$\{(env|file):([^}]*)\}")
_SIZE = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([kKMGT]?i?)[bB]?\s*\Z")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_WORDS = {"text": "text", "number": "a whole number", "flag": "true or false", "size": "a size such as `256MB`"}


class Settings:
    """Resolved settings: values, and where each of them comes from."""

    def __init__(
        self,
        values: Mapping[str, Value],
        origins: Mapping[str, str],
        environ: Mapping[str, str],
        notices: tuple[str, ...],
    ) -> None:
        self._values = values
        self._origins = origins
        self._environ = environ
        #: Lines for a person: variables that look like settings and are none.
        self.notices = notices

    def get(self, name: str) -> Value:
        """The value, references resolved.

        Raises:
            KeyError: if there is no such setting (a defect of the caller).
            UsageError: `usage.bad_argument` if a reference leads nowhere.
        """
        value = self._values[name]
        if isinstance(value, str) and "${" in value:
            return _REFERENCE.sub(lambda match: self._referenced(name, match[1], match[2]), value)
        return value

    def origin(self, name: str) -> str:
        """Where the value comes from: `--flag`, `ANDON_STORAGE`, `andon.toml`, the user's file, or `default`."""
        return self._origins[name]

    def items(self) -> Iterator[tuple[str, Value, str]]:
        """`(name, value, origin)` of every setting, in the order of the table. References stay as written; passwords are masked."""
        for setting in SETTINGS:
            value = self._values[setting.name]
            shown = mask(value) if setting.secret and isinstance(value, str) else value
            yield setting.name, shown, self._origins[setting.name]

    def _referenced(self, name: str, kind: str, what: str) -> str:
        if kind == "env":
            found = self._environ.get(what)
            if found is None:
                raise UsageError(
                    "usage.bad_argument",
                    f"the setting `{name}` refers to the environment variable `{what}`, which is not set",
                    where=self._origins[name],
                    hint=f"set `{what}`, or change `{name}`",
                )
            return found
        try:
            return Path(what).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                "usage.bad_argument",
                f"the setting `{name}` refers to the file `{what}`, which can't be read: {error}",
                where=self._origins[name],
                hint="make the file readable, or change the setting",
            ) from error


def mask(text: str) -> str:
    """`text` with the password of an address in it hidden (`postgresql://ana:***@host/db`)."""
    return re.sub(r"(://[^/@\s:]*:)[^@/\s]+@", r"\1***@", re.sub(r"(?i)(password=)[^\s&;]+", r"\1***", text))


def resolve(
    flags: Mapping[str, Any], environ: Mapping[str, str], project: Mapping[str, Any], user: Mapping[str, Any]
) -> Settings:
    """Settings from all places.

    Args:
        flags: `{name: value}` given by the caller, texts or typed.
        environ: the environment.
        project: the parsed `andon.toml`; its problems are reported where it is loaded.
        user: the user's file, as `user_values` returns it.

    Raises:
        UsageError: `usage.bad_argument` for an unknown flag, or a value that doesn't fit, with its origin.
    """
    for name in flags:
        if name not in BY_NAME:
            raise UsageError(
                "usage.bad_argument",
                f"there is no setting `{name}`",
                hint=did_you_mean(name, BY_NAME) or "`andon config show` lists all",
            )
    in_project, in_user = flatten(project), flatten(user)
    values: dict[str, Value] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        name, variable = setting.name, setting.variable
        if name in flags:
            found, origin = flags[name], "--" + name.replace(".", "-").replace("_", "-")
        elif variable in environ:
            found, origin = environ[variable], variable
        elif name in in_project:
            found, origin = in_project[name], "andon.toml"
        elif name in in_user:
            found, origin = in_user[name], str(user_file(environ) or "user file")
        else:
            found, origin = setting.default, "default"
        values[name] = _accepted(setting, found, origin)
        origins[name] = origin
    return Settings(values, origins, environ, tuple(_unknown_variables(environ)))


def convert(setting: Setting, value: Any, *, from_text: bool = False) -> Value:
    """`value` as the type of `setting`.

    Args:
        from_text: whether texts stand for numbers and flags too, as in the environment.

    Raises:
        ValueError: with what is expected and what was found, for people.
    """
    match setting.type:
        case "text" if isinstance(value, str):
            return value
        case "choice" if isinstance(value, str) and value in setting.choices:
            return value
        case "flag" if isinstance(value, bool):
            return value
        case "flag" if from_text and str(value).lower() in ("true", "false", "1", "0"):
            return str(value).lower() in ("true", "1")
        case "number" | "size" if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        case "number" if from_text and isinstance(value, str) and re.fullmatch(r"\s*[0-9][0-9_]*\s*", value):
            return int(value)
        case "size" if isinstance(value, str) and _SIZE.match(value):
            return parse_size(value)
    expected = " or ".join(f"`{c}`" for c in setting.choices) if setting.choices else _WORDS[setting.type]
    raise ValueError(f"`{setting.name}` must be {expected}, found {_shown(value)}")


def parse_size(text: str) -> int:
    """A size in bytes: `256MB` (powers of 1000), `256MiB` (of 1024), `1024`.

    Raises:
        ValueError: if `text` is none.
    """
    match = _SIZE.match(text)
    if match is None:
        raise ValueError(f"`{text}` is not a size")
    unit = match[2].upper()
    base = 1024 if unit.endswith("I") else 1000
    return int(float(match[1].replace("_", "")) * base ** _POWERS[unit.removesuffix("I")])


def flatten(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as `{dotted name: value}`; a table is only entered where a setting lies in it."""
    result: dict[str, Any] = {}
    for key, value in tables.items():
        name = prefix + key
        if isinstance(value, Mapping) and any(known.startswith(name + ".") for known in BY_NAME):
            result.update(flatten(value, name + "."))
        else:
            result[name] = value
    return result


def user_file(environ: Mapping[str, str]) -> Path | None:
    """The user's own settings file (it need not exist), or None when no home is known."""
    base = environ.get("XDG_CONFIG_HOME")
    if base:
        return Path(base) / "andon" / "config.toml"
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) / ".config" / "andon" / "config.toml" if home else None


def user_values(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the user's own file says; nothing if there is none.

    Raises:
        UsageError: `usage.bad_argument` if it can't be read, or names no setting.
    """
    path = user_file(environ)
    try:
        content = path.read_bytes() if path is not None else b""
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _bad_user_file(f"can't be read: {error.strerror}", path, None) from error
    if not content.strip():
        return {}
    import tomllib

    try:
        values = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad_user_file(f"is not TOML: {error}", path, None) from error
    for name in flatten(values):
        if name not in BY_NAME:
            raise _bad_user_file(f"names `{name}`, which is no setting", path, did_you_mean(name, BY_NAME))
    return values


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """What is wrong with one entry of parsed TOML: `path` is its keys from the top."""

    code: str
    path: tuple[str, ...]
    message: str
    hint: str | None = None


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
                found = f"`[{name}]` is a table of settings, found {_shown(value)}"
                self.problems.append(
                    SettingProblem("project.bad_value", here, found, f"write `[{name}]` on a line of its own")
                )
            elif not path and key == PATTERNS:
                self._patterns(value)
            elif not path and key in LATER_TABLES:
                message = f"`[{key}]` is planned and not in this version"
                self.problems.append(SettingProblem("usage.not_yet", here, message, "take it out for now"))
            elif not path and key in FREE_TABLES:
                if not isinstance(value, Mapping):
                    self.problems.append(
                        SettingProblem("project.bad_value", here, f"`{key}` must be a table, found {_shown(value)}")
                    )
            else:
                self.problems.append(_unknown(here))

    def _patterns(self, table: Any) -> None:
        hint = 'write `plate = "[A-Z]{2}-[0-9]+"` below `[patterns]`'
        if not isinstance(table, Mapping):
            found = f"`{PATTERNS}` must be a table, found {_shown(table)}"
            self.problems.append(SettingProblem("project.bad_value", (PATTERNS,), found, hint))
            return
        for name, regex in table.items():
            message: str | None = None
            if not _PATTERN_NAME.match(name) or name in _NO_PATTERN_NAMES:
                message = f"`{name}` can't name a pattern: use a-z, 0-9 and `_`, and no word that SQL has after `is`"
            elif not isinstance(regex, str) or not regex:
                message = f"the pattern `{name}` must be a regular expression as text, found {_shown(regex)}"
            if message is not None:
                self.problems.append(SettingProblem("project.bad_value", (PATTERNS, name), message, hint))

    def _value(self, setting: Setting, value: Any, path: tuple[str, ...]) -> None:
        try:
            convert(setting, value)
        except ValueError as error:
            self.problems.append(SettingProblem("project.bad_value", path, str(error), setting.help))


def patterns_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """The project's own named patterns, from its parsed `andon.toml`: `{name: regular expression}`. What is no pattern is left out."""
    table = tables.get(PATTERNS, {})
    if not isinstance(table, Mapping):
        return {}
    return {
        name: regex
        for name, regex in table.items()
        if isinstance(regex, str) and regex and _PATTERN_NAME.match(name) and name not in _NO_PATTERN_NAMES
    }


def check_tables(tables: Mapping[str, Any]) -> list[SettingProblem]:
    """Everything that is wrong with a parsed `andon.toml`: unknown keys, wrong types, what is not there yet."""
    check = _Check()
    check.visit(tables, ())
    return check.problems


def _unknown(path: tuple[str, ...]) -> SettingProblem:
    name = ".".join(path)
    tops = {setting.name.split(".")[0] for setting in SETTINGS} | {*FREE_TABLES, PATTERNS}
    known = [*BY_NAME, *tops] if len(path) == 1 else list(BY_NAME)
    hint = did_you_mean(name, known)
    if hint is None:
        ends = {setting.name.split(".")[-1]: setting.name for setting in SETTINGS}
        match = nearest(path[-1], ends)
        hint = f"did you mean `{ends[match]}`?" if match else "`andon config show` lists all settings"
    return SettingProblem("project.unknown_key", path, f"there is no setting `{name}`", hint)


def _accepted(setting: Setting, value: Any, origin: str) -> Value:
    try:
        return convert(setting, value, from_text=origin not in ("andon.toml", "default"))
    except ValueError as error:
        raise UsageError("usage.bad_argument", str(error), where=origin, hint=setting.help) from error


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    known = {setting.variable: setting for setting in SETTINGS}
    for variable in sorted(environ):
        if not variable.startswith("ANDON_") or variable in known or variable in _OTHER_VARIABLES:
            continue
        match = nearest(variable, known)
        hint = f"; did you mean `{match}`?" if match else ""
        yield f"the environment variable `{variable}` is no setting and has no effect{hint}"


def _bad_user_file(what: str, path: Path | None, hint: str | None) -> UsageError:
    return UsageError(
        "usage.bad_argument",
        f"the user's settings file {what}",
        where=str(path),
        hint=hint or "correct or remove the file",
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f"the text `{mask(value)}`"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list) else f"`{value}`"
