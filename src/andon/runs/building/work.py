"""What is to be done for a table that grows, before it is done."""

from __future__ import annotations

from andon.base.record import Record
from andon.model.build import Build
from andon.model.growth import Grown
from andon.model.version import DataFile, Version
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
