"""Hints for who has no terminal: which calls do what the commands do that a hint names."""

from __future__ import annotations

import re
from functools import cache

from andon.web.routes import all_endpoints

_COMMAND = re.compile(r"`andon ([^`]+)`")


def routes_of(hint: str | None) -> dict[str, str]:
    """The call for each command that a hint names: `andon ls` → `GET /api/v1/datasets`. Commands that have none are left out."""
    found: dict[str, str] = {}
    for said in _COMMAND.findall(hint or ""):
        words = set(said.split())
        fitting = [(verb, route) for verb, route in _routes() if words.issuperset(verb.split())]
        if fitting:
            verb, route = max(fitting, key=lambda pair: len(pair[0].split()))
            found.setdefault(f"andon {verb}", route)
    return found


@cache
def _routes() -> tuple[tuple[str, str], ...]:
    """Verbs and the first of their calls."""
    found: dict[str, str] = {}
    for each in all_endpoints():
        if each.verb:
            found.setdefault(each.verb, f"{each.method} {each.address}".replace(":path", ""))
    return tuple(found.items())
