"""`[connections.NAME]` in `andon.toml`: databases, and places of files, that sources may read. Pure; secrets stay references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.names import did_you_mean, is_name_part
from andon.base.record import Record
from andon.model.connection import Connection
from andon.settings.problem import SettingProblem
from andon.settings.table import shown

#: The table of `andon.toml`.
CONNECTIONS = "connections"
#: What every kind has: how many scheduled runs ask it at the same time.
AT_ONCE = "at_once"


class ConnectionKind(Record):
    """A kind of place: its options, those that must be there, and those that hold a secret."""

    name: str
    options: tuple[str, ...]
    required: tuple[str, ...]
    secret: tuple[str, ...] = ()
    about: str = ""
    holds_files: bool = False


_SERVER = ("host", "port", "database", "user", "password")

#: Every kind of connection. The reference page of settings is made from it.
KINDS: Mapping[str, ConnectionKind] = {
    kind.name: kind
    for kind in (
        ConnectionKind("postgres", (*_SERVER, "sslmode"), ("database",), ("password",), "PostgreSQL 12 or later"),
        ConnectionKind("mysql", _SERVER, ("database",), ("password",), "MySQL and MariaDB"),
        ConnectionKind("sqlite", ("path",), ("path",), (), "a file of SQLite"),
        ConnectionKind("duckdb", ("path",), ("path",), (), "a file of DuckDB"),
        ConnectionKind(
            "s3",
            ("bucket", "endpoint", "region", "key", "secret", "session_token"),
            ("bucket",),
            ("secret", "session_token"),
            "files of a bucket, `s3://BUCKET/…`; without `key` those that everybody may read",
            holds_files=True,
        ),
        ConnectionKind(
            "http",
            ("url", "token", "user", "password", "header", "value"),
            ("url",),
            ("token", "password", "value"),
            "files below the address `url`, by `token`, by `user` and `password`, or by a `header` and its `value`",
            holds_files=True,
        ),
        ConnectionKind(
            "iceberg",
            ("uri", "warehouse", "token"),
            ("uri",),
            ("token",),
            "tables of a REST catalog of Iceberg, `iceberg://NAME/schema.table`",
            holds_files=True,
        ),
    )
}


def read_connections(table: Any) -> tuple[dict[str, Connection], list[SettingProblem]]:
    """The connections in the parsed table `[connections]`, by name, and everything that is wrong with it."""
    problems: list[SettingProblem] = []
    if not isinstance(table, Mapping):
        message = f"`{CONNECTIONS}` must be a table, found {shown(table)}"
        return {}, [SettingProblem("project.bad_value", (CONNECTIONS,), message, "write `[connections.shop]`")]
    found: dict[str, Connection] = {}
    for name, values in table.items():
        connection = _connection(name, values, problems)
        if connection is not None:
            found[name] = connection
    return found, problems


def _connection(name: str, values: Any, problems: list[SettingProblem]) -> Connection | None:
    here = (CONNECTIONS, name)
    before = len(problems)

    def wrong(code: str, path: tuple[str, ...], message: str, hint: str | None = None) -> None:
        problems.append(SettingProblem(code, path, message, hint))

    if not is_name_part(name):
        wrong("project.bad_name", here, f"`{name}` can't name a connection", "use lower-case letters, digits and `_`")
    if not isinstance(values, Mapping):
        wrong("project.bad_value", here, f"`[{'.'.join(here)}]` must be a table, found {shown(values)}")
        return None
    kind = KINDS.get(str(values.get("kind", "")))
    if kind is None:
        known = ", ".join(f"`{each}`" for each in KINDS)
        what = f"found {shown(values['kind'])}" if "kind" in values else "and has none"
        hint = did_you_mean(str(values.get("kind", "")), KINDS) or f"one of {known}"
        wrong("project.bad_value", (*here, "kind"), f"a connection needs its `kind`, {what}", hint)
        return None
    options: list[tuple[str, str]] = []
    known_keys = (*kind.options, AT_ONCE)
    for key, value in values.items():
        if key == "kind":
            continue
        if key == AT_ONCE:
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                wrong(
                    "project.bad_value", (*here, key), f"`{key}` must be a whole number from 1 on, found {shown(value)}"
                )
        elif key not in kind.options:
            hint = did_you_mean(key, known_keys) or "known are " + ", ".join(f"`{o}`" for o in known_keys)
            wrong("project.unknown_key", (*here, key), f"a `{kind.name}` connection has no `{key}`", hint)
        elif key == "port" and (isinstance(value, bool) or not str(value).isdigit()) and "${" not in str(value):
            wrong("project.bad_value", (*here, key), f"`port` must be a number, found {shown(value)}")
        elif not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            wrong("project.bad_value", (*here, key), f"`{key}` must be a text, found {shown(value)}")
        elif key in kind.secret and "${" not in str(value):
            hint = f'`{key} = "${{env:{name.upper()}_{key.upper()}}}"`'
            wrong("project.secret", (*here, key), f"the {key} of `{name}` stands in the file", hint)
        else:
            options.append((key, str(value)))
    for key in kind.required:
        if key not in values:
            wrong("project.missing_key", here, f"a `{kind.name}` connection needs `{key}`", f'add `{key} = "…"`')
    return Connection(name, kind.name, tuple(options), values.get(AT_ONCE)) if len(problems) == before else None
