"""How far the reading of many files is, on stderr: redrawn in place on a terminal, one line in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from andon.base.text import plural, size
from andon.cli.output import Console

#: Seconds between two drawings.
_EVERY = 0.2


@contextmanager
def reading(console: Console) -> Iterator[Callable[[int, int, int, int], None]]:
    """Who is told: files and bytes that were read, and all of them."""
    ink, drawn = console.err, [0.0]

    def told(files: int, done: int, all_files: int, total: int) -> None:
        if not ink.is_terminal:
            if files == 0:
                ink.line(f"reads {plural(all_files, 'file')}, {size(total)}")
            return
        now = time.monotonic()
        if now - drawn[0] >= _EVERY:
            drawn[0] = now
            ink.write(f"\r\x1b[K{files} of {plural(all_files, 'file')}, {size(done)} of {size(total)}")

    try:
        yield told
    finally:
        if ink.is_terminal and drawn[0]:
            ink.write("\r\x1b[K")
