"""Content ids: SHA-256 over canonical JSON or bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

# made once: thousands of ids are asked for by one command
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> bytes:
    """`value` (JSON types only) as the one byte string that stands for it: sorted keys, no blanks, UTF-8."""
    return _ENCODER.encode(value).encode()


def digest(data: bytes) -> str:
    """SHA-256 of `data`, as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def content_id(value: Any) -> str:
    """Id of a JSON value: SHA-256 of its canonical form, as 64 hex digits."""
    return digest(canonical(value))
