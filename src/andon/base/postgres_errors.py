"""What goes wrong with a Postgres, in our words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from andon.base.database import no_text
from andon.errors import AndonError, MachineError

if TYPE_CHECKING:
    import psycopg

#: What a server says that is there, and will take connections later.
_LATER = re.compile("database system is|recovery|terminating connection|too many|remaining connection slots")


def not_writable(place: str) -> MachineError:
    """That an account may only read."""
    return MachineError(
        "machine.read_only",
        "the catalog can't be written: this account may read it",
        where=place,
        hint="ask its owner for the writers' role: `andon catalog grants --writers ROLE` prints the SQL",
    )


def unknown(error: psycopg.Error, place: str) -> MachineError:
    """That nobody knows yet what became of a commit."""
    return MachineError(
        "machine.unknown_outcome",
        f"the connection to the catalog was lost while it committed: {told(error)}",
        where=place,
        hint="`andon log` shows whether it was done; the same command again does nothing twice",
        retryable=True,
    )


def translate(error: psycopg.Error, place: str) -> AndonError:
    """An error of the driver or the server as one of ours."""
    import psycopg

    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        return no_text()
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return MachineError(
            "machine.read_only",
            f"the catalog's server takes no writes at this moment: {told(error)}",
            where=place,
            hint="it may be a standby, or be kept from writing: name the one that writes, or wait, and type the same command again",
            retryable=True,
        )
    if isinstance(error, psycopg.errors.DiskFull):
        return MachineError(
            "machine.disk",
            f"the catalog's server has no room left: {told(error)}",
            where=place,
            hint="free some space on the server's disk, and type the same command again; what was built is reused",
            retryable=True,
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        found = not_writable(place)
        found.message = f"the catalog refuses this account: {told(error)}"
        return found
    waited = isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled)
    lost = isinstance(error, psycopg.OperationalError | psycopg.errors.IdleInTransactionSessionTimeout)
    hint = "another process holds the catalog; try again" if waited else "see whether the server is well, and try again"
    return MachineError(
        "machine.database",
        f"the catalog's database failed: {told(error)}",
        where=place,
        hint=hint,
        retryable=waited or lost,
    )


def told(error: BaseException) -> str:
    """What an error says first."""
    return str(error).strip().split("\n")[0]


def is_final(why: str) -> bool:
    """Whether a server refused who asks, and not the moment."""
    return "FATAL:" in why and not _LATER.search(why)
