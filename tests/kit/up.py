"""`andon up` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit.serving import Client


@contextmanager
def up(root: Path, *options: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    """The process, and what asks it; it is ended at the end where it still runs."""
    command = [sys.executable, "-m", "andon.cli", "-C", str(root), "up", "--port", "0", "--json", *options]
    # what is due is left alone, unless a test is about that
    quiet = {"ANDON_SCHEDULE_ENABLED": "false"}
    around = {**os.environ, "HOME": str(root.parent), "ANDON_AUTHOR": "ana", **quiet, **environ}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=around)
    try:
        assert process.stdout is not None
        # one document, then nothing more
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            text += line
        yield process, Client(json.loads(text)["address"])
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)
