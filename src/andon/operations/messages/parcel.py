"""What is handed over to a channel, and how long it has to take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from andon.base.record import Record
from andon.model.message import Channel, MessageDocument

#: Seconds that a channel has to answer.
TIMEOUT = 10.0


class Parcel(Record):
    """What is handed over.

    Attributes:
        options: of the channel, with what their references stand for.
        to: addresses, for channels that have them.
        root: the project's folder; `environ` what a program finds in its environment.
    """

    document: MessageDocument
    channel: Channel
    options: Mapping[str, str]
    to: Sequence[str]
    root: Path
    environ: Mapping[str, str]
