"""How long a machine has run: what goes on whatever becomes of its clock, also while it sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from andon.base.record import Record

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Uptime(Record):
    """A moment by what only goes on.

    Attributes:
        machine: whose; moments of two machines can't be compared, nor those before and after a start of one.
        boot: which start of it.
        micros: microseconds since then.
    """

    machine: str
    boot: str
    micros: int


UptimeClock = Callable[[], Uptime | None]


def machine_uptime() -> Uptime | None:
    """That of this machine; of systems that name no start of theirs, since this process began to ask. None where nothing tells it."""
    from andon.base.process import this_process  # asks for the machine's name, which few commands need

    machine, _, number = this_process().rpartition(":")
    try:
        boot, clock = _BOOT.read_text(encoding="ascii").strip(), time.CLOCK_BOOTTIME
    except (OSError, ValueError, AttributeError):
        boot, clock = f"process {number}", time.CLOCK_MONOTONIC
    try:
        return Uptime(machine, boot, time.clock_gettime_ns(clock) // 1000)
    except OSError:
        return None


def unknown_uptime() -> Uptime | None:
    """Of whose clock nothing is known beside what it shows."""
    return None
