"""Where the value of each setting comes from. The environment is passed in, never read here.

Order: flag > `ANDON_*` > `andon.toml` > the user's own file > default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from andon.base.names import did_you_mean, nearest
from andon.base.patterns import late_pattern
from andon.errors import UsageError
from andon.settings.table import BY_NAME, SETTINGS, Setting, Value, convert, flatten, mask

#: Variables that are no settings: how commands behave, and what the child process of a Python dataset is told.
_OTHER_VARIABLES = frozenset(
    {"ANDON_CLOCK", "ANDON_DEBUG", "ANDON_LOGICAL_TIME", "ANDON_BRANCH", "ANDON_NOW", "ANDON_PROJECT"}
)
_REFERENCE = late_pattern(r"\$\{(env|file):([^}]*)\}")


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
            return referenced(value, self._environ, f"the setting `{name}`", self._origins[name])
        return value

    def origin(self, name: str) -> str:
        """Where the value comes from: `--flag`, `ANDON_STORAGE`, `andon.toml`, the user's file, or `default`."""
        return self._origins[name]

    def is_secret(self, name: str) -> bool:
        """Whether the value holds the content of a file: that is how secrets are referred to."""
        value = self._values[name]
        return isinstance(value, str) and any(match[1] == "file" for match in _REFERENCE.finditer(value))

    def items(self) -> Iterator[tuple[str, Value, str]]:
        """`(name, value, origin)` of every setting, in the order of the table. References stay as written; passwords are masked."""
        for setting in SETTINGS:
            yield setting.name, self.shown(setting.name), self._origins[setting.name]

    def shown(self, name: str) -> Value:
        """The value for people: references as written, passwords masked."""
        value = self._values[name]
        return mask(value) if BY_NAME[name].secret and isinstance(value, str) else value


def referenced(text: str, environ: Mapping[str, str], what: str, where: str | None = None) -> str:
    """`text` with what its references (`${env:NAME}`, `${file:path}`) stand for.

    Args:
        what: names the text in a message: ``the setting `storage` ``.
        where: where it stands.

    Raises:
        UsageError: `usage.bad_argument` if a reference leads nowhere.
    """
    return _REFERENCE.sub(lambda match: _referenced(match[1], match[2], environ, what, where), text)


def _referenced(kind: str, name: str, environ: Mapping[str, str], what: str, where: str | None) -> str:
    if kind == "env":
        found = environ.get(name)
        if found is None:
            raise UsageError(
                "usage.bad_argument",
                f"{what} refers to the environment variable `{name}`, which is not set",
                where=where,
                hint=f"set `{name}`, or change {what}",
            )
        return found
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "usage.bad_argument",
            f"{what} refers to the file `{name}`, which can't be read: {error}",
            where=where,
            hint=f"make the file readable, or change {what}",
        ) from error


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
