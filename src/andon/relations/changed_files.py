"""Which files of a table came and went between two versions of it: its rows differ only in those."""

from __future__ import annotations

from collections import Counter

from andon.base.record import Record
from andon.model.version import DataFile, Version, contents_of


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
    """What changed of a table from one version to another, both of the same columns. Files that were put together are as they were."""
    left = Counter(content for file in old.files for content in contents_of(file))
    came = []
    for file in new.files:
        rows = Counter(contents_of(file))
        if rows <= left:
            left -= rows
        else:
            came.append(file)
    gone = set()
    for count, file in sorted(enumerate(old.files), key=lambda each: -len(each[1].packed)):
        rows = Counter(contents_of(file))
        if any(left[content] for content in rows):
            left -= rows
            gone.add(count)
    lost = tuple(file for count, file in enumerate(old.files) if count in gone)
    return TableChange(new, tuple(came), lost, len(old.files) - len(lost))
