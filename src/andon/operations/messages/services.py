"""Messages by any service that Apprise knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.errors import MachineError

if TYPE_CHECKING:
    from andon.operations.messages.parcel import Parcel


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
        said = log.getvalue().strip().rpartition("\n")[2]
    if not is_taken:
        raise MachineError("notify.failed", "the service did not take it" + (f": {said}" if said else ""))
