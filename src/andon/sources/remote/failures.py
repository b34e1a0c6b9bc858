"""What goes wrong with files in other places, in words that never hold a secret."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from andon.errors import DatasetError, MachineError


def shown_url(url: str) -> str:
    """An address without what may be secret in it: who asks, and parameters."""
    if not url.startswith(("http://", "https://")):
        return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", ""))


def missing(url: str, hint: str) -> DatasetError:
    """There is no such file."""
    return DatasetError("source.missing", f"`{shown_url(url)}` is not there", where=shown_url(url), hint=hint)


def refused(url: str, why: str, hint: str) -> DatasetError:
    """The place lets nobody in who asks like that."""
    return DatasetError("source.unreachable", f"`{shown_url(url)}` {why}", where=shown_url(url), hint=hint)


def unreachable(url: str, why: str) -> DatasetError:
    """The place does not answer."""
    return DatasetError(
        "source.unreachable",
        f"`{shown_url(url)}` can't be reached: {why}",
        where=shown_url(url),
        hint="run again when it can; until then what is published stays",
        retryable=True,
    )


def cut_off(url: str, why: str) -> DatasetError:
    """Less came than was said."""
    return DatasetError(
        "source.truncated",
        f"`{shown_url(url)}` came in part: {why}",
        where=shown_url(url),
        hint="run again",
        retryable=True,
    )


def unreadable(url: str, why: str) -> DatasetError:
    """What came is not what was asked for."""
    shown = shown_url(url)
    return DatasetError("source.truncated", f"`{shown}` can't be read: {why}", where=shown, hint="look at the address")


def changed(url: str) -> DatasetError:
    """It was replaced between listing and reading."""
    return DatasetError(
        "source.changed_while_read",
        f"`{shown_url(url)}` changed while it was read",
        where=shown_url(url),
        hint="run again when it is written whole",
        retryable=True,
    )


def not_installed(what: str, extra: str) -> MachineError:
    """A library is missing."""
    return MachineError(
        "machine.missing", f"{what} is not installed", where=extra, hint=f"pip install 'andon[{extra}]'"
    )
