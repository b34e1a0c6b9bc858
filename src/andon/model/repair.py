"""What came of mending a lake: files that hold again what was written, and what does not, and why."""

from __future__ import annotations

from andon.base.document import Document


class MendedFile(Document):
    """A file that holds again what was written, under its old name.

    Attributes:
        kind, name, dataset: as of `andon.model.verification.DamagedPart`.
        how: what it was made of, in words.
    """

    kind: str
    name: str
    dataset: str | None
    how: str


class UnmendedPart(Document):
    """What is damaged still.

    Attributes:
        kind, name, what, dataset: as of `andon.model.verification.DamagedPart`.
        why: it could not be mended.
    """

    kind: str
    name: str
    what: str
    dataset: str | None
    why: str


class LakeRepair(Document):
    """A lake that was read whole, and mended where that could be done.

    Attributes:
        files, bytes: that were read.
    """

    files: int
    bytes: int
    seconds: float
    mended: list[MendedFile]
    left: list[UnmendedPart]
