"""What a build recorded about a load that somebody was asked for, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from andon.model.build import EXTRACT
from andon.sources.contract import describe
from andon.sources.databases.contract import describe_extract
from andon.sources.failures import shown


def describe_asked(contract: Mapping[str, Any]) -> list[str]:
    """Who was asked, the columns with their types, and from where the next load goes on."""
    extract = contract[EXTRACT]
    if "connection" in extract:
        return describe_extract(contract)
    if extract["kind"] == "rest":
        lines = [f"asked of {extract['host']}", *describe(contract)[1:]]
    else:
        width = max((len(name) for name, _, _ in extract["columns"]), default=0)
        lines = [
            f"loaded by {extract['path']}",
            *(f"  {name:<{width}}  {kind}" for name, _, kind in extract["columns"]),
        ]
    state = extract.get("state") or {}
    return [*lines, *(f"goes on from {name} {shown(json.dumps(value))}" for name, value in state.items())]
