"""Messages to a program of the user's own: started without a shell, given the document, ended when it takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from andon.errors import MachineError
from andon.operations.messages.parcel import TIMEOUT

if TYPE_CHECKING:
    from andon.operations.messages.parcel import Parcel


def run_program(parcel: Parcel) -> None:
    """Start it in the project's folder, with the document as JSON on its standard input.

    Raises:
        MachineError: `notify.failed`: it can't be started, takes too long, or ends with a status that is not 0.
    """
    words = list(parcel.channel.command)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=parcel.root,
            env=dict(parcel.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise MachineError("notify.failed", f"`{words[0]}` can't be started: {error.strerror or error}") from error
    try:
        said, _ = process.communicate(json.dumps(parcel.document.to_json()).encode(), timeout=TIMEOUT)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise MachineError("notify.failed", f"`{words[0]}` did not end within {TIMEOUT:g} s, and was ended") from error
    if process.returncode:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise MachineError(
            "notify.failed", f"`{words[0]}` ended with {process.returncode}" + (f": {last}" if last else "")
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it, and what it started."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
