"""What a build recorded about a load that somebody was asked for, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.model.build import EXTRACT
from andon.sources.contract import describe
from andon.sources.databases.contract import describe_extract


def describe_asked(contract: Mapping[str, Any]) -> list[str]:
    """Who was asked, the columns with their types, and from where the next load goes on."""
    extract = contract[EXTRACT]
    if "connection" in extract:
        return describe_extract(contract)
    lines = [f"asked of {extract['host']}", *describe(contract)[1:]] if extract["kind"] == "rest" else []
    state = extract.get("state") or {}
    return [*lines, *(f"goes on from {name} {value}" for name, value in state.items())]
