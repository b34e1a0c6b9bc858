"""What a change of a dataset's definition means for its content: the verdict that `plan`, `publish` and `diff` show."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from andon.base.document import Document, Documented
from andon.base.record import field


class VerdictKind(StrEnum):
    """From the weakest effect to the strongest. A verdict has the strongest that its change has."""

    #: The content is proved equal: nothing has to be built.
    NONE = "none"
    #: It is made anew, and every column that was there keeps its values.
    ADDITIVE = "additive"
    #: Some columns have other values, in the same rows.
    COLUMNS = "columns"
    #: There may be other rows, so every column may have other values.
    ROWS = "rows"
    #: Readers break: a column is gone, renamed, of another type, or the key is another one.
    CONTRACT = "contract"


class Renamed(Document):
    """A column that has another name."""

    old: str = field(name="from")
    new: str = field(name="to")


class Retyped(Document):
    """A column that has another type."""

    column: str
    old: str = field(name="from")
    new: str = field(name="to")


class VerdictDocument(Document):
    """What a change of a definition means."""

    verdict: VerdictKind
    columns: list[str]
    added: list[str]
    dropped: list[str]
    renamed: list[Renamed]
    retyped: list[Retyped]
    rows: bool
    reordered: bool
    key_changed: bool
    proof: str | None
    reasons: list[str]


class Verdict(Documented):
    """What a change means. It never says less than what happens: what can't be proved equal counts as changed.

    Attributes:
        kind: the strongest effect.
        columns: columns of the new definition, there before too, whose values may be others; all of them where rows change.
        added, dropped: columns of one side only, renamed ones left out.
        renamed: `(old name, new name)`.
        retyped: `(column, old type, new type)`.
        rows: whether there may be other rows.
        reordered: whether the rows may lie in another order, so that they are made anew whatever the kind.
        key_changed: whether rows are identified by other columns than before.
        proof: for `none` and `additive`: why the values are the same.
        reasons: what was found, in sentences for people; the strongest first.
    """

    kind: VerdictKind
    columns: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()
    rows: bool = False
    reordered: bool = False
    key_changed: bool = False
    proof: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def touched(self) -> frozenset[str]:
        """All names of columns under which a reader may find something else than before, or nothing at all."""
        found = {*self.columns, *self.added, *self.dropped, *(name for name, _, _ in self.retyped)}
        return frozenset(found.union(*self.renamed))

    @property
    def is_remade(self) -> bool:
        """Whether anything changes, be it the order of the rows alone."""
        return self.kind is not VerdictKind.NONE or self.reordered

    def keeps(self, columns: Iterable[str]) -> bool:
        """Whether `columns`, read together, are proved to hold the same rows of values as before, in whatever order."""
        return not self.rows and self.touched.isdisjoint(columns)

    def document(self) -> VerdictDocument:
        """The fields of a plan's step. `breaks` and `reach` come from what reads the dataset, which is not known here."""
        return VerdictDocument.about(
            self,
            verdict=self.kind,
            renamed=[Renamed(*names) for names in self.renamed],
            retyped=[Retyped(*column) for column in self.retyped],
            proof=self.proof or None,
        )
