"""Messages by any service that Apprise knows."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from andon.errors import MachineError

if TYPE_CHECKING:
    from andon.operations.messages.parcel import Parcel


def load_services() -> None:
    """Load the library and all that it knows, once for a process; where it is missing, `notify_service` says so."""
    with contextlib.suppress(ImportError):
        from apprise import Apprise

        Apprise.instantiate("json://127.0.0.1")


def notify_service(parcel: Parcel) -> None:
    """Hand the message to the service whose address the channel has.

    Raises:
        MachineError: `machine.missing` where Apprise is not installed, `notify.failed` where the service did not take it.
    """
    try:
        from apprise import Apprise, LogCapture
    except ImportError as error:
        message = "the package `apprise`, which knows the service, is not installed: pip install 'andon[apprise]'"
        raise MachineError("machine.missing", message, hint="pip install 'andon[apprise]'") from error
    services = Apprise()
    if not services.add(parcel.options["url"]):
        raise MachineError("notify.failed", "Apprise knows no service with this address")
    with LogCapture() as log:  # type: ignore[no-untyped-call]
        is_taken = services.notify(title=parcel.document.subject, body=f"{parcel.document.text}\n{parcel.document.id}")
        said = _discreet(log.getvalue().strip().rpartition("\n")[2], parcel.options["url"])
    if not is_taken:
        raise MachineError("notify.failed", "the service did not take it" + (f": {said}" if said else ""))


#: Parts of an address that are shorter are no secrets, and would be words of the language.
_LEAST = 3


def _discreet(said: str, address: str) -> str:
    """What the service says without any part of the address: one alone, as the library may tell it, is a token or a password too."""
    rest = address.partition("://")[2]
    parts = {part for text in (rest, unquote(rest)) for part in re.split(r"[/:@?&=#,; ]+", text) if len(part) >= _LEAST}
    for part in sorted(parts, key=len, reverse=True):
        said = re.sub(re.escape(part), "…", said, flags=re.IGNORECASE)
    return said
