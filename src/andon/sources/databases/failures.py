"""What the failures of databases mean for a person; a password is never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable

from andon.errors import AndonError, DatasetError, MachineError
from andon.model.connection import Connection
from andon.sources.failures import shown

_UNREACHABLE = re.compile(
    r"Unable to connect|[Cc]onnection refused|could not connect|[Ff]ailed to connect|server closed the connection"
    r"|[Cc]onnection timed out|timeout expired|terminating connection|Lost connection|gone away|could not receive data"
    r"|no connection to the server|SSL connection has been closed|[Cc]an't connect|Access denied|Unknown database"
    r"|unable to open database"
)
_LETS_NOBODY_IN = re.compile(
    r"authentication failed|Access denied|role .* does not exist|database .* does not exist|no password"
)
_REMOTE = re.compile(
    r"(?:ERROR|FATAL):\s+(?P<text>[^\n]+)"
    r"|Failed to (?:prepare MySQL query|prepare query|run query|execute query|fetch return types for query) "
    r"[\"'](?:.*\) q(?: limit 0| on true)?|.*?)[\"'](?:: (?P<why>[^\n]+)|\s*\Z)",
    re.DOTALL,
)
_VALUE = re.compile(r'Could not convert string "(?P<value>.*?)" to (?P<kind>[A-Z][\w(), ]*)', re.DOTALL)
#: What the engine, or what was written for it, says of a value that its type can't hold.
_NO_VALUE = ("ConversionException", "OutOfRangeException", "InvalidInputException")


def database_error(
    error: Exception, connection: Connection, secrets: Iterable[str] = (), where: str = "andon.toml"
) -> AndonError:
    """The error for what an engine raised while it read the database of `connection`.

    Args:
        secrets: texts that are never repeated.
        where: the file whose query it was.
    """
    import duckdb

    if isinstance(error, AndonError):
        return error
    text = str(error)
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    name = f"`{connection.name}`"
    if isinstance(error, duckdb.InterruptException):
        return DatasetError(
            "build.interrupted", "the run was stopped", where=where, hint="run again; what was built is reused"
        )
    remote = _REMOTE.search(text)
    said = _plain((remote["text"] or remote["why"] or "it returns no rows") if remote is not None else text)
    if _UNREACHABLE.search(text):
        if _LETS_NOBODY_IN.search(text):
            message, hint = f"the database {name} lets nobody in: {said}", "user, password and database"
        else:
            message, hint = f"the database {name} can't be reached: {said}", "host, port, and whether the server runs"
        return DatasetError(
            "source.unreachable",
            message,
            where=where,
            hint=f"check `[connections.{connection.name}]` in `andon.toml`: {hint}; then run again",
            retryable=True,
        )
    if remote is not None:
        return DatasetError(
            "source.query_failed",
            f"the database {name} could not run the query: {said}",
            where=where,
            hint=None
            if where == "query"
            else f"the query is in the database's own SQL: `andon query --connection {connection.name} 'select …'` tries it",
        )
    value = _VALUE.search(text)
    if value is not None or type(error).__name__ in _NO_VALUE:
        message = f"`{shown(value['value'])}` can't be a {value['kind'].strip()}" if value is not None else said
        return DatasetError(
            "source.contract",
            f"{message}, so {name} can't be read without changing a value",
            where=where,
            hint="leave it out in the query, or read the column as text: cast it in the query",
        )
    if not isinstance(error, duckdb.Error):
        return MachineError("internal.error", f"{type(error).__name__}: {said}", where=where, hint="please report this")
    return DatasetError("source.query_failed", f"{name} could not be read: {said}", where=where)


def _plain(text: str) -> str:
    """The first line, without the engine's name for it."""
    line = text.split("\n")[0].strip()
    line = re.sub(r"\A[A-Z]\w+ Error: ", "", line)
    line = re.sub(r"\A(?:Unable|Failed) to connect to \w+ (?:database with parameters|at) \".*\": ", "", line)
    return re.sub(r"\A(?:ERROR|FATAL):\s+", "", line)
