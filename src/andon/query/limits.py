"""What one query may take, and what is said where it would take more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.base.text import size
from andon.errors import UsageError

if TYPE_CHECKING:
    from andon.settings.resolve import Settings

#: The status with which a process ends whose answer nobody takes.
NOT_TAKEN = 3
#: Bytes on disk beside memory, where no setting says otherwise.
_ON_DISK = 10_000_000_000
#: More threads than that one query gets on no machine: others ask, too.
_MOST_THREADS = 8
#: Memory of a machine that does not tell.
_UNTOLD = 8_000_000_000


class QueryLimits(Record):
    """What one query may take.

    Attributes:
        seconds: of work; what its reader makes it wait for doesn't count.
        memory: bytes of the engine; what is larger goes to disk where the engine can.
        rows: so many are given, and it is told that there are more; None is all.
        bytes: of the answer, in the same way; of a file that can't be cut, the most it may have. None is any number.
        temporary: bytes on disk beside memory.
        threads: of the engine.
        patience: seconds after which an answer is dropped that nobody takes.
        grace: seconds that it has to stop when it is asked to, before its process is ended.
    """

    seconds: float = 60.0
    memory: int = 1_000_000_000
    rows: int | None = None
    bytes: int | None = None
    temporary: int = _ON_DISK
    threads: int = 1
    patience: float = 120.0
    grace: float = 2.0


def limits_of(settings: Settings) -> QueryLimits:
    """What a query of others may take, as the settings say."""
    from andon.workspace.engine_settings import cores, machine_memory

    memory = int(settings.get("query.memory")) or (machine_memory() or _UNTOLD) // 8
    return QueryLimits(
        seconds=float(settings.get("query.timeout")),
        memory=memory,
        rows=int(settings.get("query.rows")) or None,
        bytes=int(settings.get("query.size")) or None,
        temporary=_on_disk(str(settings.get("engine.temp_limit") or "")),
        threads=min(cores(settings), _MOST_THREADS),
    )


def _on_disk(text: str) -> int:
    """The bytes that a setting of the engine says, which may also be words that only the engine knows."""
    from andon.settings.table import parse_size

    try:
        return parse_size(text)
    except ValueError:
        return _ON_DISK


def too_much_time(limits: QueryLimits) -> UsageError:
    """The error of a query that was stopped after its time."""
    message = f"the query was stopped: it takes more than the {limits.seconds:g} seconds that it may"
    hint = "ask for fewer rows or days, keep its result as a dataset, or let `query.timeout` be more"
    return _over("time", message, hint)


def too_much_memory(limits: QueryLimits) -> UsageError:
    """The error of a query that does not fit in its memory."""
    message = f"the query needs more memory than the {size(limits.memory)} that it may take"
    return _over("memory", message, "filter or group before joins and lists, or let `query.memory` be more")


def too_long(limits: QueryLimits) -> UsageError:
    """The error of an answer that is larger than a file may be."""
    message = f"the answer has more than the {size(limits.bytes or 0)} that it may have"
    return _over("bytes", message, "ask for fewer rows or columns, or let `query.size` be more")


def not_taken(limits: QueryLimits) -> UsageError:
    """The error of an answer that nobody took."""
    message = f"the answer was dropped: nobody took it for {limits.patience:g} seconds"
    return _over("reading", message, "read it without a pause, or ask for less at a time")


def _over(limit: str, message: str, hint: str) -> UsageError:
    return UsageError("usage.query_limit", message, where="query", hint=hint, details={"limit": limit})


def cancelled() -> UsageError:
    """The error of a query that somebody stopped."""
    return UsageError("usage.query_cancelled", "the query was cancelled", where="query", hint="ask it again")
