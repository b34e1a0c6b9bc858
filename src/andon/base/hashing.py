"""Content ids: SHA-256 over canonical JSON or bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

# made once: thousands of ids are asked for by one command
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


_TEXTS = msgspec.json.Encoder()

#: Texts in lists of any depth, None where there is none: JSON that has one form, whoever writes it.
Texts: TypeAlias = "str | Sequence[Texts] | None"


def canonical(value: Any) -> bytes:
    """`value` (JSON types only) as the one byte string that stands for it: sorted keys, no blanks, UTF-8."""
    return _ENCODER.encode(value).encode()


def digest(data: bytes) -> str:
    """SHA-256 of `data`, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def content_id(value: Any) -> str:
    """Id of a JSON value: SHA-256 of its canonical form, as 64 hex digits."""
    return digest(canonical(value))


def texts_id(value: Texts) -> str:
    """`content_id` of what is made of texts and lists alone, several times as fast: for what is asked thousands of times."""
    try:
        return digest(_TEXTS.encode(value))
    except UnicodeEncodeError:  # half a character, which the other encoder refuses in its own words
        return content_id(value)
