"""Answers by gzip, where whoever asks can read that. Packing takes time: it is done beside the server's loop."""

from __future__ import annotations

import gzip
import re

#: Of fewer bytes nothing is won.
_WORTH_IT = 1400


def packed(data: bytes, accepted: str) -> tuple[bytes, dict[str, str]]:
    """What is sent of `data` to who sends `Accept-Encoding: ACCEPTED`, and the headers that say how."""
    headers = {"Vary": "Accept-Encoding"}
    if len(data) < _WORTH_IT or not takes_gzip(accepted):
        return data, headers
    return gzip.compress(data, 5, mtime=0), {**headers, "Content-Encoding": "gzip"}


def takes_gzip(accepted: str) -> bool:
    """Whether who sends `Accept-Encoding: ACCEPTED` can read what is packed by gzip."""
    for part in accepted.split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", quality)
    return False
