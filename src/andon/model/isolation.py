"""A stage packed into a folder, and what was brought back of one."""

from __future__ import annotations

from andon.base.document import Document
from andon.base.record import field


class PackedFolder(Document):
    """A stage in a folder of its own.

    Attributes:
        folder: where it is.
        command: what makes it again, in that folder.
        runs: whether its code is run there; a load that is kept is only looked at.
        edits: the files in the folder to work on.
        rows: that are expected; null where nothing is.
        inputs: the datasets and raw files that are packed.
        bytes: of all that is packed.
        masked: by dataset the columns whose values are masked.
        reduced: how inputs were made fewer, in words; null where they are whole.
        outputs: of an analysis: the files that are expected; `dataset` is `analyses/NAME` then, and `run` the number of its run.
        notes: what else is to know of it.
    """

    folder: str
    dataset: str
    ref: str
    commit: str
    version: str | None
    run: int | None
    command: str
    runs: bool
    edits: list[str]
    rows: int | None
    inputs: list[str]
    bytes: int
    masked: dict[str, list[str]]
    reduced: str | None
    notes: list[str]
    outputs: list[str] = field(default_factory=list)
