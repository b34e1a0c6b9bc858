"""Two profiles compared: what moved, the most important first."""

from __future__ import annotations

from typing import Any

from andon.base.record import Record
from andon.model.profile import ColumnProfile, Profile, Value


class Move(Record):
    """One fact about a column that is another than before.

    Attributes:
        what: `type`, `nulls`, `distinct`, `mean`, `median`, `deviation`, `minimum`, `maximum`, `length`, `empty`, `nan`, `infinite`,
            `new values`, `gone values`, `shift`.
        before, after: the fact then and now; of `nulls`, `empty` and the like a share; of values a text that lists some;
            of `shift` the population stability index stands in `after`.
        weight: how much it matters: 1 is what nobody should miss.
    """

    what: str
    before: Value
    after: Value
    weight: float

    def to_json(self) -> dict[str, Any]:
        """As in `profile --against --json`."""
        return {"what": self.what, "before": self.before, "after": self.after, "weight": round(self.weight, 3)}


class ColumnMoves(Record):
    """A column that differs.

    Attributes:
        change: `added`, `removed` or `changed`.
        before, after: its profiles; None where it isn't there.
        moves: what moved, the heaviest first.
        shift: population stability index of its values, None where it can't be told; from 0.25 on another population.
    """

    name: str
    change: str
    before: ColumnProfile | None
    after: ColumnProfile | None
    moves: tuple[Move, ...] = ()
    shift: float | None = None

    @property
    def weight(self) -> float:
        """How much it matters."""
        return max((m.weight for m in self.moves), default=0.0) if self.change == "changed" else 2.0

    def to_json(self) -> dict[str, Any]:
        """As in `profile --against --json`."""
        return {
            "name": self.name,
            "change": self.change,
            "shift": None if self.shift is None else round(self.shift, 4),
            "moves": [m.to_json() for m in self.moves],
            "before": self.before.to_json() if self.before else None,
            "after": self.after.to_json() if self.after else None,
        }


class ProfileDiff(Record):
    """How the values of one version differ from those of another.

    Attributes:
        before, after: the two profiles.
        columns: those that differ, the most important first.
    """

    before: Profile
    after: Profile
    columns: tuple[ColumnMoves, ...]

    @property
    def same_content(self) -> bool:
        """Whether both are one version."""
        return self.before.version == self.after.version

    @property
    def is_equal(self) -> bool:
        """Whether nothing that a profile tells differs."""
        return not self.columns and self.before.rows == self.after.rows

    def to_json(self) -> dict[str, Any]:
        """As in `profile --against --json`."""
        ends = {
            name: {"version": end.version, "rows": end.rows, "sample": end.sample}
            for name, end in (("before", self.before), ("after", self.after))
        }
        return {
            "dataset": self.after.dataset,
            **ends,
            "same_content": self.same_content,
            "equal": self.is_equal,
            "columns": [c.to_json() for c in self.columns],
        }
