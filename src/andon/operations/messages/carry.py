"""Hands a message to a channel: the one place that knows which kind goes which way. Secrets are read here, and told to nobody."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.errors import AndonError
from andon.operations.messages.parcel import Parcel

if TYPE_CHECKING:
    from andon.model.message import Channel


class Handed(Record):
    """What became of a parcel: `error` is None where it was taken; `note` what is to be said all the same."""

    error: str | None
    note: str | None = None


def options_of(channel: Channel, resolve: Callable[[str, str, str], str]) -> dict[str, str]:
    """The options of a channel with what their references stand for.

    Raises:
        UsageError: `usage.bad_argument` where one leads nowhere: who has the secret sends it.
    """
    what = f"`{{}}` of the channel `{channel.name}`"
    return {key: resolve(value, what.format(key), "andon.toml") for key, value in channel.options}


def carry(parcels: Sequence[Parcel], seconds: float) -> list[Handed]:
    """Hand all of them over at the same time; what is not done within `seconds` counts as not taken.

    A channel that hangs keeps nobody: its thread is left to itself. Whether it arrives after all is not known, so it is sent again.
    """
    if any(parcel.channel.kind == "apprise" for parcel in parcels):
        from andon.operations.messages.services import load_services

        load_services()  # what it takes is no time of the service
    done: queue.Queue[tuple[int, Handed]] = queue.Queue()

    def hand(place: int) -> None:
        done.put((place, _handed(parcels[place])))

    for place in range(len(parcels)):
        threading.Thread(target=hand, args=(place,), daemon=True).start()
    found: dict[int, Handed] = {}
    end = time.monotonic() + seconds
    with contextlib.suppress(queue.Empty):
        while len(found) < len(parcels):
            place, outcome = done.get(timeout=max(0.0, end - time.monotonic()))
            found[place] = outcome
    late = Handed(f"no answer within {seconds:.3g} s")
    return [found.get(place, late) for place in range(len(parcels))]


def _handed(parcel: Parcel) -> Handed:
    secrets = [value for key, value in parcel.options.items() if "${" in (parcel.channel.option(key) or "")]
    try:
        note = _carrier(parcel.channel.kind)(parcel)
    except AndonError as error:
        return Handed(_without(error.message, secrets))
    except Exception as error:  # noqa: BLE001 - whatever a foreign service makes of it, the message is not sent and nothing else fails
        return Handed(_without(f"{type(error).__name__}: {error}", secrets))
    return Handed(None, None if note is None else _without(note, secrets))


def _carrier(kind: str) -> Callable[[Parcel], str | None]:
    """Who hands over to a kind of channel; loaded for it alone."""
    match kind:
        case "webhook":
            from andon.operations.messages.web import post_json

            return post_json
        case "slack":
            from andon.operations.messages.web import post_slack

            return post_slack
        case "email":
            from andon.operations.messages.mail import send_mail

            return send_mail
        case "command":
            from andon.operations.messages.program import tell_program

            return tell_program
    from andon.operations.messages.services import notify_service

    return notify_service


def _without(text: str, secrets: Sequence[str]) -> str:
    """`text` in one line, without what references stand for."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***")
    return " ".join(text.split())[:500]
