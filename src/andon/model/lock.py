"""Locks of Python datasets as texts: what one pins, and what it was made for."""

from __future__ import annotations

import re

from andon.base.hashing import digest

_INPUTS = re.compile(r"^# inputs: (\S+)\s*$", re.MULTILINE)


def locked_for(lock: str) -> str | None:
    """The digest in the head of a lock: of the dependencies and the Python versions that it was made from."""
    found = _INPUTS.search(lock)
    return found[1] if found else None


def lock_digest(lock: str) -> str:
    """Digest of what `lock` pins; comments, blank lines and line ends don't count, so that equal locks share an environment."""
    lines = (line.strip() for line in lock.splitlines())
    return digest("\n".join(line for line in lines if line and not line.startswith("#")).encode())
