"""What came of reading a lake whole: what is not what was written, and whom that touches."""

from __future__ import annotations

from andon.base.document import Document


class TouchedCommit(Document):
    """A commit that something damaged touches.

    Attributes:
        time: of the commit; null where it can't be read.
        datasets: those that show it there; `marts.*` where nobody can tell which of a schema.
    """

    commit: str
    time: str | None
    datasets: list[str]


class DamagedPart(Document):
    """A file or an object of the catalog that does not hold what was written.

    Attributes:
        kind: `data file`, `raw file`, `package`, `text`, `definition`, `tree`, `commit`, `version`, `build`,
            `analysis file` or `analysis run`.
        name: path of the file in the storage, id of the object.
        what: `is not there`, `is cut off`, `is damaged` or `can't be read`.
        dataset: whose file it is; null for objects.
        touches: the commits that it touches, the newest first.
    """

    kind: str
    name: str
    what: str
    dataset: str | None
    touches: list[TouchedCommit]


class GoneData(Document):
    """Data that nothing kept any more: no damage.

    Attributes:
        files, bytes: that are gone.
    """

    dataset: str
    files: int
    bytes: int


class Verification(Document):
    """A lake, or a commit of it, read whole.

    Attributes:
        ref: what was asked for; null for all that branches, tags and runs reach.
        commits, files, objects: how many were looked at.
        bytes: of the files.
        damaged: what is not what was written; empty in a whole lake.
        gone: what `andon gc` took away, by dataset.
    """

    ref: str | None
    commits: int
    files: int
    bytes: int
    objects: int
    seconds: float
    damaged: list[DamagedPart]
    gone: list[GoneData]


class LakeReading(Document):
    """That all of a lake was read, at a moment (ISO text), by `who`, and what came of it."""

    at: str
    who: str
    found: Verification
