"""Two profiles compared: what moved, the most important first."""

from __future__ import annotations

from andon.base.document import Document, Documented
from andon.base.record import replace
from andon.model.profile import ColumnProfile, Profile, Value


class Move(Document):
    """One fact about a column that is another than before.

    Attributes:
        what: `name` (of a column that was renamed), `type`, `nulls`, `distinct`, `mean`, `median`, `deviation`, `minimum`,
            `maximum`, `length`, `empty`, `nan`, `infinite`, `new values`, `gone values`, `shift`.
        before, after: the fact then and now; of `nulls`, `empty` and the like a share; of values a text that lists some;
            of `shift` the population stability index stands in `after`.
        weight: how much it matters: 1 is what nobody should miss.
    """

    what: str
    before: Value
    after: Value
    weight: float

    def document(self) -> Move:
        """As in `profile --against --json`."""
        return replace(self, weight=round(self.weight, 3))


class ColumnMovesDocument(Document):
    """How a column differs."""

    name: str
    change: str
    shift: float | None
    moves: list[Move]
    before: ColumnProfile | None
    after: ColumnProfile | None


class ColumnMoves(Documented):
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

    def document(self) -> ColumnMovesDocument:
        """As in `profile --against --json`."""
        return ColumnMovesDocument.about(self, shift=None if self.shift is None else round(self.shift, 4))


class ProfileEnd(Document):
    """One of two versions that are compared."""

    version: str
    rows: int
    sample: int | None


class ProfileDiffDocument(Document):
    """How the values of two versions differ."""

    dataset: str
    before: ProfileEnd
    after: ProfileEnd
    same_content: bool
    equal: bool
    columns: list[ColumnMovesDocument]


class ProfileDiff(Documented):
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

    def document(self) -> ProfileDiffDocument:
        """As in `profile --against --json`."""
        before, after = ProfileEnd.about(self.before), ProfileEnd.about(self.after)
        return ProfileDiffDocument.about(
            self, dataset=self.after.dataset, before=before, after=after, equal=self.is_equal
        )
