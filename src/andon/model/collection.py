"""What there is in a lake's storage that nothing needs, and what became of it."""

from __future__ import annotations

from andon.base.document import Document


class CollectedPart(Document):
    """Files of one dataset that nothing needs, for one reason.

    Attributes:
        dataset: null for files that no version names.
        why: nothing needs them.
        versions: that lose data by it.
        stage: `new` (to be marked), `waits` (marked; the grace is not over), `ready`, `read` (ready, and somebody who began before reads
            still) or `deleted`.
        until: the moment at which the grace of the last of them is over.
        back: how its data come back: `built again`; or why they never do.
    """

    dataset: str | None
    why: str
    stage: str
    files: int
    bytes: int
    versions: int
    until: str | None
    back: str


class KeptPart(Document):
    """What is kept of one dataset, for one reason."""

    dataset: str
    why: str
    files: int
    bytes: int


class WaitingFor(Document):
    """A process that reads since before something was closed to readers."""

    process: str
    since: str


class Collection(Document):
    """What a collection found, and what it did.

    Attributes:
        applied: whether anything was done.
        grace: as in the settings; null for none.
        parts: what nothing needs, the largest first.
        kept: what is kept, the datasets of which most is kept first.
        deleted: bytes that were deleted; of what is not `applied` those that would be.
        waits_for: processes that read still.
        is_written: whether somebody writes at this moment, so that files which no version names stay.
        refused: to what nothing is done, and why, in words: a file outside of the storage, a version that can't be read.
    """

    applied: bool
    grace: str | None
    parts: list[CollectedPart]
    kept: list[KeptPart]
    files: int
    deleted: int
    seconds: float
    waits_for: list[WaitingFor]
    is_written: bool
    refused: list[str]
