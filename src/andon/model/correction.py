"""What a lake does about a dataset's rows beside what its code says, because a corrective action did: no file says it, its leaf does."""

from __future__ import annotations

from andon.base.record import Record


class RowCorrection(Record, omit_defaults=True):
    """How a dataset is corrected. It stands until the code of the dataset means something else, or its publish is undone.

    Attributes:
        of: id of the definition as the code states it; empty while it is only asked for.
        once: equal rows are there once, where at most this part of all is left out by that; else all of them stay, and checks say so.
        aside: lines of checks, as they are written, whose bad rows are set aside, each with its limit (`0.1%`).
    """

    of: str = ""
    once: float | None = None
    aside: tuple[tuple[str, str], ...] = ()

    def and_also(self, other: RowCorrection) -> RowCorrection:
        """Both; where both say something of the same, what `other` says."""
        once = other.once if other.once is not None else self.once
        return RowCorrection(self.of, once, tuple(sorted({**dict(self.aside), **dict(other.aside)}.items())))

    @property
    def is_any(self) -> bool:
        """Whether it corrects anything."""
        return self.once is not None or bool(self.aside)
