"""How a dataset stands, in one word: what a person sees before they trust its numbers."""

from __future__ import annotations

from enum import StrEnum


class Lamp(StrEnum):
    """`fail`: a check that holds says no, or its last build came to nothing. `blocked`: it waits for what it reads. `stale`: it is older
    than it promises. `warn`: something about it is doubtful. `ok`: nothing is known against it."""

    OK = "ok"
    WARN = "warn"
    STALE = "stale"
    BLOCKED = "blocked"
    FAIL = "fail"

    @property
    def gravity(self) -> int:
        """How bad it is: more is worse."""
        return list(Lamp).index(self)
