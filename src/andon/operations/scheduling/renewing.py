"""Keeping a claim while its work goes on: a thread that renews it, and stops the work where that can't be done any more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from andon.base.cancel import CancelToken
from andon.errors import AndonError
from andon.state.claims import ClaimLease, Claims

_log = logging.getLogger(__name__)
#: How often within its length a claim is renewed.
_PARTS = 4


class Renewal:
    """How a renewal stands. `is_lost` says that somebody else may work on it now."""

    def __init__(self) -> None:
        self.is_lost = False


@contextmanager
def renewed(claims: Claims, lease: ClaimLease, length: timedelta, cancel: CancelToken) -> Iterator[Renewal]:
    """Renew a lease while the block runs; `cancel` is told to stop when it is lost, or could not be renewed for its whole length."""
    over, state = threading.Event(), Renewal()

    def lose() -> None:
        state.is_lost = True
        cancel.cancel()

    def keep() -> None:
        good = time.monotonic()
        while not over.wait(length.total_seconds() / _PARTS):
            asked = time.monotonic()
            try:
                if not claims.renew(lease, length):
                    lose()
                    return
                good = asked
            except AndonError as error:
                _log.debug("a claim could not be renewed: %s", error)
                if time.monotonic() - good >= length.total_seconds():
                    lose()
                    return

    thread = threading.Thread(target=keep, name="andon-claim", daemon=True)
    thread.start()
    try:
        yield state
    finally:
        over.set()
        thread.join()
