"""Which errors may pass by themselves, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Codes of errors that may pass with nothing else changed, with the reason. What is not here fails the same way again until somebody, or
#: other data, changes it.
TRANSIENT: Mapping[str, str] = {
    "source.unreachable": "a server starts again, a line comes back",
    "source.bad_answer": "an answer that broke off comes whole the next time",
    "source.incomplete": "records came or went while they were read page by page",
    "source.changed_while_read": "somebody was still writing the file",
    "lake.ref_moved": "others published meanwhile; their publishes end",
    "build.interrupted": "the machine went down, or somebody stopped it",
    "build.environment": "the place that packages come from did not answer",
    "machine.database": "another process held the catalog",
    "machine.storage": "the storage did not answer",
    "machine.disk": "the disk was full; room is made",
    "machine.memory": "others on the machine took the memory",
    "machine.busy": "all workers were at work",
    "machine.worker": "a process was killed from outside",
    "machine.server": "a server did not answer",
}

#: Of these only errors that say so themselves: others of the same code last.
ONLY_IF_SAID = frozenset(
    {"source.bad_answer", "source.incomplete", "machine.database", "machine.disk", "source.unreachable"}
)


def is_transient(error: Mapping[str, Any]) -> bool:
    """Whether an error (as `AndonError.to_json` gives it) may pass by itself."""
    code = str(error.get("code", ""))
    return code in TRANSIENT and (code not in ONLY_IF_SAID or bool(error.get("retryable")))
