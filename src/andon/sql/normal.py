"""The normal form of a statement: what has to be equal for two texts to mean the same."""

from __future__ import annotations

from typing import Any

from andon.base.hashing import digest


def normal_form(node: dict[str, Any]) -> str:
    """SHA-256 of the normal form of a statement's tree."""
    import json

    return digest(json.dumps(_plain(node), sort_keys=True).encode())


def _plain(part: Any) -> Any:
    if type(part) is dict:
        return {key: _plain(value) for key, value in part.items() if key != "query_location"}
    if type(part) is list:
        return [_plain(value) for value in part]
    return part
