"""How the columns of a dataset changed: from version to version, and from commit to commit."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.document import Document, Documented
from andon.model.commit import Commit, CommitKind
from andon.model.version import Column, paired
from andon.sources.files.widening import widens


class ColumnNamed(Document):
    """A column and its type."""

    name: str
    type: str


class SchemaChangeDocument(Document):
    """A commit that changed the columns of a dataset."""

    commit: str
    dataset: str
    change: str
    schema: list[str]
    columns: list[ColumnNamed]
    kind: CommitKind
    message: str
    author: str
    at: str
    run: int | None
    undone: bool
    verdict: str | None


class SchemaChange(Documented):
    """A commit that changed the columns of a dataset.

    Attributes:
        change: `added`, `removed` or `changed`.
        lines: as in `DatasetDiff.schema`.
        columns: `(name, type)` from then on.
        undone: whether the commit was taken back later.
        verdict: what the change meant for readers: of code as its verdict says, of data `additive`, `wider` (no value that was possible is
            lost) or `contract`.
    """

    commit: Commit
    dataset: str
    change: str
    lines: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    undone: bool = False
    verdict: str | None = None

    def document(self) -> SchemaChangeDocument:
        """As in `log --schema --json`."""
        commit = self.commit
        return SchemaChangeDocument.about(
            commit,
            commit=commit.id,
            at=commit.time,
            dataset=self.dataset,
            change=self.change,
            schema=self.lines,
            columns=[ColumnNamed(*column) for column in self.columns],
            undone=self.undone,
            verdict=self.verdict,
        )


def verdict_of(old: Sequence[Column], new: Sequence[Column]) -> str | None:
    """What columns that changed with the data alone mean for readers; None where none did."""
    pairs = paired(old, new)
    retyped = [(was.type, now.type) for was, now in pairs if was.type != now.type]
    if len(pairs) < len(old) or not all(widens(*types) for types in retyped):
        return "contract"
    return "wider" if retyped else "additive" if len(pairs) < len(new) else None


def schema_diff(old: Sequence[Column], new: Sequence[Column]) -> tuple[str, ...]:
    """How columns changed."""
    pairs = paired(old, new)
    kept = {now.name for _, now in pairs}, {was.name for was, _ in pairs}
    lines = [f"- {c.name} {c.type}" for c in old if c.name not in kept[1]]
    lines += [f"+ {c.name} {c.type}" for c in new if c.name not in kept[0]]
    lines += [f"~ {was.name} renamed {now.name}" for was, now in pairs if was.name != now.name]
    earlier = {now.name: was for was, now in pairs}
    changed = [c for c in new if c.name in earlier and earlier[c.name].type != c.type]
    return (*lines, *(f"~ {c.name} {earlier[c.name].type} -> {c.type}" for c in changed))
