"""Processes: which one this is, and whether one that was noted is gone."""

from __future__ import annotations

import os
from pathlib import Path


def this_process() -> str:
    """This machine and process, as one text."""
    return f"{_machine()}:{os.getpid()}"


def is_gone(process: str) -> bool:
    """Whether the process that `this_process` named ended; False where that can't be known (another machine)."""
    machine, _, number = process.rpartition(":")
    if machine != _machine() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it is there and not ours
    return _has_ended(number)


def _has_ended(number: str) -> bool:
    """Whether a process that is listed still only waits for who started it to notice its end, as far as the system tells."""
    try:
        stat = Path(f"/proc/{number}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


def is_here(process: str) -> bool:
    """Whether the process that `this_process` named is one of this machine."""
    return process.rpartition(":")[0] == _machine()


def same_machine(number: str) -> str:
    """The process with this number of this machine, as `this_process` names it."""
    return f"{_machine()}:{number}"


def _machine() -> str:
    import platform  # takes a millisecond, and few commands ask

    return platform.node()
