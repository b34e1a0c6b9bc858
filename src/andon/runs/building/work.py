"""What is to be done for a table that grows, before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from andon.base.record import Record
from andon.base.text import plural
from andon.model.build import Build
from andon.model.growth import Grown
from andon.model.version import DataFile, Version
from andon.relations.changed_files import TableChange
from andon.runs.building.writing import FilePart


class Earlier(Record):
    """The published result that a table grows from, and how it was made."""

    version: Version
    build: Build

    @property
    def grown(self) -> Grown:
        """What it remembers."""
        return Grown.of(self.build.grown)


class Work(Record):
    """What makes the next result.

    Attributes:
        kept: files of the earlier one that stay.
        rest: what is kept of others of its files.
        pieces: what is made anew, in the order in which it is.
        grown: what the result will remember.
    """

    kept: tuple[DataFile, ...]
    rest: tuple[FilePart, ...]
    pieces: tuple[FilePart, ...]
    grown: Grown


def changes_told(changes: Mapping[str, TableChange]) -> str:
    """What changed of inputs, in words: `1 new file of shop.events (10,000 rows)`."""
    told = []
    for name, change in sorted(changes.items()):
        if change.new and not change.gone:
            told.append(f"{plural(len(change.new), 'new file')} of {name} ({plural(change.rows, 'row')})")
        elif change.gone and not change.new:
            told.append(f"{plural(len(change.gone), 'file')} of {name} went")
        elif change.new:
            told.append(f"{plural(len(change.new), 'file')} of {name} in the place of {len(change.gone):,}")
    return ", ".join(told)


def bytes_of(files: Iterable[DataFile]) -> int:
    """Their size."""
    return sum(file.size for file in files)
