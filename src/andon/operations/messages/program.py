"""Messages to a program of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.errors import MachineError
from andon.operations.messages.parcel import TIMEOUT
from andon.operations.outside import run_program

if TYPE_CHECKING:
    from andon.operations.messages.parcel import Parcel


def tell_program(parcel: Parcel) -> None:
    """Start it in the project's folder, with the document as JSON on its standard input.

    Raises:
        MachineError: `notify.failed`: it can't be started, takes too long, or ends with a status that is not 0.
    """
    words = parcel.channel.command
    try:
        end = run_program(words, parcel.document.to_json(), str(parcel.root), TIMEOUT, parcel.environ)
    except OSError as error:
        raise MachineError("notify.failed", f"`{words[0]}` can't be started: {error.strerror or error}") from error
    if end.status is None:
        raise MachineError("notify.failed", f"`{words[0]}` did not end within {TIMEOUT:g} s, and was ended")
    if end.status:
        last = end.said.strip().rpartition("\n")[2]
        raise MachineError("notify.failed", f"`{words[0]}` ended with {end.status}" + (f": {last}" if last else ""))
