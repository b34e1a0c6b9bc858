"""What the failures of databases mean for a person; a password is never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable

from andon.engines.duckdb.failures import disk_error
from andon.engines.engine import stopped
from andon.errors import AndonError, DatasetError, MachineError
from andon.model.connection import Connection
from andon.sources.failures import shown

#: The place of a question that stands in no file: it can only be asked again.
LIVE = "query"
_UNREACHABLE = re.compile(
    r"Unable to connect|[Cc]onnection refused|could not connect|[Ff]ailed to connect|server closed the connection"
    r"|[Cc]onnection timed out|timeout expired|terminating connection|Lost connection|gone away|could not receive data"
    r"|no connection to the server|SSL connection has been closed|[Cc]an't connect|Access denied|Unknown database"
    r"|unable to open database"
)
_LETS_NOBODY_IN = re.compile(
    r"authentication failed|Access denied|role .* does not exist|database .* does not exist|no password"
)
#: What the scanners repeat of a query, and where the engine saw it: neither says what failed.
_QUERY = re.compile(r'(?<=[yY]) ".*": ', re.DOTALL)
_ECHO = re.compile(r"\n+LINE \d+: .*\Z", re.DOTALL)
_REMOTE = re.compile(
    r"(?:ERROR|FATAL):\s+(?P<text>.+)"
    r"|Failed to (?:prepare|execute|run|fetch result row for) (?:MySQL )?query(?P<why>.+)"
    r"|No fields returned by query|Failed to fetch return types for query",
    re.DOTALL,
)
_TWICE = re.compile(r'has duplicate column name "(?P<name>.*)"', re.DOTALL)
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
    text = _QUERY.sub(" ", _ECHO.sub("", text).replace("\n) q limit 0", ""))
    if isinstance(error, duckdb.InterruptException):
        return stopped(where)
    remote = _REMOTE.search(text)
    said = _plain((remote["text"] or (remote["why"] or "it returns nothing").strip()) if remote is not None else text)
    if "fetch result row" in text and not said:
        said = "it broke off while it sent its rows"
        text = f"Lost connection: {said}"
    failed = disk_error(error, where, f"the rows of `{connection.name}` were written") if remote is None else None
    if failed is not None:
        return failed  # of the disk here: what a server says of its own comes as what it says of the query
    if _UNREACHABLE.search(text):
        return _unreachable(connection, said, lets_in=_LETS_NOBODY_IN.search(text) is None, where=where)
    twice = _TWICE.search(text)
    if twice is not None:
        return DatasetError(
            "source.query_failed",
            f"the query returns two columns called `{shown(twice['name'])}`",
            where=where,
            hint="give one of them another name in the query: `… as …`",
        )
    if remote is not None:
        return _query_failed(connection, f"the database `{connection.name}` could not run the query: {said}", where)
    value = _VALUE.search(text)
    if value is not None or type(error).__name__ in _NO_VALUE:
        message = f"`{shown(value['value'])}` can't be a {value['kind'].strip()}" if value is not None else said
        return DatasetError(
            "source.contract",
            f"{message}, so `{connection.name}` can't be read without changing a value",
            where=where,
            hint="leave it out in the query, or read the column as text: cast it in the query",
        )
    if not isinstance(error, duckdb.Error):
        return MachineError("internal.error", f"{type(error).__name__}: {said}", where=where, hint="please report this")
    return _query_failed(connection, f"`{connection.name}` could not be read: {said}", where)


def _unreachable(connection: Connection, said: str, *, lets_in: bool, where: str) -> DatasetError:
    if lets_in:
        message, hint = "can't be reached", "host, port, and whether the server runs"
    else:
        message, hint = "lets nobody in", "user, password and database"
    return DatasetError(
        "source.unreachable",
        f"the database `{connection.name}` {message}: {said}",
        where=where,
        hint=f"check `[connections.{connection.name}]` in `andon.toml`: {hint}; then run again",
        retryable=True,
    )


def _query_failed(connection: Connection, message: str, where: str) -> DatasetError:
    own = "the query is in the database's own SQL"
    tries = f"{own}: `andon query --connection {connection.name} 'select …'` tries it"
    is_live = where == LIVE
    hint = f"{own}: what {connection.kind} says of names, quotes and functions counts" if is_live else tries
    return DatasetError("source.query_failed", message, where=where, hint=hint)


def _plain(text: str) -> str:
    """The first line, without the engine's name for it."""
    line = text.split("\n")[0].strip()
    line = re.sub(r"\A[A-Z]\w+ Error: ", "", line)
    line = re.sub(r"\A(?:Unable|Failed) to connect to \w+ (?:database with parameters|at) \".*\": ", "", line)
    return re.sub(r"\A(?:ERROR|FATAL):\s+", "", line)
