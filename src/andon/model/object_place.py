"""How an engine asks by itself for files that lie in object storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from andon.base.record import Record


class ObjectPlace(Record):
    """Where, and as whom.

    Attributes:
        url: `s3://bucket/prefix`: nothing else is asked for.
        options: of a connection of kind `s3`, references resolved; secrets among them.
    """

    url: str
    options: Mapping[str, str] = field(default_factory=dict)
