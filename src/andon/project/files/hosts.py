"""Hosts that a source may reach, as its file names them."""

from __future__ import annotations

import re

from andon.project.files.nodes import PlacedValue
from andon.project.files.reading import FieldReader, FieldSpec

_HOST = re.compile(r"(?P<below>\*\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?\Z")


def read_hosts(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> tuple[str, ...] | None:
    """The value of `hosts` in YAML."""
    pairs = reader.texts(known.name, node)
    return None if pairs is None else hosts_of(reader, pairs)


def hosts_of(
    reader: FieldReader, pairs: tuple[tuple[str, PlacedValue], ...], *, below: bool = False
) -> tuple[str, ...]:
    """The hosts in a list of texts; what is none is noted.

    Args:
        below: whether `*.example.com` may stand for what lies below a host.
    """
    for text, place in pairs:
        match = _HOST.match(text)
        if match is None or (match["below"] and not below):
            hint = "such as `api.example.com` or `api.example.com:8443`"
            reader.wrong(place, "`hosts` are names of hosts, each with or without a port", f"found `{text}`", hint)
    return tuple(text.lower() for text, _ in pairs if _HOST.match(text))
