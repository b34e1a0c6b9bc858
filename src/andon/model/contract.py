"""What a contract of another tool says about a dataset, in words of the project, and what of it has no such words."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.base.record import Record
from andon.model.dataset import ColumnSpec


class LeftOut(Document):
    """Something of a foreign file that is not carried over.

    Attributes:
        file, line, column: where it stands, from 1.
        what: where in the document, `schema[0].properties[1].examples`, with the value if it is short.
        why: the reason.
    """

    file: str
    line: int
    column: int
    what: str
    why: str


class ForeignLine(Record):
    """A check line that was made of a part of a foreign file, and where that stands.

    Attributes:
        is_implied: whether it only repeats what another line may say better: `required` of a column, a relationship, a service level.
    """

    text: str
    line: int
    column: int
    what: str
    is_implied: bool = False


class ForeignDataset(Record):
    """What a foreign file says about one dataset.

    Attributes:
        name: as the file calls it; `schema`, if it says one; `dataset`, the whole name where it says that.
        line, column: where it begins.
        refresh: rules of `refresh`, with their texts.
        lines: checks, in order, not yet read.
        actual: types of columns that are told as they are, and are not asked for.
        standing: further properties of ours, as plain values.
    """

    name: str
    line: int
    column: int
    schema: str | None = None
    dataset: str | None = None
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    refresh: tuple[tuple[str, str], ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    lines: tuple[ForeignLine, ...] = ()
    actual: tuple[tuple[str, str], ...] = ()
    standing: tuple[tuple[str, Any], ...] = ()


class ForeignContract(Record):
    """What a foreign file says: its datasets, what is not carried over, and how it was read (`odcs 3.1.0`, `dbt 2`)."""

    format: str
    datasets: tuple[ForeignDataset, ...]
    left: tuple[LeftOut, ...]
