"""Runs a command as a child process and measures it: CPU seconds, wall time, peak memory, of the child and all that it waited for.

The process that measures must stay small: on Linux a child's peak memory starts with that of the process it was made from.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: `ru_maxrss` counts bytes on macOS, kilobytes elsewhere.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Sample:
    """One run of a command."""

    cpu: float
    wall: float
    peak_bytes: int


class CommandFailed(Exception):
    """A measured command ended with another status than 0; the message has what it wrote."""


def run_measured(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[Sample, str]:
    """Run `command` in `folder`; returns what it cost and its standard output.

    Raises:
        CommandFailed: on another exit status than 0.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        # wait4 gives the use of this child and of the descendants that it waited for.
        _, status, use = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
        if child.returncode:
            err.seek(0)
            shown = (err.read().decode() or text).strip()[-4000:]
            raise CommandFailed(f"{' '.join(command)}\nended with {child.returncode}:\n{shown}")
    return Sample(use.ru_utime + use.ru_stime, wall, use.ru_maxrss * _RSS_UNIT), text


def median(samples: Sequence[Sample]) -> Sample:
    """The median of each figure; of peak memory the highest."""
    return Sample(
        statistics.median(s.cpu for s in samples),
        statistics.median(s.wall for s in samples),
        max(s.peak_bytes for s in samples),
    )
