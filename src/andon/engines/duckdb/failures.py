"""What the engine's exceptions mean for a user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from andon.base.text import excerpt, line_and_column
from andon.errors import AndonError, DatasetError, MachineError, Problem, UsageError
from andon.sql.messages import explain

if TYPE_CHECKING:
    from andon.model.dataset import Definition


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
        return DatasetError(
            "machine.memory",
            f"`{definition.dataset}` needs more memory than there is: {_first_line(text)}",
            where=definition.entry,
            hint="set `engine.memory_limit` higher, or split the dataset in two",
        )
    if not isinstance(error, duckdb.Error):
        return MachineError(
            "internal.error",
            f"{type(error).__name__}: {_first_line(text)}",
            where=definition.dataset,
            hint="please report this",
        )
    return _in_sql(error, definition)


def query_error(error: Exception, sql: str, before: str = "") -> AndonError:
    """The Andon error for an exception that DuckDB raised while it ran a person's query `sql`, with `before` put in front."""
    import duckdb

    if isinstance(error, AndonError):
        return error
    if not isinstance(error, duckdb.Error):
        return MachineError(
            "internal.error", f"{type(error).__name__}: {error}", where="query", hint="please report this"
        )
    found = explain(error, before + sql)
    hint = found.hint
    if before and "STRING_LITERAL" in str(error):
        hint = "the value of a parameter is text until its place says otherwise: say its type, `$n::int`"
    if found.offset is None or found.offset < len(before):
        return UsageError("usage.query_failed", found.message, where="query", hint=hint)
    line, column = line_and_column(sql, found.offset - len(before))
    problem = Problem(found.code, found.message, "query", line, column, hint, excerpt(sql, line, column))
    return UsageError("usage.query_failed", found.message, where=problem.where, hint=hint, problems=(problem,))


def disk_failure(error: Exception, definition: Definition) -> MachineError | None:
    """The error for an exception of DuckDB that is the disk's fault, else None: the engine ends its message with the system's reason."""
    import duckdb

    if not isinstance(error, duckdb.IOException):
        return None
    text = _first_line(str(error))
    if "No space left" in text or "quota exceeded" in text:
        return MachineError(
            "machine.disk",
            f"no space left while `{definition.dataset}` was written",
            where=definition.dataset,
            hint="free some space (`andon doctor` shows what uses it) and run the same command again",
            retryable=True,
        )
    if "Input/output error" in text:
        return MachineError(
            "machine.disk",
            f"the disk failed while `{definition.dataset}` was built: {text}",
            where=definition.dataset,
            hint="check the disk, then try again",
        )
    if "Read-only file system" in text:
        return MachineError(
            "machine.read_only",
            f"`{definition.dataset}` can't be written: {text}",
            where=definition.dataset,
            hint="make the folder writable, or set `storage` and `catalog` in andon.toml to a place that is",
        )
    return None


def lost_file(error: Exception, dataset: str) -> MachineError | None:
    """The error for an exception of DuckDB that means that a data file of the lake is gone or damaged, else None."""
    text = _first_line(str(error))
    found = re.search(
        r"(?P<gone>No files found|No such file)|No magic bytes|too small to be a Parquet|footer|TProtocol|corrupt|truncated",
        text,
        re.IGNORECASE,
    )
    if found is None:
        return None
    path = re.search(r"[\"'`](?P<path>[^\"'`]+\.parquet)", text)
    what = "is not there" if found["gone"] else "is damaged"
    return MachineError(
        "lake.corrupt",
        f"the data file of `{dataset}` {what}: {path['path'] if path else text}",
        where=dataset,
        hint=f"restore it from a backup, or `andon run --force {dataset}` builds it again; `andon doctor` lists what is missing",
    )


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
