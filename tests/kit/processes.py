"""Processes below this one, as Linux tells them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def descendants(of: int = 0) -> dict[int, str]:
    """The processes below this one that run a question, with their command lines."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, waiting = {}, [of or os.getpid()]
    while waiting:
        parent = waiting.pop()
        for process, its in parents.items():
            if its == parent:
                waiting.append(process)
                with contextlib.suppress(OSError):
                    found[process] = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    return {process: line for process, line in found.items() if "nursery" in line}


def busiest() -> int:
    """The process of a worker that took the most time."""

    def ticks(process: int) -> int:
        with contextlib.suppress(OSError):
            return sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]))
        return 0

    leaves = [p for p in descendants() if not descendants(p)]
    return max(leaves, key=ticks)
