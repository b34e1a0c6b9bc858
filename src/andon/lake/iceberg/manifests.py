"""Which files stand in which manifest: those that versions have alike stand in manifests that they share.

As `commit.manifest.min-count-to-merge` has it for tables that others write, what is appended stands in small manifests, and these are
merged to a large one from time to time. Where one ends is told by a hash of its last file alone, so that no version has to know how
another one was shown.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from andon.base.hashing import content_id
from andon.base.record import Record
from andon.lake.iceberg.location import DERIVED
from andon.lake.iceberg.schema import schema_json
from andon.model.version import Column, DataFile

#: The folder of the storage in which they lie.
MANIFESTS = f"{DERIVED}/manifests"

#: About so many files are a small manifest, and about so many small ones a merged one (both powers of two).
SMALL, MERGED = 64, 64
#: No manifest names more files.
_MOST = 16_384


class ManifestFiles(Record):
    """The files of one manifest.

    Attributes:
        key: what it is named by: equal files of equal columns in one place have one.
    """

    key: str
    files: tuple[DataFile, ...]

    @property
    def path(self) -> str:
        """Where it lies, relative to the storage."""
        return f"{MANIFESTS}/{self.key}.avro"

    @property
    def snapshot(self) -> int:
        """The id of the snapshot that added its files: for Iceberg one that no table lists any more."""
        return int(self.key[:15], 16) + 1


def manifests_of(columns: Sequence[Column], files: Sequence[DataFile], place: str) -> list[ManifestFiles]:
    """The manifests of a version's files, in their order.

    Args:
        place: where the lake's files lie: their addresses stand in a manifest.
    """
    schema = schema_json(columns)
    return [ManifestFiles(_key(schema, part, place), tuple(part)) for part in _parted(files)]


def _parted(files: Sequence[DataFile]) -> list[Sequence[DataFile]]:
    marks = [zlib.crc32(file.sha256.encode()) for file in files]
    large = _cut(files, marks, 0, SMALL * MERGED)
    tail = large[-1] if large else files
    if not large or _ends(marks[-1], SMALL * MERGED) or len(tail) >= _MOST:
        return large
    return [*large[:-1], *_cut(tail, marks, len(files) - len(tail), SMALL)]


def _cut(files: Sequence[DataFile], marks: Sequence[int], first: int, usual: int) -> list[Sequence[DataFile]]:
    found: list[Sequence[DataFile]] = []
    start = 0
    for end in range(1, len(files) + 1):
        if end == len(files) or end - start >= _MOST or _ends(marks[first + end - 1], usual):
            found.append(files[start:end])
            start = end
    return found


def _ends(mark: int, usual: int) -> bool:
    return mark % usual == 0


def _key(schema: object, files: Sequence[DataFile], place: str) -> str:
    return content_id(["manifest", schema, place, [[file.path, file.sha256] for file in files]])
