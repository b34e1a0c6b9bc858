"""Which files of a table came and went between two versions of it: its rows differ only in those."""

from __future__ import annotations

from collections import Counter

from andon.base.record import Record
from andon.model.version import DataFile, Version


class TableChange(Record):
    """What changed of a table that is read.

    Attributes:
        version: as it is now.
        new, gone: files that it did not have, and those that it has no more.
        kept: how many it had and has.
        ways: columns that tell its rows apart as the result's, where growth is by those.
    """

    version: Version
    new: tuple[DataFile, ...]
    gone: tuple[DataFile, ...]
    kept: int
    ways: tuple[tuple[str, ...], ...] = ()

    @property
    def rows(self) -> int:
        """How many rows are in the new files."""
        return sum(file.rows for file in self.new)


def changed_files(old: Version, new: Version) -> TableChange:
    """What changed of a table from one version to another, both of the same columns."""
    left = Counter(file.sha256 for file in old.files)
    came = []
    for file in new.files:
        if left[file.sha256]:
            left[file.sha256] -= 1
        else:
            came.append(file)
    gone = []
    for file in old.files:
        if left[file.sha256]:
            left[file.sha256] -= 1
            gone.append(file)
    return TableChange(new, tuple(came), tuple(gone), len(old.files) - len(gone))
