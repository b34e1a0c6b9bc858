"""How long a machine has run: what goes on whatever becomes of its clock, also while it sleeps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from andon.base.process import boot_name, machine_name
from andon.base.record import Record


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
    boot, clock = boot_name(), getattr(time, "CLOCK_BOOTTIME", None)
    if not boot or clock is None:
        boot, clock = f"process {os.getpid()}", time.CLOCK_MONOTONIC
    try:
        return Uptime(machine_name(), boot, time.clock_gettime_ns(clock) // 1000)
    except OSError:
        return None


def unknown_uptime() -> Uptime | None:
    """Of whose clock nothing is known beside what it shows."""
    return None
