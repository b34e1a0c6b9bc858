"""What the engine's exceptions mean for a user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from andon.base.text import excerpt, line_and_column
from andon.errors import AndonError, DatasetError, MachineError, Problem, UsageError
from andon.model.damage import Damage, damaged
from andon.sql.messages import explain

if TYPE_CHECKING:
    from andon.model.dataset import Definition


_BY_ARROW = re.compile(r"([A-Z][A-Za-z ]*) Error: ")


def translate(error: Exception, definition: Definition) -> AndonError:
    """The Andon error for an exception that DuckDB raised while it ran the SQL of `definition`.

    Anything that is no DuckDB error comes back as an internal error.
    """
    import duckdb

    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return DatasetError(
            "build.interrupted",
            "the run was stopped",
            where=definition.dataset,
            hint="run again; what was built is reused",
        )
    failed = disk_failure(error, definition)
    if failed is not None:
        return failed
    if isinstance(error, duckdb.OutOfMemoryException):
        message, hint = _memory(f"`{definition.dataset}`", text)
        return DatasetError("machine.memory", message, where=definition.entry, hint=hint)
    if not isinstance(error, duckdb.Error):
        return MachineError(
            "internal.error",
            f"{type(error).__name__}: {_first_line(text)}",
            where=definition.dataset,
            hint="please report this",
        )
    return _in_sql(error, definition)


def batches_of(reader: Iterable[Any]) -> Iterator[Any]:
    """The batches of a reader of DuckDB's.

    Raises:
        duckdb.Error: what went wrong with the rows, of which Arrow keeps the words alone, as of a file that can't be read.
    """
    import duckdb

    try:
        yield from reader
    except OSError as error:
        words = _BY_ARROW.match(str(error))
        if words is None:
            raise
        kinds = {
            "Out of Memory": duckdb.OutOfMemoryException,
            "INTERRUPT": duckdb.InterruptException,
            "IO": duckdb.IOException,
        }
        raise kinds.get(words[1], duckdb.Error)(str(error)) from error


def query_error(error: Exception, sql: str, before: str = "") -> AndonError:
    """The Andon error for an exception that DuckDB raised while it ran a person's query `sql`, with `before` put in front."""
    import duckdb

    if isinstance(error, AndonError):
        return error
    failed = disk_error(error, "query", "the query was answered")
    if failed is not None:
        return failed
    if isinstance(error, duckdb.OutOfMemoryException):
        message, less = _memory("the query", str(error))
        return MachineError("machine.memory", message, where="query", hint=less)
    if not isinstance(error, duckdb.Error):
        return MachineError(
            "internal.error", f"{type(error).__name__}: {error}", where="query", hint="please report this"
        )
    found = explain(error, before + sql)
    untyped = "the value of a parameter is text until its place says otherwise: say its type, `$n::int`"
    hint = untyped if before and "STRING_LITERAL" in str(error) else found.hint
    if found.offset is None or found.offset < len(before):
        return UsageError("usage.query_failed", found.message, where="query", hint=hint)
    line, column = line_and_column(sql, found.offset - len(before))
    problem = Problem(found.code, found.message, "query", line, column, hint, excerpt(sql, line, column))
    return UsageError("usage.query_failed", found.message, where=problem.where, hint=hint, problems=(problem,))


def disk_failure(error: Exception, definition: Definition) -> MachineError | None:
    """The error for an exception of DuckDB that is the disk's fault, else None."""
    return disk_error(error, definition.dataset, f"`{definition.dataset}` was built")


def disk_error(error: Exception, where: str, doing: str) -> MachineError | None:
    """As `disk_failure`, of what happened while `doing`: the engine ends its message with the system's reason."""
    import duckdb

    if not isinstance(error, duckdb.IOException):
        return None
    text = _first_line(str(error))
    if "No space left" in text or "quota exceeded" in text:
        return MachineError(
            "machine.disk",
            f"no space left while {doing}",
            where=where,
            hint="free some space (`andon doctor` shows what uses it) and run the same command again",
            retryable=True,
        )
    if "Input/output error" in text or "duckdb_temp_" in text:
        return MachineError(
            "machine.disk", f"the disk failed while {doing}: {text}", where=where, hint="check the disk, then try again"
        )
    if "Read-only file system" in text:
        return MachineError(
            "machine.read_only",
            f"the disk can't be written while {doing}: {text}",
            where=where,
            hint="make the folder writable, or set `storage`, `catalog` and `engine.temp_directory` to places that are",
        )
    return None


def _memory(what: str, text: str) -> tuple[str, str]:
    """Message and hint for what did not fit in memory, or not on disk beside it."""
    full = "max_temp_directory_size" in text
    if full:
        return (
            f"{what} needs more room on disk beside memory than `engine.temp_limit` and the disk allow: {_first_line(text)}",
            "set `engine.temp_limit` or `engine.memory_limit` higher, or `engine.temp_directory` to a larger disk",
        )
    return (
        f"{what} needs more memory than there is: {_first_line(text)}",
        "set `engine.memory_limit` higher: sorts, groups, joins and windows go to disk, lists and the state of `mode` or `median` do not",
    )


def lost_file(error: Exception, dataset: str) -> MachineError | None:
    """The error for an exception of DuckDB that means that a data file of the lake is gone or damaged, else None."""
    text = _first_line(str(error))
    found = re.search(
        r"(?P<gone>No files found|No such file)|No magic bytes|too small to be a Parquet|footer|TProtocol|corrupt|truncated",
        text,
        re.IGNORECASE,
    )
    path = re.search(r"[\"'`](?P<path>[^\"'`]+\.parquet)", text)
    if found is None or (found["gone"] and path is None):  # another file, such as one for what doesn't fit in memory
        return None
    return damaged(dataset, Damage(path["path"] if path else text, "is not there" if found["gone"] else "is damaged"))


def _in_sql(error: Exception, definition: Definition) -> DatasetError:
    sql = definition.sql or ""
    found = explain(error, sql)
    line = column = None
    mark = None
    where = definition.entry
    if found.offset is not None:
        line, column = line_and_column(sql, found.offset)
        mark = excerpt(sql, line, column)
        where = f"{definition.entry}:{line}:{column}"
    overflow = "out of range" in str(error).lower() and "INT64" in str(error)
    code = "build.overflow" if overflow else "build.failed"
    hint = "the lake stores whole numbers as BIGINT; cast to DECIMAL(38,0) or DOUBLE" if overflow else found.hint
    problem = Problem(found.code, found.message, definition.entry, line, column, hint, mark)
    return DatasetError(code, found.message, where=where, hint=hint, problems=(problem,) if mark else ())


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]
