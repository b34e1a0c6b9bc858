"""Work that Ctrl-C can stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def apart(work: Callable[[], Result]) -> Result:
    """What `work` returns, computed in a thread of its own.

    While the engine computes on the main thread, Python does not get to see Ctrl-C; a large join could not be stopped.
    """
    found: list[Result] = []
    failed: list[BaseException] = []

    def compute() -> None:
        try:
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            failed.append(error)

    thread = threading.Thread(target=compute, name="query", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]
