"""Whom a change concerns."""

from __future__ import annotations

from andon.base.document import Document
from andon.base.record import replace


class Reach(Document):
    """How far a change reaches, what it starts from left out.

    Attributes:
        datasets: that may show something else.
        insights: that those serve.
        owners: of either.
        build: how many datasets will be built, the changed one among them.
        rows: of those, as they are now; None if nobody counted.
        seconds: expected wall time of their builds, from history; None if unknown.
    """

    datasets: tuple[str, ...] = ()
    insights: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    build: int = 0
    rows: int | None = None
    seconds: float | None = None

    def document(self) -> Reach:
        """As in `plan --json` and in the report on a difference."""
        return self if self.seconds is None else replace(self, seconds=round(self.seconds, 3))
