"""SQL that a command is given: as an argument, from a file, or from stdin."""

from __future__ import annotations

import sys
from pathlib import Path

from andon.errors import UsageError


def sql_text(sql: str | None, file: Path | None, command: str = 'andon query "select …"') -> str:
    """The SQL; `-`, or neither argument nor file, reads stdin.

    Args:
        command: how it is given, for a hint.

    Raises:
        UsageError: `usage.bad_argument` where there is none, or both.
    """
    if sql is not None and file is not None:
        raise UsageError("usage.bad_argument", "both SQL and a file are given", hint="leave one of them out")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise UsageError("usage.bad_argument", f"there is no file `{file}`", where=str(file)) from error
        except UnicodeDecodeError as error:
            raise UsageError("usage.bad_argument", f"`{file}` is not UTF-8 text", where=str(file)) from error
    if sql is not None and sql != "-":
        return sql
    if sql is None and sys.stdin.isatty():
        raise UsageError("usage.bad_argument", "there is no SQL", hint=f"`{command}`, or `-f FILE`")
    return sys.stdin.read()
