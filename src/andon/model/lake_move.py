"""What came of copying a lake's files into another storage."""

from __future__ import annotations

from andon.base.document import Document


class LakeMoved(Document):
    """The files of a lake, in another storage, each read back there.

    Attributes:
        source, target: the storages, as they may be told.
        files, bytes: that the lake has there now.
        copied_files, copied_bytes: that this call brought; the others were there already, and are what they must be.
        lost: files that the old storage does not hold as they were written, each with what is wrong: `is damaged`.
        gone: files that nothing kept any more, and that are in neither.
        setting: the line of `andon.toml` by which the project goes on there.
    """

    source: str
    target: str
    files: int
    bytes: int
    copied_files: int
    copied_bytes: int
    seconds: float
    lost: list[LostFile]
    gone: int
    setting: str


class LostFile(Document):
    """A file that could not be copied, since it is not what was written."""

    path: str
    what: str
