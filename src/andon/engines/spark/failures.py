"""What exceptions of Spark's client mean for a user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from andon.engines.engine import stopped
from andon.errors import AndonError, DatasetError

if TYPE_CHECKING:
    from andon.engines.spark.settings import SparkSettings
    from andon.model.dataset import Definition

_AWAY = (
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "failed to connect",
    "Connection refused",
    "RETRIES_EXCEEDED",
    "RetriesExceeded",
)
#: What an endpoint says of a job that it never got, or let go, while the connection was lost: Apache Spark, and Sail in two ways.
_FORGOTTEN = ("OPERATION_NOT_FOUND", "operation not found", "task context not found for operation")
_LOST = (
    "INVALID_HANDLE",
    *_FORGOTTEN,
    "SESSION_CLOSED",
    "SESSION_NOT_FOUND",
    "session not found",
    "OPERATION_ABANDONED",
)
_REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED")
_LONGEST = 600


def translate_failure(
    error: Exception, definition: Definition, settings: SparkSettings, *, is_stopped: bool
) -> AndonError:
    """The Andon error for an exception that was raised while Spark built `definition`."""
    if is_stopped:
        return stopped(definition.dataset)
    if isinstance(error, AndonError):
        return error
    text, kind = said(error), type(error).__name__
    if any(word in text or word in kind for word in _REFUSED):
        return DatasetError(
            "engine.unreachable",
            f"Spark at {settings.shown} lets nobody in: {text}",
            where=definition.entry,
            hint="check `engines.spark.token`",
        )
    if any(word in text for word in _LOST):
        return DatasetError(
            "engine.lost",
            f"Spark at {settings.shown} does not know the job of `{definition.dataset}` any more: {text}",
            where=definition.entry,
            hint="it was started anew meanwhile; run again, what was built is reused",
            retryable=True,
        )
    if any(word in text or word in kind for word in _AWAY):
        return DatasetError(
            "engine.unreachable",
            f"Spark at {settings.shown} does not answer: {text}",
            where=definition.entry,
            hint="start it, or correct `engines.spark.url`, and run again: what was built is reused",
            retryable=True,
        )
    return DatasetError("build.failed", f"Spark: {text}", where=definition.entry, hint=_hint(text, definition))


def is_away(error: Exception) -> bool:
    """Whether an exception says that nobody answers any more, or that nobody is let in: then the next question fails as well."""
    text, kind = said(error), type(error).__name__
    return any(word in text or word in kind for word in (*_AWAY, *_LOST, *_REFUSED))


def is_forgotten(error: Exception) -> bool:
    """Whether an exception says that the endpoint does not know a job any more, while it may know the session."""
    return any(word in said(error) for word in _FORGOTTEN)


def said(error: BaseException) -> str:
    """What an exception says, in one line."""
    details = getattr(error, "details", None)
    text = str(details() if callable(details) else error) or str(error)
    reason = re.search(r"(?:details = |grpc_message:)\"([^\"]*)\"", text)
    text = reason[1] if reason else text
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:_LONGEST]


def _hint(text: str, definition: Definition) -> str | None:
    if definition.frames:
        return None
    if "FIELD_NOT_FOUND" in text or "UNRESOLVED" in text or "cannot resolve" in text:
        return "Spark reads other names than DuckDB there; write the dataset's own Spark SQL beside it, in a file that ends in `.spark.sql`"
    if "PATH_NOT_FOUND" in text or "No such file" in text or "Path does not exist" in text:
        return "Spark must find the lake's files under the same path, or under `engines.spark.storage`"
    return "the same SQL on DuckDB may tell more: take `engine: spark` out for a try"
